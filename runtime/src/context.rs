//! The core that this thread is.

use crate::driver::Driver;
use crate::executor::Core;
pub(crate) use crate::sync::owner;
use crate::sync::set_owner;
use crate::task::{Header, TaskRef};
use std::cell::RefCell;
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;

thread_local! {
    static CORE: RefCell<Option<Rc<Core>>> = const { RefCell::new(None) };
}

/// This thread's core, if it is in a runtime.
pub(crate) fn core() -> Option<Rc<Core>> {
    CORE.try_with(|core| core.borrow().clone()).ok().flatten()
}

/// This thread's driver, if it is in a runtime.
pub(crate) fn driver() -> Option<Rc<Driver>> {
    CORE.try_with(|core| core.borrow().as_ref().map(|core| Rc::clone(core.driver()))).ok().flatten()
}

/// Calls `f` with this thread's core, while no code of others can run.
pub(crate) fn with<R>(f: impl FnOnce(&Core) -> R) -> Option<R> {
    CORE.try_with(|core| core.borrow().as_deref().map(f)).ok().flatten()
}

/// Puts a task of this core into the run queue, if it is not there.
pub(crate) fn schedule(task: TaskRef) {
    if task.schedule() {
        with(|core| core.enqueue(task));
    }
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
    outer: Option<Rc<Core>>,
}

/// Makes `core` this thread's. None if the thread has one already.
pub(crate) fn enter(core: Rc<Core>) -> Option<Entered> {
    self::core().is_none().then(|| enter_within(core))
}

/// Makes `core` this thread's, and gives back the one that it has, if any, afterwards.
pub(crate) fn enter_within(core: Rc<Core>) -> Entered {
    set_owner(core.owner());
    Entered { outer: CORE.with_borrow_mut(|current| current.replace(core)) }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let outer = self.outer.take();
        set_owner(outer.as_ref().map_or(0, |core| core.owner()));
        let core = CORE.with_borrow_mut(|current| std::mem::replace(current, outer));
        drop(core);
    }
}
