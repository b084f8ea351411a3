//! A task is one allocation: its state, its future, and what becomes of it.
//!
//! # Invariants
//!
//! - **I1** There is one thread, and nothing here leaves it: counts and cells need no atomics.
//! - **I2** A task's future lies in its `Rc` and is never moved; it is dropped in place.
//! - **I3** A waker's pointer is a count of the task's `Rc`, made by `into_raw` for the type whose
//!   table it comes with.
#![allow(unsafe_code, reason = "wakers without atomics")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// Polls between two looks at the clock.
const POLLS: usize = 61;

thread_local! {
    static READY: RefCell<VecDeque<Rc<dyn Run>>> = const { RefCell::new(VecDeque::new()) };
}

trait Run {
    fn run(self: Rc<Self>);
}

enum Stage<F: Future> {
    Running(F),
    Done(F::Output),
    Taken,
}

struct Task<F: Future> {
    queued: Cell<bool>,
    joiner: Cell<Option<Waker>>,
    stage: RefCell<Stage<F>>,
}

/// Waits for a task.
pub(crate) struct Joined<F: Future>(Rc<Task<F>>);

pub(crate) fn spawn<F: Future + 'static>(future: F) -> Joined<F> {
    let stage = RefCell::new(Stage::Running(future));
    let task = Rc::new(Task { queued: Cell::new(true), joiner: Cell::new(None), stage });
    let run: Rc<dyn Run> = task.clone();
    READY.with_borrow_mut(|ready| ready.push_back(run));
    Joined(task)
}

/// Runs some tasks, and says whether there was one.
pub(crate) fn run_some() -> bool {
    for polls in 0..POLLS {
        let Some(task) = READY.with_borrow_mut(VecDeque::pop_front) else { return polls > 0 };
        task.run();
    }
    true
}

impl<F: Future> Joined<F> {
    pub(crate) fn output(&self) -> Option<F::Output> {
        let mut stage = self.0.stage.borrow_mut();
        if !matches!(*stage, Stage::Done(_)) {
            return None;
        }
        match std::mem::replace(&mut *stage, Stage::Taken) {
            Stage::Done(output) => Some(output),
            Stage::Running(_) | Stage::Taken => None,
        }
    }
}

impl<F: Future> Future for Joined<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        if let Some(output) = self.output() {
            return Poll::Ready(output);
        }
        self.0.joiner.set(Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl<F: Future + 'static> Run for Task<F> {
    fn run(self: Rc<Self>) {
        self.queued.set(false);
        // SAFETY: I1, I3: the count stays ours, since this waker is never dropped.
        let waker = unsafe { Waker::from_raw(raw(Rc::as_ptr(&self))) };
        let waker = ManuallyDrop::new(waker);
        let mut stage = self.stage.borrow_mut();
        let Stage::Running(future) = &mut *stage else { return };
        // SAFETY: I2.
        let future = unsafe { Pin::new_unchecked(future) };
        if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&waker)) {
            *stage = Stage::Done(output);
            drop(stage);
            self.joiner.take().into_iter().for_each(Waker::wake);
        }
    }
}

fn raw<F: Future + 'static>(task: *const Task<F>) -> RawWaker {
    RawWaker::new(task.cast(), Table::<F>::TABLE)
}

/// The functions of a waker, for each type of future.
struct Table<F>(F);

impl<F: Future + 'static> Table<F> {
    const TABLE: &RawWakerVTable =
        &RawWakerVTable::new(Self::clone, Self::wake, Self::wake_by_ref, Self::drop);

    unsafe fn clone(task: *const ()) -> RawWaker {
        // SAFETY: I3.
        unsafe { Rc::increment_strong_count(task.cast::<Task<F>>()) };
        raw(task.cast::<Task<F>>())
    }

    unsafe fn wake(task: *const ()) {
        // SAFETY: I3.
        enqueue(unsafe { Rc::from_raw(task.cast::<Task<F>>()) });
    }

    unsafe fn wake_by_ref(task: *const ()) {
        // SAFETY: I3: the count stays with the waker.
        let task = ManuallyDrop::new(unsafe { Rc::from_raw(task.cast::<Task<F>>()) });
        if !task.queued.get() {
            enqueue(Rc::clone(&task));
        }
    }

    unsafe fn drop(task: *const ()) {
        // SAFETY: I3.
        drop(unsafe { Rc::from_raw(task.cast::<Task<F>>()) });
    }
}

fn enqueue<F: Future + 'static>(task: Rc<Task<F>>) {
    if !task.queued.replace(true) {
        READY.with_borrow_mut(|ready| ready.push_back(task));
    }
}
