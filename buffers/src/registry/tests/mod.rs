//! The registry beside a plain model: every order of a few transitions, random orders of many, and
//! the ends that come once in four billion operations.

mod beside;
mod exhaustive;
mod limits;
mod model;
mod random;
mod thing;
