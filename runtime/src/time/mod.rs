//! Time: the wheel of one core, and the futures that wait on it.
//!
//! Read in this order: `wheel` (pure), `timers` (the wheel, the clock and wakers), `instant`, then
//! `sleep`, `timeout`, `interval`.

mod wheel;
mod timers;
mod instant;
mod sleep;
mod timeout;
mod interval;

pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};

pub(crate) use timers::{TimerKey, Timers};
