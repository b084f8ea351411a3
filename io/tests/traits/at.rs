//! `ReadAt` and `WriteAt`.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;

use sexton_buffers::{AtMost, BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};
use sexton_io::{ReadAt, WriteAt};

use crate::support::block_on;

/// A file in memory that reads and writes three bytes at a time, and is interrupted now and then.
#[derive(Default)]
struct Slow {
    bytes: RefCell<Vec<u8>>,
    calls: Cell<u32>,
    full_at: Cell<usize>,
}

impl Slow {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: RefCell::new(bytes.to_vec()), full_at: Cell::new(100), ..Self::default() }
    }

    fn interrupted(&self) -> bool {
        self.calls.set(self.calls.get() + 1);
        self.calls.get().is_multiple_of(2)
    }
}

impl ReadAt for Slow {
    async fn read_at<B: IoBufMut>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        if self.interrupted() {
            return Err(BufError::new(ErrorKind::Interrupted, buf));
        }
        let bytes = self.bytes.borrow().clone();
        let (n, buf) =
            bytes.read_at(buf.at_most(3), pos).await.map_err(|e| e.map_buf(AtMost::into_inner))?;
        Ok((n, buf.into_inner()))
    }

    async fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64) -> BufResult<usize, V> {
        let bytes = self.bytes.borrow().clone();
        bytes.read_vectored_at(bufs, pos).await
    }
}

impl WriteAt for Slow {
    async fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> BufResult<usize, B> {
        if self.interrupted() {
            return Err(BufError::new(ErrorKind::Interrupted, buf));
        }
        let pos = pos as usize;
        let n = buf.filled().len().min(3).min(self.full_at.get().saturating_sub(pos));
        let mut bytes = self.bytes.borrow_mut();
        if bytes.len() < pos + n {
            bytes.resize(pos + n, 0);
        }
        bytes[pos..pos + n].copy_from_slice(&buf.filled()[..n]);
        Ok((n, buf))
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, _pos: u64) -> BufResult<usize, V> {
        Err(BufError::new(ErrorKind::Unsupported, bufs))
    }
}

#[test]
fn an_exact_read_starts_at_its_offset_and_goes_on() {
    let file = Slow::new(b"0123456789");
    let mut buf = Vec::with_capacity(64);
    buf.extend_from_slice(b"> ");
    let buf = block_on(file.read_exact_at(buf.at_most(7), 2)).unwrap();
    assert_eq!(buf.into_inner(), b"> 2345678");
}

#[test]
fn an_exact_read_beyond_the_end_gives_back_what_was_there() {
    let file = Slow::new(b"0123456789");
    let error = block_on(file.read_exact_at(Vec::with_capacity(7).at_most(7), 6)).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::UnexpectedEof, 4));
    assert_eq!(error.into_buf().into_inner(), b"6789");
}

#[test]
fn writing_all_goes_to_consecutive_places() {
    let file = Slow::new(b"..........");
    let buf = block_on(file.write_all_at("abcdefg", 2)).unwrap();
    assert_eq!(buf, "abcdefg");
    assert_eq!(*file.bytes.borrow(), b"..abcdefg.");
}

#[test]
fn a_full_target_says_how_much_went_in() {
    let file = Slow::new(b"");
    file.full_at.set(4);
    let error = block_on(file.write_all_at("abcdefg", 0)).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::WriteZero, 4));
    assert_eq!(error.into_buf(), "abcdefg");
}

/// A target that takes one byte anywhere, so that an offset can run over.
struct Anywhere;

impl WriteAt for Anywhere {
    async fn write_at<B: IoBuf>(&self, buf: B, _pos: u64) -> BufResult<usize, B> {
        Ok((1, buf))
    }

    async fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, _pos: u64) -> BufResult<usize, V> {
        Ok((0, bufs))
    }
}

