//! `BufWriter`: few large writes, resumable after an error, honest after a dropped flush.

use std::any::Any;
use std::future::pending;
use std::io::{ErrorKind, IoSlice, Result};

use sexton_buffers::{BufError, BufResult, IoBuf, IoVecBuf, Slice};
use sexton_io::{BufWrite, BufWriter, Interest, NonBlocking, OwnedWrite, Ready, Write};

use crate::support::{Sink, Take, block_on, poll_times};

#[test]
fn small_writes_go_out_as_one() {
    let mut writer = BufWriter::with_capacity(Sink::default(), 8);
    block_on(writer.write_all(b"abc")).unwrap();
    let parts = [IoSlice::new(b"d"), IoSlice::new(b""), IoSlice::new(b"ef")];
    assert_eq!(block_on(writer.write_vectored(&parts)).unwrap(), 3);
    assert!(writer.is_write_vectored());
    assert_eq!((writer.buffered(), &writer.get_ref().taken[..]), (6, &b""[..]));
    block_on(writer.flush()).unwrap();
    assert_eq!((writer.buffered(), &writer.get_ref().taken[..]), (0, &b"abcdef"[..]));
    assert_eq!(writer.get_ref().flushed, 1);
}

#[test]
fn a_full_memory_is_sent_by_the_write_that_needs_room() {
    let mut writer = BufWriter::with_capacity(Sink::new([Take::Block, Take::AtMost(3)]), 4);
    assert_eq!(block_on(writer.write(b"abcdef")).unwrap(), 4);
    assert_eq!(writer.get_ref().taken, b"");
    assert_eq!(block_on(writer.write(b"ef")).unwrap(), 2);
    assert_eq!(writer.get_ref().taken, b"abcd");
    let room = block_on(writer.space()).unwrap();
    room[..2].copy_from_slice(b"gh");
    writer.commit(1);
    writer.commit(1);
    block_on(writer.put(b"ijklmnop")).unwrap();
    block_on(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().taken, b"abcdefghijklmnop");
}

#[test]
fn a_write_of_nothing_is_done_at_once_even_without_room() {
    let mut writer = BufWriter::with_capacity(Sink::default(), 2);
    block_on(writer.write_all(b"ab")).unwrap();
    assert_eq!(writer.non_blocking_write(b"").unwrap(), NonBlocking::Ready(0));
    assert_eq!(writer.non_blocking_write(b"c").unwrap(), NonBlocking::WouldBlock);
    let parts = [IoSlice::new(b""), IoSlice::new(b"c")];
    assert_eq!(writer.non_blocking_write_vectored(&parts).unwrap(), NonBlocking::WouldBlock);
}

#[test]
fn after_an_error_a_flush_goes_on_where_the_writer_stopped() {
    for kind in [ErrorKind::ConnectionReset, ErrorKind::WouldBlock] {
        let steps = [Take::AtMost(2), Take::Fail(kind), Take::AtMost(1), Take::AtMost(0)];
        let mut writer = BufWriter::with_capacity(Sink::new(steps), 8);
        block_on(writer.put(b"abcdef")).unwrap();
        assert_eq!(block_on(writer.flush()).unwrap_err().kind(), kind);
        assert_eq!((writer.buffered(), &writer.get_ref().taken[..]), (4, &b"ab"[..]));
        block_on(writer.put(b"gh")).unwrap();
        assert_eq!(block_on(writer.flush()).unwrap_err().kind(), ErrorKind::WriteZero);
        assert_eq!((writer.buffered(), &writer.get_ref().taken[..]), (5, &b"abc"[..]));
        block_on(writer.flush()).unwrap();
        assert_eq!((writer.buffered(), &writer.get_ref().taken[..]), (0, &b"abcdefgh"[..]));
    }
}

#[test]
fn an_interruption_is_no_error() {
    let steps = [Take::Fail(ErrorKind::Interrupted), Take::AtMost(1)];
    let mut writer = BufWriter::new(Sink::new(steps));
    block_on(writer.put(b"abc")).unwrap();
    block_on(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().taken, b"abc");
}

/// Every method that could send, or say that all is well.
fn refuses_everything<W: OwnedWrite>(writer: &mut BufWriter<W>) {
    let errors = [
        block_on(writer.space()).map(drop).unwrap_err(),
        block_on(writer.put(b"x")).unwrap_err(),
        block_on(writer.write(b"x")).unwrap_err(),
        block_on(writer.write_vectored(&[IoSlice::new(b"x")])).unwrap_err(),
        block_on(writer.flush()).unwrap_err(),
        block_on(writer.shutdown()).unwrap_err(),
        block_on(writer.ready(Interest::WRITE)).unwrap_err(),
        writer.non_blocking_write(b"").unwrap_err(),
        writer.non_blocking_flush().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Other);
        assert!(error.to_string().contains("`into_parts`"), "{error}");
    }
}

