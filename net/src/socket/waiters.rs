//! Who waits for something to change.

use std::cell::{Cell, OnceCell};
use std::task::{Context, Waker};

/// Wakers of waiting futures; all are woken at each change, and register again.
///
/// Wakers are foreign code: none is cloned, woken or dropped while the list is borrowed.
#[derive(Default)]
pub(crate) struct Waiters {
    first: Cell<Option<Waker>>,
    /// More than one waits only when several futures share a stream: all others pay a word.
    others: Cell<Option<Box<Others>>>,
}

#[derive(Default)]
struct Others(Vec<Waker>);

/// Waiters for what is seldom waited for: made for the first one, and kept.
#[derive(Debug, Default)]
pub(crate) struct RareWaiters(OnceCell<Box<Waiters>>);

impl RareWaiters {
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.0.get_or_init(Box::default).register(cx);
    }

    pub(crate) fn wake(&self) {
        if let Some(waiters) = self.0.get() {
            waiters.wake();
        }
    }
}

impl std::fmt::Debug for Waiters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiters").finish_non_exhaustive()
    }
}

impl Waiters {
    pub(crate) fn register(&self, cx: &Context<'_>) {
        let waker = match self.first.take() {
            None => cx.waker().clone(),
            Some(old) if old.will_wake(cx.waker()) => old,
            Some(other) => {
                let mut others = self.others.take().unwrap_or_default();
                if !others.0.iter().any(|old| old.will_wake(cx.waker())) {
                    others.0.push(cx.waker().clone());
                }
                self.others.set(Some(others));
                other
            }
        };
        self.first.set(Some(waker));
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = self.first.take() {
            waker.wake();
        }
        if let Some(others) = self.others.take() {
            others.0.into_iter().for_each(Waker::wake);
        }
    }
}
