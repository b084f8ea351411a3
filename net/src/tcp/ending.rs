//! Listeners that are gone, but for an accept that the kernel still has: until it has let go, their
//! addresses are in use, and who binds one waits.

use sexton_runtime::{CancelHook, runtime_id};
use std::future::poll_fn;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A port, of listeners of one runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    runtime: u64,
    port: u16,
}

#[derive(Debug)]
struct State {
    ending: Vec<Place>,
    waiting: Vec<Waker>,
}

static STATE: Mutex<State> = Mutex::new(State { ending: Vec::new(), waiting: Vec::new() });

fn lock() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of a listener; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Ending(Place);

impl Ending {
    /// A listener of this runtime ends; none outside one.
    pub(super) fn new(port: u16) -> Option<Self> {
        let place = Place { runtime: runtime_id()?, port };
        lock().ending.push(place);
        Some(Self(place))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let waiting = {
            let mut state = lock();
            if let Some(at) = state.ending.iter().position(|place| *place == self.0) {
                state.ending.swap_remove(at);
            }
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Whether a listener of this runtime is ending at this port.
pub(super) fn is_ending(port: u16) -> bool {
    runtime_id().is_some_and(|runtime| lock().ending.contains(&Place { runtime, port }))
}

/// Waits until none is.
pub(super) async fn over(port: u16) -> io::Result<()> {
    const ECANCELED: i32 = 125;
    let mut hook = CancelHook::default();
    poll_fn(|cx| {
        if hook.is_cancelled(cx) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(ECANCELED)));
        }
        let Some(runtime) = runtime_id() else { return Poll::Ready(Ok(())) };
        let waker = cx.waker().clone();
        let mut state = lock();
        if !state.ending.contains(&Place { runtime, port }) {
            return Poll::Ready(Ok(()));
        }
        if !state.waiting.iter().any(|known| known.will_wake(&waker)) {
            state.waiting.push(waker);
        }
        Poll::Pending
    })
    .await
}
