//! A hashed timer wheel: a list of timers for each millisecond, modulo the wheel's size.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Slots: a power of two, more than the milliseconds of a common timer.
const SLOTS: u64 = 4096;
/// No timer.
const NONE: u32 = u32::MAX;
/// The tick of a timer that is in no slot any more.
const FIRED: u64 = u64::MAX;

thread_local! {
    static WHEEL: RefCell<Wheel> = RefCell::new(Wheel::new());
}

/// A timer in the list of its slot, or in the list of free ones.
struct Timer {
    tick: u64,
    waker: Option<Waker>,
    next: u32,
    previous: u32,
}

struct Wheel {
    begin: Instant,
    /// The first tick that has not expired.
    tick: u64,
    armed: usize,
    timers: Vec<Timer>,
    free: u32,
    slots: Vec<u32>,
}

impl Wheel {
    fn new() -> Self {
        let slots = vec![NONE; SLOTS as usize];
        Self { begin: Instant::now(), tick: 0, armed: 0, timers: Vec::new(), free: NONE, slots }
    }

    fn insert(&mut self, deadline: Instant, waker: Waker) -> u32 {
        // Rounded up: never early.
        let tick = (deadline - self.begin).as_nanos().div_ceil(1_000_000) as u64;
        let tick = tick.max(self.tick);
        let slot = &mut self.slots[(tick % SLOTS) as usize];
        let timer = Timer { tick, waker: Some(waker), next: *slot, previous: NONE };
        let key = self.free;
        let key = if key == NONE {
            self.timers.push(timer);
            self.timers.len() as u32 - 1
        } else {
            self.free = std::mem::replace(&mut self.timers[key as usize], timer).next;
            key
        };
        let next = std::mem::replace(slot, key);
        if next != NONE {
            self.timers[next as usize].previous = key;
        }
        self.armed += 1;
        key
    }

    /// Takes a timer out of its slot.
    fn unlink(&mut self, key: u32) -> Option<Waker> {
        let timer = &mut self.timers[key as usize];
        let (next, previous, waker) = (timer.next, timer.previous, timer.waker.take());
        let tick = std::mem::replace(&mut timer.tick, FIRED);
        if previous == NONE {
            self.slots[(tick % SLOTS) as usize] = next;
        } else {
            self.timers[previous as usize].next = next;
        }
        if next != NONE {
            self.timers[next as usize].previous = previous;
        }
        self.armed -= 1;
        waker
    }

    /// Frees the place of a timer, which may have fired or not.
    fn release(&mut self, key: u32) -> Option<Waker> {
        let fired = self.timers[key as usize].tick == FIRED;
        let waker = if fired { None } else { self.unlink(key) };
        self.timers[key as usize].next = std::mem::replace(&mut self.free, key);
        waker
    }

    fn now(&self) -> u64 {
        self.begin.elapsed().as_millis() as u64
    }
}

/// Wakes what is due.
pub(crate) fn expire() {
    WHEEL.with_borrow_mut(|wheel| {
        if wheel.armed == 0 {
            return;
        }
        let now = wheel.now();
        while wheel.tick <= now {
            let mut key = wheel.slots[(wheel.tick % SLOTS) as usize];
            while key != NONE {
                let Timer { tick, next, .. } = wheel.timers[key as usize];
                if tick <= wheel.tick {
                    // It keeps its place until its future lets go of it.
                    wheel.unlink(key).into_iter().for_each(Waker::wake);
                }
                key = next;
            }
            wheel.tick += 1;
        }
    });
}

/// Sleeps until the next tick with a timer, and wakes what is due.
pub(crate) fn wait() {
    let until = WHEEL.with_borrow(|wheel| {
        let ticks = (wheel.tick..).take(SLOTS as usize);
        let mut ticks = ticks.filter(|tick| wheel.slots[(tick % SLOTS) as usize] != NONE);
        let tick = ticks.next().unwrap_or(wheel.tick + SLOTS);
        wheel.begin + Duration::from_millis(tick)
    });
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
    expire();
}

/// Waits until an instant.
pub(crate) struct Sleep {
    deadline: Instant,
    key: u32,
}

impl Sleep {
    pub(crate) fn until(deadline: Instant) -> Self {
        Self { deadline, key: NONE }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.key == NONE {
            let deadline = self.deadline;
            let waker = cx.waker().clone();
            self.key = WHEEL.with_borrow_mut(|wheel| wheel.insert(deadline, waker));
            return Poll::Pending;
        }
        // Nobody polls it for another reason than that it is due, or with another waker.
        if Instant::now() < self.deadline {
            return Poll::Pending;
        }
        let key = std::mem::replace(&mut self.key, NONE);
        WHEEL.with_borrow_mut(|wheel| wheel.release(key));
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if self.key != NONE {
            WHEEL.with_borrow_mut(|wheel| wheel.release(self.key));
        }
    }
}

/// Whether a future is ready within a time: a timer is armed only if it is not ready at once.
pub(crate) async fn timeout<F: Future>(time: Duration, future: F) -> bool {
    let (mut future, mut sleep) = (pin!(future), pin!(None));
    poll_fn(|cx| {
        if future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        if sleep.is_none() {
            sleep.set(Some(Sleep::until(Instant::now() + time)));
        }
        let sleep = sleep.as_mut().as_pin_mut().expect("it was just set");
        sleep.poll(cx).map(|()| false)
    })
    .await
}
