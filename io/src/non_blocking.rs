//! The outcome of an operation that never waits.

/// Done, or not possible without waiting.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use = "an operation that would block has done nothing"]
pub enum NonBlocking<T> {
    /// The operation was done; its result.
    Ready(T),
    /// Nothing was done. [`Ready::ready`](crate::Ready::ready) says when to try again.
    WouldBlock,
}

impl<T> NonBlocking<T> {
    /// Changes the result of an operation that was done.
    ///
    /// ```
    /// use sexton_io::NonBlocking;
    ///
    /// assert_eq!(NonBlocking::Ready(2).map(|n| n + 1), NonBlocking::Ready(3));
    /// assert_eq!(NonBlocking::WouldBlock.map(|n: u8| n + 1), NonBlocking::WouldBlock);
    /// ```
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> NonBlocking<U> {
        match self {
            NonBlocking::Ready(t) => NonBlocking::Ready(f(t)),
            NonBlocking::WouldBlock => NonBlocking::WouldBlock,
        }
    }
}

/// The value of a [`NonBlocking::Ready`]; at [`NonBlocking::WouldBlock`], the next turn of the
/// enclosing loop.
///
/// ```
/// use sexton_io::{NonBlocking, continue_on_block};
///
/// let mut answers = [NonBlocking::WouldBlock, NonBlocking::Ready(7)].into_iter();
/// let n = loop {
///     let Some(answer) = answers.next() else { panic!("an answer is there") };
///     break continue_on_block!(answer);
/// };
/// assert_eq!(n, 7);
/// ```
#[macro_export]
macro_rules! continue_on_block {
    ($e:expr) => {
        match $e {
            $crate::NonBlocking::Ready(t) => t,
            $crate::NonBlocking::WouldBlock => continue,
        }
    };
}
