//! The errors that files make themselves, in words.

use std::io::{Error, ErrorKind};

/// Nothing read into a buffer that has no room must not look like the end of the file.
pub(crate) fn no_room() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "the buffer has no room: reads append to what is filled (make room with \
         `Vec::with_capacity` or `clear`, or overwrite what is there through `slice_mut(..)`)",
    )
}

/// The kernel counts offsets in 63 bits; the 64th has a meaning of its own to the ring.
pub(crate) fn offset_too_large() -> Error {
    Error::new(ErrorKind::InvalidInput, "an offset in a file is less than 2 to the power of 63")
}

pub(crate) fn negative_position() -> Error {
    Error::new(ErrorKind::InvalidInput, "invalid seek to a negative or overflowing position")
}

pub(crate) fn not_seekable() -> Error {
    ErrorKind::NotSeekable.into()
}

pub(crate) fn nul_in_path() -> Error {
    Error::new(ErrorKind::InvalidInput, "file name contained an unexpected NUL byte")
}

pub(crate) fn no_access_mode() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "must specify at least one of read, write, or append access",
    )
}

pub(crate) fn creation_without_write() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "creating or truncating a file requires write or append access",
    )
}

pub(crate) fn append_and_truncate() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "a file cannot be opened for appending and truncated at the same time",
    )
}

pub(crate) fn not_utf8() -> Error {
    Error::new(ErrorKind::InvalidData, "the file is not valid UTF-8")
}

pub(crate) fn unread(n: usize) -> Error {
    let text = format!("{n} bytes were received and not read yet: see `File::buffer`");
    Error::other(text)
}

pub(crate) fn no_creation_time() -> Error {
    Error::new(ErrorKind::Unsupported, "this file system does not know when a file was made")
}

pub(crate) fn no_such_time() -> Error {
    Error::new(ErrorKind::InvalidData, "the file's time is beyond what a `SystemTime` can hold")
}
