//! The core that this thread is.
//!
//! # Invariants
//!
//! - **I1** `CORE` points to the core that the innermost `Entered` of this thread holds, which made
//!   the pointer from its counted reference; it is empty where there is none. An `Entered` that is
//!   forgotten keeps its core for ever.
//! - **I2** what `with` calls is the runtime's own: it runs no code of others, and drops no
//!   `Entered`.

#![allow(unsafe_code, reason = "a wake may not cost a borrow and a destructor's flag")]

use crate::driver::Driver;
use crate::executor::Core;
pub(crate) use crate::sync::owner;
use crate::sync::set_owner;
use crate::task::{Header, TaskRef};
use std::cell::Cell;
use std::io;
use std::ptr::{self, NonNull};
use std::rc::Rc;

thread_local! {
    static CORE: Cell<*const Core> = const { Cell::new(ptr::null()) };
}

/// This thread's core, if it is in a runtime.
pub(crate) fn core() -> Option<Rc<Core>> {
    let core = CORE.get();
    if core.is_null() {
        return None;
    }
    // SAFETY: I1: it came from `Rc::as_ptr`, and lives.
    unsafe { Rc::increment_strong_count(core) };
    // SAFETY: I1, and the reference was counted just now.
    Some(unsafe { Rc::from_raw(core) })
}

/// This thread's driver, if it is in a runtime.
pub(crate) fn driver() -> Option<Rc<Driver>> {
    with(|core| Rc::clone(core.driver()))
}

/// Calls `f` with this thread's core (I2).
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&Core) -> R) -> Option<R> {
    // SAFETY: I1: it lives, and by I2 until `f` has returned.
    unsafe { CORE.get().as_ref() }.map(f)
}

/// Puts a task of this core, which counts as scheduled, into the run queue.
pub(crate) fn enqueue(task: TaskRef) {
    with(|core| core.enqueue(task));
}

/// A cell of this core is about to be freed.
pub(crate) fn forget_task(raw: NonNull<Header>) {
    with(|core| core.forget_task(raw));
}

/// What is said to who submits outside a runtime.
pub(crate) fn outside() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "there is no Sexton runtime on this thread: use `#[sexton::main]`, `#[sexton::test]` or \
         `sexton::block_on`",
    )
}

/// Says which core this thread is, until it is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    core: Rc<Core>,
    outer: Option<Rc<Core>>,
}

/// Makes `core` this thread's. None if the thread has one already.
pub(crate) fn enter(core: Rc<Core>) -> Option<Entered> {
    CORE.get().is_null().then(|| enter_within(core))
}

/// Makes `core` this thread's, and gives back the one that it has, if any, afterwards.
pub(crate) fn enter_within(core: Rc<Core>) -> Entered {
    let outer = self::core();
    set_owner(core.owner());
    CORE.set(Rc::as_ptr(&core));
    Entered { core, outer }
}

impl Drop for Entered {
    fn drop(&mut self) {
        debug_assert!(ptr::eq(CORE.get(), Rc::as_ptr(&self.core)), "the innermost goes first");
        set_owner(self.outer.as_ref().map_or(0, |core| core.owner()));
        CORE.set(self.outer.as_ref().map_or(ptr::null(), Rc::as_ptr));
    }
}
