//! Tasks and their handles: in their runtime, outside of it, in another one's, after its end.

use crate::support::{counters, run, runtime, turn, turns};
use sexton_runtime::{JoinHandle, JoinSet, Runtime, spawn};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Counts drops, and panics in them if told to.
struct Dropped {
    count: Rc<Cell<u32>>,
    panics: bool,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.count.set(self.count.get() + 1);
        assert!(!self.panics, "in drop");
    }
}

fn dropped(count: &Rc<Cell<u32>>, panics: bool) -> Dropped {
    Dropped { count: Rc::clone(count), panics }
}

fn poll_once<T>(handle: &mut JoinHandle<T>) -> Poll<Result<T, sexton_runtime::JoinError>> {
    Pin::new(handle).poll(&mut Context::from_waker(Waker::noop()))
}

/// A task that waits for ever.
fn spawn_waiting(runtime: &Runtime, drops: &Rc<Cell<u32>>) -> JoinHandle<()> {
    let guard = dropped(drops, false);
    runtime.block_on(async {
        let handle = spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        turn().await;
        handle
    })
}

#[test]
fn handles_that_outlive_their_runtime_are_good_to_the_end() {
    let drops = Rc::default();
    let runtime = runtime();
    let mut waiting = spawn_waiting(&runtime, &drops);
    let mut done = runtime.block_on(async {
        let done = spawn(async { String::from("output") });
        turn().await;
        done
    });
    let never_polled = spawn_waiting(&runtime, &drops);
    let early = waiting.abort_handle();
    drop(runtime);
    assert_eq!(drops.get(), 2);
    // Each kind of reference is made and given back, while others stay.
    for _ in 0..3 {
        let late = waiting.abort_handle();
        late.abort();
        drop(late);
        done.abort_handle().abort();
    }
    early.abort();
    drop(early);
    assert!(waiting.is_finished() && done.is_finished());
    let Poll::Ready(Err(error)) = poll_once(&mut waiting) else { panic!("it is finished") };
    assert!(error.is_cancelled());
    let Poll::Ready(Ok(output)) = poll_once(&mut done) else { panic!("it is finished") };
    assert_eq!(output, "output");
    assert!(poll_once(&mut done).is_pending(), "an output is given once");
    drop(waiting);
    drop(never_polled);
    drop(done);
}

