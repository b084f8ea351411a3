//! `Ready` as a trait object.

use std::io::Result;

use super::LocalBoxFuture;
use crate::{Interest, Readiness, Ready};

/// [`Ready`], for trait objects; implemented by all that is `Ready`.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{DynReady, Interest, Memory, Ready};
///
/// let mut any: Box<dyn DynReady> = Box::new(Memory::new("bytes"));
/// assert!(block_on(any.ready(Interest::READ))?.read());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait DynReady {
    /// [`Ready::ready`].
    fn dyn_ready(&mut self, interest: Interest) -> LocalBoxFuture<'_, Result<Readiness>>;
}

impl<T: Ready> DynReady for T {
    fn dyn_ready(&mut self, interest: Interest) -> LocalBoxFuture<'_, Result<Readiness>> {
        Box::pin(self.ready(interest))
    }
}

impl Ready for dyn DynReady + '_ {
    async fn ready(&mut self, interest: Interest) -> Result<Readiness> {
        self.dyn_ready(interest).await
    }
}
