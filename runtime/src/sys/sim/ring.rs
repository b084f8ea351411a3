//! A ring on the simulated kernel.
//!
//! It does at completion time, and only inside an `enter` that posts completions, what the kernel
//! would do: write into the buffers, hand out descriptors, end multishot operations.
//!
//! # Invariants
//!
//! - **I1** What requests and buffer rings point to is valid until their end, as the callers of
//!   `push` and of `register_buf_ring` promise; what is not in flight any more is never touched
//!   again.
#![allow(unsafe_code, reason = "the same contract of `push` as the kernel's body")]

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use super::faults::Fault;
use super::fixed::Fixed;
use super::links::{self, LINKS};
use super::objects::Id;
use super::operation::{CQE_SKIP_SUCCESS, Operation, opcode};
use super::provided::Groups;
use super::wait::Goal;
use super::waker::RingWaker;
use super::world::{Here, Knobs, State};
use crate::caps::{Caps, setup};
use crate::start_error::StartError;
use crate::sys::{Cqe, Entered, IGNORE, Position, Request, RingConfig, Wait};

/// A ring whose kernel is the world of its thread.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(super) here: Here,
    pub(super) caps: Caps,
    pub(super) waker: RingWaker,
    closed: bool,
    /// Submissions that `enter` has not taken yet.
    queued: VecDeque<(Request, u64)>,
    /// All submissions ever pushed.
    pushed: u64,
    /// What is in flight; a hole while one is looked at, and after it has ended.
    pub(super) flying: Vec<Option<Operation>>,
    pub(super) groups: Groups,
    fixed: Fixed,
    pub(super) completions: VecDeque<Cqe>,
    /// Completions that found the queue full.
    pub(super) overflow: VecDeque<Cqe>,
    /// The state of the world that was seen last.
    pub(super) seen: u64,
    /// When what is in flight was looked at last.
    pub(super) looked: u64,
    /// Link timeouts that ever began.
    pub(super) limits: u64,
    /// Timeouts that ever ended: each ends a wait.
    pub(super) timeouts: u64,
    /// Where others send messages to.
    pub(super) inbox: Option<Id>,
}

/// How an `enter` begins.
enum Begun {
    /// All was taken.
    All,
    /// It comes back at once with this.
    Over(Entered),
}

impl Ring {
    /// Starts a ring.
    pub(crate) fn start(config: &RingConfig) -> Result<Self, StartError> {
        let here = Here::or_free();
        Ok(Self {
            caps: super::start::start(&here, config)?,
            waker: RingWaker::new(&here),
            here,
            closed: false,
            queued: VecDeque::new(),
            pushed: 0,
            flying: Vec::new(),
            groups: Groups::default(),
            fixed: Fixed::default(),
            completions: VecDeque::new(),
            overflow: VecDeque::new(),
            seen: 0,
            looked: 0,
            limits: 0,
            timeouts: 0,
            inbox: None,
        })
    }

    /// Whether completions are posted only where the ring is entered for them.
    fn defers(&self) -> bool {
        self.caps.flags_granted & setup::DEFER_TASKRUN != 0
    }

    /// What is there.
    pub(crate) fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Submissions that fit before the next `enter`.
    pub(crate) fn room(&self) -> u32 {
        if self.closed { 0 } else { self.caps.sq_entries - self.queued() }
    }

    /// Queues a submission; none if the queue is full (or the ring closed).
    ///
    /// # Safety
    ///
    /// As of the kernel's body.
    pub(crate) unsafe fn push(&mut self, request: &Request, user_data: u64) -> Option<Position> {
        if self.room() == 0 {
            return None;
        }
        self.queued.push_back((*request, user_data));
        self.pushed += 1;
        Some(Position(self.pushed - 1))
    }

    /// Takes back a submission that `enter` has not taken.
    pub(crate) fn take_back(&mut self, position: Position) -> bool {
        let taken = self.pushed - u64::from(self.queued());
        let index = position.0.checked_sub(taken).and_then(|index| usize::try_from(index).ok());
        let Some(slot) = index.and_then(|index| self.queued.get_mut(index)) else {
            return false;
        };
        let mut nothing = Request::new(opcode::NOP);
        nothing.flags = CQE_SKIP_SUCCESS | slot.0.flags & LINKS;
        *slot = (nothing, IGNORE);
        true
    }

