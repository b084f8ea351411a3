//! The table of the memory that is registered with a ring, and what is told of its misuse.

use std::collections::BTreeMap;
use std::io;

use super::faults::Fault;
use super::operation::Operation;
use super::world::State;
use crate::sys::FIXED_PLACES;

const UNREGISTERED: &str = "registered memory was unregistered while an operation named it";
/// Who has a buffer has its pool registered.
const UNKNOWN: &str = "an operation named registered memory that is not there";
/// Its place, or the memory itself, is another pool's now.
const FREED: &str = "registered memory was given up before it was unregistered";

/// Registered memory by its place: address and length.
#[derive(Debug, Default)]
pub(super) struct Fixed(BTreeMap<u16, (usize, usize)>);

impl Fixed {
    /// Puts a stretch of memory in a place.
    pub(super) fn register(
        &mut self,
        state: &mut State,
        at: u16,
        region: *mut [u8],
    ) -> io::Result<()> {
        if state.fault(Fault::RegisterError) {
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        }
        if at >= FIXED_PLACES || region.is_null() {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let (start, len) = (region.cast::<u8>().addr(), region.len());
        let meets = |other: &(usize, usize)| start < other.0 + other.1 && other.0 < start + len;
        if self.0.contains_key(&at) || self.0.values().any(meets) {
            state.complain(FREED.into());
        }
        self.0.insert(at, (start, len));
        Ok(())
    }

    /// Empties a place, which none of `flying` may name.
    pub(super) fn unregister(
        &mut self,
        state: &mut State,
        at: u16,
        flying: &[Option<Operation>],
    ) -> io::Result<()> {
        if state.fault(Fault::RegisterError) {
            return Err(io::Error::from_raw_os_error(libc::ENOMEM));
        }
        if flying.iter().flatten().any(|operation| operation.fixed == Some(at)) {
            state.complain(UNREGISTERED.into());
        }
        self.0.remove(&at);
        Ok(())
    }

    /// Refuses an operation whose memory is not where it says.
    pub(super) fn check(&self, state: &mut State, mut operation: Operation) -> Operation {
        let Some(at) = operation.fixed else { return operation };
        let (from, len) = (operation.request.addr.addr(), operation.request.len as usize);
        let stretch = self.0.get(&at);
        if !stretch.is_some_and(|&(start, size)| start <= from && from + len <= start + size) {
            operation.invalid = Some(libc::EFAULT);
            state.complain(UNKNOWN.into());
        }
        operation
    }
}
