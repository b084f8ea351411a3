//! A cursor is a `std::io::Write`: what is written is appended.

use std::io;

use crate::ReadCursor;

/// Appends what fits; `Ok(0)` when there is no room, as for `&mut [u8]`.
///
/// ```
/// use sexton_buffers::ReadBuf;
/// use std::io::{ErrorKind, Write};
///
/// let mut memory = [0; 8];
/// let mut buf = ReadBuf::from(&mut memory[..]);
/// write!(buf.unfilled(), "{:04x}", 0xbeef).unwrap();
/// assert_eq!(buf.filled(), b"beef");
/// let error = buf.unfilled().write_all(b"too much").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::WriteZero);
/// ```
impl io::Write for ReadCursor<'_> {
    fn write(&mut self, src: &[u8]) -> io::Result<usize> {
        Ok(self.append(src))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
