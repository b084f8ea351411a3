//! `OwnedRead` and `OwnedWrite`: their provided methods, and `std`'s types at hand.

use std::io::{Cursor, ErrorKind};

use sexton_buffers::{BufError, BufResult, Fill, IoBuf, IoBufMut, IoVecBufMut, ReadCursor};
use sexton_io::{Interest, Memory, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready};

use crate::support::{Script, Sink, Step, Take, block_on};

#[test]
fn a_read_appends_and_the_end_is_no_byte() {
    let mut reader = Script::slow(["ab", "cd"]).owned();
    let (n, buf) = block_on(reader.read_owned(Vec::with_capacity(10))).unwrap();
    assert_eq!((n, &buf[..]), (2, &b"ab"[..]));
    let (n, buf) = block_on(reader.read_owned(buf)).unwrap();
    assert_eq!((n, &buf[..]), (2, &b"abcd"[..]));
    let (n, buf) = block_on(reader.read_owned(buf)).unwrap();
    assert_eq!((n, &buf[..]), (0, &b"abcd"[..]));
}

#[test]
fn a_buffer_without_room_is_an_error_and_comes_back() {
    async fn refuses(reader: &mut impl OwnedRead) {
        let full = || Fill::new(vec![1, 2].into_boxed_slice());
        let mut one = full();
        one.fill_from(&[3, 4]);
        let error = reader.read_owned(one).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("no room"), "{error}");
        assert_eq!(error.into_buf().filled(), [3, 4]);
        let error = reader.read_vectored_owned((Vec::new(), Vec::new())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    block_on(refuses(&mut &b"bytes"[..]));
    block_on(refuses(&mut Cursor::new("bytes")));
    block_on(refuses(&mut Memory::new("bytes")));
    block_on(refuses(&mut Memory::new("bytes").owned()));
    block_on(refuses(&mut sexton_io::Take::new(&b"bytes"[..], 2)));
    block_on(refuses(&mut sexton_io::Take::new(&b"bytes"[..], 0)));
}

#[test]
fn an_exact_read_fills_the_buffer_and_no_more() {
    let mut reader = Script::new([
        Step::Bytes(b"ab".to_vec()),
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(b"cdef".to_vec()),
    ])
    .owned();
    let buf = block_on(reader.read_exact_owned(b"> ".to_vec().at_most(0))).unwrap();
    assert_eq!(buf.into_inner(), b"> ");
    let mut buf = Vec::with_capacity(64);
    buf.extend_from_slice(b"> ");
    let buf = block_on(reader.read_exact_owned(buf.at_most(5))).unwrap();
    assert_eq!(buf.into_inner(), b"> abcde");
    assert_eq!(reader.get_ref().rest(), b"f");
}

#[test]
fn an_exact_read_that_fails_gives_back_what_came_and_how_much() {
    for (last, kind) in [
        (None, ErrorKind::UnexpectedEof),
        (Some(Step::Fail(ErrorKind::ConnectionReset)), ErrorKind::ConnectionReset),
    ] {
        let steps = [Step::Bytes(b"abc".to_vec())].into_iter().chain(last);
        let mut buf = Vec::with_capacity(64);
        buf.extend_from_slice(b"> ");
        let error =
            block_on(Script::new(steps).owned().read_exact_owned(buf.at_most(5))).unwrap_err();
        assert_eq!((error.kind(), error.transferred()), (kind, 3));
        assert_eq!(error.into_buf().into_inner(), b"> abc");
    }
}

#[test]
fn a_read_to_the_end_grows_its_vector() {
    let len = if cfg!(miri) { 3_000 } else { 30_000_u16 };
    let bytes: Vec<u8> = (0..len).flat_map(u16::to_le_bytes).collect();
    let mut reader = Script::slow(bytes.chunks(999)).owned();
    let (n, buf) = block_on(reader.read_to_end_owned(b"> ".to_vec())).unwrap();
    assert_eq!(n, bytes.len());
    assert!(buf.strip_prefix(b"> ").unwrap() == bytes);
}

#[test]
fn a_read_to_the_end_that_fails_gives_back_what_came() {
    let mut reader = Script::new([
        Step::Bytes(b"abc".to_vec()),
        Step::Fail(ErrorKind::Interrupted),
        Step::Bytes(b"def".to_vec()),
        Step::Fail(ErrorKind::ConnectionReset),
    ])
    .owned();
    let error = block_on(reader.read_to_end_owned(b"> ".to_vec())).unwrap_err();
    assert_eq!(error.transferred(), 6);
    assert_eq!(error.into_buf(), b"> abcdef");
}

/// A safe implementation may lie about its counts; who uses it must not go wrong.
struct Liar;

impl OwnedRead for Liar {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        Ok((usize::MAX, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((usize::MAX, bufs))
    }
}

#[test]
fn a_reader_that_lies_about_its_count_is_not_believed() {
    let error = block_on(Liar.read_exact_owned(Vec::with_capacity(9))).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::UnexpectedEof, 0));
    let (n, buf) = block_on(Liar.read_to_end_owned(Vec::new())).unwrap();
    assert_eq!((n, buf.len()), (0, 0));
    let mut take = sexton_io::Take::new(Liar, 10);
    let _any = block_on(take.read_owned(Vec::with_capacity(9)));
    assert_eq!(take.limit(), 10);
}

