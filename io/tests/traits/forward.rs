//! `&mut T`, `Box<T>` and the shared holders forward every method, the provided ones too.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;

use sexton_buffers::{
    BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadBuf, ReadBufVec, ReadCursor,
    ReadVecCursor,
};
use sexton_io::{
    BufRead, BufWrite, Interest, ManagedRead, NonBlocking, OwnedRead, OwnedWrite, Read, ReadAt,
    Readiness, Ready, Seek, Write, WriteAt,
};

use crate::support::block_on;

/// Which methods were called.
pub(crate) type Log = Rc<RefCell<Vec<&'static str>>>;

/// Overrides every method there is, and writes down which one was called.
pub(crate) struct Spy(pub(crate) Log);

impl Spy {
    fn saw(&self, name: &'static str) {
        self.0.borrow_mut().push(name);
    }
}

impl Ready for Spy {
    async fn ready(&mut self, _: Interest) -> io::Result<Readiness> {
        self.saw("ready");
        Ok(Readiness::new(true, true, true))
    }
}

impl Read for Spy {
    fn non_blocking_read_buf(&mut self, _: ReadCursor<'_>) -> io::Result<NonBlocking<()>> {
        self.saw("non_blocking_read_buf");
        Ok(NonBlocking::Ready(()))
    }

    fn non_blocking_read_buf_vectored(
        &mut self,
        _: ReadVecCursor<'_, '_>,
    ) -> io::Result<NonBlocking<usize>> {
        self.saw("non_blocking_read_buf_vectored");
        Ok(NonBlocking::Ready(0))
    }

    fn is_read_vectored(&self) -> bool {
        self.saw("is_read_vectored");
        true
    }

    async fn read_buf(&mut self, _: ReadCursor<'_>) -> io::Result<()> {
        self.saw("read_buf");
        Ok(())
    }

    async fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.saw("read");
        Ok(0)
    }

    async fn read_buf_exact(&mut self, _: ReadCursor<'_>) -> io::Result<()> {
        self.saw("read_buf_exact");
        Ok(())
    }

    async fn read_exact(&mut self, _: &mut [u8]) -> io::Result<()> {
        self.saw("read_exact");
        Ok(())
    }

    async fn read_buf_vectored(&mut self, _: ReadVecCursor<'_, '_>) -> io::Result<usize> {
        self.saw("read_buf_vectored");
        Ok(0)
    }

    async fn read_to_end(&mut self, _: &mut Vec<u8>) -> io::Result<usize> {
        self.saw("read_to_end");
        Ok(0)
    }

    async fn read_to_string(&mut self, _: &mut String) -> io::Result<usize> {
        self.saw("read_to_string");
        Ok(0)
    }
}

impl BufRead for Spy {
    async fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.saw("fill_buf");
        Ok(&[])
    }

    fn consume(&mut self, _: usize) {
        self.saw("consume");
    }

    async fn fill_at_least(&mut self, _: usize) -> io::Result<&[u8]> {
        self.saw("fill_at_least");
        Ok(&[])
    }

    async fn has_data_left(&mut self) -> io::Result<bool> {
        self.saw("has_data_left");
        Ok(false)
    }

    async fn next_byte(&mut self) -> io::Result<Option<u8>> {
        self.saw("next_byte");
        Ok(None)
    }

    async fn read_until(&mut self, _: u8, _: &mut Vec<u8>) -> io::Result<usize> {
        self.saw("read_until");
        Ok(0)
    }

    async fn read_until_limited(&mut self, _: u8, _: &mut Vec<u8>, _: usize) -> io::Result<usize> {
        self.saw("read_until_limited");
        Ok(0)
    }

    async fn skip_until(&mut self, _: u8) -> io::Result<usize> {
        self.saw("skip_until");
        Ok(0)
    }

    async fn read_line(&mut self, _: &mut String) -> io::Result<usize> {
        self.saw("read_line");
        Ok(0)
    }

    async fn read_line_limited(&mut self, _: &mut String, _: usize) -> io::Result<usize> {
        self.saw("read_line_limited");
        Ok(0)
    }
}

impl ManagedRead for Spy {
    type Buf = &'static str;