    /// Submissions that `enter` has not taken.
    pub(crate) fn queued(&self) -> u32 {
        u32::try_from(self.queued.len()).expect("bounded by `room`")
    }

    /// Takes everything that is queued; unless it only flushes, completes what is ready, and waits
    /// as told.
    ///
    /// # Panics
    ///
    /// If the simulation has failed: the first core unwinds.
    pub(crate) fn enter(&mut self, wait: Wait<'_>) -> io::Result<Entered> {
        if self.closed {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        if wait != Wait::Flush {
            self.here.tick();
            self.may_unwind();
        }
        let here = self.here.clone();
        let timeouts = self.timeouts;
        let begun = here.with(|state| self.begin(state, wait));
        if let Begun::Over(entered) = begun {
            return Ok(entered);
        }
        if matches!(wait, Wait::Batch(_)) && !here.with(|state| state.kernel.waits_for_several()) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let Some(goal) = here.with(|state| Goal::of(wait, self.caps.cq_entries, state)) else {
            if !self.defers() {
                here.with(|state| self.run(state));
            }
            return Ok(Entered::Fine);
        };
        loop {
            let (now, alarm) = here.with(|state| {
                self.run(state);
                (state.now(), self.next_alarm(state.now()))
            });
            let ended = goal.is_reached(self.completions.len(), now) || self.timeouts != timeouts;
            if ended || goal.may_end(now) && self.waker.take() {
                return Ok(Entered::Fine);
            }
            self.wait(goal.next(now, alarm));
            self.may_unwind();
        }
    }

    /// Unwinds if the simulation has failed, or this host has lost its power.
    fn may_unwind(&self) {
        if let Some(why) = self.here.must_end() {
            panic!("the simulation has failed: {why}");
        }
        super::host::unwind_if_killed(&self.here);
    }

    /// Takes what is queued.
    fn begin(&mut self, state: &mut State, wait: Wait<'_>) -> Begun {
        let mut count = self.queued.len();
        if count > 0 && state.fault(Fault::EnterAgain) {
            return Begun::Over(Entered::ReapFirst);
        }
        if wait != Wait::Flush && state.fault(Fault::Poisoned) {
            if let Some(lost) = self.flying.iter_mut().flatten().next() {
                lost.stuck = true;
            }
            return Begun::Over(Entered::Poisoned);
        }
        let short = count > 1 && wait != Wait::Flush && state.fault(Fault::ShortSubmit);
        if short {
            count = 1 + state.rng.below(count as u64 - 1) as usize;
        }
        let stops = self.caps.flags_granted & setup::SUBMIT_ALL == 0;
        let mut linked = false;
        for taken in 1..=count {
            let Some((request, user_data)) = self.queued.pop_front() else { break };
            // SAFETY: I1.
            let operation = unsafe { Operation::take(request, user_data, self.here.host, state) };
            let operation = self.fixed.check(state, operation);
            let refused = operation.invalid.is_some();
            linked = links::line_up(&mut self.flying, state, operation, linked);
            if stops && refused && taken < count {
                // The rest of the batch waits for the next `enter`.
                return Begun::Over(Entered::Fine);
            }
        }
        if short {
            return Begun::Over(Entered::Fine);
        }
        if matches!(wait, Wait::Until(_) | Wait::Batch(_)) {
            if state.fault(Fault::SpuriousReturn) {
                return Begun::Over(Entered::Fine);
            }
            let full = self.completions.len() >= self.caps.cq_entries as usize;
            if full && self.overflowed() && state.kernel.refuses_overflowed_waits() {
                return Begun::Over(Entered::ReapFirst);
            }
        }
        Begun::All
    }

    /// Whether an `enter` would have something to do or to show.
    pub(crate) fn has_work(&self) -> bool {
        if self.closed {
            return !self.completions.is_empty() || self.overflowed();
        }
        self.here.tick();
        !self.completions.is_empty()
            || self.overflowed()
            || self.here.with(|state| {
                state.sweep();
                state.schedule.changes != self.seen || self.is_due(state)
            })
    }

    fn is_due(&self, state: &State) -> bool {
        // What was due before has been looked at, and waits for something else.
        let due = |at: u64| self.looked < at && at <= state.now();
        let is_due =
            |flying: &Operation| flying.deadline.is_some_and(due) || due(flying.not_before);
        self.flying.iter().flatten().any(is_due)
    }

    /// Whether completions found the queue full.
    pub(crate) fn overflowed(&self) -> bool {
        !self.overflow.is_empty()
    }

    /// Moves at most `max` completions to the end of `out`, and says how many.
    pub(crate) fn reap(&mut self, out: &mut Vec<Cqe>, max: usize) -> usize {
        if !self.defers() && !self.closed {
            // They come at any time, this one too.
            let here = self.here.clone();
            here.with(|state| self.run(state));
        }
        let count = self.completions.len().min(max);
        out.extend(self.completions.drain(..count));
        count
    }

    /// Lets receives pick buffers from the ring of `entries` buffer entries at `ring_addr`.
    ///
    /// # Safety
    ///
    /// As of the kernel's body.
    pub(crate) unsafe fn register_buf_ring(
        &mut self,
        group: u16,
        ring_addr: *mut u8,
        entries: u16,
        incremental: bool,
    ) -> io::Result<()> {
        if incremental && !self.here.with(|state| state.kernel.is_incremental()) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        if self.here.with(|state| state.fault(Fault::RegisterError)) {
            let errnos = [libc::ENOMEM, libc::EBUSY, libc::EEXIST, libc::EPERM];
            let errno = self.here.with(|state| state.one_of(&errnos));
            return Err(io::Error::from_raw_os_error(errno));
        }
        // SAFETY: I1.
        unsafe { self.groups.register(group, ring_addr, entries, incremental) }
    }

    /// Ends the registration.
    pub(crate) fn unregister_buf_ring(&mut self, group: u16) -> io::Result<()> {
        if !self.groups.unwatch(group) {
            self.here.with(|state| state.complain(WRITTEN.into()));
        }
        self.groups.unregister(group)
    }

    /// Registers a stretch of memory.
    ///
    /// # Safety
    ///
    /// As of the kernel's body.
    pub(crate) unsafe fn register_fixed(&mut self, at: u16, region: *mut [u8]) -> io::Result<()> {
        self.here.with(|state| self.fixed.register(state, at, region))
    }

    /// Empties a place of the table, which no operation may name just then.
    pub(crate) fn unregister_fixed(&mut self, at: u16) -> io::Result<()> {
        self.here.with(|state| self.fixed.unregister(state, at, &self.flying))
    }

    /// A handle that ends the owner's waiting.
    pub(crate) fn waker(&self) -> RingWaker {
        self.waker.clone()
    }

    /// Forgets everything in flight, and turns the knobs back. Nothing is written after this.
    pub(crate) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.queued.clear();
        self.groups.clear();
        let flying = std::mem::take(&mut self.flying);
        self.here.with(|state| {
            let mut left = Vec::new();
            for mut operation in flying.into_iter().flatten().flat_map(Operation::unchained) {
                // What was taken back, and cancels, hold nothing, and nobody waits for them.
                let counts = !operation.cancels() && operation.user_data != IGNORE;
                if counts && !operation.stuck {
                    left.push(operation.request.opcode);
                }
                if operation.stuck && state.scheduled {
                    state.ghosts.push(std::mem::take(&mut operation.memory));
                }
                operation.let_go(state, -libc::EOWNERDEAD);
            }
            if !left.is_empty() && state.scheduled {
                let count = left.len();
                state.complain(format!(
                    "a ring was closed with {count} operations in flight: {left:?}"
                ));
            }
            self.close_inbox(state);
            state.knobs = Knobs::default();
            state.objects.each_mut().for_each(|object| object.held = false);
            state.touch();
        });
    }
}

/// What is told of a provided buffer.
pub(super) const WRITTEN: &str = "a provided buffer was written to while it lay in the ring";

impl Drop for Ring {
    fn drop(&mut self) {
        self.close();
    }
}

/// The clock of the thread's world, or the machine's.
pub(in crate::sys) fn now() -> Instant {
    match Here::get().filter(|here| here.world.scheduled) {
        Some(here) => here.with(State::read_clock),
        None => Instant::now(),
    }
}
