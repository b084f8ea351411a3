//! `BufReader` and what `BufRead` offers, against std's on the same bytes.
//!
//! ```text
//!  capacity │ count of steps │ steps, 2 bytes each │ count of pieces │ pieces │ the stream
//! ```
//!
//! Beneath both readers is a stream that comes in the same pieces, fails with `Interrupted` between
//! some of them, and lets the asynchronous one wait before others. Futures are dropped where they
//! wait, and the read begins anew: no byte may be missing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sexton::buf::{BufResult, IoBufMut, IoVecBufMut};
use sexton::io::{BufRead, BufReader, Memory, OwnedRead, Read, TooLong};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{self, BufRead as _, ErrorKind, Read as _, Result};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fuzz_target!(|bytes: &[u8]| {
    run(bytes);
});

fn run(bytes: &[u8]) -> Option<()> {
    let (&capacity, rest) = bytes.split_first()?;
    let (&steps, rest) = rest.split_first()?;
    let (steps, rest) = rest.split_at_checked(2 * usize::from(steps % 32))?;
    let (&pieces, rest) = rest.split_first()?;
    let (pieces, content) = rest.split_at_checked(usize::from(pieces % 32))?;
    let capacity = 1 + usize::from(capacity % 40);
    let pieces: Vec<Piece> = pieces.iter().map(|&piece| Piece(piece)).collect();
    let ours = Pieces { stream: Memory::new(content), pieces: &pieces, at: 0, waited: false };
    let theirs = StdPieces { stream: content, pieces: &pieces, at: 0 };
    let mut both = Both {
        ours: BufReader::with_capacity(ours, capacity),
        theirs: io::BufReader::with_capacity(capacity, theirs),
        rest: content,
    };
    for step in steps.chunks_exact(2) {
        both.step(step[0], step[1]);
    }
    both.end();
    Some(())
}

/// How the stream goes on: so many bytes at most, perhaps after something else.
#[derive(Clone, Copy, Debug)]
struct Piece(u8);

impl Piece {
    fn len(self) -> usize {
        1 + usize::from(self.0 & 0x1f)
    }

    fn is_interrupted(self) -> bool {
        self.0 & 0x20 != 0
    }

    fn waits(self) -> bool {
        self.0 & 0x40 != 0
    }
}

/// Whole again and again, and without interruption when they are used up.
fn piece(pieces: &[Piece], at: usize) -> Piece {
    pieces.get(at).copied().unwrap_or(Piece(0x1f))
}

#[derive(Debug)]
struct Pieces<'a> {
    stream: Memory<&'a [u8]>,
    pieces: &'a [Piece],
    at: usize,
    waited: bool,
}

impl Pieces<'_> {
    async fn next(&mut self) -> Result<usize> {
        let piece = piece(self.pieces, self.at);
        if piece.waits() && !self.waited {
            self.waited = true;
            pause().await;
        }
        self.waited = false;
        self.at += 1;
        if piece.is_interrupted() { Err(ErrorKind::Interrupted.into()) } else { Ok(piece.len()) }
    }
}

impl OwnedRead for Pieces<'_> {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        match self.next().await {
            Ok(len) => match self.stream.read_owned(buf.at_most(len)).await {
                Ok((n, buf)) => Ok((n, buf.into_inner())),
                Err(error) => Err(error.map_buf(|buf| buf.into_inner())),
            },
            Err(error) => Err(sexton::buf::BufError::new(error, buf)),
        }
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        self.stream.read_vectored_owned(bufs).await
    }

    fn is_read_vectored_owned(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct StdPieces<'a> {
    stream: &'a [u8],
    pieces: &'a [Piece],
    at: usize,
}

impl io::Read for StdPieces<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let piece = piece(self.pieces, self.at);
        self.at += 1;
        if piece.is_interrupted() {
            return Err(ErrorKind::Interrupted.into());
        }
        let len = buf.len().min(piece.len());
        self.stream.read(&mut buf[..len])
    }
}

/// Waits once.
async fn pause() {
    let done = Cell::new(false);
    poll_fn(|_| if done.replace(true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Polls until it is ready, or drops it where it waits for the first time.
fn polled<F: Future>(future: F, drops: bool) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending if drops => return None,
            Poll::Pending => {}
        }
    }
    panic!("no progress");
}

/// Polls until it is ready; goes on after an interruption.
fn wait<F: Future>(future: F) -> F::Output {
    polled(future, false).expect("it is not dropped")
}

struct Both<'a> {
    ours: BufReader<Pieces<'a>>,
    theirs: io::BufReader<StdPieces<'a>>,
    /// What neither has given out.
    rest: &'a [u8],
}

