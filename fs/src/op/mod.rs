//! The operations that only files have; the general ones are the runtime's.

mod open;
mod write;

pub(crate) use open::OpenAt;
pub(crate) use write::{Answers, submit_write};
