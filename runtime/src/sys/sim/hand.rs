//! What tests do to the simulated kernel by hand: make descriptors, play the peer, turn the knobs.
//!
//! Everything here belongs to the calling thread, which has a kernel of its own; time is real, and
//! nothing goes wrong but what is asked for. A descriptor is a real one (a pipe's end), so it can
//! be owned and closed as any other, and only the simulated kernel knows what it stands for. The
//! knobs are turned back when a ring of the thread closes.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use super::names;
use super::objects::{Id, Kind, Link, Name, Object, Socket};
use super::operation::How;
use super::sockets::{error, pair};
use super::world::{Here, State};
use crate::config::Config;
use crate::sys::Body;

/// A configuration whose rings are in memory.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::default();
    in_memory(&mut config);
    config
}

/// Puts the rings of a configuration into memory.
pub fn in_memory(config: &mut Config) {
    config.body = Body::Simulated;
}

/// Which kernel rings of this thread are of from now on: Linux 6.1 at first.
pub fn kernel(kernel: super::Kernel) {
    Here::or_free().with(|state| state.kernel = kernel);
}

/// Two connected ends of a stream.
pub fn stream_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let here = Here::or_free();
    here.with(|state| pair(state, here.host)).map_err(error)
}

/// Two connected ends of an internet stream.
pub fn tcp_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let here = Here::or_free();
    let ends = here.with(|state| {
        let (one, other) = state.objects.connection((here.host, here.host));
        [one, other].map(|stream| {
            let socket = Socket { state: Link::Connected(stream), ..Socket::default() };
            state.objects.open(Kind::Socket(socket), here.host).map(|(_, fd)| fd)
        })
    });
    let [one, other] = ends;
    Ok((one?, other?))
}

/// A file with these bytes, its cursor at the start.
pub fn file(bytes: impl Into<Vec<u8>>) -> io::Result<OwnedFd> {
    let here = Here::or_free();
    let path = b"/tmp/by-hand";
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    here.with(|state| {
        let (id, fd) = state.open_file(here.host, path, How::plain(flags, 0o600), None)?;
        let inode = state.file(id).map(|file| file.inode).ok_or(libc::EBADF)?;
        let time = state.time();
        let tree = &mut state.hosts.at(here.host).tree;
        tree.write_at(inode, 0, &bytes.into(), time)?;
        tree.unlink(path, time)?;
        Ok(fd)
    })
    .map_err(error)
}

/// A socket that listens.
pub fn listener() -> io::Result<OwnedFd> {
    let here = Here::or_free();
    let socket = Socket {
        local: Some(Name::Internet(([127, 0, 0, 1], 1).into())),
        state: Link::Listening(std::collections::VecDeque::new()),
        ..Socket::default()
    };
    here.with(|state| state.objects.open(Kind::Socket(socket), here.host)).map(|(_, fd)| fd)
}

/// Connects to `listener`, and returns the client's end.
pub fn connect(listener: impl AsFd) -> io::Result<OwnedFd> {
    let here = Here::or_free();
    on(listener, |state, listener| {
        let (ours, theirs) = state.objects.connection((here.host, here.host));
        let name = Name::Internet(([127, 0, 0, 1], 1).into());
        let socket = state.objects.get_mut(listener).and_then(Object::socket_mut);
        let Some(Link::Listening(backlog)) = socket.map(|socket| &mut socket.state) else {
            return Err(libc::EINVAL);
        };
        backlog.push_back(super::objects::Arrived {
            stream: theirs,
            local: name.clone(),
            peer: name.clone(),
        });
        let socket = Socket { peer: Some(name), state: Link::Connected(ours), ..Socket::default() };
        state.touch();
        match state.objects.open(Kind::Socket(socket), here.host) {
            Ok((_, fd)) => Ok(fd),
            Err(error) => Err(error.raw_os_error().unwrap_or(libc::EMFILE)),
        }
    })
}

/// Sends through a stream's end, or appends to a file, at once: how many bytes were taken.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    on(fd, |state, id| {
        if let Some(inode) = state.file(id).map(|file| file.inode) {
            let (time, host) = (state.time(), state.host_of(id));
            let tree = &mut state.hosts.at(host).tree;
            let end = tree.len(inode)?;
            tree.write_at(inode, end, bytes, time)?;
            state.touch();
            return Ok(bytes.len());
        }
        let Some(outbox) = state.objects.get(id).and_then(Object::outbox) else {
            return Err(libc::ENOTCONN);
        };
        let count = match state.writable(id) {
            None => return Err(libc::EAGAIN),
            Some(Err(errno)) => return Err(errno),
            Some(Ok(room)) => room.min(bytes.len()),
        };
        state.send(outbox, &bytes[..count]);
        Ok(count)
    })
}

