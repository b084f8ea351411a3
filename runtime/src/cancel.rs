//! Cancelling without losing the buffer: a token ends operations, and their futures go on to the
//! end.

use crate::contain::contained;
use slab::Slab;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Cancels operations from outside, where dropping their future would lose the buffer.
///
/// Clones are the same token. A token can be cancelled from any thread.
///
/// ```
/// use sexton_runtime::{CancelToken, time};
/// # sexton_runtime::block_on(async {
/// let token = CancelToken::new();
/// token.cancel();
/// assert!(token.is_cancelled());
/// // What needs no waiting is not touched.
/// assert_eq!(token.run(async { 7 }).await, 7);
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    cancelled: AtomicBool,
    waiting: Mutex<Slab<Waker>>,
}

thread_local! {
    /// How many scopes are being polled on this thread: most often none.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static SCOPES: RefCell<Vec<CancelToken>> = const { RefCell::new(Vec::new()) };
}

impl CancelToken {
    /// A token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels: every operation that is awaited inside a [`run`](Self::run) of this token, and
    /// every one that starts there later. A second call does nothing.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let wakers = std::mem::take(&mut *self.waiting());
        for (_, waker) in wakers {
            // One that panics does not keep the others from being woken.
            contained(|| waker.wake());
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Runs `future`; when the token is cancelled, each operation awaited inside is cancelled and
    /// then awaited to its own last answer: an error (`ECANCELED`) with the buffer, or its success
    /// if the kernel was faster.
    ///
    /// # Completes
    /// When `future` does. That may be later than the cancel: an operation that the kernel cannot
    /// cancel (disk reads that have started) is awaited to its end.
    ///
    /// # If dropped
    /// As `future`.
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Run { token: self.clone(), future: Box::pin(future) }
    }

    /// Waits until the token is cancelled. Nothing happens if the future is dropped.
    pub async fn cancelled(&self) {
        let mut entry = Entry::default();
        std::future::poll_fn(|cx| {
            if entry.is_cancelled(self, cx) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Slab<Waker>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Run<F: Future> {
    token: CancelToken,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Run<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _scope = Scope::enter(self.token.clone());
        self.future.as_mut().poll(cx)
    }
}

/// While it lives, operations that are polled on this thread belong to the token.
struct Scope;

impl Scope {
    fn enter(token: CancelToken) -> Self {
        SCOPES.with_borrow_mut(|scopes| scopes.push(token));
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
        let token = SCOPES.with_borrow_mut(Vec::pop);
        drop(token);
    }
}

/// A waiting future's place in one token.
#[derive(Debug, Default)]
struct Entry {
    registered: Option<(CancelToken, usize)>,
}

impl Entry {
    fn is_cancelled(&mut self, token: &CancelToken, cx: &Context<'_>) -> bool {
        if token.is_cancelled() {
            return true;
        }
        // Wakers are foreign code: cloned and dropped while nothing is locked.
        let waker = cx.waker().clone();
        let mut waiting = token.waiting();
        // Under the lock that `cancel` takes after it has set the flag: either the flag is seen
        // here, or the waker is found there. So nothing enters the list after it was taken, and no
        // index is given out twice.
        if token.is_cancelled() {
            drop(waiting);
            return true;
        }
        let old = match &self.registered {
            Some((_, index)) => waiting.get_mut(*index).map(|old| std::mem::replace(old, waker)),
            None => {
                self.registered = Some((token.clone(), waiting.insert(waker)));
                None
            }
        };
        drop(waiting);
        drop(old);
        false
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some((token, index)) = &self.registered {
            let waker = token.waiting().try_remove(*index);
            drop(waker);
        }
    }
}

/// What a future that waits keeps, so that a token around it can reach it. Costs nothing outside a
/// token's scope.
#[derive(Debug, Default)]
pub struct CancelHook(Option<Box<Entries>>);

/// One entry for each token around the future. Boxed: a future outside tokens pays one word.
#[derive(Debug, Default)]
struct Entries(Vec<Entry>);

impl CancelHook {
    /// Whether a token around the current poll is cancelled; if none is, the task is woken when one
    /// will be. To be asked whenever a poll is about to answer `Pending`.
    pub fn is_cancelled(&mut self, cx: &Context<'_>) -> bool {
        DEPTH.get() != 0 && self.ask(cx)
    }

    #[cold]
    fn ask(&mut self, cx: &Context<'_>) -> bool {
        let scopes = SCOPES.with_borrow(Vec::clone);
        let Entries(entries) = &mut **self.0.get_or_insert_default();
        entries.resize_with(scopes.len(), Entry::default);
        // Every token is asked, since each has to know the waker.
        scopes.iter().zip(entries.iter_mut()).fold(false, |cancelled, (token, entry)| {
            if entry.registered.as_ref().is_some_and(|(old, _)| !Arc::ptr_eq(&old.0, &token.0)) {
                *entry = Entry::default();
            }
            entry.is_cancelled(token, cx) || cancelled
        })
    }
}
