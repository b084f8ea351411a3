//! How an accept begins: with a try, or by waiting for a connection.
//!
//! The kernel makes a socket before it looks for its connection, and drops it again if there is
//! none: a try that finds nothing costs microseconds, and with one connection at a time every try
//! is such a one. Since Linux 6.10 an answer says whether more connections wait, and an accept may
//! wait before it tries.
//!
//! ```text
//!             1 no more connections wait             3 refused
//!    Tries ────────────────────────────▶ Waits ───────────────────▶ OnlyTries
//!      ▲                                   │
//!      └───────────────────────────────────┘
//!             2 more wait
//! ```
//!
//! Whichever way it begins, it takes the next connection: what an answer says is stale at once.

use std::cell::Cell;
use std::io;

/// `EINVAL`: what an older kernel says of an accept that is to wait first.
const REFUSED: i32 = 22;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begin {
    #[default]
    Tries,
    Waits,
    /// The kernel is older, or the listener of a kind whose answers don't tell.
    OnlyTries,
}

/// How the next accept of a listener begins.
#[derive(Debug, Default)]
pub(super) struct Attempt(Cell<Begin>);

impl Attempt {
    /// Of a listener whose answers don't say whether more connections wait.
    pub(super) fn untold() -> Self {
        Self(Cell::new(Begin::OnlyTries))
    }

    /// Whether the accept waits before it tries.
    pub(super) fn waits(&self) -> bool {
        self.0.get() == Begin::Waits
    }

    /// An accept that began so has ended, and more connections wait, or not. True: it was refused
    /// for how it began, and is to be made again.
    pub(super) fn ended(&self, waited: bool, error: Option<&io::Error>, more: bool) -> bool {
        let refused = waited && error.and_then(io::Error::raw_os_error) == Some(REFUSED);
        self.0.set(match self.0.get() {
            Begin::OnlyTries => Begin::OnlyTries,
            _ if refused => Begin::OnlyTries,
            before if error.is_some() => before,
            _ if more => Begin::Tries,
            _ => Begin::Waits,
        });
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_decides_until_a_kernel_refuses() {
        let attempt = Attempt::default();
        assert!(!attempt.waits(), "connections may wait already");
        assert!(!attempt.ended(false, None, true));
        assert!(!attempt.waits(), "more are there");
        assert!(!attempt.ended(false, None, false));
        assert!(attempt.waits());
        let aborted = io::Error::from_raw_os_error(103);
        assert!(!attempt.ended(true, Some(&aborted), false));
        assert!(attempt.waits(), "an error tells nothing");
        assert!(!attempt.ended(true, None, true));
        assert!(!attempt.waits());
        let refused = io::Error::from_raw_os_error(REFUSED);
        assert!(!attempt.ended(false, Some(&refused), false), "not for how it began");
        assert!(!attempt.ended(false, None, false));
        assert!(attempt.ended(true, Some(&refused), false));
        assert!(!attempt.ended(false, None, false));
        assert!(!attempt.waits(), "never again");
    }

    #[test]
    fn who_is_not_told_tries() {
        let attempt = Attempt::untold();
        assert!(!attempt.ended(false, None, false));
        assert!(!attempt.waits());
    }
}
