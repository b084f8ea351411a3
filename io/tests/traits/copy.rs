//! `copy`, `copy_with`, `copy_buf` and `pump`.

use std::collections::VecDeque;
use std::io::{ErrorKind, Result};

use sexton_buffers::{BufResult, Fill, IoBuf, IoBufMut, IoVecBufMut};
use sexton_io::{
    BufRead, Interest, ManagedRead, Memory, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness,
    Ready, Write, copy, copy_buf, copy_with, duplex, pump,
};

use crate::support::{Script, Sink, Step, Take, Tasks, block_on, poll_times};

/// Bytes in odd chunks with waits and interruptions, and a writer that does no better.
fn awkward() -> (Script, Sink, Vec<u8>) {
    let bytes: Vec<u8> = (0..if cfg!(miri) { 100 } else { 5_000_u16 }).map(|n| n as u8).collect();
    let steps = bytes.chunks(17).flat_map(|chunk| {
        [Step::Block, Step::Fail(ErrorKind::Interrupted), Step::Bytes(chunk.to_vec())]
    });
    let takes = [Take::AtMost(3), Take::Block, Take::Fail(ErrorKind::Interrupted), Take::AtMost(9)];
    (Script::new(steps), Sink::new(takes.into_iter().cycle().take(400)), bytes)
}

/// Gives its chunks away.
struct Giver(VecDeque<Result<Vec<u8>>>);

impl ManagedRead for Giver {
    type Buf = Vec<u8>;

    async fn read_managed(&mut self, max: usize) -> Result<Option<Vec<u8>>> {
        assert!(max > 0);
        self.0.pop_front().transpose()
    }
}

#[test]
fn every_copy_moves_every_byte_past_waits_and_interruptions() {
    let (reader, mut sink, bytes) = awkward();
    assert_eq!(block_on(copy(&mut reader.owned(), &mut sink)).unwrap(), bytes.len() as u64);
    assert!(sink.taken == bytes && sink.flushed > 0);

    let (reader, mut sink, bytes) = awkward();
    let buf = Fill::new(vec![0; 10].into_boxed_slice());
    let (n, buf) = block_on(copy_with(&mut reader.owned(), &mut sink, buf)).unwrap();
    assert_eq!((n, buf.filled().len()), (bytes.len() as u64, 0));
    assert!(sink.taken == bytes && sink.flushed > 0);

    let (mut reader, mut sink, bytes) = awkward();
    assert_eq!(block_on(copy_buf(&mut reader, &mut sink)).unwrap(), bytes.len() as u64);
    assert!(sink.taken == bytes && sink.flushed > 0);

    let (_, mut sink, bytes) = awkward();
    let interrupted = || Err(ErrorKind::Interrupted.into());
    let chunks = bytes.chunks(17).flat_map(|chunk| [interrupted(), Ok(chunk.to_vec())]);
    assert_eq!(
        block_on(pump(&mut Giver(chunks.collect()), &mut sink)).unwrap(),
        bytes.len() as u64
    );
    assert!(sink.taken == bytes && sink.flushed > 0);
}

#[test]
fn no_copy_shuts_the_writer_down() {
    let (mut a, mut b) = duplex(64);
    block_on(copy(&mut &b"1"[..], &mut a)).unwrap();
    block_on(copy_with(&mut &b"2"[..], &mut a, vec![0])).unwrap();
    block_on(copy_buf(&mut Memory::new("3"), &mut a)).unwrap();
    block_on(pump(&mut Giver([Ok(b"4".to_vec())].into()), &mut a)).unwrap();
    assert_eq!(block_on(b.fill_buf()).unwrap(), b"1234");
    b.consume(4);
    assert!(poll_times(1, b.fill_buf()).is_none(), "no end");
}

#[test]
fn what_the_buffer_holds_at_first_is_discarded() {
    let mut to = Vec::new();
    let full = b"not this".to_vec();
    let (n, buf) = block_on(copy_with(&mut &b"but this, all of it"[..], &mut to, full)).unwrap();
    assert_eq!((n, buf.len()), (19, 0));
    assert_eq!(to, b"but this, all of it");
    let window = vec![7; 4].slice_mut(1..3);
    let (_, window) = block_on(copy_with(&mut &b"abc"[..], &mut to, window)).unwrap();
    assert_eq!(window.into_inner().len(), 4);
}

#[test]
fn a_buffer_without_room_is_an_error_and_no_end() {
    let error = block_on(copy_with(&mut &b"bytes"[..], &mut Vec::new(), Vec::new())).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::InvalidInput, 0));
}

#[test]
fn after_an_error_of_the_writer_the_buffer_has_what_was_not_written() {
    for (fault, kind) in [
        (Take::Fail(ErrorKind::StorageFull), ErrorKind::StorageFull),
        (Take::AtMost(0), ErrorKind::WriteZero),
        (Take::Claim(99), ErrorKind::Other),
    ] {
        let mut from = &b"0123456789"[..];
        let mut sink = Sink::new([Take::AtMost(4), Take::AtMost(2), fault]);
        let buf = Vec::with_capacity(4);
        let error = block_on(copy_with(&mut from, &mut sink, buf)).unwrap_err();
        assert_eq!((error.kind(), error.transferred()), (kind, 6));
        let rest = error.into_buf();
        assert_eq!((&rest[..], from), (&b"67"[..], &b"89"[..]));
        let buf = block_on(sink.write_all_owned(rest)).unwrap();
        block_on(copy_with(&mut from, &mut sink, buf)).unwrap();
        assert_eq!(sink.taken, b"0123456789");
    }
}

