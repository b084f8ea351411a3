//! `Take`, `Chain`, `Owned`: what they add, and that they hide nothing of the reader beneath.

use std::io::ErrorKind;

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBufMut, ReadBuf, ReadBufVec};
use sexton_io::{BufRead, Interest, Memory, OwnedRead, OwnedWrite, Read, Ready, Take, Write};

use crate::support::{Script, Sink, Step, block_on, poll_times};

fn read_flag(reader: impl Read) -> bool {
    reader.is_read_vectored()
}

fn owned_read_flag(reader: impl OwnedRead) -> bool {
    reader.is_read_vectored_owned()
}

fn write_flags(writer: impl Write + OwnedWrite) -> (bool, bool) {
    (writer.is_write_vectored(), writer.is_write_vectored_owned())
}

#[test]
fn every_adaptor_forwards_the_vectored_flags() {
    for vectored in [false, true] {
        let reader = || {
            let mut reader = Script::new([]);
            reader.vectored = vectored;
            reader
        };
        assert_eq!(read_flag(reader()), vectored);
        assert_eq!(read_flag(&mut reader()), vectored);
        assert_eq!(read_flag(Box::new(reader())), vectored);
        assert_eq!(read_flag(reader().take(1)), vectored);
        assert_eq!(read_flag(reader().chain(reader())), vectored);
        let owned = || reader().owned();
        assert_eq!(owned_read_flag(owned()), vectored);
        assert_eq!(owned_read_flag(&mut owned()), vectored);
        assert_eq!(owned_read_flag(Box::new(owned())), vectored);
        assert_eq!(owned_read_flag(Take::new(owned(), 1)), vectored);

        let mut sink = if vectored { Sink::default().vectored() } else { Sink::default() };
        assert_eq!(write_flags(&mut sink), (vectored, vectored));
        assert_eq!(write_flags(Box::new(sink)), (vectored, vectored));
    }
    let (plain, vectored) = (|| Script::new([]), || Script::new([]).vectored());
    assert!(read_flag(plain().chain(vectored())));
    assert!(read_flag(vectored().chain(plain())));
}

/// Two buffers of two bytes: how many bytes one vectored read brings, and all of them in the end.
fn read_vectored(reader: &mut impl Read) -> (usize, Vec<u8>) {
    let (mut first, mut all) = (None, Vec::new());
    loop {
        let (mut a, mut b) = ([0; 2], [0; 2]);
        let mut bufs = [ReadBuf::from(&mut a[..]), ReadBuf::from(&mut b[..])];
        let cursor = &mut ReadBufVec::new(&mut bufs);
        let n = block_on(reader.read_buf_vectored(cursor.cursor())).unwrap();
        let bytes = [bufs[0].filled(), bufs[1].filled()].concat();
        assert_eq!(n, bytes.len());
        all.extend(bytes);
        if n == 0 {
            return (first.unwrap_or(0), all);
        }
        first.get_or_insert(n);
    }
}

#[test]
fn a_vectored_read_stays_vectored_through_adaptors() {
    let reader = || Script::slow(["abcd", "ef"]).vectored();
    assert_eq!(read_vectored(&mut reader()), (4, b"abcdef".to_vec()));
    assert_eq!(read_vectored(&mut reader().take(5)), (4, b"abcde".to_vec()));
    assert_eq!(read_vectored(&mut reader().take(3)), (2, b"abc".to_vec()), "the limit is between");
    assert_eq!(read_vectored(&mut reader().take(0)), (0, Vec::new()));
    assert_eq!(read_vectored(&mut reader().chain(reader())), (4, b"abcdefabcdef".to_vec()));
    assert_eq!(read_vectored(&mut Box::new(reader())), (4, b"abcdef".to_vec()));
}

