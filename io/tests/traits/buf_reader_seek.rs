//! Seeking under a `BufReader`: the position is that of the next byte, whatever was read ahead.

use std::io::{ErrorKind, SeekFrom};

use sexton_io::{BufRead, BufReader, OwnedRead, Seek};

use crate::support::{Bump, Bumpy, block_on};

const TEXT: &[u8] = b"0123456789abcdefghij";

/// Eight bytes read, three of them consumed.
fn reader() -> BufReader<Bumpy> {
    let mut reader = BufReader::with_capacity(Bumpy::new(TEXT, [Bump::AtMost(8)]), 10);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"01234567");
    reader.consume(3);
    reader
}

#[test]
fn a_seek_accounts_for_what_was_read_ahead() {
    for (to, position) in [
        (SeekFrom::Current(0), 3),
        (SeekFrom::Current(-2), 1),
        (SeekFrom::Current(9), 12),
        (SeekFrom::Start(5), 5),
        (SeekFrom::End(-4), 16),
    ] {
        let mut reader = reader();
        assert_eq!(block_on(reader.seek(to)).unwrap(), position);
        assert_eq!(reader.buffer(), b"");
        assert_eq!(block_on(reader.stream_position()).unwrap(), position);
        assert_eq!(block_on(reader.next_byte()).unwrap(), Some(TEXT[position as usize]));
        assert_eq!(block_on(reader.stream_position()).unwrap(), position + 1);
    }
}

#[test]
fn a_relative_seek_inside_what_was_read_does_not_ask() {
    for (by, position) in [(-3, 0), (-1, 2), (0, 3), (4, 7), (5, 8)] {
        let mut reader = reader();
        block_on(reader.seek_relative(by)).unwrap();
        assert_eq!((reader.get_ref().seeks, reader.buffer()), (0, &TEXT[position..8]));
        assert_eq!(block_on(reader.stream_position()).unwrap(), position as u64);
        assert_eq!(block_on(reader.next_byte()).unwrap(), Some(TEXT[position]));
    }
    for (by, position) in [(6, 9), (12, 15)] {
        let mut reader = reader();
        block_on(reader.seek_relative(by)).unwrap();
        assert_eq!((reader.get_ref().seeks, reader.get_ref().position()), (1, position));
        assert_eq!(block_on(reader.next_byte()).unwrap(), Some(TEXT[position as usize]));
    }
}

#[test]
fn a_refused_seek_forgets_nothing() {
    for by in [-4, i64::MIN, i64::MIN + 5] {
        let mut reader = reader();
        let error = block_on(reader.seek_relative(by)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = block_on(reader.seek(SeekFrom::Current(by))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(reader.buffer(), b"34567");
        assert_eq!(block_on(reader.stream_position()).unwrap(), 3);
    }
}

#[test]
fn the_length_costs_nothing_of_what_was_read_ahead() {
    let mut reader = reader();
    assert_eq!(block_on(reader.stream_len()).unwrap(), 20);
    assert_eq!(reader.buffer(), b"34567");
    assert_eq!(block_on(reader.stream_position()).unwrap(), 3);
    block_on(reader.rewind()).unwrap();
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'0'));
}

#[test]
fn a_relative_seek_never_goes_back_into_memory_that_is_of_elsewhere() {
    // A large read went by the memory; the memory was taken back.
    let mut reader = reader();
    reader.consume(5);
    block_on(reader.read_owned(Vec::with_capacity(64))).unwrap();
    block_on(reader.seek_relative(-8)).unwrap();
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'8'));
    let mut reader = self::reader();
    reader.consume(5);
    reader.take_read_buf().unwrap();
    block_on(reader.seek_relative(-8)).unwrap();
    assert_eq!(block_on(reader.next_byte()).unwrap(), Some(b'0'));
}

#[test]
fn after_the_end_a_seek_reads_again() {
    let mut reader = reader();
    block_on(reader.seek(SeekFrom::End(0))).unwrap();
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"");
    block_on(reader.seek(SeekFrom::End(-1))).unwrap();
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"j");
    block_on(reader.seek(SeekFrom::Start(99))).unwrap();
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"");
}

#[test]
fn a_reader_moved_by_somebody_else_is_an_error_not_a_wrong_position() {
    let mut reader = reader();
    block_on(reader.get_mut().seek(SeekFrom::Start(1))).unwrap();
    assert_eq!(block_on(reader.stream_position()).unwrap_err().kind(), ErrorKind::Other);
}
