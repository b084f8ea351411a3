//! What may become of a future: awaited, dropped at any poll, forgotten, timed out, cancelled.

use super::dice::Dice;
use super::rules::Rules;
use super::zero_copy::Kept;
use sexton::CancelToken;
use sexton::time::{Duration, sleep, timeout};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::Poll;

/// Decides what becomes of futures.
#[derive(Debug)]
pub(crate) struct Risk {
    pub(crate) dice: Dice,
    /// Of a hundred futures so many are not just awaited.
    rate: usize,
    /// Whether futures are forgotten, too.
    forgets: bool,
    /// One was.
    forgot: Cell<bool>,
    /// Notifications that nobody awaits yet.
    pub(crate) kept: RefCell<Vec<Kept>>,
}

impl Risk {
    pub(crate) fn new(dice: Dice, rules: Rules) -> Self {
        let rate = [0, 10, 40, 80][dice.below(4)];
        let forgets = rules.forgets && dice.percent(60);
        Self { dice, rate, forgets, forgot: Cell::new(false), kept: RefCell::default() }
    }

    /// Whether a future was forgotten: what it holds is held until its runtime ends.
    pub(crate) fn has_forgotten(&self) -> bool {
        self.forgot.get()
    }

    /// Whether a future is to be forgotten now.
    pub(crate) fn forgets(&self) -> bool {
        let forgets = self.forgets && self.dice.percent(50);
        self.forgot.set(self.forgot.get() || forgets);
        forgets
    }

    /// Awaits the future, or not: none if it was not finished. A cancelled one is finished.
    pub(crate) async fn take<F: Future>(&self, future: F) -> Option<F::Output> {
        if !self.dice.percent(self.rate) {
            return Some(future.await);
        }
        let patience = self.dice.size(6);
        match self.dice.below(10) {
            0..4 => polled(Box::pin(future), patience, self.dice.percent(50)).await.ok(),
            4..6 => {
                let outcome = polled(Box::pin(future), patience, self.dice.percent(50)).await;
                match outcome {
                    Ok(output) => Some(output),
                    Err(rest) if self.forgets => {
                        self.forgot.set(true);
                        mem::forget(rest);
                        None
                    }
                    Err(rest) => {
                        // It lives on for a while, without being polled.
                        sleep(self.moment()).await;
                        drop(rest);
                        None
                    }
                }
            }
            6..8 => timeout(self.moment(), future).await.ok(),
            _ => Some(cancelled(future, patience, self.dice.percent(50)).await),
        }
    }

    /// Some time: often little.
    pub(crate) fn moment(&self) -> Duration {
        Duration::from_nanos(self.dice.size(20_000_000) as u64)
    }
}

/// Polls so often; gives the output, or the future back. `busy` polls it without being woken, too.
async fn polled<F: Future>(
    mut future: Pin<Box<F>>,
    mut patience: usize,
    busy: bool,
) -> Result<F::Output, Pin<Box<F>>> {
    let output = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if patience == 0 => Poll::Ready(None),
        Poll::Pending => {
            patience -= 1;
            if busy || patience == 0 {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        }
    })
    .await;
    output.ok_or(future)
}

/// Cancels after so many polls, and waits for the end.
async fn cancelled<F: Future>(future: F, mut patience: usize, busy: bool) -> F::Output {
    let token = CancelToken::new();
    let mut future = Box::pin(token.run(future));
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() && !token.is_cancelled() {
            patience = patience.saturating_sub(1);
            if patience == 0 {
                token.cancel();
            } else if busy {
                cx.waker().wake_by_ref();
            }
        }
        polled
    })
    .await
}

/// Both at once; the second one is awaited as well.
pub(crate) async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (Box::pin(one), Box::pin(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            parts => {
                (first, second) = parts;
                Poll::Pending
            }
        }
    })
    .await
}

/// The first, unless the second one ends before: it is looked at last.
pub(crate) async fn unless<A: Future>(one: A, other: impl Future) -> Option<A::Output> {
    let (mut one, mut other) = (Box::pin(one), Box::pin(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => other.as_mut().poll(cx).map(|_| None),
    })
    .await
}
