//! What the registry should do, written without slots, generations or links.

use super::super::Answer;
use super::thing::Told;
use std::collections::VecDeque;

/// What can be done with one operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Describes it; without a future if told so. Its result is its last answer, or comes before.
    Launch {
        detached: bool,
        notified: bool,
    },
    Undo,
    Complete(i32),
    More(i32),
    Bury,
    Cancel,
    CancelAgain,
    /// Polls with one of two wakers, and stores it if asked to.
    Poll(usize),
    /// The same, for the result alone.
    PollResult(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    Placed,
    InFlight { waker: Option<usize> },
    Done { answer: Answer },
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
    /// The future has the operation, which ended with this.
    Ended(Answer),
    /// The future has the result.
    Result(Answer),
    Adopted,
    Item,
    Dead,
    Undone,
}

#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) state: State,
    notified: bool,
    /// It came before the last answer.
    result: Option<Answer>,
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
    /// Those of them that have their result.
    pub(super) notifying: Vec<usize>,
    pub(super) total: u64,
    pub(super) log: Vec<Told>,
}

pub(super) fn answer(result: i32) -> Answer {
    Answer { result, flags: 0 }
}

impl Model {
    pub(super) fn place(&mut self, len: u64) -> usize {
        let (state, cancel) = (State::Placed, Cancel::No);
        self.ops.push(Op { state, notified: false, result: None, cancel, len });
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
        let ended = self.ops[op].result.is_some();
        if self.in_flight(op) && !ended && self.ops[op].cancel == Cancel::No {
            self.ops[op].cancel = Cancel::Wanted;
            self.cancels.push_back(op);
        }
    }

    /// It has had its last answer.
    fn end(&mut self, op: usize, state: State) {
        self.ops[op].state = state;
        self.cancels.retain(|other| *other != op);
        self.graves.retain(|other| *other != op);
        self.notifying.retain(|other| *other != op);
    }

    fn bury(&mut self, op: usize, now: u32) {
        self.ops[op].state = State::Buried { since: now };
        if self.ops[op].result.is_some() {
            self.notifying.push(op);
            return;
        }
        self.graves.push_back(op);
        self.total += 1;
        self.want_cancel(op);
    }

    fn adopt(&mut self, op: usize, answer: Answer) -> Outcome {
        self.end(op, State::Gone);
        self.log.extend([Told::Adopted(op, answer), Told::Dropped(op)]);
        Outcome::Adopted
    }

    /// The result comes before the last answer.
    fn result(&mut self, op: usize, result: i32) {
        self.ops[op].result = Some(answer(result));
        self.cancels.retain(|other| *other != op);
        if let State::Buried { .. } = self.ops[op].state {
            self.graves.retain(|other| *other != op);
            self.notifying.push(op);
        }
    }

    fn more(&mut self, op: usize, result: i32) -> Outcome {
        if !self.ops[op].notified || self.ops[op].result.is_some() {
            self.log.push(Told::Item(op, answer(result)));
            return Outcome::Item;
        }
        let state = self.ops[op].state;
        self.result(op, result);
        match state {
            State::InFlight { waker: Some(waker) } => {
                self.ops[op].state = State::InFlight { waker: None };
                Outcome::Wake(waker)
            }
            _ => Outcome::Nothing,
        }
    }

    pub(super) fn step(&mut self, op: usize, step: Step, now: u32) -> Outcome {
        let state = self.ops[op].state;
        match (step, state) {
            (Step::Launch { detached, notified }, State::Placed) => {
                let in_flight = State::InFlight { waker: None };
                self.ops[op].state = if detached { State::Detached } else { in_flight };
                self.ops[op].notified = notified;
                Outcome::Nothing
            }
            (Step::Undo, State::Placed) => {
                self.end(op, State::Gone);
                self.log.extend([Told::Discarded(op), Told::Dropped(op)]);
                Outcome::Undone
            }
            (Step::Complete(last), State::InFlight { waker }) => {
                let answer = self.ops[op].result.unwrap_or(answer(last));
                self.end(op, State::Done { answer });
                waker.map_or(Outcome::Nothing, Outcome::Wake)
            }
            (Step::Complete(last), State::Detached | State::Buried { .. }) => {
                self.adopt(op, self.ops[op].result.unwrap_or(answer(last)))
            }
            (
                Step::More(result),
                State::InFlight { .. } | State::Detached | State::Buried { .. },
            ) => self.more(op, result),
            (Step::Complete(_) | Step::More(_), _) => Outcome::Stray,
            (Step::Bury, State::InFlight { .. } | State::Detached) => {
                self.bury(op, now);
                match state {
                    State::InFlight { waker: Some(waker) } => Outcome::Forget(waker),
                    _ => Outcome::Nothing,
                }
            }
            (Step::Bury, State::Done { answer }) => self.adopt(op, answer),
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
            (Step::PollResult(_), State::Done { answer }) => Outcome::Result(answer),
            (Step::PollResult(_), State::InFlight { .. }) if self.ops[op].result.is_some() => {
                self.ops[op].result.map_or(Outcome::Nothing, Outcome::Result)
            }
            (Step::Poll(new) | Step::PollResult(new), State::InFlight { waker: Some(old) })
                if old == new =>
            {
                Outcome::Pending
            }
            (Step::Poll(new) | Step::PollResult(new), State::InFlight { waker }) => {
                self.ops[op].state = State::InFlight { waker: Some(new) };
                Outcome::Stored(waker)
            }
            (Step::Poll(_), State::Done { answer }) => {
                self.end(op, State::Gone);
                self.log.push(Told::Dropped(op));
                Outcome::Ended(answer)
            }
            (Step::Poll(_) | Step::PollResult(_), _) => Outcome::Dead,
            (Step::Launch { .. } | Step::Undo | Step::Bury, _) => Outcome::Nothing,
        }
    }
}
