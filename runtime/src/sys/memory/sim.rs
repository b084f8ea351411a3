//! What tests do to the kernel in memory: make descriptors, play the peer, turn the knobs.
//!
//! Everything here belongs to the calling thread. A descriptor is a real one (a pipe's end), so it
//! can be owned and closed as any other, and only the ring in memory knows what it stands for. The
//! knobs are turned back when a ring of the thread closes.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;

use super::stream::Stream;
use super::world::{End, Kind, World};
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
    config.body = Body::Memory;
}

/// Two connected ends of a stream.
pub fn stream_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (first, second) = Stream::pair();
    Ok((World::open(Kind::Stream(first))?, World::open(Kind::Stream(second))?))
}

/// A file with these bytes, its cursor at the start.
pub fn file(bytes: impl Into<Vec<u8>>) -> io::Result<OwnedFd> {
    World::open(Kind::File { bytes: RefCell::new(bytes.into()), cursor: Cell::new(0) })
}

/// A socket that listens, with an unbounded backlog.
pub fn listener() -> io::Result<OwnedFd> {
    World::open(Kind::Listener { backlog: RefCell::default() })
}

/// Connects to `listener`, and returns the client's end.
pub fn connect(listener: impl AsFd) -> io::Result<OwnedFd> {
    let end = find(listener)?;
    let Kind::Listener { backlog } = &end.kind else {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    };
    let (client, server) = stream_pair()?;
    backlog.borrow_mut().push_back(server);
    World::touch();
    Ok(client)
}

/// Sends through a stream's end, or appends to a file, at once: how many bytes were taken.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let end = find(fd)?;
    let count = match &end.kind {
        Kind::Stream(stream) => {
            let count = match stream.writable() {
                None => return Err(io::ErrorKind::WouldBlock.into()),
                Some(Err(errno)) => return Err(io::Error::from_raw_os_error(errno)),
                Some(Ok(room)) => room.min(bytes.len()),
            };
            stream.outbox.borrow_mut().extend(&bytes[..count]);
            count
        }
        Kind::File { bytes: file, .. } => {
            file.borrow_mut().extend_from_slice(bytes);
            bytes.len()
        }
        Kind::Listener { .. } => return Err(io::Error::from_raw_os_error(libc::ENOTCONN)),
    };
    World::touch();
    Ok(count)
}

/// Receives everything that waits at a stream's end; a file's whole content. Empty if nothing is
/// there.
pub fn read(fd: impl AsFd) -> io::Result<Vec<u8>> {
    let end = find(fd)?;
    let bytes = peek_end(&end);
    if let Kind::Stream(stream) = &end.kind {
        stream.inbox.borrow_mut().consume(bytes.len());
        World::touch();
    }
    Ok(bytes)
}

/// As [`read`], but what waits stays there.
pub fn peek(fd: impl AsFd) -> io::Result<Vec<u8>> {
    Ok(peek_end(&*find(fd)?))
}

/// Whether the other end of a stream has ended: no byte will follow those that wait.
pub fn is_ended(fd: impl AsFd) -> io::Result<bool> {
    let end = find(fd)?;
    World::changes();
    Ok(matches!(&end.kind, Kind::Stream(stream) if stream.inbox.borrow().ended))
}

/// Ends what a stream's end sends, as `shutdown(2)` does.
pub fn shutdown_write(fd: impl AsFd) -> io::Result<()> {
    on_stream(fd, Stream::shutdown_write)
}

/// As if the other end had reset the connection: after the bytes that wait `ECONNRESET`, once.
pub fn reset(fd: impl AsFd) -> io::Result<()> {
    on_stream(fd, Stream::reset)
}

/// How many unread bytes the stream's end may have sent before it waits.
pub fn send_room(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    on_stream(fd, |stream| stream.outbox.borrow_mut().room = bytes)
}

/// The next operation on the descriptor fails so. Several queue up.
pub fn fail_next(fd: impl AsFd, errno: i32) -> io::Result<()> {
    find(fd)?.failures.borrow_mut().push_back(errno);
    World::touch();
    Ok(())
}

/// Operations on the descriptor neither complete nor can be cancelled (`EALREADY`). When they are
/// released they complete: with what has come, or else as cancelled if somebody tried.
pub fn hold(fd: impl AsFd) -> io::Result<()> {
    find(fd)?.held.set(true);
    Ok(())
}

/// Ends [`hold`].
pub fn release(fd: impl AsFd) -> io::Result<()> {
    find(fd)?.held.set(false);
    World::touch();
    Ok(())
}

/// Holds every operation but cancels and timeouts, or releases what is not held by itself.
pub fn hold_all(hold: bool) {
    World::turn(|knobs| knobs.hold = hold);
}

/// Of what is ready, completes the latest submission first.
pub fn reverse(reverse: bool) {
    World::turn(|knobs| knobs.reverse = reverse);
}

/// The most bytes that one read or write moves.
pub fn longest_transfer(bytes: usize) {
    World::turn(|knobs| knobs.longest = bytes);
}

fn find(fd: impl AsFd) -> io::Result<Rc<End>> {
    let number = fd.as_fd().as_raw_fd();
    World::find(number).ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
}

fn peek_end(end: &End) -> Vec<u8> {
    match &end.kind {
        Kind::Stream(stream) => stream.inbox.borrow().peek(usize::MAX),
        Kind::File { bytes, .. } => bytes.borrow().clone(),
        Kind::Listener { .. } => Vec::new(),
    }
}

fn on_stream(fd: impl AsFd, act: impl FnOnce(&Stream)) -> io::Result<()> {
    let end = find(fd)?;
    let Kind::Stream(stream) = &end.kind else {
        return Err(io::Error::from_raw_os_error(libc::ENOTSOCK));
    };
    act(stream);
    World::touch();
    Ok(())
}
