//! A write whose end is known even if nobody waits for it.
//!
//! The answer of an operation with a future is taken by the future. If that is forgotten, nobody
//! learns when the kernel is done, and a later write could not wait for it. So a write is an
//! operation without a future (`Detached`): its handler, which always runs, strikes it from the
//! list of writes in flight and leaves the answer where the future finds it.

use crate::order::{Order, Ticket};
use sexton_runtime::CancelHook;
use sexton_runtime::op::{Completion, Detached, Entry, Op};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Unused places for answers that a file keeps, so that writes of one kind need no memory each.
const SPARE_ANSWERS: usize = 8;

/// A write, its entry in the list, and the place for its answer.
struct Listed<O: Op> {
    op: O,
    ticket: Ticket,
    answer: Rc<Answer<O::Output>>,
}

impl<O: Op<Output: 'static>> Op for Listed<O> {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        self.op.entry()
    }

    fn complete(self, completion: Completion) {
        let Self { op, ticket, answer } = self;
        answer.value.set(Some(op.complete(completion)));
        drop(ticket);
        if let Some(waker) = answer.waker.take() {
            waker.wake();
        }
    }
}

/// Where a write's answer waits for its future.
struct Answer<T> {
    value: Cell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

/// Places for answers that nobody uses.
#[derive(Default)]
pub(crate) struct Answers(RefCell<Vec<Rc<dyn Any>>>);

impl Answers {
    fn take<T: 'static>(&self) -> Rc<Answer<T>> {
        let mut spare = self.0.borrow_mut();
        let fitting = spare.iter().rposition(|answer| answer.is::<Answer<T>>());
        fitting
            .and_then(|at| spare.swap_remove(at).downcast().ok())
            .unwrap_or_else(|| Rc::new(Answer { value: Cell::new(None), waker: Cell::new(None) }))
    }

    /// Keeps an empty place that nobody else can reach.
    fn keep<T: 'static>(&self, mut answer: Rc<Answer<T>>) {
        let unused = Rc::get_mut(&mut answer).is_some_and(|answer| {
            answer.value.get_mut().is_none() && answer.waker.get_mut().is_none()
        });
        let mut spare = self.0.borrow_mut();
        if unused && spare.len() < SPARE_ANSWERS {
            spare.push(answer);
        }
    }
}

/// The future of a write.
pub(crate) struct Write<O: Op<Output: 'static>> {
    order: Rc<Order>,
    running: Option<(Detached, Rc<Answer<O::Output>>)>,
    hook: CancelHook,
}

/// Submits a write of `range`, and lists it until it has ended.
///
/// # Errors
/// The runtime takes no operations; the write comes back.
pub(crate) fn submit_write<O: Op<Output: 'static>>(
    order: &Rc<Order>,
    range: Range<u64>,
    op: O,
) -> Result<Write<O>, (O, io::Error)> {
    let answer = order.answers.take();
    let listed = Listed { op, ticket: Ticket::new(order, range), answer: Rc::clone(&answer) };
    match Detached::submit(listed) {
        Ok(detached) => Ok(Write {
            order: Rc::clone(order),
            running: Some((detached, answer)),
            hook: CancelHook::default(),
        }),
        Err((listed, error)) => Err((listed.op, error)),
    }
}

impl<O: Op<Output: 'static>> Future for Write<O> {
    type Output = O::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Output> {
        let this = &mut *self;
        let Some((detached, answer)) = &this.running else {
            panic!("a write was polled after its answer");
        };
        if let Some(output) = answer.value.take() {
            if let Some((_, answer)) = this.running.take() {
                drop(answer.waker.take());
                this.order.answers.keep(answer);
            }
            return Poll::Ready(output);
        }
        answer.waker.set(Some(cx.waker().clone()));
        if this.hook.is_cancelled(cx) {
            detached.cancel();
        }
        Poll::Pending
    }
}

impl<O: Op<Output: 'static>> Drop for Write<O> {
    fn drop(&mut self) {
        if let Some((detached, answer)) = self.running.take() {
            drop(answer.waker.take());
            detached.bury();
        }
    }
}
