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
//! `more` (an answer that is not the last one) leaves the state as it is. It is an item for the
//! handler, except of an operation that is *notified*: there it is the result, which comes early,
//! and the last answer says only that the kernel has let go. The result is kept beside the state
//! (`Early`), and is what the operation is ended with.
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
    InFlight { waker: Option<Waker>, early: Early },
    /// The last answer is here, and the result not yet taken.
    Done { answer: Answer },
    /// Submitted without a future: its answers go to its handler.
    Detached { early: Early },
    /// Its future is gone: its result will be adopted.
    Buried { early: Early },
    /// The last answer is being handed over; other people's code runs.
    Finishing,
    /// No operation at all.
    Vacant,
}

/// The result of an operation in flight, if it comes before the last answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// It does not: the last answer is the result.
    Never,
    /// It will.
    Expected,
    /// It has: the kernel only has to let go. Of such a result the flags say nothing.
    Here(i32),
}

const _: () = assert!(size_of::<State>() == 24, "it lies in every record");

impl Early {
    /// What the operation ends with.
    fn or(self, last: Answer) -> Answer {
        if let Self::Here(result) = self { Answer { result, flags: 0 } } else { last }
    }
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
            Self::InFlight { waker, early } => {
                *waker_out = waker.take();
                *self = Self::Done { answer: early.or(answer) };
                Action::Wake
            }
            Self::Detached { early } | Self::Buried { early } => {
                let answer = early.or(answer);
                *self = Self::Finishing;
                Action::Adopt(answer)
            }
            Self::Placed | Self::Done { .. } | Self::Finishing | Self::Vacant => Action::Stray,
        }
    }

    /// An answer that is not the last one: the result, or an item. One that nobody expects is an
    /// item as well, so that what it gives is released.
    pub(super) fn more(&mut self, answer: Answer, waker_out: &mut Option<Waker>) -> Action {
        match self {
            Self::InFlight { waker, early: early @ Early::Expected } => {
                *early = Early::Here(answer.result);
                *waker_out = waker.take();
                Action::Wake
            }
            Self::Detached { early: early @ Early::Expected }
            | Self::Buried { early: early @ Early::Expected } => {
                *early = Early::Here(answer.result);
                Action::Nothing
            }
            Self::InFlight { .. } | Self::Detached { .. } | Self::Buried { .. } => {
                Action::Item(answer)
            }
            Self::Placed | Self::Done { .. } | Self::Finishing | Self::Vacant => Action::Stray,
        }
    }

    /// Edges 4 and 5: the future is gone, or the owner of a detached operation.
    /// A waker that nobody needs any more is in `waker_out`.
    pub(super) fn bury(&mut self, waker_out: &mut Option<Waker>) -> Action {
        match self {
            Self::InFlight { waker, early } => {
                *waker_out = waker.take();
                *self = Self::Buried { early: *early };
                Action::Nothing
            }
            Self::Detached { early } => {
                *self = Self::Buried { early: *early };
                Action::Nothing
            }
            Self::Done { answer } => {
                let answer = *answer;
                *self = Self::Finishing;
                Action::Adopt(answer)
            }
            Self::Placed | Self::Buried { .. } | Self::Finishing | Self::Vacant => Action::Nothing,
        }
    }

    /// Edge 3: the future takes the result.
    pub(super) fn take(&mut self) -> Option<Answer> {
        let Self::Done { answer } = self else { return None };
        let answer = *answer;
        *self = Self::Finishing;
        Some(answer)
    }

    /// The result, if its future waits, whether or not the kernel has let go.
    pub(super) fn result(&self) -> Option<Answer> {
        match self {
            Self::InFlight { early: Early::Here(result), .. } => {
                Some(Answer { result: *result, flags: 0 })
            }
            Self::Done { answer } => Some(*answer),
            _ => None,
        }
    }

    /// Whether the kernel may still have it.
    pub(super) fn is_in_flight(&self) -> bool {
        matches!(self, Self::InFlight { .. } | Self::Detached { .. } | Self::Buried { .. })
    }

    /// Whether the kernel may still have it, and only has to let go: there is nothing to cancel.
    pub(super) fn only_notifies(&self) -> bool {
        matches!(
            self,
            Self::InFlight { early: Early::Here(_), .. }
                | Self::Detached { early: Early::Here(_) }
                | Self::Buried { early: Early::Here(_) }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Answer, Early, State};

    const YES: Answer = Answer { result: 1, flags: 0 };
    const NOTIFIED: Answer = Answer { result: i32::MIN, flags: 8 };

    fn state(of: &str, early: Early) -> State {
        match of {
            "placed" => State::Placed,
            "in flight" => State::InFlight { waker: None, early },
            "done" => State::Done { answer: YES },
            "detached" => State::Detached { early },
            "buried" => State::Buried { early },
            "finishing" => State::Finishing,
            _ => State::Vacant,
        }
    }

    #[test]
    fn every_edge_leads_where_the_diagram_says() {
        use Action::{Adopt, Item, Nothing, Stray, Wake};
        let mut out = None;
        // From, complete, more, more of what is notified, bury.
        let cases: [(&str, Action, Action, Action, Action); 7] = [
            ("placed", Stray, Stray, Stray, Nothing),
            ("in flight", Wake, Item(YES), Wake, Nothing),
            ("done", Stray, Stray, Stray, Adopt(YES)),
            ("detached", Adopt(YES), Item(YES), Nothing, Nothing),
            ("buried", Adopt(YES), Item(YES), Nothing, Nothing),
            ("finishing", Stray, Stray, Stray, Nothing),
            ("vacant", Stray, Stray, Stray, Nothing),
        ];
        for (from, complete, more, result, bury) in cases {
            let never = || state(from, Early::Never);
            assert_eq!(never().complete(YES, &mut out), complete, "{from} complete");
            assert_eq!(never().more(YES, &mut out), more, "{from} more");
            let mut notified = state(from, Early::Expected);
            assert_eq!(notified.more(YES, &mut out), result, "{from} result");
            assert_eq!(notified.only_notifies(), notified.is_in_flight(), "{from} notifies");
            assert_eq!(never().bury(&mut out), bury, "{from} bury");
            assert_eq!(never().take().is_some(), from == "done", "{from} take");
        }
    }

    #[test]
    fn what_ends_with_a_notification_ends_with_the_result_before_it() {
        for from in ["in flight", "detached", "buried"] {
            for buried in [false, true] {
                let (mut state, mut out) = (state(from, Early::Expected), None);
                let _ = state.more(YES, &mut out);
                if buried {
                    assert_eq!(state.bury(&mut out), Action::Nothing);
                }
                match state.complete(NOTIFIED, &mut out) {
                    Action::Wake => {
                        assert_eq!((state.result(), state.take()), (Some(YES), Some(YES)))
                    }
                    action => assert_eq!(action, Action::Adopt(YES)),
                }
            }
        }
    }

    #[test]
    fn without_a_result_before_it_the_last_answer_is_the_result() {
        let (mut state, mut out) = (state("in flight", Early::Expected), None);
        assert_eq!(state.result(), None);
        assert_eq!(state.complete(YES, &mut out), Action::Wake);
        assert_eq!(state.take(), Some(YES));
    }
}
