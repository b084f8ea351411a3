//! An operation without a future: its answers go to its handler.

use super::{Multishot, Op};
use crate::context;
use crate::driver::Driver;
use sexton_buffers::registry::Key;
use std::io;
use std::rc::Rc;

/// The handle of an operation that gives its answers to its own handler.
///
/// Dropping the handle does nothing: who must stop the operation calls [`cancel`](Self::cancel).
#[derive(Debug)]
pub struct Detached {
    driver: Rc<Driver>,
    key: Key,
}

impl Detached {
    pub(crate) fn new(driver: Rc<Driver>, key: Key) -> Self {
        Self { driver, key }
    }

    /// Submits an operation whose [`adopt`](Op::adopt) gets the answer.
    ///
    /// # Errors
    /// Outside a runtime, or on one that is shutting down; the operation comes back.
    pub fn submit<O: Op>(op: O) -> Result<Self, (O, io::Error)> {
        match context::driver() {
            Some(driver) => driver.submit_detached(op),
            None => Err((op, context::outside())),
        }
    }

    /// Submits an operation with many answers, which go to `handler`.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_multishot<M: Multishot>(
        op: M,
        handler: M::Handler,
    ) -> Result<Self, (M, M::Handler, io::Error)> {
        match context::driver() {
            Some(driver) => driver.submit_multishot(op, handler),
            None => Err((op, handler, context::outside())),
        }
    }

    /// Asks the kernel to cancel the operation; its handler still gets the last answer.
    pub fn cancel(&self) {
        self.driver.cancel(self.key);
    }

    /// Another handle of the same operation.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { driver: Rc::clone(&self.driver), key: self.key }
    }

    /// The operation's owner is gone: it is cancelled, and counts as buried until its last answer.
    pub fn bury(self) {
        self.driver.bury(self.key);
    }
}
