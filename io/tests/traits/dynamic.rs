//! The traits as trait objects: each method arrives at the object's own, each buffer comes back.

use std::any::Any;
use std::io::{Cursor, ErrorKind, IoSlice};
use std::rc::Rc;
use std::sync::Arc;

use sexton_buffers::{
    BufResult, Fill, IoBuf, IoBufMut, IoVecBufMut, OwnedBuf, ReadBuf, ReadBufVec,
};
use sexton_io::{
    BufRead, DynBufRead, DynOwnedRead, DynOwnedWrite, DynRead, DynReadAt, DynReady, DynSeek,
    DynWrite, DynWriteAt, Interest, Memory, OwnedRead, OwnedWrite, Read, ReadAt, Ready, Write,
    copy, copy_buf, copy_with, duplex,
};

use crate::forward::{
    Log, Spy, every_borrowed_read, every_borrowed_write, every_owned_read, every_owned_write,
    every_read_at_an_offset, every_seeking_method, every_write_at_an_offset,
};
use crate::support::{Script, Sink, Step, Take, Tasks, block_on};

fn spy() -> (Log, Box<Spy>) {
    let log = Log::default();
    (Rc::clone(&log), Box::new(Spy(log)))
}

#[test]
fn every_method_of_an_object_is_that_of_its_reader_or_writer() {
    let (log, mut spy) = spy();
    every_borrowed_read(&log, &mut *spy as &mut dyn DynBufRead);
    every_owned_read(&log, &mut *spy as &mut dyn DynOwnedRead);
    every_borrowed_write(&log, &mut *spy as &mut dyn DynWrite);
    every_owned_write(&log, &mut *spy as &mut dyn DynOwnedWrite);
    every_read_at_an_offset(&log, &*spy as &dyn DynReadAt);
    every_write_at_an_offset(&log, &*spy as &dyn DynWriteAt);
    every_seeking_method(&log, &mut *spy as &mut dyn DynSeek);

    let any: &mut dyn DynReady = &mut *spy;
    block_on(any.ready(Interest::READ)).unwrap();
    assert_eq!(log.take(), ["ready"]);
    block_on(write!(&mut *spy as &mut dyn DynWrite, "{}", 1)).unwrap();
    assert_eq!(log.take(), ["write_all"], "formatted by the object");
}

/// The same for `dyn DynRead`, which has impls of its own.
#[test]
fn every_method_of_a_plain_reader_object_is_its_own() {
    let (log, mut spy) = spy();
    let any: &mut dyn DynRead = &mut *spy;
    let mut empty = ReadBuf::from(&mut [][..] as &mut [u8]);
    block_on(async {
        any.ready(Interest::READ).await.unwrap();
        let _done = any.non_blocking_read_buf(empty.unfilled()).unwrap();
        let _done = any.non_blocking_read_buf_vectored(ReadBufVec::new(&mut []).cursor()).unwrap();
        any.is_read_vectored();
        any.read_buf(empty.unfilled()).await.unwrap();
        any.read(&mut []).await.unwrap();
        any.read_buf_exact(empty.unfilled()).await.unwrap();
        any.read_exact(&mut []).await.unwrap();
        any.read_buf_vectored(ReadBufVec::new(&mut []).cursor()).await.unwrap();
        any.read_to_end(&mut Vec::new()).await.unwrap();
        any.read_to_string(&mut String::new()).await.unwrap();
    });
    let expected = [
        "ready",
        "non_blocking_read_buf",
        "non_blocking_read_buf_vectored",
        "is_read_vectored",
        "read_buf",
        "read",
        "read_buf_exact",
        "read_exact",
        "read_buf_vectored",
        "read_to_end",
        "read_to_string",
    ];
    assert_eq!(log.take(), expected);
}

#[test]
fn objects_go_into_generic_copies() {
    let bytes: Vec<u8> = (0..1_000_u16).map(|n| n as u8).collect();
    let steps = || bytes.chunks(99).flat_map(|c| [Step::Block, Step::Bytes(c.to_vec())]);
    let takes = || Sink::new([Take::AtMost(3), Take::Block, Take::AtMost(500)]);

    let mut reader: Box<dyn DynOwnedRead> = Box::new(Script::new(steps()).owned());
    let mut sink = takes();
    {
        let mut writer: Box<dyn DynOwnedWrite + '_> = Box::new(&mut sink);
        assert_eq!(block_on(copy(&mut reader, &mut writer)).unwrap(), 1_000);
    }
    assert!(sink.taken == bytes);

    let mut reader: Box<dyn DynBufRead> = Box::new(Script::new(steps()));
    let mut sink = takes();
    let writer: &mut dyn DynWrite = &mut sink;
    assert_eq!(block_on(copy_buf(&mut *reader, writer)).unwrap(), 1_000);
    assert!(sink.taken == bytes);

    let any: &mut dyn DynOwnedRead = &mut &b"the bytes"[..];
    let buf = Fill::new(vec![0; 4].into_boxed_slice());
    let (n, buf) = block_on(copy_with(any, &mut Vec::new(), buf)).unwrap();
    assert_eq!((n, buf.into_inner().len()), (9, 4), "the very type comes back");
}

