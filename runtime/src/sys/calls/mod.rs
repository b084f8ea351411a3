//! The plain system calls: what a ring would only make slower, or cannot do.
//!
//! `net` and `fs` reach descriptors, paths and names through here and through operations, never by
//! themselves: so a runtime on a simulated kernel can answer instead.

pub mod file;
pub mod pipe;
pub mod socket;
