//! The life of one operation in flight: a state machine and nothing else.
//!
//! ```text
//!             1 launch                2 complete              3 take
//! (placed) ─────────────▶ InFlight ────────────────▶ Done ─────────────▶ (finishing) ─▶ (vacant)
//!      │                     │                        │                       ▲
//!      │ 1 launch,           │ 4 bury                 │ 5 bury: adopt at once │
//!      │   detached          ▼                        └───────────────────────┤
//!      └─────────────────▶ Buried ────────────────────────────────────────────┘
//!                       (or Detached)           6 complete: adopt
//! ```
//!
//! `more` (an answer that is not the last one) leaves the state as it is: an item for a detached or
//! buried operation, the first answer for one whose future waits.
//! Transitions only decide; what they return is done by the caller, after its borrow has ended,
//! because wakers and adoption run other people's code.

use core::task::Waker;

/// What the kernel said: a result (an errno below zero) and flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The result, or an errno below zero.
    pub result: i32,
    /// The kernel's flags beside it.
    pub flags: u32,
}

/// Where an operation stands.
#[derive(Debug)]
pub(super) enum State {
    /// In its slot; its description is not made yet.
    Placed,
    /// The kernel has it, and a future waits (or will).
    InFlight { waker: Option<Waker>, first: Option<Answer> },
    /// The last answer is here, not yet taken.
    Done { answer: Answer, first: Option<Answer> },
    /// Submitted without a future: its answers go to its handler.
    Detached,
    /// Its future is gone: its last answer will be adopted.
    Buried,
    /// The last answer is being handed over; other people's code runs.
    Finishing,
    /// No operation at all.
    Vacant,
}

/// What has to be done after a transition, with no borrow held.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Nothing,
    /// The operation's future wants to know.
    Wake,
    /// Nobody waits: run the handler for the last answer, and free the slot.
    Adopt(Answer),
    /// Nobody waits: run the handler for an answer that is not the last one.
    Item(Answer),
    /// This operation expects no answer (any more).
    Stray,
}

impl State {
    /// Edges 2 and 6: the last answer. The waker of `Wake` is in `waker_out`.
    pub(super) fn complete(&mut self, answer: Answer, waker_out: &mut Option<Waker>) -> Action {
        match self {
            Self::InFlight { waker, first } => {
                *waker_out = waker.take();
                *self = Self::Done { answer, first: *first };
                Action::Wake
            }
            Self::Detached | Self::Buried => {
                *self = Self::Finishing;
                Action::Adopt(answer)
            }
            Self::Placed | Self::Done { .. } | Self::Finishing | Self::Vacant => Action::Stray,
        }
    }

    /// An answer that is not the last one. One that `gives` something is no first answer of an
    /// operation whose future waits: nobody would take the gift, so the handler is to release it.
    pub(super) fn more(
        &mut self,
        answer: Answer,
        gives: bool,
        waker_out: &mut Option<Waker>,
    ) -> Action {
        match self {
            Self::InFlight { .. } if gives => Action::Item(answer),
            Self::InFlight { waker, first } => {
                first.get_or_insert(answer);
                *waker_out = waker.take();
                Action::Wake
            }
            Self::Detached | Self::Buried => Action::Item(answer),
            Self::Placed | Self::Done { .. } | Self::Finishing | Self::Vacant => Action::Stray,
        }
    }

    /// Edges 4 and 5: the future is gone, or the owner of a detached operation.
    /// A waker that nobody needs any more is in `waker_out`.
    pub(super) fn bury(&mut self, waker_out: &mut Option<Waker>) -> Action {
        match self {
            Self::InFlight { waker, .. } => {
                *waker_out = waker.take();
                *self = Self::Buried;
                Action::Nothing
            }
            Self::Detached => {
                *self = Self::Buried;
                Action::Nothing
            }
            Self::Done { answer, .. } => {
                let answer = *answer;
                *self = Self::Finishing;
                Action::Adopt(answer)
            }
            Self::Placed | Self::Buried | Self::Finishing | Self::Vacant => Action::Nothing,
        }
    }

    /// Edge 3: the future takes the last answer.
    pub(super) fn take(&mut self) -> Option<Answer> {
        let Self::Done { answer, .. } = self else { return None };
        let answer = *answer;
        *self = Self::Finishing;
        Some(answer)
    }

    /// The first answer of an operation that gives several, its future still waiting.
    pub(super) fn first(&self) -> Option<Answer> {
        match self {
            Self::InFlight { first, .. } | Self::Done { first, .. } => *first,
            _ => None,
        }
    }

    /// Whether the kernel may still have it.
    pub(super) fn is_in_flight(&self) -> bool {
        matches!(self, Self::InFlight { .. } | Self::Detached | Self::Buried)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Answer, State};

    const YES: Answer = Answer { result: 1, flags: 0 };

    fn state(of: &str) -> State {
        match of {
            "placed" => State::Placed,
            "in flight" => State::InFlight { waker: None, first: None },
            "done" => State::Done { answer: YES, first: None },
            "detached" => State::Detached,
            "buried" => State::Buried,
            "finishing" => State::Finishing,
            _ => State::Vacant,
        }
    }

    #[test]
    fn every_edge_leads_where_the_diagram_says() {
        let mut out = None;
        let cases: [(&str, Action, Action, Action); 7] = [
            ("placed", Action::Stray, Action::Stray, Action::Nothing),
            ("in flight", Action::Wake, Action::Wake, Action::Nothing),
            ("done", Action::Stray, Action::Stray, Action::Adopt(YES)),
            ("detached", Action::Adopt(YES), Action::Item(YES), Action::Nothing),
            ("buried", Action::Adopt(YES), Action::Item(YES), Action::Nothing),
            ("finishing", Action::Stray, Action::Stray, Action::Nothing),
            ("vacant", Action::Stray, Action::Stray, Action::Nothing),
        ];
        for (from, complete, more, bury) in cases {
            assert_eq!(state(from).complete(YES, &mut out), complete, "{from} complete");
            assert_eq!(state(from).more(YES, false, &mut out), more, "{from} more");
            assert_eq!(state(from).bury(&mut out), bury, "{from} bury");
            assert_eq!(state(from).take().is_some(), from == "done", "{from} take");
        }
    }

    #[test]
    fn an_answer_with_a_gift_is_released_although_a_future_waits() {
        let (mut state, mut out) = (state("in flight"), None);
        assert_eq!(state.more(YES, true, &mut out), Action::Item(YES));
        assert_eq!(state.first(), None);
    }

    #[test]
    fn the_first_answer_stays_when_the_last_one_comes() {
        let (mut state, mut out) = (state("in flight"), None);
        let notified = Answer { result: 0, flags: 8 };
        assert_eq!(state.more(YES, false, &mut out), Action::Wake);
        assert_eq!(state.complete(notified, &mut out), Action::Wake);
        assert_eq!(state.first(), Some(YES));
        assert_eq!(state.take(), Some(notified));
    }
}