#[test]
fn after_an_error_of_the_reader_all_that_was_read_is_written() {
    let steps = [Step::Bytes(b"abc".to_vec()), Step::Fail(ErrorKind::ConnectionReset)];
    let (mut reader, mut to) = (Script::new(steps).owned(), Vec::new());
    let error = block_on(copy_with(&mut reader, &mut to, vec![0; 8])).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::ConnectionReset, 3));
    assert_eq!((&to[..], error.into_buf().len()), (&b"abc"[..], 0));
}

#[test]
fn a_copy_from_shown_memory_is_lossless_wherever_it_is_dropped_and_after_errors() {
    let (mut reader, mut sink, bytes) = awkward();
    let mut polls = 0;
    while poll_times(1 + polls % 3, copy_buf(&mut reader, &mut sink)).is_none() {
        polls += 1;
        assert!(polls < 100_000, "no progress");
    }
    assert!(sink.taken == bytes);

    let mut reader = Memory::new("0123456789");
    let mut sink = Sink::new([Take::AtMost(4), Take::Fail(ErrorKind::StorageFull)]);
    assert!(block_on(copy_buf(&mut reader, &mut sink)).is_err());
    assert_eq!(block_on(copy_buf(&mut reader, &mut sink)).unwrap(), 6);
    assert_eq!(sink.taken, b"0123456789");
}

#[test]
fn a_writer_that_claims_too_much_is_not_believed() {
    let error = block_on(copy_buf(&mut Memory::new("abc"), &mut Sink::new([Take::Claim(4)])));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Other);
    let error = block_on(copy_buf(&mut Memory::new("abc"), &mut Sink::new([Take::AtMost(0)])));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::WriteZero);
}

/// Says that it read, and did not.
struct Liar;

impl OwnedRead for Liar {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        Ok((7, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((7, bufs))
    }
}

#[test]
fn a_reader_that_brings_nothing_is_at_its_end() {
    let mut to = Vec::new();
    assert_eq!(block_on(copy(&mut Liar, &mut to)).unwrap(), 0);
    let mut giver = Giver([Ok(vec![1]), Ok(vec![]), Ok(vec![2])].into());
    assert_eq!(block_on(pump(&mut giver, &mut to)).unwrap(), 1);
    assert_eq!(to, [1]);
}

#[test]
fn an_error_of_a_pump_is_that_of_the_reader_or_the_writer() {
    let mut giver = Giver([Ok(vec![1, 2]), Err(ErrorKind::ConnectionReset.into())].into());
    let error = block_on(pump(&mut giver, &mut Vec::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut giver = Giver([Ok(vec![1, 2])].into());
    let mut sink = Sink::new([Take::Fail(ErrorKind::BrokenPipe)]);
    assert_eq!(block_on(pump(&mut giver, &mut sink)).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

/// A chunk that says where its bytes are.
#[test]
fn a_pump_writes_from_the_very_memory_that_it_was_given() {
    struct Where(Vec<usize>);

    impl OwnedWrite for Where {
        async fn write_owned<B: IoBuf>(&mut self, buf: B) -> BufResult<usize, B> {
            self.0.push(buf.filled().as_ptr().addr());
            Ok((buf.filled().len(), buf))
        }

        async fn write_vectored_owned<V: sexton_buffers::IoVecBuf>(
            &mut self,
            bufs: V,
        ) -> BufResult<usize, V> {
            Ok((bufs.total_filled(), bufs))
        }

        async fn flush_owned(&mut self) -> Result<()> {
            Ok(())
        }
    }

    let chunks = [vec![1; 100], vec![2; 50]];
    let addresses: Vec<usize> = chunks.iter().map(|chunk| chunk.as_ptr().addr()).collect();
    let mut to = Where(Vec::new());
    block_on(pump(&mut Giver(chunks.into_iter().map(Ok).collect()), &mut to)).unwrap();
    assert_eq!(to.0, addresses);
}

/// Holds all back until it is flushed.
struct Holds<W> {
    writer: W,
    held: Vec<u8>,
}

impl<W: Ready> Ready for Holds<W> {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.writer.ready(interest).await
    }
}

impl<W: Write> Write for Holds<W> {
    fn non_blocking_write(&mut self, buf: &[u8]) -> Result<NonBlocking<usize>> {
        self.held.extend_from_slice(buf);
        Ok(NonBlocking::Ready(buf.len()))
    }

    fn non_blocking_flush(&mut self) -> Result<NonBlocking<()>> {
        while !self.held.is_empty() {
            match self.writer.non_blocking_write(&self.held)? {
                NonBlocking::Ready(n) => drop(self.held.drain(..n)),
                NonBlocking::WouldBlock => return Ok(NonBlocking::WouldBlock),
            }
        }
        Ok(NonBlocking::Ready(()))
    }
}

#[test]
fn a_writer_that_holds_back_is_flushed_while_the_reader_has_nothing() {
    let (mut a, mut from) = duplex(64);
    let (to, mut b) = duplex(4);
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        let mut to = Holds { writer: to, held: Vec::new() };
        assert_eq!(copy_buf(&mut from, &mut to).await.unwrap(), 13);
    });
    tasks.spawn(async {
        a.write_all(b"question").await.unwrap();
        let mut got = [0; 8];
        b.read_exact(&mut got).await.unwrap(); // or both would wait for ever
        a.write_all(b"again").await.unwrap();
        drop(a);
        let mut rest = Vec::new();
        b.read_to_end(&mut rest).await.unwrap();
        assert_eq!((&got, &rest[..]), (b"question", &b"again"[..]));
    });
    tasks.run();
}
