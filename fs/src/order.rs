//! Which writes of a file are in flight, so that nothing overtakes one that nobody waits for.
//!
//! A write whose future was dropped or forgotten may still happen, later. Whatever the same handle
//! (or a clone) starts afterwards at the same place has to come after it. Nobody can tell a
//! forgotten write from one that is awaited, so each is listed when it is submitted and struck when
//! the kernel has answered, and what overlaps waits.

use crate::op::Answers;
use sexton_runtime::CancelHook;
use sexton_runtime::calls::file::cancelled;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// All of a file.
pub(crate) const WHOLE: Range<u64> = 0..u64::MAX;

/// The writes of one open file that the kernel has, shared by the file's clones.
#[derive(Default)]
pub(crate) struct Order {
    /// Counts what changed the file: a write gets its number from here.
    changes: Cell<u64>,
    in_flight: RefCell<Vec<InFlight>>,
    waiting: RefCell<Vec<Waker>>,
    pub(crate) answers: Answers,
}

struct InFlight {
    number: u64,
    range: Range<u64>,
}

/// The right to be in the list.
pub(crate) struct Ticket {
    order: Rc<Order>,
    number: u64,
}

/// What someone waits for: all writes that were in flight when the wait began.
#[derive(Default)]
pub(crate) struct Wait {
    up_to: Option<u64>,
    hook: CancelHook,
}

impl Wait {
    /// Whether a token around this poll is cancelled.
    pub(crate) fn is_cancelled(&mut self, cx: &Context<'_>) -> bool {
        self.hook.is_cancelled(cx)
    }
}

impl Order {
    /// A number that grows with each write that starts, and with each other change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// The file changes; what was read before may be out of date.
    pub(crate) fn note_change(&self) {
        self.changes.set(self.changes.get() + 1);
    }

    /// Whether no write is in flight that overlaps `range`.
    pub(crate) fn is_settled(&self, range: &Range<u64>) -> bool {
        self.is_settled_up_to(range, u64::MAX)
    }

    fn is_settled_up_to(&self, range: &Range<u64>, up_to: u64) -> bool {
        let in_flight = self.in_flight.borrow();
        !in_flight.iter().any(|write| write.number <= up_to && overlap(&write.range, range))
    }

    /// Waits until the writes are done that are in flight now and overlap `range`.
    pub(crate) async fn settled(&self, range: Range<u64>) -> io::Result<()> {
        let mut wait = Wait::default();
        std::future::poll_fn(|cx| self.poll_settled(&mut wait, &range, cx)).await
    }

    /// [`settled`](Self::settled), for futures that do more.
    pub(crate) fn poll_settled(
        &self,
        wait: &mut Wait,
        range: &Range<u64>,
        cx: &Context<'_>,
    ) -> Poll<io::Result<()>> {
        let up_to = *wait.up_to.get_or_insert_with(|| self.changes.get());
        if self.is_settled_up_to(range, up_to) {
            return Poll::Ready(Ok(()));
        }
        let known = self.waiting.borrow().iter().any(|waker| waker.will_wake(cx.waker()));
        if !known {
            let waker = cx.waker().clone();
            self.waiting.borrow_mut().push(waker);
        }
        if wait.is_cancelled(cx) { Poll::Ready(Err(cancelled())) } else { Poll::Pending }
    }

    fn strike(&self, number: u64) {
        self.in_flight.borrow_mut().retain(|write| write.number != number);
        // Wakers are foreign code: no borrow is held.
        for waker in self.waiting.take() {
            waker.wake();
        }
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_flight = self.in_flight.borrow().len();
        f.debug_struct("Order").field("in_flight", &in_flight).finish_non_exhaustive()
    }
}

impl Ticket {
    /// Lists a write of `range` as in flight.
    pub(crate) fn new(order: &Rc<Order>, range: Range<u64>) -> Self {
        order.note_change();
        let number = order.changes.get();
        order.in_flight.borrow_mut().push(InFlight { number, range });
        Self { order: Rc::clone(order), number }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.order.strike(self.number);
    }
}

fn overlap(one: &Range<u64>, other: &Range<u64>) -> bool {
    one.start < other.end && other.start < one.end
}

#[cfg(test)]
mod tests {
    use super::{Order, Ticket, WHOLE, Wait};
    use std::rc::Rc;
    use std::task::{Context, Waker};

    fn waits(order: &Order, wait: &mut Wait, range: std::ops::Range<u64>) -> bool {
        order.poll_settled(wait, &range, &Context::from_waker(Waker::noop())).is_pending()
    }

    #[test]
    fn what_overlaps_waits_and_what_only_touches_does_not() {
        let order = Rc::new(Order::default());
        let ticket = Ticket::new(&order, 10..20);
        for (range, overlaps) in [
            (0..10, false),
            (20..30, false),
            (0..11, true),
            (19..20, true),
            (12..13, true),
            (WHOLE, true),
        ] {
            assert_eq!(order.is_settled(&range), !overlaps, "{range:?}");
            assert_eq!(waits(&order, &mut Wait::default(), range), overlaps);
        }
        drop(ticket);
        assert!(order.is_settled(&WHOLE));
    }

    #[test]
    fn a_wait_is_for_the_writes_that_were_there_when_it_began() {
        let order = Rc::new(Order::default());
        let first = Ticket::new(&order, 0..10);
        let mut wait = Wait::default();
        assert!(waits(&order, &mut wait, 0..10));
        let _second = Ticket::new(&order, 0..10);
        drop(first);
        assert!(!waits(&order, &mut wait, 0..10), "the second write began later");
        assert!(waits(&order, &mut Wait::default(), 0..10));
    }
}
