//! Which writes of a file are on their way, so that nothing overtakes one that nobody waits for.
//!
//! A write whose future was dropped or forgotten may still happen, later. Whatever the same handle
//! (or a clone) starts afterwards at the same place has to come after it. Nobody can tell a
//! forgotten write from one that is awaited, so each is listed when it begins and struck when it
//! has ended, with all of its steps.
//!
//! One that overlaps earlier ones queues here, and whoever strikes the last of them starts it: not
//! its future, which may be forgotten too.

use crate::op::Answers;
use sexton_runtime::CancelHook;
use sexton_runtime::calls::file::cancelled;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;

/// All of a file.
pub(crate) const WHOLE: Range<u64> = 0..u64::MAX;

/// The writes of one open file that have not ended, shared by the file's clones.
#[derive(Default)]
pub(crate) struct Order {
    /// Counts what changed the file: a write gets its number from here.
    changes: Cell<u64>,
    /// By their numbers.
    writes: RefCell<Vec<Listed>>,
    /// Queued ones are being started.
    starting: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
    pub(crate) answers: Answers,
}

struct Listed {
    number: u64,
    range: Range<u64>,
    /// It has not begun: earlier ones overlap it.
    queued: Option<Rc<dyn Queued>>,
}

/// A write that waits for its turn.
pub(crate) trait Queued {
    /// The turn has come.
    fn start(self: Rc<Self>, ticket: Ticket);
}

/// The right to be in the list.
pub(crate) struct Ticket {
    order: Rc<Order>,
    number: u64,
}

/// What someone waits for: all writes that were listed when the wait began.
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

    /// Whether no write is listed that overlaps `range`.
    pub(crate) fn is_settled(&self, range: &Range<u64>) -> bool {
        self.is_settled_up_to(range, u64::MAX)
    }

    fn is_settled_up_to(&self, range: &Range<u64>, up_to: u64) -> bool {
        let writes = self.writes.borrow();
        !writes.iter().any(|write| write.number <= up_to && overlap(&write.range, range))
    }

    /// Waits until the writes are done that are listed now and overlap `range`.
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

    /// Lists a write that earlier ones overlap; its number.
    pub(crate) fn queue(&self, range: Range<u64>, write: Rc<dyn Queued>) -> u64 {
        self.list(range, Some(write))
    }

    fn list(&self, range: Range<u64>, queued: Option<Rc<dyn Queued>>) -> u64 {
        self.note_change();
        let number = self.changes.get();
        self.writes.borrow_mut().push(Listed { number, range, queued });
        number
    }

    /// A write has ended, or will never begin.
    pub(crate) fn strike(self: &Rc<Self>, number: u64) {
        let struck = {
            let mut writes = self.writes.borrow_mut();
            writes.iter().position(|write| write.number == number).map(|at| writes.remove(at))
        };
        // It may be a buffer's last hold, and wakers are foreign code: no borrow is held.
        drop(struck);
        self.start_queued();
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// Starts what nothing earlier overlaps any more. One that ends at once has the next one
    /// started by this loop, not inside it.
    fn start_queued(self: &Rc<Self>) {
        if self.starting.replace(true) {
            return;
        }
        let mut panic = None;
        while let Some((number, write)) = self.next_turn() {
            let ticket = Ticket { order: Rc::clone(self), number };
            // What ends at once wakes its future, which is foreign code: the others begin anyhow.
            let started = catch_unwind(AssertUnwindSafe(|| write.start(ticket)));
            panic = panic.or(started.err());
        }
        self.starting.set(false);
        if let Some(panic) = panic
            && !thread::panicking()
        {
            resume_unwind(panic);
        }
    }

    fn next_turn(&self) -> Option<(u64, Rc<dyn Queued>)> {
        let mut writes = self.writes.borrow_mut();
        let free = |at: &usize| {
            let write: &Listed = &writes[*at];
            let earlier = &writes[..*at];
            write.queued.is_some() && !earlier.iter().any(|one| overlap(&one.range, &write.range))
        };
        let at = (0..writes.len()).find(free)?;
        let write = &mut writes[at];
        write.queued.take().map(|queued| (write.number, queued))
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writes = self.writes.borrow().len();
        f.debug_struct("Order").field("writes", &writes).finish_non_exhaustive()
    }
}

impl Ticket {
    /// Lists a write of `range` that begins now.
    pub(crate) fn new(order: &Rc<Order>, range: Range<u64>) -> Self {
        Self { order: Rc::clone(order), number: order.list(range, None) }
    }

    /// The place in the order of all writes.
    pub(crate) fn number(&self) -> u64 {
        self.number
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
    use super::{Order, Queued, Ticket, WHOLE, Wait};
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
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

    /// Keeps its ticket when it is started, or gives it back at once.
    #[derive(Default)]
    struct Probe {
        ends_at_once: bool,
        panics: bool,
        ticket: Cell<Option<Ticket>>,
    }

    impl Queued for Probe {
        fn start(self: Rc<Self>, ticket: Ticket) {
            assert!(!self.panics, "on purpose");
            self.ticket.set((!self.ends_at_once).then_some(ticket));
        }
    }

    #[test]
    fn what_overlaps_queues_and_begins_in_the_order_of_its_listing() {
        let order = Rc::new(Order::default());
        let first = Ticket::new(&order, 0..10);
        let [second, third, other] = [5..15, 8..20, 20..30].map(|range| {
            let probe = Rc::new(Probe::default());
            order.queue(range, probe.clone());
            probe
        });
        let started = |probe: &Probe| {
            let ticket = probe.ticket.take();
            let started = ticket.is_some();
            probe.ticket.set(ticket);
            started
        };
        drop(first);
        assert!(started(&second) && !started(&third), "the second one comes before the third");
        assert!(started(&other), "nothing overlaps it");
        drop(second.ticket.take());
        assert!(started(&third));
    }

    #[test]
    fn one_that_panics_when_it_begins_holds_no_other_one_back() {
        let order = Rc::new(Order::default());
        let first = Ticket::new(&order, WHOLE);
        order.queue(WHOLE, Rc::new(Probe { panics: true, ..Probe::default() }));
        let [second, third] = [0, 1].map(|_| {
            let probe = Rc::new(Probe::default());
            order.queue(WHOLE, probe.clone());
            probe
        });
        assert!(catch_unwind(AssertUnwindSafe(|| drop(first))).is_err(), "it is told");
        drop(second.ticket.take().expect("it begins"));
        assert!(third.ticket.take().is_some());
    }

    #[test]
    fn a_hundred_thousand_that_end_at_once_need_no_stack() {
        let order = Rc::new(Order::default());
        let first = Ticket::new(&order, WHOLE);
        for _ in 0..100_000 {
            order.queue(WHOLE, Rc::new(Probe { ends_at_once: true, ..Probe::default() }));
        }
        drop(first);
        assert!(order.is_settled(&WHOLE));
    }
}