#[test]
fn an_offset_that_runs_over_is_an_error() {
    let error = block_on(Anywhere.write_all_at("ab", u64::MAX)).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (ErrorKind::InvalidInput, 1));
}

#[test]
fn bytes_at_hand_are_read_at_any_offset() {
    let bytes = b"0123456789".to_vec();
    for pos in [0, 3, 9, 10, 11, u64::MAX] {
        let expected = bytes.get(pos.min(10) as usize..).unwrap();
        let (n, buf) = block_on(bytes.read_at(Vec::with_capacity(64), pos)).unwrap();
        assert_eq!((n, &buf[..]), (expected.len(), expected));
    }
    let bufs = [Vec::with_capacity(2).at_most(2), Vec::with_capacity(9).at_most(9)];
    let (n, [a, b]) = block_on(bytes[..].read_vectored_at(bufs, 6)).unwrap();
    assert_eq!((n, a.filled(), b.filled()), (4, &b"67"[..], &b"89"[..]));
    let error = block_on(bytes.read_at(Vec::new(), 0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn shared_holders_read_and_write_side_by_side() {
    async fn both(file: impl ReadAt + WriteAt + Clone) -> Vec<u8> {
        let other = file.clone();
        file.write_all_at("left", 0).await.unwrap();
        other.write_all_at("right", 4).await.unwrap();
        file.read_exact_at(Vec::with_capacity(9).at_most(9), 0).await.unwrap().into_inner()
    }
    assert_eq!(block_on(both(&Slow::new(b""))), b"leftright");
    assert_eq!(block_on(both(Rc::new(Slow::new(b"")))), b"leftright");
    #[expect(clippy::arc_with_non_send_sync, reason = "only that it forwards is tested")]
    let shared = Arc::new(Slow::new(b""));
    assert_eq!(block_on(both(shared)), b"leftright");
}

#[test]
fn a_file_in_memory_grows_with_zeros_and_is_shared_by_reference() {
    block_on(async {
        let file = Rc::new(RefCell::new(b"0123".to_vec()));
        let other = Rc::clone(&file);
        assert_eq!(other.write_at("abc", 2).await.unwrap(), (3, "abc"));
        assert_eq!(file.write_vectored_at(["", "x", "yz"], 7).await.unwrap().0, 3);
        assert_eq!(*file.borrow(), b"01abc\0\0xyz");
        assert_eq!(file.write_at("", 100).await.unwrap().0, 0, "nothing makes it no longer");
        let bufs = [Vec::with_capacity(2), Vec::with_capacity(64)];
        let (n, bufs) = other.read_vectored_at(bufs, 3).await.unwrap();
        assert_eq!((n, &bufs[0][..], &bufs[1][..]), (7, &b"bc"[..], &b"\0\0xyz"[..]));
        assert_eq!(file.read_at(Vec::with_capacity(1), 10).await.unwrap().0, 0, "the end");
        assert_eq!(file.read_at(Vec::with_capacity(1), u64::MAX).await.unwrap().0, 0);
        let error = file.read_at(Vec::new(), 0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        // Beyond what memory there can be: an error with the buffer, and nothing has changed. Miri
        // takes an allocation that fails for the end of the program, not for an error.
        let no_room = if cfg!(miri) { u64::MAX / 2 } else { u64::MAX / 4 };
        for pos in [u64::MAX, no_room] {
            let error = file.write_at("far", pos).await.unwrap_err();
            assert_eq!(error.into_buf(), "far");
        }
        assert_eq!(file.borrow().len(), 10);
    });
    let file = RefCell::new(b"held".to_vec());
    let held = file.borrow();
    let error = block_on(file.write_at("no", 0)).unwrap_err();
    assert_eq!((error.kind(), *error.buf()), (ErrorKind::ResourceBusy, "no"));
    drop(held);
    let held = file.borrow_mut();
    let error = block_on(file.read_at(Vec::with_capacity(1), 0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    drop(held);
}