#[test]
fn a_taken_part_ends_at_its_limit_and_the_rest_is_still_there() {
    for limit in 0..9 {
        let mut reader = Script::slow(["abc", "def"]);
        let mut part = reader.by_ref().take(limit);
        let mut all = Vec::new();
        block_on(part.read_to_end(&mut all)).unwrap();
        assert_eq!(part.limit(), limit - all.len() as u64);
        assert_eq!(all, b"abcdef"[..limit.min(6) as usize]);
        all.extend(reader.rest());
        assert_eq!(all, b"abcdef");
    }
}

#[test]
fn a_part_at_its_limit_is_at_its_end_whatever_the_reader_waits_for() {
    let mut part = Script::slow(["more"]).take(0);
    let readiness = poll_times(1, part.ready(Interest::READ)).unwrap().unwrap();
    assert!(readiness.read());
    assert_eq!(poll_times(1, part.read(&mut [0])).unwrap().unwrap(), 0);
    assert_eq!(poll_times(1, part.fill_buf()).unwrap().unwrap(), b"");
    assert_eq!(part.into_inner().would_block, 0);
}

#[test]
fn a_limit_can_be_changed() {
    let mut part = Memory::new("abcdef").take(1);
    let mut buf = [0; 9];
    assert_eq!(block_on(part.read(&mut buf)).unwrap(), 1);
    assert_eq!(block_on(part.read(&mut buf)).unwrap(), 0);
    part.set_limit(2);
    assert_eq!(block_on(part.read(&mut buf)).unwrap(), 2);
    assert_eq!(part.get_ref().rest(), b"def");
    assert_eq!(part.into_inner().rest(), b"def");
}

#[test]
fn a_taken_part_shows_no_byte_beyond_its_limit() {
    let mut part = Memory::new("abcdef").take(4);
    assert_eq!(block_on(part.fill_buf()).unwrap(), b"abcd");
    assert_eq!(block_on(part.fill_at_least(2)).unwrap(), b"abcd");
    part.consume(1);
    assert_eq!(block_on(part.fill_at_least(9)).unwrap(), b"bcd", "it ends there");
    part.consume(3);
    assert_eq!(block_on(part.fill_buf()).unwrap(), b"");
    assert_eq!(block_on(part.fill_at_least(1)).unwrap(), b"");
    assert_eq!(part.get_ref().rest(), b"ef");
}

#[test]
#[should_panic(expected = "consumed 3 bytes")]
fn consuming_beyond_a_limit_is_a_mistake() {
    Memory::new("abcdef").take(2).consume(3);
}

#[test]
fn an_owned_read_ends_at_the_limit_too() {
    let mut part = Take::new(&b"abcdef"[..], 4);
    let (n, buf) = block_on(part.read_owned(Vec::with_capacity(3).at_most(3))).unwrap();
    assert_eq!((n, &buf.into_inner()[..], part.limit()), (3, &b"abc"[..], 1));
    let mut prefilled = Vec::with_capacity(9);
    prefilled.push(b'x');
    part.set_limit(2);
    let (_, buf) = block_on(part.read_owned(prefilled.at_most(1))).unwrap();
    assert_eq!((&buf.into_inner()[..], part.limit()), (&b"xd"[..], 1));
    let mut prefilled = Vec::with_capacity(9);
    prefilled.push(b'x');
    let bufs = [prefilled.at_most(1)];
    part.set_limit(5);
    let (n, bufs) = block_on(part.read_vectored_owned(bufs)).unwrap();
    assert_eq!((n, bufs[0].filled(), part.limit()), (1, &b"xe"[..], 4));
    part.set_limit(0);
    assert_eq!(block_on(part.read_owned(Vec::with_capacity(3))).unwrap().0, 0);
    let bufs = [Vec::with_capacity(1)];
    assert_eq!(block_on(part.read_vectored_owned(bufs)).unwrap().0, 0);
    assert_eq!(part.into_inner(), b"f");
}

/// Fails after it has filled two bytes.
struct Breaks;