/// Fills two bytes, and fails.
struct Breaks;

impl Ready for Breaks {
    async fn ready(&mut self, _: Interest) -> std::io::Result<Readiness> {
        Ok(Readiness::new(true, false, false))
    }
}

impl Read for Breaks {
    fn non_blocking_read_buf(
        &mut self,
        mut buf: ReadCursor<'_>,
    ) -> std::io::Result<NonBlocking<()>> {
        buf.append(b"ab");
        Err(ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn bytes_that_come_with_an_error_are_in_the_buffer_and_counted() {
    let error = block_on(Breaks.owned().read_owned(Vec::with_capacity(9))).unwrap_err();
    assert_eq!((error.transferred(), &error.into_buf()[..]), (2, &b"ab"[..]));
    let bufs = [Vec::with_capacity(1).at_most(1), Vec::with_capacity(9).at_most(9)];
    let error = block_on(Breaks.owned().read_vectored_owned(bufs)).unwrap_err();
    assert_eq!(error.transferred(), 1, "this reader fills the first buffer only");
    let [a, b] = error.into_buf();
    assert_eq!((a.filled(), b.filled()), (&b"a"[..], &b""[..]));
}

#[test]
fn vectored_reads_fill_in_order() {
    async fn fills(reader: &mut impl OwnedRead) {
        let bufs = (vec![0].at_most(0), Vec::with_capacity(2).at_most(2), Vec::with_capacity(9));
        let (n, (a, b, c)) = reader.read_vectored_owned(bufs).await.unwrap();
        assert_eq!((n, a.filled(), b.filled(), &c[..]), (5, &[0][..], &b"by"[..], &b"tes"[..]));
        let (n, _) = reader.read_vectored_owned([Vec::with_capacity(1)]).await.unwrap();
        assert_eq!(n, 0);
    }
    block_on(fills(&mut &b"bytes"[..]));
    block_on(fills(&mut Cursor::new(b"bytes".to_vec())));
    block_on(fills(&mut Memory::new("bytes")));
    block_on(fills(&mut Script::slow(["bytes"]).vectored().owned()));
    block_on(fills(&mut Script::slow(["bytes"]).vectored().take(14).owned()));
    block_on(fills(&mut sexton_io::Take::new(&b"bytes and more"[..], 5)));
}

#[test]
fn a_cursor_beyond_its_end_is_at_its_end() {
    let mut cursor = Cursor::new("bytes");
    cursor.set_position(u64::MAX);
    assert_eq!(block_on(cursor.read_owned(Vec::with_capacity(9))).unwrap().0, 0);
    cursor.set_position(3);
    assert_eq!(block_on(cursor.read_owned(Vec::with_capacity(9))).unwrap().1, b"es");
    assert_eq!(cursor.position(), 5);
}

#[test]
fn writing_all_gives_the_whole_buffer_back() {
    let steps = [Take::AtMost(1), Take::Fail(ErrorKind::Interrupted), Take::Block, Take::AtMost(2)];
    let mut sink = Sink::new(steps);
    let buf = block_on(sink.write_all_owned(b"hello".to_vec())).unwrap();
    assert_eq!((&buf[..], &sink.taken[..]), (&b"hello"[..], &b"hello"[..]));
    let part = block_on(sink.write_all_owned(buf.slice(1..3))).unwrap();
    assert_eq!((part.filled(), &sink.taken[..]), (&b"el"[..], &b"helloel"[..]));
    block_on(sink.write_all_owned("")).unwrap();
}

#[test]
fn writing_all_that_fails_says_where_to_go_on() {
    for (last, kind) in [
        (Take::AtMost(0), ErrorKind::WriteZero),
        (Take::Fail(ErrorKind::BrokenPipe), ErrorKind::BrokenPipe),
        (Take::Claim(4), ErrorKind::Other),
    ] {
        let mut sink = Sink::new([Take::AtMost(2), last]);
        let error: BufError<_> = block_on(sink.write_all_owned("hello")).unwrap_err();
        assert_eq!((error.kind(), error.transferred()), (kind, 2));
        let (done, buf) = (error.transferred(), error.into_buf());
        block_on(sink.write_all_owned(buf.slice(done..))).unwrap();
        assert_eq!(sink.taken, b"hello");
    }
}

#[test]
fn a_vector_takes_all_that_is_written() {
    async fn takes(writer: &mut impl OwnedWrite) {
        assert_eq!(writer.write_owned("one ").await.unwrap().0, 4);
        let bufs = ("two ", b"three".to_vec());
        let (n, bufs) = writer.write_vectored_owned(bufs).await.unwrap();
        assert_eq!((n, bufs.0, &bufs.1[..]), (9, "two ", &b"three"[..]));
        assert!(writer.is_write_vectored_owned());
        writer.flush_owned().await.unwrap();
        writer.shutdown_owned().await.unwrap();
    }
    let mut vec = Vec::new();
    block_on(takes(&mut vec));
    assert_eq!(vec, b"one two three");
    let mut memory = Memory::new(Vec::new());
    block_on(takes(&mut memory));
    assert_eq!(memory.rest(), b"one two three");
}
