//! Spawned futures: the cell they live in, the handle that awaits them.
//!
//! Read in this order: `cell` (one spawned future), `list` (run queue, all tasks), `handle`
//! (`JoinHandle`), `remote` (results that cross threads), `error`, `join_set`.

mod cell;
mod list;
mod handle;
mod remote;
mod error;
mod join_set;

pub use error::JoinError;
pub use handle::{AbortHandle, JoinHandle};
pub use join_set::JoinSet;

pub(crate) use cell::{Fate, Header, Ran, TaskRef, release_orphan};
#[cfg(all(test, loom))]
pub(crate) use list::lone;
pub(crate) use list::{AllTasks, RunQueue};
pub(crate) use remote::{Remote, RemoteFuture};

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod list_tests;
