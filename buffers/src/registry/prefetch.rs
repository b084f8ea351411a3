//! Memory that will be needed soon, asked for early: the kernel's work between two turns leaves
//! little of ours in the nearer caches, and each miss costs as much as tens of instructions.
//!
//! # Invariants
//!
//! - **I1** asking for a line is no access: any address will do, and nothing is read or written.
#![allow(unsafe_code, reason = "the instruction takes a pointer")]

/// Bytes that come at once.
pub const LINE: usize = 64;

/// Asks for so many lines of memory from `addr` on.
#[inline(always)]
pub fn prefetch<T>(addr: *const T, lines: usize) {
    for line in 0..lines {
        let addr = addr.cast::<i8>().wrapping_add(line * LINE);
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        // SAFETY: I1.
        unsafe {
            core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(addr);
        }
        #[cfg(not(all(target_arch = "x86_64", not(miri))))]
        let _ = addr;
    }
}
