//! A peer cannot make a limited read gather more than its limit, and no byte is lost at it.

use std::io::ErrorKind;

use sexton_io::{BufRead, Memory, TooLong};

use crate::support::{Script, block_on, poll_times};

/// All ways to cut `bytes` in two chunks, and byte by byte.
fn all_cuts(bytes: &[u8]) -> impl Iterator<Item = Script> {
    (0..=bytes.len())
        .map(|at| Script::slow([&bytes[..at], &bytes[at..]]))
        .chain([Script::byte_by_byte(bytes)])
}

#[test]
fn what_fits_to_the_byte_is_read() {
    for mut reader in all_cuts(b"12345,rest") {
        let mut buf = Vec::new();
        assert_eq!(block_on(reader.read_until_limited(b',', &mut buf, 6)).unwrap(), 6);
        assert_eq!(buf, b"12345,");
        assert_eq!(reader.rest(), b"rest");
    }
}

#[test]
fn the_end_of_the_stream_may_come_at_the_limit() {
    for mut reader in all_cuts(b"12345") {
        let mut buf = Vec::new();
        assert_eq!(block_on(reader.read_until_limited(b',', &mut buf, 5)).unwrap(), 5);
        assert_eq!(buf, b"12345");
    }
}

#[test]
fn one_byte_too_long_is_an_error_again_and_again_and_loses_nothing() {
    for mut reader in all_cuts(b"12345,rest") {
        let mut buf = Vec::new();
        for _ in 0..3 {
            let error = block_on(reader.read_until_limited(b',', &mut buf, 5)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(error.to_string(), "no end within the limit of 5 bytes");
            assert_eq!(TooLong::of(&error).unwrap().max(), 5);
            assert!(buf.len() <= 5);
            assert_eq!([&buf[..], &reader.rest()].concat(), b"12345,rest");
        }
        // Whoever thinks better of it goes on with a larger limit.
        block_on(reader.read_until_limited(b',', &mut buf, 6)).unwrap();
        assert_eq!(buf, b"12345,");
    }
}

#[test]
fn a_limit_of_nothing_lets_only_the_end_through() {
    let mut buf = Vec::new();
    assert_eq!(block_on(Memory::new("").read_until_limited(b',', &mut buf, 0)).unwrap(), 0);
    assert!(block_on(Memory::new(",").read_until_limited(b',', &mut buf, 0)).is_err());
}

#[test]
fn a_call_that_is_dropped_and_resumed_does_not_get_the_limit_anew() {
    let mut reader = Script::byte_by_byte(&[b'x'; 100]);
    let mut buf = Vec::new();
    for _ in 0..200 {
        match poll_times(1, reader.read_until_limited(b',', &mut buf, 10)) {
            None => {}
            Some(Err(error)) => {
                assert!(TooLong::of(&error).is_some());
                assert_eq!((buf.len(), reader.rest().len()), (10, 90));
                return;
            }
            Some(Ok(_)) => panic!("there is no such byte"),
        }
    }
    panic!("the limit never ended it");
}

#[test]
fn a_line_beyond_its_limit_is_in_the_error_as_far_as_it_was_read() {
    for mut reader in all_cuts("0äö\nnext\n".as_bytes()) {
        let mut line = String::from("x");
        let error = block_on(reader.read_line_limited(&mut line, 6)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let too_long = error.into_inner().unwrap().downcast::<TooLong>().unwrap();
        assert_eq!(too_long.max(), 6, "the limit that the caller gave");
        assert_eq!(line, "x");
        let all = [too_long.into_bytes(), reader.rest()].concat();
        assert_eq!(all, "0äö\nnext\n".as_bytes());
    }
    for mut reader in all_cuts("0äö\nnext\n".as_bytes()) {
        let mut line = String::from("x");
        assert_eq!(block_on(reader.read_line_limited(&mut line, 7)).unwrap(), 6);
        assert_eq!(line, "x0äö\n");
    }
}

#[test]
fn limited_lines_and_segments_keep_the_partial_item() {
    for reader in all_cuts(b"ok\ntoo long\nok\n") {
        let mut lines = reader.lines_limited(4);
        assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some("ok"));
        for _ in 0..2 {
            let error = block_on(lines.next_line()).unwrap_err();
            assert!(TooLong::of(&error).is_some());
        }
        let (reader, partial) = lines.into_parts();
        assert_eq!([partial, reader.rest()].concat(), b"too long\nok\n");
    }
    for reader in all_cuts(b"ok;too long;ok;") {
        let mut segments = reader.split_limited(b';', 4);
        assert_eq!(block_on(segments.next_segment()).unwrap().as_deref(), Some(&b"ok"[..]));
        let error = block_on(segments.next_segment()).unwrap_err();
        assert!(TooLong::of(&error).is_some());
        let (reader, partial) = segments.into_parts();
        assert_eq!([partial, reader.rest()].concat(), b"too long;ok;");
    }
}

#[test]
fn an_error_never_prints_the_bytes_of_a_peer() {
    let error = block_on(Script::byte_by_byte(b"secret").read_line_limited(&mut String::new(), 3));
    let error = error.unwrap_err();
    assert_eq!(TooLong::of(&error).unwrap().bytes(), b"sec");
    assert!(!format!("{error:?} {error}").contains("sec"), "{error:?}");
}
