//! The answers that this server knows, by their numbers.

use std::fmt;
use std::io::{Error, ErrorKind};

/// A status code, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// The three digits.
    pub(crate) code: u16,
    name: &'static str,
}

const fn status(code: u16, name: &'static str) -> Status {
    Status { code, name }
}

pub(crate) const OK: Status = status(200, "OK");
pub(crate) const PARTIAL_CONTENT: Status = status(206, "Partial Content");
pub(crate) const MOVED_PERMANENTLY: Status = status(301, "Moved Permanently");
pub(crate) const NOT_MODIFIED: Status = status(304, "Not Modified");
pub(crate) const BAD_REQUEST: Status = status(400, "Bad Request");
pub(crate) const FORBIDDEN: Status = status(403, "Forbidden");
pub(crate) const NOT_FOUND: Status = status(404, "Not Found");
pub(crate) const METHOD_NOT_ALLOWED: Status = status(405, "Method Not Allowed");
pub(crate) const REQUEST_TIMEOUT: Status = status(408, "Request Timeout");
pub(crate) const CONTENT_TOO_LARGE: Status = status(413, "Content Too Large");
pub(crate) const URI_TOO_LONG: Status = status(414, "URI Too Long");
pub(crate) const RANGE_NOT_SATISFIABLE: Status = status(416, "Range Not Satisfiable");
pub(crate) const HEADERS_TOO_LARGE: Status = status(431, "Request Header Fields Too Large");
pub(crate) const INTERNAL_SERVER_ERROR: Status = status(500, "Internal Server Error");
pub(crate) const NOT_IMPLEMENTED: Status = status(501, "Not Implemented");
pub(crate) const UNAVAILABLE: Status = status(503, "Service Unavailable");
pub(crate) const VERSION_NOT_SUPPORTED: Status = status(505, "HTTP Version Not Supported");

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

/// What a client hears when a file could not be had.
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error.kind() {
            // Also a file in place of a folder, links in a circle, a name that is too long.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
                NOT_FOUND
            }
            // One that leads out of the folder.
            ErrorKind::CrossesDevices => NOT_FOUND,
            _ if error.raw_os_error() == Some(ELOOP) => NOT_FOUND,
            ErrorKind::PermissionDenied => FORBIDDEN,
            // A socket, or a device that is not there.
            _ if matches!(error.raw_os_error(), Some(ENXIO | ENODEV)) => FORBIDDEN,
            // Too many open files: it will pass.
            _ if matches!(error.raw_os_error(), Some(ENFILE | EMFILE)) => UNAVAILABLE,
            _ => INTERNAL_SERVER_ERROR,
        }
    }
}

// Those that std has no (stable) name for; the same on every Linux architecture but MIPS and
// Alpha, which Sexton does not run on.
const ENXIO: i32 = 6;
const ENODEV: i32 = 19;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const ELOOP: i32 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_says_becomes_what_the_client_hears() {
        for (errno, expected) in [
            (2, NOT_FOUND),
            (20, NOT_FOUND),
            (36, NOT_FOUND),
            (ELOOP, NOT_FOUND),
            (1, FORBIDDEN),
            (13, FORBIDDEN),
            (ENXIO, FORBIDDEN),
            (ENODEV, FORBIDDEN),
            (18, NOT_FOUND),
            (EMFILE, UNAVAILABLE),
            (ENFILE, UNAVAILABLE),
            (5, INTERNAL_SERVER_ERROR),
        ] {
            assert_eq!(Status::from(Error::from_raw_os_error(errno)), expected, "errno {errno}");
        }
    }
}
