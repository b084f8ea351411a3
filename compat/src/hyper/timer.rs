//! hyper's timer over the core's own.
//!
//! hyper wants sleeps that are `Send` and `Sync`, which those of a core are not. So the sleep
//! itself lies in a table of its thread, and hyper holds its number. Polled on another thread it
//! begins anew there, with the same deadline.

use hyper::rt::{Sleep, Timer};
use sexton_runtime::time::{self, Instant};
use slab::Slab;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Empty while the sleep is polled.
type Place = Option<Pin<Box<time::Sleep>>>;

thread_local! {
    static SLEEPS: RefCell<Slab<Place>> = const { RefCell::new(Slab::new()) };
}

/// Time for hyper: the bound on slow headers, keep-alive, and so on.
///
/// ```
/// use hyper::server::conn::http1;
/// use sexton_compat::HyperTimer;
///
/// let mut server = http1::Builder::new();
/// server.timer(HyperTimer).header_read_timeout(std::time::Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HyperTimer;

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        // A core's own sleep knows what to do with a time that no clock reaches.
        Box::pin(Entry { deadline: time::sleep(duration).deadline(), at: None })
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Entry { deadline: Instant::from_std(deadline), at: None })
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, new_deadline: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Entry>() {
            Some(entry) => entry.get_mut().reset(Instant::from_std(new_deadline)),
            None => *sleep = self.sleep_until(new_deadline),
        }
    }
}

/// A sleep's place in the table of a thread, once it was polled there.
#[derive(Debug)]
struct Entry {
    deadline: Instant,
    at: Option<(ThreadId, usize)>,
}

impl Entry {
    /// Its number in this thread's table.
    fn here(&self) -> Option<usize> {
        self.at.filter(|(thread, _)| *thread == thread::current().id()).map(|(_, key)| key)
    }

    fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
        if let Some(key) = self.here() {
            SLEEPS.with_borrow_mut(|sleeps| {
                if let Some(Some(sleep)) = sleeps.get_mut(key) {
                    sleep.as_mut().reset(deadline);
                }
            });
        }
    }
}

impl Future for Entry {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let key = self.here().unwrap_or_else(|| {
            let sleep = Box::pin(time::sleep_until(self.deadline));
            let key = SLEEPS.with_borrow_mut(|sleeps| sleeps.insert(Some(sleep)));
            self.at = Some((thread::current().id(), key));
            key
        });
        // Taken out while it is polled: wakers are foreign code.
        let taken = SLEEPS.with_borrow_mut(|sleeps| sleeps.get_mut(key).and_then(Option::take));
        let Some(mut sleep) = taken else { return Poll::Ready(()) };
        let polled = sleep.as_mut().poll(cx);
        SLEEPS.with_borrow_mut(|sleeps| {
            if let Some(place) = sleeps.get_mut(key) {
                *place = Some(sleep);
            }
        });
        polled
    }
}

impl Sleep for Entry {}

impl Drop for Entry {
    fn drop(&mut self) {
        // One that was left on another thread stays in that thread's table until the thread ends.
        if let Some(key) = self.here() {
            let sleep = SLEEPS.try_with(|sleeps| sleeps.borrow_mut().try_remove(key));
            drop(sleep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HyperTimer, Timer};
    use std::time::Duration;

    #[test]
    fn a_sleep_that_no_clock_reaches_is_a_sleep() {
        drop(HyperTimer.sleep(Duration::MAX));
    }
}
