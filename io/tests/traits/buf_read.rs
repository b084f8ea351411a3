//! The provided methods of `BufRead`, and its iterations.

use std::io::ErrorKind;

use sexton_io::{BufRead, Memory};

use crate::support::{Script, Step, block_on};

#[test]
fn what_is_shown_and_not_consumed_is_shown_again() {
    let mut reader = Script::slow(["abc", "d"]);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"abc");
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"abc");
    reader.consume(2);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"c");
    assert!(block_on(reader.has_data_left()).unwrap());
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'c'));
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'd'));
    assert_eq!(block_on(reader.next_byte()).unwrap(), None);
    assert!(!block_on(reader.has_data_left()).unwrap());
}

#[test]
fn reading_until_a_byte_crosses_chunks_and_interruptions() {
    let mut reader = Script::new([
        Step::Block,
        Step::Bytes(b"one".to_vec()),
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(b",two".to_vec()),
    ]);
    let mut buf = b"> ".to_vec();
    assert_eq!(block_on(reader.read_until(b',', &mut buf)).unwrap(), 4);
    assert_eq!(buf, b"> one,");
    assert_eq!(block_on(reader.read_until(b',', &mut buf)).unwrap(), 3);
    assert_eq!(buf, b"> one,two");
    assert_eq!(block_on(reader.read_until(b',', &mut buf)).unwrap(), 0);
}

#[test]
fn the_byte_is_found_wherever_it_is() {
    for len in if cfg!(miri) { 129..131 } else { 0..200 } {
        for at in (0..len).step_by(if cfg!(miri) { 8 } else { 1 }) {
            let mut bytes = vec![b'.'; len];
            bytes[at..].fill(b'!'); // and others behind the first
            let mut buf = Vec::new();
            block_on(Memory::new(&bytes).read_until(b'!', &mut buf)).unwrap();
            assert_eq!(buf, bytes[..=at]);
        }
    }
}

#[test]
fn a_failed_read_until_keeps_what_came_in_the_buffer() {
    let mut reader = Script::new([
        Step::Bytes(b"one".to_vec()),
        Step::Fail(ErrorKind::TimedOut),
        Step::Bytes(b"two,".to_vec()),
    ]);
    let mut buf = Vec::new();
    assert!(block_on(reader.read_until(b',', &mut buf)).is_err());
    block_on(reader.read_until(b',', &mut buf)).unwrap();
    assert_eq!(buf, b"onetwo,");
}

#[test]
fn a_line_may_be_split_anywhere_in_a_character() {
    let mut reader = Script::byte_by_byte("schön 🦀\nrest".as_bytes());
    let mut line = String::from("> ");
    assert_eq!(block_on(reader.read_line(&mut line)).unwrap(), 12);
    assert_eq!(line, "> schön 🦀\n");
    assert_eq!(block_on(reader.read_line(&mut line)).unwrap(), 4);
    assert_eq!(block_on(reader.read_line(&mut line)).unwrap(), 0);
    assert_eq!(line, "> schön 🦀\nrest");
}

#[test]
fn a_line_that_is_no_text_leaves_the_string_alone_and_has_its_bytes_in_the_error() {
    let mut reader = Memory::new(b"\xff\nnext\n");
    let mut line = String::from("unchanged");
    let error = block_on(reader.read_line(&mut line)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let inner = error.into_inner().unwrap().downcast::<std::string::FromUtf8Error>().unwrap();
    assert_eq!(inner.into_bytes(), b"\xff\n");
    assert_eq!(line, "unchanged");
    block_on(reader.read_line(&mut line)).unwrap();
    assert_eq!(line, "unchangednext\n");
}

#[test]
fn lines_go_on_behind_one_that_is_no_text() {
    let mut lines = Memory::new(b"a\n\xff\r\nb\r\n\r\nc\r").lines();
    assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some("a"));
    assert_eq!(block_on(lines.next_line()).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some("b"));
    assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some(""));
    assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some("c\r"), "no end, no `\\r`");
    assert_eq!(block_on(lines.next_line()).unwrap(), None);
    assert_eq!(block_on(lines.next_line()).unwrap(), None);
}

#[test]
fn segments_keep_what_the_delimiter_is_not() {
    let mut segments = Script::byte_by_byte(b",a,,b").split(b',');
    for expected in ["", "a", "", "b"] {
        let segment = block_on(segments.next_segment()).unwrap().unwrap();
        assert_eq!(segment, expected.as_bytes());
    }
    assert_eq!(block_on(segments.next_segment()).unwrap(), None);
}

#[test]
fn an_iteration_gives_its_reader_and_the_partial_item_back() {
    let mut lines = Script::new([
        Step::Bytes(b"one\ntw".to_vec()),
        Step::Fail(ErrorKind::TimedOut),
        Step::Bytes(b"o\n".to_vec()),
    ])
    .lines();
    assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some("one"));
    assert!(block_on(lines.next_line()).is_err());
    assert_eq!(lines.partial(), b"tw");
    assert_eq!(lines.get_ref().rest(), b"o\n");
    let (reader, partial) = lines.into_parts();
    assert_eq!((&partial[..], &reader.rest()[..]), (&b"tw"[..], &b"o\n"[..]));
}

#[test]
fn a_head_can_be_seen_whole_before_it_is_consumed() {
    let mut reader = Memory::new("head body");
    assert!(block_on(reader.fill_at_least(5)).unwrap().starts_with(b"head "));
    assert_eq!(block_on(reader.fill_at_least(99)).unwrap(), b"head body", "the stream ends there");
    reader.consume(9);
    assert_eq!(block_on(reader.fill_at_least(1)).unwrap(), b"");
}

#[test]
fn a_reader_that_cannot_put_chunks_together_says_so_and_still_has_them() {
    let mut reader = Script::slow(["abc", "def"]);
    assert_eq!(block_on(reader.fill_at_least(0)).unwrap(), b"abc");
    assert_eq!(block_on(reader.fill_at_least(3)).unwrap(), b"abc");
    let error = block_on(reader.fill_at_least(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("4 bytes"), "{error}");
    assert_eq!(block_on(reader.fill_at_least(2)).unwrap(), b"abc");
    reader.consume(3);
    assert_eq!(block_on(reader.fill_at_least(3)).unwrap(), b"def");
    reader.consume(3);
    assert_eq!(block_on(reader.fill_at_least(3)).unwrap(), b"", "at the end nothing is missing");
}

#[test]
#[should_panic(expected = "consumed 4 bytes of 3")]
fn consuming_more_than_was_shown_is_a_mistake() {
    Memory::new("abc").consume(4);
}
