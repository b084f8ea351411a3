//! The errors that the traits' own methods make, in words.

use std::io::{Error, ErrorKind, Result};
use std::string::FromUtf8Error;

pub(crate) fn ended_early() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the stream ended before the buffer was full")
}

/// What a writer says to have taken of `left` bytes. A wrong answer is the writer's fault, and may
/// not make its caller panic.
pub(crate) fn check_taken(n: usize, left: usize) -> Result<()> {
    match n {
        0 => Err(Error::new(
            ErrorKind::WriteZero,
            "the writer took no more before everything was written",
        )),
        n if n > left => {
            Err(Error::other("the writer claims to have taken more than it was given"))
        }
        _ => Ok(()),
    }
}

/// Nothing read into a buffer that has no room must not look like the end of the stream.
pub(crate) fn no_room() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "the buffer has no room: reads append to what is filled (clear it, reserve more, or read \
         into `slice_mut(..)`)",
    )
}

pub(crate) fn cannot_show(n: usize) -> Error {
    let text = format!("this reader cannot show {n} bytes in one piece; a buffered reader can");
    Error::new(ErrorKind::Unsupported, text)
}

pub(crate) fn cannot_format() -> Error {
    Error::other("an argument could not be formatted")
}

/// The bytes are inside: nothing that was read is lost.
pub(crate) fn not_utf8(error: FromUtf8Error) -> Error {
    Error::new(ErrorKind::InvalidData, error)
}

pub(crate) fn beyond_the_last_offset() -> Error {
    Error::new(ErrorKind::InvalidInput, "the offset and the length exceed 64 bits together")
}

pub(crate) fn idle_for_too_long() -> Error {
    Error::new(ErrorKind::TimedOut, "no byte in either direction until the idle timer was ready")
}

pub(crate) fn no_such_position() -> Error {
    Error::new(ErrorKind::InvalidInput, "a position before the beginning, or beyond the last one")
}

/// What a buffered writer says after a flush that was dropped while it waited.
pub(crate) fn in_doubt(unsent: usize) -> Error {
    let text = format!(
        "how many of {unsent} buffered bytes were sent is not known: a flush was dropped before it \
         ended, or its answer made no sense; take the writer back with `into_parts`, and await \
         flushes to their end"
    );
    Error::other(text)
}

pub(crate) fn not_what_was_lent() -> Error {
    Error::other("the writer gave back another buffer, or claims to have taken more than it got")
}

pub(crate) fn cannot_be_read() -> Error {
    Error::new(ErrorKind::Unsupported, "a buffered writer is ready to write only")
}

pub(crate) fn no_memory() -> Error {
    Error::new(
        ErrorKind::OutOfMemory,
        "the source of a buffered reader's memory has none; try again when some is back, or set \
         some with `set_read_buf`",
    )
}

pub(crate) fn cannot_be_written() -> Error {
    Error::new(ErrorKind::Unsupported, "a buffered reader is ready to read only")
}

pub(crate) fn moved_beneath() -> Error {
    Error::other("the reader beneath a buffered one was moved by somebody else")
}