impl OwnedRead for Breaks {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        buf.fill_from(b"ab");
        Err(BufError::new(ErrorKind::ConnectionReset, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        bufs.fill_vec_from(b"ab");
        Err(BufError::new(ErrorKind::ConnectionReset, bufs))
    }
}

#[test]
fn bytes_that_come_with_an_error_count_and_are_kept() {
    for (limit, room) in [(9, 3), (3, 9)] {
        let mut part = Take::new(Breaks, limit);
        let error = block_on(part.read_owned(Vec::with_capacity(room))).unwrap_err();
        assert_eq!((&error.into_buf()[..], part.limit()), (&b"ab"[..], limit - 2));
        let mut part = Take::new(Breaks, limit);
        let bufs = [Vec::with_capacity(1).at_most(1), Vec::with_capacity(room).at_most(room)];
        let [a, b] = block_on(part.read_vectored_owned(bufs)).unwrap_err().into_buf();
        assert_eq!([a.into_inner(), b.into_inner()].concat(), b"ab");
        assert_eq!(part.limit(), limit - 2);
    }
}

#[test]
fn a_chain_shows_one_reader_and_then_the_other() {
    let mut chain = Script::slow(["ab", "c"]).chain(Script::slow(["de"]));
    let mut shown = Vec::new();
    while block_on(chain.has_data_left()).unwrap() {
        shown.push(block_on(chain.fill_buf()).unwrap().to_vec());
        chain.consume(1);
    }
    assert_eq!(shown, [&b"ab"[..], b"b", b"c", b"de", b"e"]);
}

#[test]
fn a_chain_cannot_show_bytes_of_both_readers_in_one_piece() {
    let mut chain = Memory::new("abc").chain(Memory::new("def"));
    assert_eq!(block_on(chain.fill_at_least(3)).unwrap(), b"abc");
    let error = block_on(chain.fill_at_least(4)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    chain.consume(3);
    assert_eq!(block_on(chain.fill_at_least(9)).unwrap(), b"def");
}

#[test]
fn a_chain_does_not_take_a_full_buffer_for_an_end() {
    let mut chain = Memory::new("ab").chain(Memory::new("cd"));
    assert_eq!(block_on(chain.read(&mut [])).unwrap(), 0);
    let mut none = [];
    let mut none = ReadBufVec::new(&mut none);
    assert_eq!(block_on(chain.read_buf_vectored(none.cursor())).unwrap(), 0);
    let mut empty = ReadBuf::from(&mut [][..] as &mut [u8]);
    let _nothing = chain.non_blocking_read_buf(empty.unfilled()).unwrap();
    let _nothing = chain.non_blocking_read_buf_vectored(none.cursor()).unwrap();
    let mut all = Vec::new();
    block_on(chain.read_to_end(&mut all)).unwrap();
    assert_eq!(all, b"abcd");
}

#[test]
fn a_line_may_begin_in_one_reader_and_end_in_the_other() {
    let mut lines = Script::slow(["one\ntw"]).chain(Script::slow(["o\nthree"])).lines();
    for expected in ["one", "two", "three"] {
        assert_eq!(block_on(lines.next_line()).unwrap().as_deref(), Some(expected));
    }
    assert_eq!(block_on(lines.next_line()).unwrap(), None);
}

#[test]
fn an_error_passes_through_and_the_reader_goes_on() {
    let broken = || Script::new([Step::Fail(ErrorKind::TimedOut), Step::Bytes(b"ab".to_vec())]);
    let mut chain = broken().chain(broken()).take(3);
    let mut all = Vec::new();
    let mut errors = 0;
    while block_on(chain.read_to_end(&mut all)).is_err() {
        errors += 1;
    }
    assert_eq!((&all[..], errors), (&b"aba"[..], 2));
}

#[test]
fn adaptors_give_their_readers_back() {
    let chain = Memory::new("a").chain(Memory::new("b"));
    assert_eq!((chain.get_ref().0.rest(), chain.get_ref().1.rest()), (&b"a"[..], &b"b"[..]));
    let (a, b) = chain.into_inner();
    assert_eq!((a.into_inner(), b.into_inner()), ("a", "b"));
    assert_eq!(Memory::new("c").owned().into_inner().get_ref(), &"c");
}
