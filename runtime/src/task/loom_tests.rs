//! References and wakes of a task that cross threads, in every interleaving.
//!
//! Cells, wakers, messages, the mailbox and its end are the real ones; what the executor does
//! between the turns is left out (`loom_support`).

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use super::{AllTasks, Ran, TaskRef, lone};
use crate::door::Door;
use crate::executor::close_door;
use crate::loom_support::{Drops, Tracked, turn};
use crate::sync::set_owner;

/// A task of this thread's core which never ends, and has been polled once.
struct Idle {
    task: TaskRef,
    door: Arc<Door>,
    /// What a waking thread wrote before it woke the task.
    data: Arc<AtomicU32>,
    /// What the last poll saw of it.
    seen: Rc<RefCell<u32>>,
    waker: Waker,
    freed: Drops,
}

impl Idle {
    fn new() -> Self {
        let door = Arc::new(Door::new());
        set_owner(door.number());
        let (data, seen) = (Arc::new(AtomicU32::new(0)), Rc::new(RefCell::new(0)));
        let waker = Rc::new(RefCell::new(None));
        let (tracked, freed) = Tracked::new();
        let (load, save, keep) = (Arc::clone(&data), Rc::clone(&seen), Rc::clone(&waker));
        let future = poll_fn(move |cx| {
            let _goes_with_the_cell = &tracked;
            *save.borrow_mut() = load.load(Ordering::Relaxed);
            keep.borrow_mut().get_or_insert_with(|| Some(cx.waker().clone()));
            Poll::<()>::Pending
        });
        let task = lone(future, &door);
        assert_eq!(task.run(), Ran::Idle, "it waits");
        let waker = waker.borrow_mut().replace(None).flatten().expect("it was polled");
        Self { task, door, data, seen, waker, freed }
    }
}

#[test]
fn two_foreign_wakes_are_not_both_forgotten() {
    loom::model(|| {
        let Idle { task, door, data, seen, waker, freed } = Idle::new();
        let threads = [waker.clone(), waker].map(|waker| {
            let data = Arc::clone(&data);
            thread::spawn(move || {
                data.fetch_add(1, Ordering::Relaxed);
                waker.wake();
            })
        });
        turn(&door);
        for thread in threads {
            thread.join().expect("a wake does not panic");
        }
        turn(&door);
        assert_eq!(*seen.borrow(), 2, "the last poll saw what both wrote");
        drop(task);
        assert_eq!(freed.count(), 1);
    });
}

#[test]
fn a_cell_is_freed_once_when_its_last_reference_goes() {
    loom::model(|| {
        let Idle { task, door, waker, freed, .. } = Idle::new();
        let other = thread::spawn(move || drop((waker.clone(), waker)));
        drop(task);
        turn(&door);
        other.join().expect("it does not panic");
        turn(&door);
        assert_eq!(freed.count(), 1);
    });
}

#[test]
fn a_cell_outlives_its_executor_until_the_last_reference_goes() {
    loom::model(|| {
        let Idle { task, door, waker, freed, .. } = Idle::new();
        let other = thread::spawn(move || {
            waker.wake_by_ref();
            drop((waker.clone(), waker));
        });
        // The executor's end, and a handle of the owner's thread that is dropped later.
        let tasks = AllTasks::new(Arc::clone(&door));
        tasks.insert(&task);
        set_owner(0);
        close_door(&tasks, &door);
        drop(task);
        other.join().expect("it does not panic");
        assert_eq!(freed.count(), 1);
    });
}

#[test]
fn a_wake_after_the_end_is_no_more_than_a_reference_that_goes() {
    loom::model(|| {
        let Idle { task, door, waker, freed, .. } = Idle::new();
        let tasks = AllTasks::new(Arc::clone(&door));
        tasks.insert(&task);
        set_owner(0);
        close_door(&tasks, &door);
        let threads = [waker.clone(), waker].map(|waker| {
            thread::spawn(move || {
                waker.wake_by_ref();
                waker.wake();
            })
        });
        drop(task);
        for thread in threads {
            thread.join().expect("a wake does not panic");
        }
        assert_eq!(freed.count(), 1);
        assert!(door.mailbox().pop().is_none(), "nothing was taken");
    });
}

/// A thread that finds a wake on its way sends none, and no reference either: nothing but the flag
/// tells the owner of what it wrote.
#[test]
fn who_trusts_in_a_wake_that_is_on_its_way_is_seen_by_it() {
    loom::model(|| {
        let Idle { task, door, data, seen, waker, freed } = Idle::new();
        // The first wake: as if from elsewhere, and in the mailbox before the other one begins.
        let owner = crate::sync::owner();
        set_owner(0);
        waker.wake_by_ref();
        set_owner(owner);
        let other = {
            let (waker, data) = (waker.clone(), Arc::clone(&data));
            thread::spawn(move || {
                data.store(1, Ordering::Relaxed);
                waker.wake_by_ref();
                waker
            })
        };
        turn(&door);
        let others = other.join().expect("a wake does not panic");
        turn(&door);
        assert_eq!(*seen.borrow(), 1, "the last poll saw what was written before the wake");
        drop((task, waker, others));
        assert_eq!(freed.count(), 1);
    });
}
