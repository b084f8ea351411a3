//! A ring in memory: small, deterministic, without a kernel, so that Miri can follow every write.
//!
//! It does at completion time, and only inside an `enter` that posts completions, what the kernel
//! would do: write into the buffers, hand out descriptors, end multishot operations. Read in this
//! order: `world` (descriptors), `stream`, `touch` (foreign memory), `provided`, `operation` (what
//! is in flight), `interpret` (what each operation does), `cancel`, `waker`, and `sim` (what tests
//! turn).
//!
//! Not modelled: links, drains, registered files and buffers, zero-copy sends, paths and addresses.
//!
//! # Invariants
//!
//! - **I1** What requests and buffer rings point to is valid until their end, as the callers of
//!   `push` and of `register_buf_ring` promise; what is not in flight any more is never touched
//!   again.
#![allow(unsafe_code, reason = "the same contract of `push` as the kernel's body")]

mod world;
mod stream;
mod touch;
mod provided;
mod operation;
mod interpret;
mod cancel;
mod waker;
pub mod sim;

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use crate::caps::{Caps, Opcodes, feature, setup};
use crate::config::{CQ_ENTRIES_MAX, SQ_ENTRIES_MAX};
use crate::sys::{Cqe, Entered, IGNORE, Position, Release, Request, RingConfig, Wait};
use interpret::Step;
use operation::{CQE_SKIP_SUCCESS, Operation, opcode};
use provided::Groups;
pub(crate) use waker::RingWaker;
use world::World;

/// A ring whose kernel is the [`World`] of its thread.
#[derive(Debug)]
pub(crate) struct Ring {
    caps: Caps,
    waker: RingWaker,
    closed: bool,
    /// Submissions that `enter` has not taken yet.
    queued: VecDeque<(Request, u64)>,
    /// All submissions ever pushed.
    pushed: u64,
    /// What is in flight; a hole while one is looked at, and after it has ended.
    flying: Vec<Option<Operation>>,
    groups: Groups,
    completions: VecDeque<Cqe>,
    /// Completions that found the queue full.
    overflow: VecDeque<Cqe>,
    /// The state of the world that was seen last.
    seen: u64,
}

impl Ring {
    /// Starts a ring; nothing can fail.
    pub(crate) fn start(config: &RingConfig) -> Self {
        let sq_entries = config.sq_entries.clamp(1, SQ_ENTRIES_MAX).next_power_of_two();
        let cq_entries = config.cq_entries.clamp(sq_entries, CQ_ENTRIES_MAX).next_power_of_two();
        let mut opcodes = Opcodes::default();
        opcode::ALL.into_iter().for_each(|opcode| opcodes.add(opcode));
        let flags = setup::SINGLE_ISSUER | setup::DEFER_TASKRUN | setup::TASKRUN_FLAG;
        let caps = Caps {
            release: Release { name: "6.1.0-memory".into(), version: (6, 1, 0) },
            flags_granted: flags | setup::SUBMIT_ALL | setup::CQSIZE | setup::CLAMP,
            flags_refused: setup::NO_SQARRAY,
            feature_bits: feature::REQUIRED,
            opcodes,
            sq_entries,
            cq_entries,
            sq_entries_asked: sq_entries,
            ring_fd_registered: false,
            io_workers_limited: false,
        };
        Self {
            caps,
            waker: RingWaker::new(),
            closed: false,
            queued: VecDeque::new(),
            pushed: 0,
            flying: Vec::new(),
            groups: Groups::default(),
            completions: VecDeque::new(),
            overflow: VecDeque::new(),
            seen: 0,
        }
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
        nothing.flags = CQE_SKIP_SUCCESS;
        *slot = (nothing, IGNORE);
        true
    }

    /// Submissions that `enter` has not taken.
    pub(crate) fn queued(&self) -> u32 {
        u32::try_from(self.queued.len()).expect("bounded by `room`")
    }

