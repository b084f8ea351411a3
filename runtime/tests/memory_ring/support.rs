//! What the stories share: a runtime on the ring in memory, and forgetting in earnest.

use sexton_buffers::Consumption;
use sexton_runtime::{Builder, CoreStats, Fd, Runtime, own_stats, sim::hand as sim, yield_now};
use std::any::Any;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A builder of runtimes on the ring in memory, small enough for Miri.
pub(crate) fn builder() -> Builder {
    Builder::new().config(|config| {
        sim::in_memory(config);
        config.entries = 8;
        config.recv_buffers = 4;
        config.recv_buffer_len = 64;
        config.recv_consumption = Consumption::Whole;
    })
}

pub(crate) fn runtime() -> Runtime {
    builder().build().unwrap()
}

/// Runs a root future on a runtime that ends with it.
pub(crate) fn run<F: Future>(root: F) -> F::Output {
    runtime().block_on(root)
}

/// One whole turn of the loop, if a root future awaits it: what is queued is submitted, what is
/// ready completes and is reaped.
pub(crate) async fn turn() {
    yield_now().await;
}

/// Several turns: a cancel is sent, answered, and its target's answer reaped.
pub(crate) async fn turns() {
    for _ in 0..4 {
        turn().await;
    }
}

/// Two ends of a stream: ours as a handle that counts, the peer's.
pub(crate) fn pair() -> (Fd, OwnedFd) {
    let (ours, peer) = sim::stream_pair().unwrap();
    (Fd::new(ours), peer)
}

/// The same, of an internet stream.
pub(crate) fn tcp_pair() -> (Fd, OwnedFd) {
    let (ours, peer) = sim::tcp_pair().unwrap();
    (Fd::new(ours), peer)
}

/// The counters of this thread's core, published once a turn.
pub(crate) fn counters() -> CoreStats {
    own_stats().expect("called inside a runtime")
}

/// What was forgotten, the latest first. Nobody reads it: it lets Miri tell what was forgotten on
/// purpose from what was leaked by mistake.
struct Forgotten {
    _value: Box<dyn Any>,
    _before: *mut Forgotten,
}

static FORGOTTEN: AtomicPtr<Forgotten> = AtomicPtr::new(std::ptr::null_mut());
static FORGETTING: Mutex<()> = Mutex::new(());

/// As `mem::forget`: the destructor never runs.
pub(crate) fn forget<T: 'static>(value: T) {
    let _guard = FORGETTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = FORGOTTEN.load(Ordering::Relaxed);
    let forgotten = Box::new(Forgotten { _value: Box::new(value), _before: before });
    FORGOTTEN.store(Box::into_raw(forgotten), Ordering::Relaxed);
}

/// Polls once; true if it waits.
pub(crate) async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())
    })
    .await
}
