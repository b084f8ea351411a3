//! Calling other people's code where its panic must go no further.

use crate::context;
use crate::executor::Core;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `call` gives; none if it panicked, which is counted where this thread is a core. The panic
/// hook has told of it by then.
pub(crate) fn contained<R>(call: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(output) => Some(output),
        Err(payload) => {
            context::with(Core::panicked);
            drop_payload(payload);
            None
        }
    }
}

/// A panic's payload is other people's, too: its destructor may panic, with a payload again.
fn drop_payload(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::contained;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    #[test]
    fn a_payload_that_panics_when_it_is_dropped_goes_no_further() {
        assert_eq!(contained(|| std::panic::panic_any(Bomb)), None::<()>);
        assert_eq!(contained(|| 7), Some(7));
    }
}
