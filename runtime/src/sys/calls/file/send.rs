//! Bytes of a file to a socket or a pipe, from the page cache and without waiting. `sendfile`.

use super::{ReadNow, read_now};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use std::io;
use std::os::fd::BorrowedFd;

/// How far the bytes are apart of which it is asked whether they are in memory. Pages come and go
/// in longer runs than this; where they do not, a send waits for the disk.
const STRIDE: u64 = 128 << 10;

/// Sends at most `len` bytes of `file` from `offset` on to what `to` names, and says how many: what
/// there is room for. None: they are not all in memory, or can't be sent in this way; read them,
/// please.
///
/// For as long as the call takes, `to` and its duplicates are `O_NONBLOCK`: `sendfile` has no flag
/// for that. The ring takes no notice of it.
///
/// # Errors
/// The kernel's; `WouldBlock` if there is no room.
pub fn send_now(
    to: BorrowedFd<'_>,
    file: BorrowedFd<'_>,
    offset: u64,
    len: usize,
) -> io::Result<Option<usize>> {
    simulated!(here => here.send_file(to, file, offset, len));
    if !is_in_memory(file, offset, len) {
        return Ok(None);
    }
    let flags = fcntl_getfl(to)?;
    let is_blocking = !flags.contains(OFlags::NONBLOCK);
    if is_blocking {
        fcntl_setfl(to, flags | OFlags::NONBLOCK)?;
    }
    let mut at = offset;
    let sent = rustix::fs::sendfile(to, file, Some(&mut at), len);
    if is_blocking {
        // What it had before it may have again. If not, what was sent is told all the same.
        let _ = fcntl_setfl(to, flags);
    }
    match sent {
        // The file has become shorter: its reader will find out.
        Ok(0) => Ok(None),
        Ok(count) => Ok(Some(count)),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the first byte of a range, the last, and some between them are in the page cache, and
/// read to the end.
fn is_in_memory(file: BorrowedFd<'_>, offset: u64, len: usize) -> bool {
    let Some(last) = (len as u64).checked_sub(1).and_then(|len| offset.checked_add(len)) else {
        return false;
    };
    // The last one first: what is read ahead arrives in order.
    let on_the_way = (0..).map(|step| offset + step * STRIDE).take_while(|at| *at < last);
    let mut asked = std::iter::once(last).chain(on_the_way);
    asked.all(|at| matches!(read_now(file, &mut [0], at), Ok(ReadNow::Bytes(1))))
}

#[cfg(test)]
mod tests {
    use super::send_now;
    use crate::sys::calls::{pipe, socket};
    use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl};
    use std::fs::File;
    use std::io::{ErrorKind, Read};
    use std::os::fd::{AsFd, OwnedFd};

    /// A file whose bytes say where they are; on a disk, beside this program.
    fn file_of(name: &str, len: usize) -> File {
        let program = std::env::current_exe().unwrap();
        let path = program.with_file_name(format!("{name}-{}", std::process::id()));
        std::fs::write(&path, bytes(0, len)).unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file
    }

    fn bytes(from: usize, len: usize) -> Vec<u8> {
        (from..from + len).map(|at| (at % 251) as u8).collect()
    }

    /// Sends until there is no room, and gives what came out at the other end.
    fn fill(to: OwnedFd, from: OwnedFd, file: &File, len: usize) -> Vec<u8> {
        let mut sent = 0;
        loop {
            match send_now(to.as_fd(), file.as_fd(), sent as u64, len - sent) {
                Ok(count) => sent += count.expect("it was written just now"),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(sent < len, "nobody has so much room");
        assert!(!fcntl_getfl(&to).unwrap().contains(OFlags::NONBLOCK), "as it was");
        drop(to);
        let mut got = Vec::new();
        File::from(from).read_to_end(&mut got).unwrap();
        assert_eq!(got.len(), sent);
        got
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no `sendfile`")]
    fn a_file_in_memory_goes_as_far_as_there_is_room() {
        let len = 16 << 20;
        let file = file_of("send-now", len);
        let (to, from) = socket::unix_pair().unwrap();
        let got = fill(to, from, &file, len);
        assert!(got == bytes(0, got.len()));
        let (from, to) = pipe::pipe().unwrap();
        let got = fill(to, from, &file, len);
        assert!(got == bytes(0, got.len()));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no `sendfile`")]
    fn what_is_not_there_is_to_be_read() {
        let file = file_of("send-nothing", 100_000);
        let (to, from) = socket::unix_pair().unwrap();
        let sent = |offset, len| send_now(to.as_fd(), file.as_fd(), offset, len).unwrap();
        for (offset, len) in [(100_000, 1), (99_999, 2), (0, 0), (u64::MAX, 1), (1, usize::MAX)] {
            assert_eq!(sent(offset, len), None, "{len} from {offset}");
        }
        assert_eq!(sent(99_990, 10), Some(10));
        // A directory has no bytes; what can't be read can't be sent.
        let dir = File::open("/").unwrap();
        assert_eq!(send_now(to.as_fd(), dir.as_fd(), 0, 1).unwrap(), None);
        drop(from);
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no `sendfile`")]
    fn what_is_on_the_disk_alone_is_to_be_read() {
        let len = 8 << 20;
        let file = file_of("send-evicted", len);
        let (to, from) = socket::unix_pair().unwrap();
        // The second half, and then the first, too. The kernel may be busy with a page.
        for first in [4 << 20, 0] {
            let mut answer = Some(0);
            for _ in 0..1000 {
                file.sync_all().unwrap();
                fadvise(&file, first, None, Advice::DontNeed).unwrap();
                answer = send_now(to.as_fd(), file.as_fd(), 0, len).unwrap();
                if answer.is_none() {
                    break;
                }
                drain(&from);
            }
            assert_eq!(answer, None, "from {first} on nothing is in memory");
        }
    }

    /// Takes what is there.
    fn drain(from: &OwnedFd) {
        let mut memory = vec![0; 1 << 20];
        let mut buf = sexton_buffers::ReadBuf::from(&mut memory[..]);
        socket::recv(from, &mut buf.unfilled(), false).unwrap_or_default();
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri has no `sendfile`")]
    fn a_peer_that_has_left_is_an_error_and_a_descriptor_keeps_its_flags() {
        let file = file_of("send-error", 1000);
        let (to, from) = socket::unix_pair().unwrap();
        rustix::fs::fcntl_setfl(&to, fcntl_getfl(&to).unwrap() | OFlags::NONBLOCK).unwrap();
        assert_eq!(send_now(to.as_fd(), file.as_fd(), 0, 10).unwrap(), Some(10));
        assert!(fcntl_getfl(&to).unwrap().contains(OFlags::NONBLOCK), "as it was");
        drop(from);
        let error = send_now(to.as_fd(), file.as_fd(), 0, 10).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}
