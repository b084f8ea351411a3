//! `Seek`: the bytes at hand move as `std`'s cursor does, and the provided methods as they say.

use std::io::{Cursor, ErrorKind, Result, SeekFrom};

use sexton_io::{BufRead, Memory, OwnedRead, Seek, Write};

use crate::support::block_on;

const TEXT: &[u8] = b"0123456789";

fn everywhere() -> impl Iterator<Item = SeekFrom> {
    [i64::MIN, -11, -10, -9, -1, 0, 1, 9, 10, 11, i64::MAX].into_iter().flat_map(|by| {
        [SeekFrom::Current(by), SeekFrom::End(by), SeekFrom::Start(by.unsigned_abs())]
    })
}

#[test]
fn bytes_at_hand_seek_as_the_cursor_of_std_does() {
    for start in [0, 3, 10, 12] {
        for to in everywhere() {
            let mut std = Cursor::new(TEXT);
            std.set_position(start);
            let (mut cursor, mut memory) = (std.clone(), Memory::new(TEXT));
            block_on(memory.seek(SeekFrom::Start(start))).unwrap();

            let wanted = std::io::Seek::seek(&mut std, to).map_err(|e| e.kind());
            assert_eq!(block_on(Seek::seek(&mut cursor, to)).map_err(|e| e.kind()), wanted);
            assert_eq!(block_on(memory.seek(to)).map_err(|e| e.kind()), wanted, "{start} {to:?}");
            let position = block_on(memory.stream_position()).unwrap();
            assert_eq!((cursor.position(), position), (std.position(), std.position()));
        }
    }
}

#[test]
fn a_seek_decides_what_is_read_next() {
    async fn reads(reader: &mut (impl OwnedRead + Seek)) {
        reader.seek(SeekFrom::End(-2)).await.unwrap();
        assert_eq!(reader.read_owned(Vec::with_capacity(9)).await.unwrap().1, b"89");
        assert_eq!(reader.stream_position().await.unwrap(), 10);
        reader.seek_relative(-4).await.unwrap();
        assert_eq!(reader.read_owned(Vec::with_capacity(9)).await.unwrap().1, b"6789");
        reader.rewind().await.unwrap();
        assert_eq!(reader.stream_position().await.unwrap(), 0);
        reader.seek(SeekFrom::Start(99)).await.unwrap();
        assert_eq!(reader.read_owned(Vec::with_capacity(9)).await.unwrap().0, 0);
        assert_eq!(reader.stream_len().await.unwrap(), 10);
        assert_eq!(reader.stream_position().await.unwrap(), 99);
    }
    block_on(reads(&mut Cursor::new(TEXT)));
    block_on(reads(&mut Memory::new(TEXT)));
}

#[test]
fn a_refused_seek_stays_where_it_was() {
    let mut memory = Memory::new(TEXT);
    memory.consume(4);
    let error = block_on(memory.seek_relative(-5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(memory.rest(), b"456789");
}

#[test]
fn bytes_at_hand_append_wherever_they_are_read() {
    let mut memory = Memory::new(TEXT.to_vec());
    block_on(memory.seek(SeekFrom::Start(9))).unwrap();
    block_on(memory.write_all(b"ab")).unwrap();
    assert_eq!(memory.rest(), b"9ab");
}

/// Knows nothing but `seek`, and writes down where it was sent.
struct Plain {
    position: u64,
    sent_to: Vec<SeekFrom>,
}

impl Seek for Plain {
    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.sent_to.push(to);
        self.position = match to {
            SeekFrom::Start(from_start) => from_start,
            SeekFrom::Current(by) => self.position.checked_add_signed(by).unwrap(),
            SeekFrom::End(by) => 10_u64.checked_add_signed(by).unwrap(),
        };
        Ok(self.position)
    }
}

#[test]
fn the_provided_length_comes_back_to_where_it_was() {
    for (position, seeks) in [(0, 3), (4, 3), (10, 2), (12, 3)] {
        let mut stream = Plain { position, sent_to: Vec::new() };
        assert_eq!(block_on(stream.stream_len()).unwrap(), 10);
        assert_eq!((stream.position, stream.sent_to.len()), (position, seeks));
    }
}