#[test]
fn a_buffer_of_any_type_comes_back_from_an_object_with_an_error_too() {
    let mut any: Box<dyn DynOwnedRead> = Box::new(&b"bytes"[..]);
    let error = block_on(any.read_owned(Vec::with_capacity(9).at_most(0))).unwrap_err();
    assert_eq!((error.kind(), error.buf().left()), (ErrorKind::InvalidInput, 0));
    let error = block_on(any.read_exact_owned(Vec::with_capacity(9).at_most(9))).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::UnexpectedEof, 5));
    assert_eq!(error.into_buf().into_inner(), b"bytes");
    let error = block_on(any.read_vectored_owned([Vec::new()])).unwrap_err();
    assert_eq!((error.kind(), error.into_buf().len()), (ErrorKind::InvalidInput, 1));
    let (n, buf) = block_on(any.read_owned(OwnedBuf::with_capacity(9))).unwrap();
    assert!(n == 0 && buf.is::<Vec<u8>>(), "an erased buffer is erased once more, and comes back");

    let mut sink = Sink::new([Take::AtMost(2), Take::Fail(ErrorKind::BrokenPipe)]);
    let any: &mut dyn DynOwnedWrite = &mut sink;
    let shared: Arc<[u8]> = Arc::from(*b"shared");
    let error = block_on(any.write_all_owned(Arc::clone(&shared))).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::BrokenPipe, 2));
    let back = error.into_buf();
    assert!(Arc::ptr_eq(&back, &shared));
    let (n, parts) = block_on(any.write_vectored_owned(("a", vec![1, 2]))).unwrap();
    assert_eq!((n, parts), (3, ("a", vec![1, 2])));

    let any: Rc<dyn DynReadAt> = Rc::new(b"0123456789".to_vec());
    let error = block_on(any.read_exact_at(Vec::with_capacity(4).at_most(4), 8)).unwrap_err();
    assert_eq!((error.transferred(), &error.into_buf().into_inner()[..]), (2, &b"89"[..]));
}

#[test]
fn objects_say_truthfully_whether_they_are_vectored_and_are_if_they_say_so() {
    for vectored in [false, true] {
        let reader = || {
            let mut reader = Script::slow(["abcd"]);
            reader.vectored = vectored;
            reader
        };
        let (in_one, first) = (if vectored { 4 } else { 2 }, 2);

        let mut any: Box<dyn DynRead> = Box::new(reader());
        assert_eq!(any.is_read_vectored(), vectored);
        let (mut x, mut y) = ([0; 2], [0; 9]);
        let mut bufs = [ReadBuf::from(&mut x[..]), ReadBuf::from(&mut y[..])];
        let n = block_on(any.read_buf_vectored(ReadBufVec::new(&mut bufs).cursor())).unwrap();
        assert_eq!((n, bufs[0].filled().len()), (in_one, first));
        let any: Box<dyn DynBufRead> = Box::new(reader());
        assert_eq!(any.is_read_vectored(), vectored);
        let any: Box<dyn DynRead> = any;
        assert_eq!(any.take(1).is_read_vectored(), vectored, "through an adaptor, too");

        let mut any: Box<dyn DynOwnedRead> = Box::new(reader().owned());
        assert_eq!(any.is_read_vectored_owned(), vectored);
        let bufs = (Vec::with_capacity(2).at_most(2), Vec::with_capacity(9));
        let (n, (x, y)) = block_on(any.read_vectored_owned(bufs)).unwrap();
        assert_eq!((n, x.filled().len(), y.len()), (in_one, first, in_one - first));

        let mut sink = if vectored { Sink::default().vectored() } else { Sink::default() };
        let any: &mut dyn DynWrite = &mut sink;
        assert_eq!(any.is_write_vectored(), vectored);
        let parts = [IoSlice::new(b"ab"), IoSlice::new(b"cd")];
        assert_eq!(block_on(any.write_vectored(&parts)).unwrap(), in_one);
        let any: &mut dyn DynOwnedWrite = &mut sink;
        assert_eq!(any.is_write_vectored_owned(), vectored);
    }
}

/// Against the contract: gives another buffer back if it gets an erased one.
struct Swaps;

impl OwnedRead for Swaps {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        let mut buf = Some(buf);
        let any: &mut dyn Any = &mut buf;
        if let Some(buf) = any.downcast_mut::<Option<OwnedBuf>>() {
            *buf = Some(OwnedBuf::new(Fill::new(Box::new([0; 9]))));
        }
        Ok((0, buf.expect("it was filled above")))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((0, bufs))
    }
}

#[test]
#[should_panic(expected = "gives back the buffer that it was given, no other")]
fn an_object_that_swaps_the_buffer_is_stopped() {
    let any: &mut dyn DynOwnedRead = &mut Swaps;
    let _never = block_on(any.read_owned(Vec::with_capacity(9)));
}

#[test]
fn lists_of_different_objects_are_one_type() {
    let mut text = String::new();
    let readers: Vec<Box<dyn DynBufRead>> =
        vec![Box::new(Memory::new("one\n")), Box::new(Script::slow(["tw", "o\n"]))];
    for mut reader in readers {
        block_on(reader.read_line(&mut text)).unwrap();
    }
    assert_eq!(text, "one\ntwo\n");
    let mut sources: Vec<Box<dyn DynOwnedRead>> =
        vec![Box::new(&b"1"[..]), Box::new(Cursor::new("2")), Box::new(Memory::new("3"))];
    let mut all = Vec::new();
    for source in &mut sources {
        (_, all) = block_on(source.read_to_end_owned(all)).unwrap();
    }
    assert_eq!(all, b"123");
}

#[test]
fn an_object_that_waits_is_woken() {
    let (mut a, b) = duplex(2);
    let mut any: Box<dyn DynBufRead> = Box::new(b);
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let mut line = String::new();
        assert_eq!(any.read_line(&mut line).await.unwrap(), 12);
        assert_eq!(line, "a whole line");
    });
    tasks.spawn(async {
        let writer: &mut dyn DynWrite = &mut a;
        writer.write_all(b"a whole line").await.unwrap();
        writer.shutdown().await.unwrap();
    });
    tasks.run();
}
