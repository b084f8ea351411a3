//! What an `enter` completes: everything in flight is looked at, until nothing changes any more.

use super::faults::Fault;
use super::interpret::{self, Step};
use super::operation::{Operation, opcode};
use super::ring::Ring;
use super::world::State;
use crate::sys::Cqe;

impl Ring {
    /// Completes what can be completed, until a whole round changes nothing.
    pub(super) fn run(&mut self, state: &mut State) {
        self.unload();
        state.sweep();
        loop {
            state.close_unused();
            if state.scheduled
                && let Some(bid) = self.groups.look()
            {
                state.complain(format!("the provided buffer {bid} was given back twice"));
            }
            self.take_messages(state);
            self.seen = state.schedule.changes;
            self.looked = state.now();
            let mut progress = false;
            for index in self.order(state) {
                progress |= self.advance(state, index);
            }
            self.flying.retain(Option::is_some);
            if !progress {
                return;
            }
        }
    }

    /// In which order what is in flight is looked at.
    fn order(&self, state: &mut State) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.flying.len()).collect();
        if state.knobs.reverse {
            order.reverse();
        } else if order.len() > 1 && state.fault(Fault::Reorder) {
            for place in (1..order.len()).rev() {
                order.swap(place, state.rng.below(place as u64 + 1) as usize);
            }
        }
        order
    }

    /// Looks at one operation; true if it did something.
    fn advance(&mut self, state: &mut State, index: usize) -> bool {
        let Some(mut operation) = self.flying[index].take() else {
            return false;
        };
        let mut progress = false;
        loop {
            let step = match operation.doom {
                Some(step) => step,
                None if operation.cancels() => self.cancel(state, &operation.request, index),
                None if operation.limits() => self.limit(state, &operation),
                None => interpret::attempt(state, &mut operation, &mut self.groups),
            };
            match step {
                Step::Wait => {
                    progress |= self.begin_limit(state, &mut operation);
                    self.flying[index] = Some(operation);
                    return progress;
                }
                // A multishot operation does not outlive an overflow.
                Step::Item { result, flags } if self.is_full() => {
                    self.post(state, operation, Step::End { result, flags });
                    return true;
                }
                Step::Item { result, flags } if state.fault(Fault::MultishotEnd) => {
                    self.post(state, operation, Step::End { result, flags });
                    return true;
                }
                Step::Item { result, flags } => {
                    state.record("gives", operation.object.unwrap_or(0), i64::from(result));
                    let flags = flags | interpret::F_MORE;
                    self.show(state, Cqe { user_data: operation.user_data, result, flags });
                    progress = true;
                }
                Step::End { .. } => {
                    self.post(state, operation, step);
                    return true;
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.completions.len() >= self.caps.cq_entries as usize || self.overflowed()
    }

    /// Posts the last result of an operation; one that notifies stays in flight.
    pub(super) fn post(&mut self, state: &mut State, mut operation: Operation, step: Step) {
        let Step::End { result, flags } = step else { return };
        let untied = operation.untie(result);
        if let Some(flags) = operation.notified_later(state, result) {
            self.show(state, Cqe { user_data: operation.user_data, result, flags });
            self.flying.push(Some(operation));
        } else {
            self.post_last(state, operation, result, flags);
        }
        if let Some(untied) = untied {
            self.follow(state, untied);
        }
    }

    fn post_last(&mut self, state: &mut State, mut operation: Operation, result: i32, flags: u32) {
        // What an open or an accept gave is the number of a descriptor, which no seed decides.
        let opens = [opcode::ACCEPT, opcode::OPENAT, opcode::OPENAT2];
        let gives = opens.contains(&operation.request.opcode);
        operation.let_go(state, if gives { result.min(0) } else { result });
        self.timeouts += u64::from(operation.request.opcode == opcode::TIMEOUT);
        if !operation.says_nothing(result) {
            self.show(state, Cqe { user_data: operation.user_data, result, flags });
        }
    }

    pub(super) fn show(&mut self, state: &mut State, cqe: Cqe) {
        let full = self.is_full() || state.fault(Fault::SmallQueue);
        if full { self.overflow.push_back(cqe) } else { self.completions.push_back(cqe) }
    }

    /// Moves what overflowed into the queue, as far as there is room.
    fn unload(&mut self) {
        let room = (self.caps.cq_entries as usize).saturating_sub(self.completions.len());
        let count = room.min(self.overflow.len());
        self.completions.extend(self.overflow.drain(..count));
    }

    /// When something in flight may complete by itself.
    pub(super) fn next_alarm(&self, now: u64) -> Option<u64> {
        // What overflowed comes with the next look.
        let overflowed = self.overflowed().then_some(now);
        let alarms = self.flying.iter().flatten().filter_map(|operation| operation.alarm(now));
        alarms.chain(overflowed).min()
    }
}