/// Receives everything that waits at a stream's end; a file's whole content. Empty if nothing is
/// there.
pub fn read(fd: impl AsFd) -> io::Result<Vec<u8>> {
    on(fd, |state, id| {
        let bytes = peek_at(state, id)?;
        state.take_bytes(id, bytes.len(), false);
        Ok(bytes)
    })
}

/// As [`read`], but what waits stays there.
pub fn peek(fd: impl AsFd) -> io::Result<Vec<u8>> {
    on(fd, peek_at)
}

/// Whether the other end of a stream has ended: no byte will follow those that wait.
pub fn is_ended(fd: impl AsFd) -> io::Result<bool> {
    on(fd, |state, id| {
        state.sweep();
        state.readable(id);
        let inbox = state.objects.get(id).and_then(Object::inbox);
        let inbox = inbox.and_then(|inbox| state.objects.channels.get(&inbox));
        Ok(inbox.is_some_and(|inbox| inbox.ended))
    })
}

/// Ends what a stream's end sends, as `shutdown(2)` does.
pub fn shutdown_write(fd: impl AsFd) -> io::Result<()> {
    on(fd, |state, id| names::shutdown(state, id, libc::SHUT_WR))
}

/// As if the other end had reset the connection: after the bytes that wait `ECONNRESET`, once.
pub fn reset(fd: impl AsFd) -> io::Result<()> {
    on(fd, |state, id| match state.objects.get(id).and_then(Object::socket) {
        Some(Socket { state: Link::Connected(stream), .. }) => {
            let stream = *stream;
            state.reset(stream);
            Ok(())
        }
        _ => Err(libc::ENOTSOCK),
    })
}

/// How many unread bytes the stream's end may have sent before it waits.
pub fn send_room(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    on(fd, |state, id| {
        let outbox = state.objects.get(id).and_then(Object::outbox);
        let outbox = outbox.and_then(|outbox| state.objects.channels.get_mut(&outbox));
        outbox.ok_or(libc::ENOTSOCK)?.room = bytes;
        state.touch();
        Ok(())
    })
}

/// The next operation on the descriptor fails so. Several queue up.
pub fn fail_next(fd: impl AsFd, errno: i32) -> io::Result<()> {
    on(fd, |state, id| {
        state.touch();
        let object = state.objects.get_mut(id).ok_or(libc::EBADF)?;
        object.failures.push_back(errno);
        Ok(())
    })
}

/// Operations on the descriptor neither complete nor can be cancelled (`EALREADY`). When they are
/// released they complete: with what has come, or else as cancelled if somebody tried.
pub fn hold(fd: impl AsFd) -> io::Result<()> {
    set_held(fd, true)
}

/// Ends [`hold`].
pub fn release(fd: impl AsFd) -> io::Result<()> {
    set_held(fd, false)
}

fn set_held(fd: impl AsFd, held: bool) -> io::Result<()> {
    on(fd, |state, id| {
        state.touch();
        state.objects.get_mut(id).ok_or(libc::EBADF)?.held = held;
        Ok(())
    })
}

/// Holds every operation but cancels and timeouts, or releases what is not held by itself.
pub fn hold_all(hold: bool) {
    turn(|state| state.knobs.hold = hold);
}

/// Holds the notifications of zero-copy sends, or releases them.
pub fn hold_notifications(hold: bool) {
    turn(|state| state.knobs.hold_notifications = hold);
}

/// Of what is ready, completes the latest submission first.
pub fn reverse(reverse: bool) {
    turn(|state| state.knobs.reverse = reverse);
}

/// The most bytes that one read or write moves.
pub fn longest_transfer(bytes: usize) {
    turn(|state| state.knobs.longest = bytes);
}

fn turn(how: impl FnOnce(&mut State)) {
    Here::or_free().with(|state| {
        how(state);
        state.touch();
    });
}

fn on<R>(fd: impl AsFd, act: impl FnOnce(&mut State, Id) -> Result<R, i32>) -> io::Result<R> {
    let number = fd.as_fd().as_raw_fd();
    Here::or_free()
        .with(|state| {
            let id = names::find(state, number)?;
            act(state, id)
        })
        .map_err(error)
}

fn peek_at(state: &mut State, id: Id) -> Result<Vec<u8>, i32> {
    if let Some(inode) = state.file(id).map(|file| file.inode) {
        let host = state.host_of(id);
        return state.hosts.at(host).tree.read_at(inode, 0, usize::MAX).map(<[u8]>::to_vec);
    }
    state.readable(id);
    Ok(state.take_bytes(id, usize::MAX, true))
}