#[test]
fn a_task_may_be_aborted_while_its_runtime_rests() {
    let drops = Rc::default();
    let runtime = runtime();
    let handle = spawn_waiting(&runtime, &drops);
    // Twice, and by two handles: the run queue takes it once.
    handle.abort();
    handle.abort_handle().abort();
    assert_eq!(drops.get(), 0, "at its next turn");
    assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_task_that_is_aborted_from_another_runtime_ends_in_its_own() {
    let drops = Rc::default();
    let (first, second) = (runtime(), runtime());
    let handles: Vec<_> = (0..4).map(|_| spawn_waiting(&first, &drops)).collect();
    let others: Vec<_> = (0..4).map(|_| spawn_waiting(&second, &drops)).collect();
    second.block_on(async {
        handles.iter().for_each(JoinHandle::abort);
        turns().await;
        assert_eq!(drops.get(), 0);
        let aborters: Vec<_> = handles.iter().map(JoinHandle::abort_handle).collect();
        drop(aborters);
    });
    first.block_on(turns());
    assert_eq!(drops.get(), 4);
    // References that were given back in the wrong runtime.
    second.block_on(async { drop(handles) });
    drop(second);
    assert_eq!(drops.get(), 8);
    first.block_on(async { drop(others) });
}

#[test]
fn a_set_of_tasks_dropped_outside_of_its_runtime_aborts_them() {
    let drops = Rc::default();
    let runtime = runtime();
    let set = runtime.block_on(async {
        let mut set = JoinSet::new();
        for _ in 0..3 {
            let guard = dropped(&drops, false);
            set.spawn(async move {
                let _guard = guard;
                pending::<()>().await;
            });
        }
        turn().await;
        set
    });
    drop(set);
    runtime.block_on(turns());
    assert_eq!(drops.get(), 3);
}

#[test]
fn a_task_may_abort_itself_and_drop_its_own_handle() {
    run(async {
        // What it returns counts, if it returns at once.
        let own: Rc<RefCell<Option<JoinHandle<u32>>>> = Rc::default();
        let inside = Rc::clone(&own);
        let aborter = spawn(async move {
            turn().await;
            inside.borrow().as_ref().expect("it was put there").abort();
            7
        });
        *own.borrow_mut() = Some(aborter);
        turns().await;
        let handle = own.take().unwrap();
        assert_eq!(handle.await.unwrap(), 7);
        // If it waits instead, it ends there.
        let inside = Rc::clone(&own);
        let drops = Rc::default();
        let guard = dropped(&drops, false);
        let waiter = spawn(async move {
            let _guard = guard;
            turn().await;
            inside.borrow().as_ref().expect("it was put there").abort();
            pending().await
        });
        *own.borrow_mut() = Some(waiter);
        turns().await;
        assert_eq!(drops.get(), 1);
        let handle = own.take().unwrap();
        assert!(handle.await.unwrap_err().is_cancelled());
        // Detached from inside, while it runs, with an output that must be dropped.
        let inside = Rc::clone(&own);
        let guard = dropped(&drops, false);
        let output: Rc<RefCell<Option<JoinHandle<Dropped>>>> = Rc::default();
        let own_output = Rc::clone(&output);
        let detached = spawn(async move {
            turn().await;
            drop(own_output.take());
            drop(inside);
            guard
        });
        *output.borrow_mut() = Some(detached);
        turns().await;
        assert_eq!((drops.get(), counters().tasks), (2, 0));
    });
}

/// A task whose parts may panic: when polled, when dropped, when its output is dropped.
fn fragile(
    count: &Rc<Cell<u32>>,
    made: &Rc<Cell<u32>>,
    (poll, future, output): (bool, bool, bool),
) -> impl Future<Output = Dropped> + use<> {
    let (count, made) = (Rc::clone(count), Rc::clone(made));
    let future = dropped(&count, future);
    made.set(made.get() + 1);
    let mut turned = false;
    poll_fn(move |cx| {
        let _ = &future;
        if !std::mem::replace(&mut turned, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        assert!(!poll, "in poll");
        made.set(made.get() + 1);
        Poll::Ready(dropped(&count, output))
    })
}

#[test]
fn whatever_of_a_task_panics_its_handle_hears_of_it_and_the_others_go_on() {
    let all = (0..8).map(|bits| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0));
    for what @ (poll, future, output) in all {
        run(async {
            let (count, made) = (Rc::default(), Rc::default());
            let spawn_one = || spawn(fragile(&count, &made, what));
            let (awaited, detached) = (spawn_one(), spawn_one());
            drop(detached);
            // Aborted at once, or when it may be at its end.
            let (aborted, quick) = (spawn_one(), spawn_one());
            quick.abort();
            let other = spawn(async {
                turns().await;
                5
            });
            turn().await;
            aborted.abort();
            let result = awaited.await;
            let fails = poll || future;
            assert_eq!(result.is_err(), fails, "{what:?}");
            // A good output is ours to drop, with the panic that is in it.
            let ours = catch_unwind(AssertUnwindSafe(|| drop(result)));
            assert_eq!(ours.is_err(), output && !fails);
            for handle in [aborted, quick] {
                let result = handle.await;
                let _ = catch_unwind(AssertUnwindSafe(|| drop(result)));
            }
            assert_eq!(other.await.unwrap(), 5);
            turn().await;
            assert_eq!(count, made, "each part was dropped once: {what:?}");
            assert_eq!(counters().tasks, 0);
        });
    }
}

/// A waker of somebody who awaits a task, and panics.
struct Angry;

impl Wake for Angry {
    fn wake(self: Arc<Self>) {
        panic!("in wake");
    }
}

#[test]
fn a_joiner_that_panics_when_it_is_woken_hurts_nobody() {
    let runtime = runtime();
    let angry = Waker::from(Arc::new(Angry));
    let (mut handles, others): (Vec<_>, Vec<_>) = runtime.block_on(async {
        let pair = || (spawn(turn()), spawn(turn()));
        (0..3).map(|_| pair()).unzip()
    });
    for handle in &mut handles {
        assert!(Pin::new(handle).poll(&mut Context::from_waker(&angry)).is_pending());
    }
    let waiting = runtime.block_on(async {
        for other in others {
            other.await.unwrap();
        }
        turn().await;
        assert_eq!((counters().panics, counters().tasks), (3, 3));
        spawn(pending::<()>())
    });
    let mut waiting = waiting;
    assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(&angry)).is_pending());
    // At the end all the same.
    drop(runtime);
    assert!(waiting.is_finished() && handles.iter().all(JoinHandle::is_finished));
}

#[test]
fn a_destructor_at_the_end_may_spawn_and_what_it_spawns_is_dropped() {
    struct Spawns(Rc<Cell<u32>>, u32);
    impl Drop for Spawns {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            if self.1 > 0 {
                let next = Spawns(Rc::clone(&self.0), self.1 - 1);
                let handle = spawn(async move {
                    let _next = next;
                    pending::<()>().await;
                });
                assert!(handle.is_finished(), "a runtime that ends takes no task");
            }
        }
    }
    let count = Rc::new(Cell::new(0));
    let spawns = Spawns(Rc::clone(&count), 5);
    runtime().block_on(async {
        spawn(async move {
            let _spawns = spawns;
            pending::<()>().await;
        });
        turn().await;
    });
    assert_eq!(count.get(), 6);
}