    async fn read_managed(&mut self, _: usize) -> io::Result<Option<&'static str>> {
        self.saw("read_managed");
        Ok(Some("given away"))
    }
}

impl Write for Spy {
    fn non_blocking_write(&mut self, _: &[u8]) -> io::Result<NonBlocking<usize>> {
        self.saw("non_blocking_write");
        Ok(NonBlocking::Ready(0))
    }

    fn non_blocking_write_vectored(&mut self, _: &[IoSlice<'_>]) -> io::Result<NonBlocking<usize>> {
        self.saw("non_blocking_write_vectored");
        Ok(NonBlocking::Ready(0))
    }

    fn non_blocking_flush(&mut self) -> io::Result<NonBlocking<()>> {
        self.saw("non_blocking_flush");
        Ok(NonBlocking::Ready(()))
    }

    fn is_write_vectored(&self) -> bool {
        self.saw("is_write_vectored");
        true
    }

    async fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        self.saw("write");
        Ok(0)
    }

    async fn write_vectored(&mut self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        self.saw("write_vectored");
        Ok(0)
    }

    async fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        self.saw("write_all");
        Ok(())
    }

    async fn write_all_vectored(&mut self, _: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.saw("write_all_vectored");
        Ok(())
    }

    async fn write_fmt(&mut self, _: fmt::Arguments<'_>) -> io::Result<()> {
        self.saw("write_fmt");
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.saw("flush");
        Ok(())
    }

    async fn shutdown(&mut self) -> io::Result<()> {
        self.saw("shutdown");
        Ok(())
    }
}

impl BufWrite for Spy {
    async fn space(&mut self) -> io::Result<&mut [u8]> {
        self.saw("space");
        Ok(&mut [])
    }

    fn commit(&mut self, _: usize) {
        self.saw("commit");
    }

    fn buffered(&self) -> usize {
        self.saw("buffered");
        0
    }

    async fn put(&mut self, _: &[u8]) -> io::Result<()> {
        self.saw("put");
        Ok(())
    }
}

impl Seek for Spy {
    async fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        self.saw("seek");
        Ok(0)
    }

    async fn rewind(&mut self) -> io::Result<()> {
        self.saw("rewind");
        Ok(())
    }

    async fn stream_position(&mut self) -> io::Result<u64> {
        self.saw("stream_position");
        Ok(0)
    }

    async fn stream_len(&mut self) -> io::Result<u64> {
        self.saw("stream_len");
        Ok(0)
    }

    async fn seek_relative(&mut self, _: i64) -> io::Result<()> {
        self.saw("seek_relative");
        Ok(())
    }
}

impl OwnedRead for Spy {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        self.saw("read_owned");
        Ok((0, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.saw("read_vectored_owned");
        Ok((0, bufs))
    }

    fn is_read_vectored_owned(&self) -> bool {
        self.saw("is_read_vectored_owned");
        true
    }

    async fn read_exact_owned<B: IoBufMut>(&mut self, buf: B) -> Result<B, BufError<B>> {
        self.saw("read_exact_owned");
        Ok(buf)
    }

    async fn read_to_end_owned(&mut self, buf: Vec<u8>) -> BufResult<usize, Vec<u8>> {
        self.saw("read_to_end_owned");
        Ok((0, buf))
    }
}

impl OwnedWrite for Spy {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        self.saw("write_owned");
        Ok((0, buf))
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.saw("write_vectored_owned");
        Ok((0, bufs))
    }

    fn is_write_vectored_owned(&self) -> bool {
        self.saw("is_write_vectored_owned");
        true
    }

    async fn flush_owned(&mut self) -> io::Result<()> {
        self.saw("flush_owned");
        Ok(())
    }

    async fn shutdown_owned(&mut self) -> io::Result<()> {
        self.saw("shutdown_owned");
        Ok(())
    }

    async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> Result<B, BufError<B>> {
        self.saw("write_all_owned");
        Ok(buf)
    }
}

impl ReadAt for Spy {
    async fn read_at<B: IoBufMut>(&self, buf: B, _: u64) -> BufResult<usize, B> {
        self.saw("read_at");
        Ok((0, buf))
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, _: u64) -> BufResult<usize, V> {
        self.saw("read_vectored_at");
        Ok((0, bufs))
    }

