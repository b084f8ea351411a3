//! `BufWrite`: what is committed is what is written, over bytes at hand.

use sexton_io::{BufWrite, Memory, Write};

use crate::support::block_on;

#[test]
fn what_is_committed_is_written_and_what_is_not_is_none() {
    let mut memory = Memory::new(b"> ".to_vec());
    let room = block_on(memory.space()).unwrap();
    room[..6].copy_from_slice(b"abcdef");
    memory.commit(2);
    memory.commit(3); // of the same room, from where the first ended
    assert_eq!((memory.rest(), memory.buffered()), (&b"> abcde"[..], 0));
    block_on(memory.space()).unwrap()[0] = b'x';
    block_on(memory.put(b"YZ")).unwrap();
    block_on(memory.write_all(b"!")).unwrap();
    assert_eq!(memory.rest(), b"> abcdeYZ!");
}

#[test]
fn room_is_never_empty() {
    let mut memory = Memory::new(Vec::new());
    let bytes: Vec<u8> = (0..=255).cycle().take(if cfg!(miri) { 1_100 } else { 5_000 }).collect();
    for chunk in bytes.chunks(777) {
        let mut chunk = chunk;
        while !chunk.is_empty() {
            let room = block_on(memory.space()).unwrap();
            assert!(!room.is_empty());
            let n = room.len().min(chunk.len());
            room[..n].copy_from_slice(&chunk[..n]);
            memory.commit(n);
            chunk = &chunk[n..];
        }
    }
    block_on(memory.put(&bytes)).unwrap();
    assert!(memory.rest() == [&bytes[..], &bytes].concat());
}

#[test]
#[should_panic(expected = "committed 1025 bytes, room for 1024 was shown")]
fn committing_more_than_was_shown_panics() {
    let mut memory = Memory::new(Vec::new());
    let room = block_on(memory.space()).unwrap().len();
    memory.commit(room + 1);
}