/// What it is lent it has sent at once; that it did so it never says.
struct Silent(Vec<u8>);

impl OwnedWrite for Silent {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        self.0.extend_from_slice(buf.filled());
        pending().await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, _: V) -> BufResult<usize, V> {
        pending().await
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_dropped_flush_nothing_is_sent_twice_and_every_method_says_why() {
    let mut writer = BufWriter::with_capacity(Silent(Vec::new()), 8);
    block_on(writer.put(b"abc")).unwrap();
    assert!(poll_times(1, writer.flush()).is_none());
    for _ in 0..2 {
        refuses_everything(&mut writer);
    }
    assert_eq!((writer.buffered(), &writer.get_ref().0[..]), (3, &b"abc"[..]));
    let (silent, unsent) = writer.into_parts();
    assert!(unsent.unwrap_err().to_string().contains("3 buffered bytes"));
    assert_eq!(silent.0, b"abc");
}

#[test]
fn whatever_was_sending_when_it_was_dropped_leaves_the_writer_in_doubt() {
    type Writer = BufWriter<Sink>;
    let full = || {
        let mut writer = BufWriter::with_capacity(Sink::new([Take::Block]), 2);
        assert_eq!(block_on(writer.write(b"ab")).unwrap(), 2);
        writer
    };
    let sends: [fn(&mut Writer) -> bool; 6] = [
        |w| poll_times(1, w.space()).is_none(),
        |w| poll_times(1, w.put(b"c")).is_none(),
        |w| poll_times(1, w.write(b"c")).is_none(),
        |w| poll_times(1, w.ready(Interest::WRITE)).is_none(),
        |w| poll_times(1, w.flush()).is_none(),
        |w| poll_times(1, w.shutdown()).is_none(),
    ];
    for send in sends {
        let mut writer = full();
        assert!(send(&mut writer), "it waits");
        refuses_everything(&mut writer);
    }
}

#[test]
fn a_forgotten_flush_leaves_the_writer_in_doubt() {
    let mut writer = BufWriter::new(Sink::new([Take::Block]));
    block_on(writer.put(b"abc")).unwrap();
    let mut flush = Box::pin(writer.flush());
    assert!(poll_times(1, flush.as_mut()).is_none());
    std::mem::forget(flush);
    refuses_everything(&mut writer);
}

#[test]
fn a_flush_that_was_never_polled_changes_nothing() {
    let mut writer = BufWriter::new(Sink::default());
    block_on(writer.put(b"abc")).unwrap();
    drop(writer.flush());
    block_on(writer.flush()).unwrap();
    assert_eq!(writer.get_ref().taken, b"abc");
}

#[test]
fn a_flush_dropped_behind_the_last_byte_is_taken_up_again() {
    let mut writer = BufWriter::new(Sink::new([Take::AtMost(9), Take::Block]));
    block_on(writer.put(b"abc")).unwrap();
    assert!(poll_times(1, writer.flush()).is_none(), "waits for the flush beneath");
    assert_eq!((writer.buffered(), writer.get_ref().flushed), (0, 0));
    block_on(writer.flush()).unwrap();
    assert_eq!((&writer.get_ref().taken[..], writer.get_ref().flushed), (&b"abc"[..], 1));
}

#[test]
fn the_ready_loop_makes_room_and_flushes() {
    let mut writer = BufWriter::with_capacity(Sink::new([Take::AtMost(1), Take::Block]), 2);
    let (mut left, mut rounds) = (&b"abcdefg"[..], 0);
    while !left.is_empty() {
        rounds += 1;
        assert!(rounds < 20, "makes no progress");
        assert!(block_on(writer.ready(Interest::WRITE)).unwrap().write());
        if let NonBlocking::Ready(n) = writer.non_blocking_write(left).unwrap() {
            left = &left[n..];
        }
    }
    assert_eq!(writer.non_blocking_flush().unwrap(), NonBlocking::WouldBlock);
    block_on(writer.ready(Interest::READ_WRITE)).unwrap();
    assert_eq!(writer.non_blocking_flush().unwrap(), NonBlocking::Ready(()));
    assert_eq!((&writer.get_ref().taken[..], writer.get_ref().flushed), (&b"abcdefg"[..], 1));
    let error = block_on(writer.ready(Interest::READ)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_dropped_writer_discards_what_was_not_sent() {
    let mut sink = Sink::default();
    let mut writer = BufWriter::new(&mut sink);
    block_on(writer.put(b"abc")).unwrap();
    block_on(writer.flush()).unwrap();
    block_on(writer.put(b"lost")).unwrap();
    drop(writer);
    assert_eq!(sink.taken, b"abc");
}

#[test]
fn its_parts_are_the_writer_and_what_was_not_sent() {
    let steps = [Take::AtMost(2), Take::Fail(ErrorKind::TimedOut)];
    let mut writer = BufWriter::new(Sink::new(steps));
    assert_eq!(BufWriter::new(()).into_parts().1.unwrap(), b"");
    block_on(writer.put(b"abcd")).unwrap();
    block_on(writer.flush()).unwrap_err();
    let (sink, unsent) = writer.into_parts();
    assert_eq!((&sink.taken[..], &unsent.unwrap()[..]), (&b"ab"[..], &b"cd"[..]));
}

#[test]
fn without_a_capacity_it_still_shows_room() {
    let mut writer = BufWriter::with_capacity(Vec::new(), 0);
    assert_eq!(block_on(writer.space()).unwrap().len(), 1);
    block_on(writer.put(b"abc")).unwrap();
    block_on(writer.flush()).unwrap();
    assert_eq!(writer.get_ref(), b"abc");
}

#[test]
fn memory_that_cannot_be_had_is_an_error() {
    let mut writer = BufWriter::with_capacity(Vec::new(), usize::MAX);
    let error = block_on(writer.put(b"a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
}

#[test]
#[should_panic(expected = "committed 3 bytes, room for 2 was shown")]
fn committing_more_than_was_shown_panics() {
    let mut writer = BufWriter::with_capacity(Vec::new(), 2);
    block_on(writer.space()).unwrap();
    writer.commit(3);
}

/// Takes note that it was shut down, and what it had then.
#[derive(Default)]
struct Closing {
    taken: Vec<u8>,
    at_shutdown: Option<Vec<u8>>,
}

impl OwnedWrite for Closing {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        self.taken.write_owned(buf).await
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.taken.write_vectored_owned(bufs).await
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }

    async fn shutdown_owned(&mut self) -> Result<()> {
        self.at_shutdown = Some(self.taken.clone());
        Ok(())
    }
}

#[test]
fn a_shutdown_sends_the_rest_first() {
    let mut writer = BufWriter::new(Closing::default());
    block_on(writer.put(b"abc")).unwrap();
    block_on(writer.shutdown()).unwrap();
    assert_eq!(writer.get_ref().at_shutdown.as_deref(), Some(&b"abc"[..]));
}

/// A safe implementation may say anything about what it took.
struct Liar(usize);

impl OwnedWrite for Liar {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        Ok((self.0, buf))
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((self.0, bufs))
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }

    async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> std::result::Result<B, BufError<B>> {
        Err(BufError::new(ErrorKind::TimedOut, buf).with_transferred(self.0))
    }
}

#[test]
fn a_writer_that_claims_too_much_is_not_believed() {
    for claim in [4, usize::MAX] {
        let mut writer = BufWriter::new(Liar(claim));
        block_on(writer.put(b"abc")).unwrap();
        assert!(block_on(writer.flush()).unwrap_err().to_string().contains("claims"));
        refuses_everything(&mut writer);
    }
}

/// Keeps the memory it is lent, and gives back some of its own.
struct Swapper;

impl OwnedWrite for Swapper {
    async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
        Ok((buf.filled().len(), buf))
    }

    async fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((bufs.total_filled(), bufs))
    }

    async fn flush_owned(&mut self) -> Result<()> {
        Ok(())
    }

    async fn write_all_owned<B: IoBuf>(&mut self, buf: B) -> std::result::Result<B, BufError<B>> {
        let mut buf: Box<dyn Any> = Box::new(buf);
        *buf.downcast_mut::<Slice<Vec<u8>>>().unwrap() = vec![0; 2].slice(..);
        Ok(*buf.downcast().unwrap())
    }
}

#[test]
fn a_writer_that_gives_back_another_buffer_is_an_error() {
    let mut writer = BufWriter::new(Swapper);
    block_on(writer.put(b"abc")).unwrap();
    assert!(block_on(writer.flush()).unwrap_err().to_string().contains("another buffer"));
    refuses_everything(&mut writer);
}
