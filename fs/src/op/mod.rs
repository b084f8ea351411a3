//! The operations that only files have; the general ones are the runtime's.

mod open;
mod steps;
mod write;

pub(crate) use open::{OpenAt, OpenBeneath};
pub(crate) use steps::{Steps, WriteAllAt};
pub(crate) use write::{Answers, begin_write};
