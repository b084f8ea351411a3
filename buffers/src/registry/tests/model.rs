//! What the registry should do, written without slots, generations or links.

use super::super::Answer;
use super::thing::Told;
use std::collections::VecDeque;

/// What can be done with one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Describes it; without a future if told so. Its answers give something, or nothing.
    Launch {
        detached: bool,
        gives: bool,
    },
    Undo,
    Complete(i32),
    More(i32),
    Bury,
    Cancel,
    CancelAgain,
    /// Polls with one of two wakers, and stores it if asked to.
    Poll(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Placed,
    InFlight { waker: Option<usize>, first: Option<Answer> },
    Done { answer: Answer, first: Option<Answer> },
    Detached,
    Buried { since: u32 },
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cancel {
    No,
    Wanted,
    Sent,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Nothing,
    /// This waker is to be woken.
    Wake(usize),
    /// This waker is to be dropped.
    Forget(usize),
    Stray,
    Pending,
    /// The waker given was stored; the one before came back.
    Stored(Option<usize>),
    /// The future has the answer, and the first one before it.
    Ended(Answer, Option<Answer>),
    /// It was adopted, with the first answer beside the last.
    Adopted(Option<Answer>),
    Item,
    Dead,
    Undone,
}

#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) state: State,
    gives: bool,
    cancel: Cancel,
    len: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) ops: Vec<Op>,
    /// Operations whose cancel is wanted.
    pub(super) cancels: VecDeque<usize>,
    /// Buried ones, the oldest first.
    pub(super) graves: VecDeque<usize>,
    pub(super) total: u64,
    pub(super) log: Vec<Told>,
}

pub(super) fn answer(result: i32) -> Answer {
    Answer { result, flags: 0 }
}

impl Model {
    pub(super) fn place(&mut self, len: u64) -> usize {
        self.ops.push(Op { state: State::Placed, gives: false, cancel: Cancel::No, len });
        self.ops.len() - 1
    }

    pub(super) fn in_flight(&self, op: usize) -> bool {
        use State::{Buried, Detached, InFlight};
        matches!(self.ops[op].state, InFlight { .. } | Detached | Buried { .. })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.graves.iter().map(|op| self.ops[*op].len).sum()
    }

    pub(super) fn oldest(&self) -> Option<u32> {
        self.graves.front().map(|op| match self.ops[*op].state {
            State::Buried { since } => since,
            other => panic!("{other:?} in the graveyard"),
        })
    }

    pub(super) fn next_cancel(&mut self) -> Option<usize> {
        let op = self.cancels.pop_front()?;
        self.ops[op].cancel = Cancel::Sent;
        Some(op)
    }

    fn want_cancel(&mut self, op: usize) {
        if self.in_flight(op) && self.ops[op].cancel == Cancel::No {
            self.ops[op].cancel = Cancel::Wanted;
            self.cancels.push_back(op);
        }
    }

    /// It has had its last answer.
    fn end(&mut self, op: usize, state: State) {
        self.ops[op].state = state;
        self.cancels.retain(|other| *other != op);
        self.graves.retain(|other| *other != op);
    }

    fn bury(&mut self, op: usize, now: u32) {
        self.ops[op].state = State::Buried { since: now };
        self.graves.push_back(op);
        self.total += 1;
        self.want_cancel(op);
    }

    fn adopt(&mut self, op: usize, answer: Answer, first: Option<Answer>) -> Outcome {
        self.end(op, State::Gone);
        self.log.extend([Told::Adopted(op, answer), Told::Dropped(op)]);
        Outcome::Adopted(first)
    }

    pub(super) fn step(&mut self, op: usize, step: Step, now: u32) -> Outcome {
        let state = self.ops[op].state;
        match (step, state) {
            (Step::Launch { detached, gives }, State::Placed) => {
                let in_flight = State::InFlight { waker: None, first: None };
                self.ops[op].state = if detached { State::Detached } else { in_flight };
                self.ops[op].gives = gives;
                Outcome::Nothing
            }
            (Step::Undo, State::Placed) => {
                self.end(op, State::Gone);
                self.log.extend([Told::Discarded(op), Told::Dropped(op)]);
                Outcome::Undone
            }
            (Step::Complete(result), State::InFlight { waker, first }) => {
                self.end(op, State::Done { answer: answer(result), first });
                waker.map_or(Outcome::Nothing, Outcome::Wake)
            }
            (Step::Complete(result), State::Detached | State::Buried { .. }) => {
                self.adopt(op, answer(result), None)
            }
            (Step::More(result), State::InFlight { .. }) if self.ops[op].gives => {
                self.log.push(Told::Item(op, answer(result)));
                Outcome::Item
            }
            (Step::More(result), State::InFlight { waker, first }) => {
                let first = first.or(Some(answer(result)));
                self.ops[op].state = State::InFlight { waker: None, first };
                waker.map_or(Outcome::Nothing, Outcome::Wake)
            }
            (Step::More(result), State::Detached | State::Buried { .. }) => {
                self.log.push(Told::Item(op, answer(result)));
                Outcome::Item
            }
            (Step::Complete(_) | Step::More(_), _) => Outcome::Stray,
            (Step::Bury, State::InFlight { .. } | State::Detached) => {
                self.bury(op, now);
                match state {
                    State::InFlight { waker: Some(waker), .. } => Outcome::Forget(waker),
                    _ => Outcome::Nothing,
                }
            }
            (Step::Bury, State::Done { answer, first }) => self.adopt(op, answer, first),
            (Step::Cancel, _) => {
                self.want_cancel(op);
                Outcome::Nothing
            }
            (Step::CancelAgain, _) => {
                if self.ops[op].cancel == Cancel::Sent {
                    self.ops[op].cancel = Cancel::No;
                }
                self.want_cancel(op);
                Outcome::Nothing
            }
            (Step::Poll(new), State::InFlight { waker: Some(old), .. }) if old == new => {
                Outcome::Pending
            }
            (Step::Poll(new), State::InFlight { waker, first }) => {
                self.ops[op].state = State::InFlight { waker: Some(new), first };
                Outcome::Stored(waker)
            }
            (Step::Poll(_), State::Done { answer, first }) => {
                self.end(op, State::Gone);
                self.log.push(Told::Dropped(op));
                Outcome::Ended(answer, first)
            }
            (Step::Poll(_), _) => Outcome::Dead,
            (Step::Launch { .. } | Step::Undo | Step::Bury, _) => Outcome::Nothing,
        }
    }
}
