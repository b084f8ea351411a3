//! Which part of a file a `Range` header asks for.

use std::ops::Range;

/// What a `Range` header means for a file of some length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: the header says nothing that this server follows.
    Whole,
    /// These bytes, at least one.
    Bytes(Range<u64>),
    /// Nothing of it: the part begins behind the end.
    OutOfReach,
}

/// Understands `bytes=FIRST-LAST`, `bytes=FIRST-` and `bytes=-COUNT`.
///
/// A server may always send the whole instead. This one does so for anything malformed, for other
/// units, and for several parts at once.
pub(crate) fn of(header: &[u8], len: u64) -> Part {
    let Some((first, last)) = bounds(header) else { return Part::Whole };
    let bytes = match (first, last) {
        (Some(first), Some(last)) if last < first => return Part::Whole,
        (Some(first), Some(last)) => first..last.saturating_add(1).min(len),
        (Some(first), None) => first..len,
        (None, Some(count)) => len.saturating_sub(count)..len,
        (None, None) => return Part::Whole,
    };
    if bytes.is_empty() { Part::OutOfReach } else { Part::Bytes(bytes) }
}

/// The two numbers around the dash.
fn bounds(header: &[u8]) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, part) = std::str::from_utf8(header).ok()?.split_once('=')?;
    let (first, last) = part.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    Some((number(first)?, number(last)?))
}

/// Nothing, or a number of digits alone (`parse` would take a `+` too). One that is too large for
/// us is behind every end.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_file_is_found() {
        assert_eq!(of(b"bytes=0-0", 10), Part::Bytes(0..1));
        assert_eq!(of(b"bytes=2-4", 10), Part::Bytes(2..5));
        assert_eq!(of(b"bytes=2-", 10), Part::Bytes(2..10));
        assert_eq!(of(b"bytes=-3", 10), Part::Bytes(7..10));
        assert_eq!(of(b"Bytes= 9-9 ", 10), Part::Bytes(9..10));
    }

    #[test]
    fn a_part_that_is_too_long_ends_with_the_file() {
        assert_eq!(of(b"bytes=8-99", 10), Part::Bytes(8..10));
        assert_eq!(of(b"bytes=-99", 10), Part::Bytes(0..10));
        assert_eq!(of(b"bytes=1-99999999999999999999999", 10), Part::Bytes(1..10));
        assert_eq!(of(b"bytes=0-18446744073709551615", u64::MAX), Part::Bytes(0..u64::MAX));
    }

    #[test]
    fn a_part_behind_the_end_is_out_of_reach() {
        for header in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(header.as_bytes(), 10), Part::OutOfReach, "{header}");
        }
        assert_eq!(of(b"bytes=0-", 0), Part::OutOfReach);
        assert_eq!(of(b"bytes=-1", 0), Part::OutOfReach);
    }

    #[test]
    fn what_is_not_understood_gets_the_whole() {
        let headers = [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=4-2",
            "bytes=1-2,4-5",
            "lines=1-2",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1--2",
            "bytes=--1",
            "bytes=1 - 2",
            "bytes 1-2",
        ];
        for header in headers {
            assert_eq!(of(header.as_bytes(), 10), Part::Whole, "{header}");
        }
        assert_eq!(of(b"bytes=\xff-", 10), Part::Whole);
    }
}