impl<'a> Both<'a> {
    /// What both have given out now.
    fn advance(&mut self, n: usize) -> &'a [u8] {
        let (now, rest) = self.rest.split_at(n);
        self.rest = rest;
        now
    }

    /// One read of a kind, told by `kind`; dropped where it waits, and begun again, if its highest
    /// bit says so.
    fn step(&mut self, kind: u8, with: u8) {
        let drops = kind & 0x80 != 0;
        match kind % 9 {
            0 => self.read_until(with, drops),
            1 => self.skip_until(with, drops),
            2 => self.read_line(),
            3 => self.lines(drops),
            4 => self.split(with, drops),
            5 => self.read_until_limited(with),
            6 => self.fill_at_least(usize::from(with)),
            7 => self.read_exact(usize::from(with)),
            _ => self.fill_and_consume(usize::from(with), drops),
        }
    }

    fn read_until(&mut self, byte: u8, drops: bool) {
        let (mut buf, mut expected) = (Vec::new(), Vec::new());
        let n = self.theirs.read_until(byte, &mut expected).expect("memory");
        while polled(self.ours.read_until(byte, &mut buf), drops).is_none() {}
        assert_eq!(buf, expected);
        assert_eq!(buf, self.advance(n));
    }

    fn skip_until(&mut self, byte: u8, drops: bool) {
        let expected = self.theirs.skip_until(byte).expect("memory");
        if drops {
            // What is skipped before a drop is skipped: the count is of the last call alone.
            while polled(self.ours.skip_until(byte), true).is_none() {}
        } else {
            assert_eq!(wait(self.ours.skip_until(byte)).expect("memory"), expected);
        }
        self.advance(expected);
    }

    fn read_line(&mut self) {
        let (mut buf, mut expected) = (String::from("x"), String::from("x"));
        let theirs = self.theirs.read_line(&mut expected);
        let ours = wait(self.ours.read_line(&mut buf));
        assert_eq!(ours.map_err(|error| error.kind()).ok(), theirs.as_ref().ok().copied());
        assert_eq!(buf, expected);
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let n = end.map_or(self.rest.len(), |at| at + 1);
        assert_eq!(theirs.is_ok(), std::str::from_utf8(&self.rest[..n]).is_ok());
        self.advance(n);
    }

    fn lines(&mut self, drops: bool) {
        let mut lines = self.ours.by_ref().lines();
        let ours = loop {
            if let Some(line) = polled(lines.next_line(), drops) {
                break line;
            }
        };
        let theirs = self.theirs.by_ref().lines().next().transpose();
        assert_eq!(ours.map_err(|e| e.kind()), theirs.map_err(|e| e.kind()));
        assert!(lines.partial().is_empty());
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        self.advance(end.map_or(self.rest.len(), |at| at + 1));
    }

    fn split(&mut self, byte: u8, drops: bool) {
        let mut parts = self.ours.by_ref().split(byte);
        let ours = loop {
            if let Some(part) = polled(parts.next_segment(), drops) {
                break part.expect("memory");
            }
        };
        let theirs = self.theirs.by_ref().split(byte).next().transpose().expect("memory");
        assert_eq!(ours, theirs);
        let end = self.rest.iter().position(|&at| at == byte);
        self.advance(end.map_or(self.rest.len(), |at| at + 1));
    }

    fn read_until_limited(&mut self, byte: u8) {
        let max = usize::from(byte) % 19;
        let mut buf = Vec::new();
        let ours = wait(self.ours.read_until_limited(byte, &mut buf, max));
        let end = self.rest.iter().position(|&at| at == byte).map(|at| at + 1);
        match ours {
            Ok(n) => {
                assert_eq!(n, buf.len());
                assert_eq!(n, end.unwrap_or(self.rest.len()));
                assert!(n <= max);
            }
            Err(error) => {
                assert_eq!(TooLong::of(&error).map(TooLong::max), Some(max));
                assert!(end.unwrap_or(self.rest.len()) > max);
                assert!(buf.len() <= max);
            }
        }
        let mut same = vec![0; buf.len()];
        self.theirs.read_exact(&mut same).expect("it is there");
        assert_eq!(buf, same);
        assert_eq!(buf, self.advance(same.len()));
    }

    fn fill_at_least(&mut self, n: usize) {
        let shown = loop {
            match wait(self.ours.fill_at_least(n)) {
                Ok(shown) => break shown,
                Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
            }
        };
        assert!(shown.len() >= n.min(self.rest.len()), "{} of {n}", shown.len());
        assert_eq!(shown, &self.rest[..shown.len()]);
    }

    fn read_exact(&mut self, n: usize) {
        let n = n.min(self.rest.len());
        let (mut ours, mut theirs) = (vec![0; n], vec![0; n]);
        wait(self.ours.read_exact(&mut ours)).expect("they are there");
        self.theirs.read_exact(&mut theirs).expect("they are there");
        assert_eq!(ours, theirs);
        assert_eq!(ours, self.advance(n));
    }

    fn fill_and_consume(&mut self, n: usize, drops: bool) {
        let n = loop {
            match polled(self.ours.fill_buf(), drops) {
                Some(Ok(shown)) => {
                    assert_eq!(shown, &self.rest[..shown.len()]);
                    assert_eq!(shown.is_empty(), self.rest.is_empty());
                    break n.min(shown.len());
                }
                Some(Err(error)) => assert_eq!(error.kind(), ErrorKind::Interrupted),
                None => {}
            }
        };
        self.ours.consume(n);
        let mut theirs = vec![0; n];
        self.theirs.read_exact(&mut theirs).expect("they are there");
        assert_eq!(theirs, self.advance(n));
    }

    /// All that is left.
    fn end(mut self) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        wait(self.ours.read_to_end(&mut ours)).expect("memory");
        self.theirs.read_to_end(&mut theirs).expect("memory");
        assert_eq!(ours, theirs);
        assert_eq!(ours, self.rest);
    }
}
