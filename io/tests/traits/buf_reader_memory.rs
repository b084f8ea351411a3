//! The memory of a `BufReader`: where it comes from, where it goes, and what a dropped read costs.

use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;

use sexton_buffers::{Fill, IoBuf, IoBufMut, OwnedBuf};
use sexton_io::{BufRead, BufReader, BufSource, Heap, OwnedRead, Read};

use crate::support::{Bump, Bumpy, block_on, poll_times};

const TEXT: &[u8] = b"0123456789abcdefghij";

/// Counts what it gave, and has so many.
struct Counting {
    given: Cell<usize>,
    most: usize,
}

impl BufSource for Counting {
    type Buf = Vec<u8>;

    fn get(&self) -> Option<Vec<u8>> {
        if self.given.get() == self.most {
            return None;
        }
        self.given.set(self.given.get() + 1);
        Heap::new(4).get()
    }
}

fn counting(most: usize) -> Rc<Counting> {
    Rc::new(Counting { given: Cell::new(0), most })
}

#[test]
fn the_source_is_asked_once_and_again_after_a_dropped_read() {
    let source = counting(9);
    let bumps = [Bump::AtMost(2), Bump::AtMost(2), Bump::Wait];
    let mut reader = BufReader::with_source(Bumpy::new(TEXT, bumps), Rc::clone(&source));
    assert_eq!(source.given.get(), 0, "nothing is allocated in advance");
    for _ in 0..2 {
        block_on(reader.fill_buf()).unwrap();
        reader.consume(2);
    }
    assert_eq!(source.given.get(), 1);
    assert!(poll_times(1, reader.fill_buf()).is_none());
    assert!(reader.take_read_buf().is_none(), "went with the read");
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"45");
    assert_eq!(source.given.get(), 2);
}

#[test]
fn a_source_without_memory_is_an_error_until_it_has_some() {
    let mut reader = BufReader::with_source(TEXT, counting(0));
    for _ in 0..2 {
        assert_eq!(block_on(reader.fill_buf()).unwrap_err().kind(), ErrorKind::OutOfMemory);
        let error = block_on(reader.read_owned(Vec::with_capacity(2))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    }
    reader.set_read_buf(OwnedBuf::with_capacity(32));
    assert_eq!(block_on(reader.fill_buf()).unwrap(), TEXT);
}

#[test]
fn memory_that_was_set_is_read_into_before_any_is_asked_for() {
    let source = counting(9);
    let mut reader = BufReader::with_source(TEXT, Rc::clone(&source));
    let mut supplied = Fill::new(vec![0; 8].into_boxed_slice());
    supplied.fill_from(b"old");
    let address = supplied.filled().as_ptr();
    reader.set_read_buf(OwnedBuf::new(supplied));
    let shown = block_on(reader.fill_buf()).unwrap();
    assert_eq!((shown, shown.as_ptr()), (&b"01234567"[..], address));
    assert!(reader.take_read_buf().is_none(), "unread bytes are in it");
    reader.consume(8);
    let taken = reader.take_read_buf().unwrap();
    assert!(taken.is::<Fill<Box<[u8]>>>());
    assert_eq!(source.given.get(), 0);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"89ab");
    assert_eq!(source.given.get(), 1);
}

#[test]
fn memory_that_is_set_waits_for_what_is_unread() {
    let mut reader = BufReader::with_capacity(TEXT, 4);
    block_on(reader.fill_buf()).unwrap();
    reader.consume(1);
    reader.set_read_buf(OwnedBuf::with_capacity(64));
    assert_eq!(reader.buffer(), b"123");
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"123");
    reader.consume(3);
    assert_eq!(reader.take_read_buf().unwrap().filled(), b"");
    reader.set_read_buf(OwnedBuf::with_capacity(8));
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"456789ab");
}

#[test]
fn a_dropped_read_into_set_memory_leaves_nothing_old_behind() {
    let bumps = [Bump::AtMost(3), Bump::Wait, Bump::AtMost(3)];
    let mut reader = BufReader::with_capacity(Bumpy::new(TEXT, bumps), 4);
    block_on(reader.fill_buf()).unwrap();
    reader.consume(3);
    reader.set_read_buf(OwnedBuf::with_capacity(8));
    assert!(poll_times(1, reader.fill_buf()).is_none());
    assert_eq!(reader.buffer(), b"");
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"345");
}

#[test]
fn what_does_not_fit_is_shown_from_the_heap_and_the_memory_comes_back() {
    let supplied = || {
        let mut reader = BufReader::with_source(Bumpy::new(TEXT, [Bump::AtMost(5)]), counting(0));
        reader.set_read_buf(OwnedBuf::new(Fill::new(vec![0; 6].into_boxed_slice())));
        reader
    };
    // Nothing unread; unread bytes; unread bytes at the end of the memory, where there is room.
    for (first, consumed) in [(0, 0), (1, 2), (1, 4), (1, 5)] {
        let mut reader = supplied();
        if first > 0 {
            block_on(reader.fill_buf()).unwrap();
            reader.consume(consumed);
        }
        let shown = block_on(reader.fill_at_least(12)).unwrap();
        assert!(shown.len() >= 12 && TEXT[consumed..].starts_with(shown));
        let n = shown.len();
        reader.consume(n);
        let rest = block_on(reader.fill_buf()).unwrap();
        assert!(TEXT[consumed + n..].starts_with(rest));
        let n = rest.len();
        reader.consume(n);
        assert!(reader.take_read_buf().unwrap().is::<Fill<Box<[u8]>>>());
    }
    let mut reader = supplied();
    block_on(reader.fill_buf()).unwrap();
    reader.consume(4);
    assert_eq!(block_on(reader.fill_at_least(6)).unwrap(), b"456789");
    reader.consume(6);
    assert!(reader.take_read_buf().unwrap().is::<Fill<Box<[u8]>>>(), "moved within it");
}

#[test]
fn memory_without_room_is_an_error_never_the_end() {
    let mut reader = BufReader::with_capacity(TEXT, 0);
    assert_eq!(block_on(reader.fill_buf()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(block_on(reader.read(&mut [0])).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(block_on(reader.read_owned(Vec::with_capacity(1))).unwrap().0, 1);
    reader.set_read_buf(OwnedBuf::with_capacity(0));
    assert_eq!(block_on(reader.fill_buf()).unwrap_err().kind(), ErrorKind::InvalidInput);
    reader.set_read_buf(OwnedBuf::with_capacity(99));
    assert_eq!(block_on(reader.fill_buf()).unwrap(), &TEXT[1..]);
    assert_eq!(Heap::new(usize::MAX).get(), None);
}
