//! A write that has one place among the writes of its file, and whose end is known even if nobody
//! waits for it.
//!
//! The answer of an operation with a future is taken by the future. If that is forgotten, nobody
//! learns when the kernel is done, and a later write could not wait for it. So a write is an
//! operation without a future (`Detached`): its handler, which always runs, submits the next step
//! if there is one, or strikes it from the list of writes and leaves the answer where the future
//! finds it. Nor does a write that waits for its turn need its future: the list has it.

use super::steps::{Step, Steps};
use crate::order::{Order, Queued, Ticket};
use sexton_runtime::CancelHook;
use sexton_runtime::calls::file::cancelled;
use sexton_runtime::op::{Completion, Detached, Entry, Op};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

/// Unused places for answers that a file keeps, so that writes of one kind need no memory each.
const SPARE_ANSWERS: usize = 8;

/// A write with the kernel, its entry in the list, and what its future knows of it.
struct Running<O: Steps> {
    op: O,
    ticket: Ticket,
    shared: Rc<Shared<O>>,
}

impl<O: Steps> Op for Running<O> {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        self.op.entry()
    }

    fn complete(self, completion: Completion) {
        let Self { op, ticket, shared } = self;
        drop(shared.flight.take());
        // A user's buffer is asked how much there is to write.
        match catch_unwind(AssertUnwindSafe(|| O::step(op.complete(completion)))) {
            Ok(Step::End(answer)) => shared.end(Ok(answer), Some(ticket)),
            Ok(Step::More(rest)) if shared.is_given_up.get() => {
                shared.end(Ok(rest.refused(cancelled())), Some(ticket));
            }
            Ok(Step::More(rest)) => shared.submit(rest, ticket),
            // The future is gone: it is the driver's to tell.
            Err(panic) if Rc::strong_count(&shared) == 1 => resume_unwind(panic),
            Err(panic) => shared.end(Err(panic), Some(ticket)),
        }
    }
}

/// What a write and its future share.
struct Shared<O: Steps> {
    /// Until its turn comes.
    queued: Cell<Option<O>>,
    flight: Cell<Option<Detached>>,
    /// Dropped or cancelled: the step in flight is the last one.
    is_given_up: Cell<bool>,
    /// Or the panic of the buffer, which was asked for its bytes: the future's to tell.
    answer: Cell<Option<thread::Result<O::Answer>>>,
    waker: Cell<Option<Waker>>,
}

impl<O: Steps> Shared<O> {
    fn submit(self: Rc<Self>, op: O, ticket: Ticket) {
        let running = Running { op, ticket, shared: Rc::clone(&self) };
        match catch_unwind(AssertUnwindSafe(|| Detached::submit(running))) {
            Ok(Ok(flight)) => self.flight.set(Some(flight)),
            Ok(Err((Running { op, ticket, .. }, error))) => {
                self.end(Ok(op.refused(error)), Some(ticket));
            }
            // The ticket is gone with the operation.
            Err(panic) => self.end(Err(panic), None),
        }
    }

    fn end(&self, answer: thread::Result<O::Answer>, ticket: Option<Ticket>) {
        self.answer.set(Some(answer));
        drop(ticket);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl<O: Steps> Queued for Shared<O> {
    fn start(self: Rc<Self>, ticket: Ticket) {
        // Without an operation it was given up, and the ticket goes back.
        if let Some(op) = self.queued.take() {
            self.submit(op, ticket);
        }
    }
}

/// Places for answers that nobody uses.
#[derive(Default)]
pub(crate) struct Answers(RefCell<Vec<Rc<dyn Any>>>);

impl Answers {
    fn take<O: Steps>(&self) -> Rc<Shared<O>> {
        let mut spare = self.0.borrow_mut();
        let fitting = spare.iter().rposition(|shared| shared.is::<Shared<O>>());
        fitting.and_then(|at| spare.swap_remove(at).downcast().ok()).unwrap_or_else(|| {
            Rc::new(Shared {
                queued: Cell::new(None),
                flight: Cell::new(None),
                is_given_up: Cell::new(false),
                answer: Cell::new(None),
                waker: Cell::new(None),
            })
        })
    }

    /// Keeps an empty place that nobody else can reach.
    fn keep<O: Steps>(&self, mut shared: Rc<Shared<O>>) {
        let unused = Rc::get_mut(&mut shared).is_some_and(|shared| {
            shared.is_given_up.set(false);
            shared.answer.get_mut().is_none() && shared.waker.get_mut().is_none()
        });
        let mut spare = self.0.borrow_mut();
        if unused && spare.len() < SPARE_ANSWERS {
            spare.push(shared);
        }
    }
}

/// The future of a write.
pub(crate) struct Write<O: Steps> {
    order: Rc<Order>,
    number: u64,
    shared: Option<Rc<Shared<O>>>,
    hook: CancelHook,
}

/// Begins a write of `range`, or queues it behind those that overlap it; it is listed until it has
/// ended.
pub(crate) fn begin_write<O: Steps>(order: &Rc<Order>, range: Range<u64>, op: O) -> Write<O> {
    let shared = order.answers.take();
    let number = if order.is_settled(&range) {
        let ticket = Ticket::new(order, range);
        let number = ticket.number();
        Rc::clone(&shared).submit(op, ticket);
        number
    } else {
        shared.queued.set(Some(op));
        order.queue(range, Rc::clone(&shared) as Rc<dyn Queued>)
    };
    Write { order: Rc::clone(order), number, shared: Some(shared), hook: CancelHook::default() }
}

impl<O: Steps> Future for Write<O> {
    type Output = O::Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<O::Answer> {
        let this = &mut *self;
        let Some(shared) = &this.shared else {
            panic!("a write was polled after its answer");
        };
        if let Some(answer) = shared.answer.take() {
            if let Some(shared) = this.shared.take() {
                drop(shared.waker.take());
                this.order.answers.keep(shared);
            }
            return Poll::Ready(answer.unwrap_or_else(|panic| resume_unwind(panic)));
        }
        shared.waker.set(Some(cx.waker().clone()));
        if this.hook.is_cancelled(cx) {
            if let Some(op) = shared.queued.take() {
                this.shared = None;
                this.order.strike(this.number);
                return Poll::Ready(op.refused(cancelled()));
            }
            shared.is_given_up.set(true);
            if let Some(flight) = shared.flight.take() {
                flight.cancel();
                shared.flight.set(Some(flight));
            }
        }
        Poll::Pending
    }
}

impl<O: Steps> Drop for Write<O> {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        drop(shared.waker.take());
        shared.is_given_up.set(true);
        if let Some(op) = shared.queued.take() {
            self.order.strike(self.number);
            drop(op);
        } else if let Some(flight) = shared.flight.take() {
            flight.bury();
        }
    }
}
