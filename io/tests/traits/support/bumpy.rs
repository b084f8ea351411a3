//! A file of bytes that answers as a list says, over and over; its position can be moved.

use std::io::{Cursor, ErrorKind, Result, SeekFrom};
use std::task::Poll;

use sexton_buffers::{BufError, BufResult, IoBufMut, IoVecBufMut};
use sexton_io::{OwnedRead, Seek};

/// How a [`Bumpy`] answers one read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bump {
    /// With at most so many bytes, at least one.
    AtMost(usize),
    /// Only when it is polled again.
    Wait,
    /// Not.
    Fail(ErrorKind),
}

/// Reads move the position when they are answered, so a dropped one loses nothing.
#[derive(Debug)]
pub(crate) struct Bumpy {
    file: Cursor<Vec<u8>>,
    bumps: Vec<Bump>,
    next: usize,
    /// How much room each read had, in order.
    pub(crate) rooms: Vec<usize>,
    pub(crate) seeks: usize,
}

impl Bumpy {
    pub(crate) fn new(bytes: &[u8], bumps: impl Into<Vec<Bump>>) -> Self {
        let file = Cursor::new(bytes.to_vec());
        Self { file, bumps: bumps.into(), next: 0, rooms: Vec::new(), seeks: 0 }
    }

    pub(crate) fn position(&self) -> u64 {
        self.file.position()
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.file.get_mut().extend_from_slice(bytes);
    }

    /// Waits as the list says; how many bytes the read may bring, then.
    async fn bump(&mut self, room: usize) -> Result<usize> {
        self.rooms.push(room);
        std::future::poll_fn(|_| {
            let bump = match self.bumps.len() {
                0 => Bump::AtMost(usize::MAX),
                len => self.bumps[self.next % len],
            };
            self.next += 1;
            match bump {
                Bump::AtMost(n) => Poll::Ready(Ok(n.max(1))),
                Bump::Wait => Poll::Pending,
                Bump::Fail(kind) => Poll::Ready(Err(kind.into())),
            }
        })
        .await
    }
}

impl OwnedRead for Bumpy {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        let room = buf.unfilled().len();
        assert!(room > 0, "asked to read nothing");
        match self.bump(room).await {
            Ok(most) => {
                let (n, buf) = self.file.read_owned(buf.at_most(most)).await.unwrap();
                Ok((n, buf.into_inner()))
            }
            Err(e) => Err(BufError::new(e, buf)),
        }
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, mut bufs: V) -> BufResult<usize, V> {
        match self.bump(bufs.total_unfilled()).await {
            Ok(_) => Ok(self.file.read_vectored_owned(bufs).await.unwrap()),
            Err(e) => Err(BufError::new(e, bufs)),
        }
    }

    fn is_read_vectored_owned(&self) -> bool {
        true
    }
}

impl Seek for Bumpy {
    async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.seeks += 1;
        Seek::seek(&mut self.file, to).await
    }
}
