//! The runtime: one thread, one ring, one executor.

mod config;
#[allow(dead_code, unused_imports, reason = "the driver is its user")]
mod sys;
mod caps;
mod start_error;
mod doctor;

pub use caps::Caps;
pub use config::Config;
pub use doctor::{Report, doctor};
pub use start_error::StartError;
#[cfg(feature = "sim")]
#[doc(hidden)]
pub use sys::sim;