    /// Takes everything that is queued; unless it only flushes, completes what is ready, and waits
    /// as told.
    pub(crate) fn enter(&mut self, wait: Wait) -> io::Result<Entered> {
        if self.closed {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        for (request, user_data) in std::mem::take(&mut self.queued) {
            // SAFETY: I1.
            let operation = unsafe { Operation::take(request, user_data) };
            self.flying.push(Some(operation));
        }
        let deadline = match wait {
            Wait::Flush => return Ok(Entered::Fine),
            Wait::No => {
                self.run();
                return Ok(Entered::Fine);
            }
            Wait::Until(longest) => longest.map(|longest| Instant::now().checked_add(longest)),
        };
        // None: without end. What overflows the clock is without end as well.
        let deadline = deadline.flatten();
        loop {
            self.run();
            let now = Instant::now();
            let over = deadline.is_some_and(|deadline| deadline <= now);
            if !self.completions.is_empty() || over || self.waker.take() {
                return Ok(Entered::Fine);
            }
            let next = [deadline, self.next_timeout()].into_iter().flatten().min();
            self.waker.wait(next.map(|next| next.saturating_duration_since(now)));
        }
    }

    /// Whether an `enter` would have something to do or to show.
    pub(crate) fn has_work(&self) -> bool {
        let due = || self.next_timeout().is_some_and(|due| due <= Instant::now());
        !self.completions.is_empty()
            || self.overflowed()
            || !self.closed && (World::changes() != self.seen || due())
    }

    /// Whether completions found the queue full.
    pub(crate) fn overflowed(&self) -> bool {
        !self.overflow.is_empty()
    }

    /// Moves at most `max` completions to the end of `out`, and says how many.
    pub(crate) fn reap(&mut self, out: &mut Vec<Cqe>, max: usize) -> usize {
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
    ) -> io::Result<()> {
        // SAFETY: I1.
        unsafe { self.groups.register(group, ring_addr, entries) }
    }

    /// Ends the registration.
    pub(crate) fn unregister_buf_ring(&mut self, group: u16) -> io::Result<()> {
        self.groups.unregister(group)
    }

    /// A handle that ends the owner's waiting.
    pub(crate) fn waker(&self) -> RingWaker {
        self.waker.clone()
    }

    /// Forgets everything in flight, and turns the knobs back. Nothing is written after this.
    pub(crate) fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.queued.clear();
            self.flying.clear();
            self.groups = Groups::default();
            World::turn_back();
        }
    }

    /// Completes what can be completed, until a whole round changes nothing.
    fn run(&mut self) {
        self.unload();
        loop {
            self.seen = World::changes();
            let reverse = World::knobs().reverse;
            let mut progress = false;
            for step in 0..self.flying.len() {
                let index = if reverse { self.flying.len() - 1 - step } else { step };
                progress |= self.advance(index);
            }
            self.flying.retain(Option::is_some);
            if !progress {
                return;
            }
        }
    }

    /// Looks at one operation; true if it did something.
    fn advance(&mut self, index: usize) -> bool {
        let Some(mut operation) = self.flying[index].take() else {
            return false;
        };
        let mut progress = false;
        loop {
            let step = if operation.cancels() {
                self.cancel(&operation, index)
            } else {
                interpret::attempt(&mut operation, &mut self.groups)
            };
            match step {
                Step::Wait => {
                    self.flying[index] = Some(operation);
                    return progress;
                }
                // A multishot operation does not outlive an overflow.
                Step::Item { .. } if self.is_full() => {
                    self.post(&operation, step);
                    return true;
                }
                Step::Item { .. } => {
                    self.post(&operation, step);
                    progress = true;
                }
                Step::End { .. } => {
                    self.post(&operation, step);
                    return true;
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.completions.len() >= self.caps.cq_entries as usize || self.overflowed()
    }

    fn post(&mut self, operation: &Operation, step: Step) {
        let full = self.is_full();
        let (result, flags) = match step {
            Step::Wait => return,
            Step::Item { result, flags } if full => (result, flags),
            Step::Item { result, flags } => (result, flags | interpret::F_MORE),
            Step::End { result, .. } if operation.is_silent() && result >= 0 => return,
            Step::End { result, flags } => (result, flags),
        };
        let cqe = Cqe { user_data: operation.user_data, result, flags };
        if full { self.overflow.push_back(cqe) } else { self.completions.push_back(cqe) }
    }

    /// Moves what overflowed into the queue, as far as there is room.
    fn unload(&mut self) {
        let room = (self.caps.cq_entries as usize).saturating_sub(self.completions.len());
        let count = room.min(self.overflow.len());
        self.completions.extend(self.overflow.drain(..count));
    }

    fn next_timeout(&self) -> Option<Instant> {
        self.flying.iter().flatten().filter_map(|operation| operation.deadline).min()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