    async fn read_exact_at<B: IoBufMut>(&self, buf: B, _: u64) -> Result<B, BufError<B>> {
        self.saw("read_exact_at");
        Ok(buf)
    }
}

impl WriteAt for Spy {
    async fn write_at<B: IoBuf>(&self, buf: B, _: u64) -> BufResult<usize, B> {
        self.saw("write_at");
        Ok((0, buf))
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, _: u64) -> BufResult<usize, V> {
        self.saw("write_vectored_at");
        Ok((0, bufs))
    }

    async fn write_all_at<B: IoBuf>(&self, buf: B, _: u64) -> Result<B, BufError<B>> {
        self.saw("write_all_at");
        Ok(buf)
    }
}

/// Does what is in `call`, and expects that it reached the method `name` of the spy, and no other.
#[track_caller]
fn reaches<T>(log: &Log, name: &str, call: impl Future<Output = T>) {
    drop(block_on(call));
    assert_eq!(log.take(), [name]);
}

fn every_reading_method<R: BufRead + OwnedRead + ManagedRead>(log: &Log, mut r: R) {
    every_borrowed_read(log, &mut r);
    every_owned_read(log, &mut r);
    reaches(log, "read_managed", r.read_managed(1));
}

pub(crate) fn every_borrowed_read<R: BufRead>(log: &Log, mut r: R) {
    let mut none: [ReadBuf<'_>; 0] = [];
    let mut none = ReadBufVec::new(&mut none);
    let mut empty = ReadBuf::from(&mut [][..] as &mut [u8]);
    let (mut bytes, mut text) = (Vec::new(), String::new());

    reaches(log, "ready", r.ready(Interest::READ));
    reaches(log, "non_blocking_read_buf", async {
        r.non_blocking_read_buf(empty.unfilled()).map(drop)
    });
    reaches(log, "non_blocking_read_buf_vectored", async {
        r.non_blocking_read_buf_vectored(none.cursor()).map(drop)
    });
    reaches(log, "is_read_vectored", async { r.is_read_vectored() });
    reaches(log, "read_buf", r.read_buf(empty.unfilled()));
    reaches(log, "read", r.read(&mut []));
    reaches(log, "read_buf_exact", r.read_buf_exact(empty.unfilled()));
    reaches(log, "read_exact", r.read_exact(&mut []));
    reaches(log, "read_buf_vectored", r.read_buf_vectored(none.cursor()));
    reaches(log, "read_to_end", r.read_to_end(&mut bytes));
    reaches(log, "read_to_string", r.read_to_string(&mut text));

    reaches(log, "fill_buf", async { r.fill_buf().await.map(drop) });
    reaches(log, "consume", async { r.consume(0) });
    reaches(log, "fill_at_least", async { r.fill_at_least(0).await.map(drop) });
    reaches(log, "has_data_left", r.has_data_left());
    reaches(log, "next_byte", r.next_byte());
    reaches(log, "read_until", r.read_until(0, &mut bytes));
    reaches(log, "read_until_limited", r.read_until_limited(0, &mut bytes, 0));
    reaches(log, "skip_until", r.skip_until(0));
    reaches(log, "read_line", r.read_line(&mut text));
    reaches(log, "read_line_limited", r.read_line_limited(&mut text, 0));
}

pub(crate) fn every_owned_read<R: OwnedRead>(log: &Log, mut r: R) {
    reaches(log, "read_owned", r.read_owned(Vec::new()));
    reaches(log, "read_vectored_owned", r.read_vectored_owned([Vec::new()]));
    reaches(log, "is_read_vectored_owned", async { r.is_read_vectored_owned() });
    reaches(log, "read_exact_owned", r.read_exact_owned(Vec::new()));
    reaches(log, "read_to_end_owned", r.read_to_end_owned(Vec::new()));
}

fn every_writing_method<W: Write + BufWrite + OwnedWrite>(log: &Log, mut w: W) {
    every_borrowed_write(log, &mut w);
    reaches(log, "write_fmt", write!(w, ""));
    every_owned_write(log, &mut w);
    reaches(log, "space", async { w.space().await.map(drop) });
    reaches(log, "commit", async { w.commit(0) });
    reaches(log, "buffered", async { w.buffered() });
    reaches(log, "put", w.put(&[]));
}

pub(crate) fn every_borrowed_write<W: Write>(log: &Log, mut w: W) {
    reaches(log, "ready", w.ready(Interest::WRITE));
    reaches(log, "non_blocking_write", async { w.non_blocking_write(&[]).map(drop) });
    reaches(log, "non_blocking_write_vectored", async {
        w.non_blocking_write_vectored(&[]).map(drop)
    });
    reaches(log, "non_blocking_flush", async { w.non_blocking_flush().map(drop) });
    reaches(log, "is_write_vectored", async { w.is_write_vectored() });
    reaches(log, "write", w.write(&[]));
    reaches(log, "write_vectored", w.write_vectored(&[]));
    reaches(log, "write_all", w.write_all(&[]));
    reaches(log, "write_all_vectored", w.write_all_vectored(&mut []));
    reaches(log, "flush", w.flush());
    reaches(log, "shutdown", w.shutdown());
}

pub(crate) fn every_owned_write<W: OwnedWrite>(log: &Log, mut w: W) {
    reaches(log, "write_owned", w.write_owned(""));
    reaches(log, "write_vectored_owned", w.write_vectored_owned([""]));
    reaches(log, "is_write_vectored_owned", async { w.is_write_vectored_owned() });
    reaches(log, "flush_owned", w.flush_owned());
    reaches(log, "shutdown_owned", w.shutdown_owned());
    reaches(log, "write_all_owned", w.write_all_owned(""));
}

pub(crate) fn every_seeking_method<S: Seek>(log: &Log, mut s: S) {
    reaches(log, "seek", s.seek(SeekFrom::Start(0)));
    reaches(log, "rewind", s.rewind());
    reaches(log, "stream_position", s.stream_position());
    reaches(log, "stream_len", s.stream_len());
    reaches(log, "seek_relative", s.seek_relative(0));
}

fn every_method_at_an_offset<F: ReadAt + WriteAt>(log: &Log, f: F) {
    every_read_at_an_offset(log, &f);
    every_write_at_an_offset(log, &f);
}

pub(crate) fn every_write_at_an_offset<F: WriteAt>(log: &Log, f: F) {
    reaches(log, "write_at", f.write_at("", 0));
    reaches(log, "write_vectored_at", f.write_vectored_at([""], 0));
    reaches(log, "write_all_at", f.write_all_at("", 0));
}

pub(crate) fn every_read_at_an_offset<F: ReadAt>(log: &Log, f: F) {
    reaches(log, "read_at", f.read_at(Vec::new(), 0));
    reaches(log, "read_vectored_at", f.read_vectored_at([Vec::new()], 0));
    reaches(log, "read_exact_at", f.read_exact_at(Vec::new(), 0));
}

#[test]
fn every_reading_method_is_forwarded() {
    let log = Log::default();
    let mut spy = Spy(Rc::clone(&log));
    every_reading_method(&log, &mut spy);
    every_reading_method(&log, &mut &mut spy);
    every_reading_method(&log, Box::new(spy));
}

#[test]
fn every_writing_method_is_forwarded() {
    let log = Log::default();
    let mut spy = Spy(Rc::clone(&log));
    every_writing_method(&log, &mut spy);
    every_writing_method(&log, Box::new(&mut spy));
    every_writing_method(&log, Box::new(spy));
}

#[test]
pub(crate) fn every_seeking_method_is_forwarded() {
    let log = Log::default();
    let mut spy = Spy(Rc::clone(&log));
    every_seeking_method(&log, &mut spy);
    every_seeking_method(&log, Box::new(spy));
}

#[test]
fn every_method_at_an_offset_is_forwarded() {
    let log = Log::default();
    let spy = || Spy(Rc::clone(&log));
    let mut lent = spy();
    every_method_at_an_offset(&log, &lent);
    every_method_at_an_offset(&log, &mut lent);
    every_method_at_an_offset(&log, Box::new(spy()));
    every_method_at_an_offset(&log, Rc::new(spy()));
    #[expect(clippy::arc_with_non_send_sync, reason = "only that it forwards is tested")]
    every_method_at_an_offset(&log, Arc::new(spy()));
}
