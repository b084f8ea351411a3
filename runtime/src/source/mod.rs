//! What happens to a process from outside, as futures.

pub mod signal;
