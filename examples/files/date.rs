//! Times as HTTP writes them, and whether a file is newer than what the client has.

use std::time::{SystemTime, UNIX_EPOCH};

/// A time in the form of headers.
pub(crate) fn format(time: SystemTime) -> String {
    // Years that the form cannot hold (before 1970, after 9999) become its beginning.
    let secs = seconds(time).filter(|secs| *secs < 253_402_300_800).unwrap_or(0);
    httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_secs(secs))
}

/// Whether a file that was changed at `modified` is no newer than an `If-Modified-Since` header
/// says. A header that makes no sense says nothing.
pub(crate) fn not_modified_since(modified: SystemTime, header: &[u8]) -> bool {
    match parse(header) {
        // Headers know no parts of a second, files do.
        Some(since) => seconds(modified) <= seconds(since),
        None => false,
    }
}

/// Whether an `If-Range` header names this very state of a file.
///
/// It may hold an entity tag instead; this server gives none out, so none can match.
pub(crate) fn is_of(modified: SystemTime, header: &[u8]) -> bool {
    parse(header).is_some_and(|then| seconds(modified) == seconds(then))
}

fn parse(header: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(header).ok()?.trim()).ok()
}

fn seconds(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(ms: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(ms)
    }

    const HEADER: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";
    const MS: u64 = 784_111_777_000;

    #[test]
    fn a_time_is_written_as_headers_have_it() {
        assert_eq!(format(at(MS)).as_bytes(), HEADER);
        assert_eq!(format(at(MS + 999)).as_bytes(), HEADER);
    }

    #[test]
    fn times_that_headers_cannot_hold_do_no_harm() {
        assert_eq!(format(UNIX_EPOCH - Duration::from_secs(9)), "Thu, 01 Jan 1970 00:00:00 GMT");
        let year_10000 = UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert_eq!(format(year_10000), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_file_is_compared_by_whole_seconds() {
        assert!(not_modified_since(at(MS - 1000), HEADER));
        assert!(not_modified_since(at(MS + 999), HEADER));
        assert!(!not_modified_since(at(MS + 1000), HEADER));
        assert!(is_of(at(MS + 999), HEADER));
        assert!(!is_of(at(MS - 1000), HEADER));
    }

    #[test]
    fn the_two_old_forms_are_understood() {
        assert!(is_of(at(MS), b"Sunday, 06-Nov-94 08:49:37 GMT"));
        assert!(is_of(at(MS), b"Sun Nov  6 08:49:37 1994"));
    }

    #[test]
    fn a_header_that_makes_no_sense_is_as_none() {
        for header in [&b""[..], b"yesterday", b"\xff", b"\"tag\"", b"Sun, 06 Nov 1994"] {
            assert!(!not_modified_since(at(MS), header));
            assert!(!is_of(at(MS), header));
        }
    }
}
