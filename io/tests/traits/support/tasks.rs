//! An executor that polls a future only if its waker was called: a lost wake-up fails the test.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// How often it was called.
#[derive(Default)]
struct Calls(AtomicUsize);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Task<'f> {
    future: Option<Pin<Box<dyn Future<Output = ()> + 'f>>>,
    calls: Arc<Calls>,
    seen: usize,
}

/// Futures that are polled in turn, each when it was woken.
#[derive(Default)]
pub(crate) struct Tasks<'f>(Vec<Task<'f>>);

impl<'f> Tasks<'f> {
    pub(crate) fn spawn(&mut self, future: impl Future<Output = ()> + 'f) {
        let calls = Arc::new(Calls(AtomicUsize::new(1)));
        self.0.push(Task { future: Some(Box::pin(future)), calls, seen: 0 });
    }

    /// Polls till nobody is awake; how many are not done.
    pub(crate) fn run_until_asleep(&mut self) -> usize {
        for _turn in 0..1_000_000 {
            let mut awake = false;
            for task in &mut self.0 {
                let calls = task.calls.0.load(Ordering::Relaxed);
                let Some(future) = task.future.as_mut().filter(|_| calls != task.seen) else {
                    continue;
                };
                awake = true;
                task.seen = calls;
                let waker = Waker::from(Arc::clone(&task.calls));
                if let Poll::Ready(()) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    task.future = None;
                }
            }
            if !awake {
                return self.0.iter().filter(|task| task.future.is_some()).count();
            }
        }
        panic!("a million turns without an end");
    }

    /// Polls till all are done.
    pub(crate) fn run(mut self) {
        let left = self.run_until_asleep();
        assert_eq!(left, 0, "{left} futures wait, and nobody wakes them");
    }
}
