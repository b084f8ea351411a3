//! The plain system calls: what a ring would only make slower, or cannot do.
//!
//! `net` and `fs` reach descriptors, paths and names through here and through operations, never by
//! themselves: so a runtime on a simulated kernel can answer instead.

/// Answers with the simulated kernel's, where the thread is in a simulation.
macro_rules! simulated {
    ($here:ident => $answer:expr) => {
        #[cfg(feature = "sim")]
        if let Some($here) = crate::sys::sim::current() {
            return $answer;
        }
    };
}

pub mod datagram;
pub mod file;
mod pause;
pub mod pipe;
pub mod socket;

pub use pause::Pause;
