//! Lines and segments as a `futures_core::Stream` (feature `stream`).

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::Result;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::{BufRead, Lines, Split};

/// The items of a [`Lines`] or a [`Split`] as a [`Stream`]; made by their `stream` and
/// `into_stream`.
///
/// An error is an item, and what comes after it is what the next call of
/// [`next_line`](Lines::next_line) or [`next_segment`](Split::next_segment) would bring: a line
/// that is too long fails again and again. After the end there is nothing, for ever.
///
/// The future of the item that it waits for must live from poll to poll, and no reader can show its
/// bytes without one. So the stream has a box for all its items, one allocation.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use std::future::poll_fn;
/// use std::pin::Pin;
///
/// use futures_core::Stream;
/// use sexton_io::{BufRead, Memory};
///
/// # block_on(async {
/// let mut lines = Memory::new("one\ntwo\nthree").lines();
/// let mut stream = lines.stream();
/// let first = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await;
/// assert_eq!(first.transpose()?.as_deref(), Some("one"));
/// drop(stream);
/// assert_eq!(lines.next_line().await?.as_deref(), Some("two"));
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub struct Items<'r, T> {
    /// Puts one item after the other there. `None` when it has ended.
    source: Option<Pin<Box<dyn Future<Output = ()> + 'r>>>,
    item: Rc<Cell<Option<Result<T>>>>,
}

impl<'r, T: 'r> Items<'r, T> {
    fn new(mut next: impl AsyncFnMut() -> Result<Option<T>> + 'r) -> Self {
        let item = Rc::new(Cell::new(None));
        let there = Rc::clone(&item);
        let source = async move {
            while let Some(item) = next().await.transpose() {
                there.set(Some(item));
                taken().await;
            }
        };
        Self { source: Some(Box::pin(source)), item }
    }
}

/// Leaves the poll that takes the item. It asks for no wake-up: the next poll comes by itself.
async fn taken() {
    let mut left = false;
    poll_fn(|_| match std::mem::replace(&mut left, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

impl<T> Stream for Items<'_, T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        let Some(source) = &mut this.source else { return Poll::Ready(None) };
        let ended = source.as_mut().poll(cx).is_ready();
        if ended {
            this.source = None;
        }
        match this.item.take() {
            Some(item) => Poll::Ready(Some(item)),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<T> FusedStream for Items<'_, T> {
    fn is_terminated(&self) -> bool {
        self.source.is_none()
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("ended", &self.source.is_none()).finish_non_exhaustive()
    }
}

impl<R: BufRead> Lines<R> {
    /// The lines that are left, as a [`Stream`].
    ///
    /// # If dropped
    /// Lossless: what was read of the next line stays here.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use futures_core::Stream;
    /// use sexton_io::{BufRead, Memory};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// let mut lines = Memory::new("one\ntwo\n").lines();
    /// let mut stream = lines.stream();
    /// let line = block_on(poll_fn(|cx| pin!(&mut stream).poll_next(cx)));
    /// assert_eq!(line.transpose()?.as_deref(), Some("one"));
    /// drop(stream); // the lines go on
    /// assert_eq!(block_on(lines.next_line())?.as_deref(), Some("two"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stream(&mut self) -> Items<'_, String> {
        Items::new(async || self.next_line().await)
    }

    /// The lines, as a [`Stream`] that owns the reader.
    ///
    /// # If dropped
    /// The reader is dropped, and what was read of the next line; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use futures_core::Stream;
    /// use sexton_io::{BufRead, Memory};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// let mut stream = Memory::new("one\ntwo\n").lines().into_stream();
    /// let line = block_on(poll_fn(|cx| pin!(&mut stream).poll_next(cx)));
    /// assert_eq!(line.transpose()?.as_deref(), Some("one"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_stream<'r>(mut self) -> Items<'r, String>
    where
        R: 'r,
    {
        Items::new(async move || self.next_line().await)
    }
}

impl<R: BufRead> Split<R> {
    /// The parts that are left, as a [`Stream`].
    ///
    /// # If dropped
    /// Lossless: what was read of the next part stays here.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use futures_core::Stream;
    /// use sexton_io::{BufRead, Memory};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// let mut parts = Memory::new("one,two").split(b',');
    /// let mut stream = parts.stream();
    /// let part = block_on(poll_fn(|cx| pin!(&mut stream).poll_next(cx)));
    /// assert_eq!(part.transpose()?.as_deref(), Some(&b"one"[..]));
    /// drop(stream); // the parts go on
    /// assert_eq!(block_on(parts.next_segment())?.as_deref(), Some(&b"two"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn stream(&mut self) -> Items<'_, Vec<u8>> {
        Items::new(async || self.next_segment().await)
    }

    /// The parts, as a [`Stream`] that owns the reader.
    ///
    /// # If dropped
    /// The reader is dropped, and what was read of the next part; not lossless.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use futures_core::Stream;
    /// use sexton_io::{BufRead, Memory};
    /// use std::future::poll_fn;
    /// use std::pin::pin;
    ///
    /// let mut stream = Memory::new("one,two").split(b',').into_stream();
    /// let part = block_on(poll_fn(|cx| pin!(&mut stream).poll_next(cx)));
    /// assert_eq!(part.transpose()?.as_deref(), Some(&b"one"[..]));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_stream<'r>(mut self) -> Items<'r, Vec<u8>>
    where
        R: 'r,
    {
        Items::new(async move || self.next_segment().await)
    }
}
