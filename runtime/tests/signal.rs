//! Signals reach everybody who waits for them, on every core.

use sexton_runtime::{Builder, CancelToken, signal};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::raise;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// Signals are the whole process's: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[test]
fn every_wait_on_every_core_hears_of_it() {
    let _alone = alone();
    let runtime = Builder::new().cores(2).build().unwrap();
    let waiting = Arc::new(AtomicUsize::new(0));
    runtime.block_on(async {
        let waits = Arc::clone(&waiting);
        let cores = sexton_runtime::spawn_per_core(move || {
            let waits = Arc::clone(&waits);
            async move {
                let (mut one, mut two) = (signal::ctrl_c(), signal::ctrl_c());
                let both = poll_fn(|cx| {
                    let (one, two) = (Pin::new(&mut one).poll(cx), Pin::new(&mut two).poll(cx));
                    waits.fetch_add(1, Ordering::SeqCst);
                    if one.is_ready() && two.is_ready() { Poll::Ready(()) } else { Poll::Pending }
                });
                both.await;
            }
        });
        while waiting.load(Ordering::SeqCst) < 2 {
            sexton_runtime::yield_now().await;
        }
        raise(SIGINT).unwrap();
        cores.await.unwrap();
    });
}

#[test]
fn a_wait_is_for_what_comes_after_the_call_even_before_its_first_poll() {
    let _alone = alone();
    sexton_runtime::block_on(async {
        let early = signal::terminate();
        raise(SIGTERM).unwrap();
        early.await.unwrap();
        // The past does not count, nor does another signal.
        let mut late = signal::terminate();
        let interrupt = signal::ctrl_c();
        raise(SIGINT).unwrap();
        interrupt.await.unwrap();
        assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut late).poll(cx).is_pending())).await);
        raise(SIGTERM).unwrap();
        late.await.unwrap();
    });
}

#[test]
fn a_cancelled_wait_ends_and_a_dropped_one_is_forgotten() {
    let _alone = alone();
    sexton_runtime::block_on(async {
        let token = CancelToken::new();
        let mut wait = Box::pin(token.run(signal::ctrl_c()));
        assert!(poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx).is_pending())).await);
        token.cancel();
        assert!(wait.await.is_err());
        for _ in 0..100 {
            let mut wait = signal::ctrl_c();
            assert!(poll_fn(|cx| Poll::Ready(Pin::new(&mut wait).poll(cx).is_pending())).await);
        }
        let wait = signal::ctrl_c();
        raise(SIGINT).unwrap();
        wait.await.unwrap();
    });
}

/// Not a test by itself: the process that the next test starts.
#[test]
fn child() {
    let Ok(listens) = std::env::var("SEXTON_SIGNAL_CHILD") else { return };
    sexton_runtime::block_on(async {
        if listens == "yes" {
            let wait = signal::ctrl_c();
            raise(SIGINT).unwrap();
            wait.await.unwrap();
        }
        raise(if listens == "yes" { SIGINT } else { SIGTERM }).unwrap();
        // Only the signals that are waited for lose their default action.
        drop(signal::ctrl_c());
        raise(SIGTERM).unwrap();
        unreachable!("SIGTERM ends this process");
    });
}

#[test]
fn only_signals_that_somebody_waited_for_lose_their_default_action() {
    use std::os::unix::process::ExitStatusExt;
    for listens in ["yes", "no"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "child", "--nocapture"]).env("SEXTON_SIGNAL_CHILD", listens);
        let output = child.output().unwrap();
        assert_eq!(output.status.signal(), Some(SIGTERM), "{output:?}");
    }
}
