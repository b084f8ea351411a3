//! What comes late or never: used-up generations, many pages, a full graveyard, a registry that has
//! to leak.

#![allow(unsafe_code, reason = "plays the driver and the kernel")]

use super::super::{Answer, Ending, Facts, Key, Next, Place, Registry};
use super::beside::Beside;
use super::model::{Step, answer};
use super::thing::{Given, Log, Small, Told};
use crate::GraveyardLimit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicPtr, Ordering};

const LAUNCH: Step = Step::Launch { detached: false, notified: false };

#[test]
fn a_slot_whose_generations_are_used_up_is_never_used_again() {
    let mut beside = Beside::new();
    let first = beside.place(false);
    beside.step(first, Step::Undo);
    // As if four billion operations had been there.
    beside.registry.records[0].generation = u32::MAX - 1;
    let before_last = beside.place(false);
    beside.step(before_last, LAUNCH);
    beside.step(before_last, Step::Complete(1));
    beside.step(before_last, Step::Poll(0));
    let last = beside.place(false);
    assert_eq!((beside.key(last).index(), beside.key(last).generation()), (0, u32::MAX));
    for step in [LAUNCH, Step::Bury, Step::Complete(1)] {
        beside.step(last, step);
    }
    let next = beside.place(false);
    assert_eq!(beside.key(next).index(), 1, "the slot is retired");
    // No key of the retired slot names anything, the very last one included.
    for old in [first, before_last, last] {
        let all = [Step::Undo, Step::Complete(1), Step::More(1), Step::Bury, Step::Cancel];
        all.into_iter().for_each(|step| beside.step(old, step));
        beside.step(old, Step::Poll(1));
        beside.step(old, Step::CancelAgain);
    }
    beside.step(next, LAUNCH);
    beside.finish();
}

#[test]
fn pages_are_added_while_the_kernel_writes_into_all_others() {
    let mut beside = Beside::new();
    let many = if cfg!(miri) { 66 } else { 200 };
    for number in 0..many {
        let op = beside.place(number % 5 == 0);
        beside.quick_step(op, Step::Launch { detached: number % 3 == 0, notified: false });
        if number > many - 4 {
            beside.write();
        }
    }
    for op in (0..many).step_by(7) {
        beside.quick_step(op, Step::Bury);
        beside.step(op, Step::Complete(4));
    }
    for _ in 0..many / 7 {
        let op = beside.place(false);
        beside.quick_step(op, LAUNCH);
    }
    beside.write();
    beside.finish();
}

#[test]
fn the_graveyard_is_full_by_operations_or_by_bytes_and_not_for_ever() {
    let mut beside = Beside::new();
    let set = |beside: &mut Beside, operations, bytes| {
        beside.registry.set_graveyard_limit(GraveyardLimit { operations, bytes });
    };
    set(&mut beside, 2, u64::MAX);
    let ops: Vec<_> = (0..3).map(|_| beside.place(false)).collect();
    for op in &ops {
        beside.step(*op, LAUNCH);
        assert_eq!(beside.registry.graveyard().is_full(), *op == 2);
        beside.step(*op, Step::Bury);
    }
    set(&mut beside, 4, 12);
    assert!(beside.registry.graveyard().is_full(), "three times four bytes");
    beside.step(ops[1], Step::Complete(0));
    assert!(!beside.registry.graveyard().is_full());
    set(&mut beside, 0, u64::MAX);
    assert!(beside.registry.graveyard().is_full(), "no room at all");
    beside.finish();
}

#[test]
fn what_only_waits_for_its_notification_fills_no_graveyard_but_one_of_its_own() {
    let mut beside = Beside::new();
    beside.registry.set_graveyard_limit(GraveyardLimit { operations: 2, bytes: u64::MAX });
    let ops: Vec<_> = (0..2).map(|_| beside.place(false)).collect();
    for op in &ops {
        beside.step(*op, Step::Launch { detached: false, notified: true });
        beside.step(*op, Step::Bury);
    }
    assert!(beside.registry.graveyard().is_full(), "their results are not here");
    assert!(!beside.registry.graveyard().is_full_of_notifying());
    ops.iter().for_each(|op| beside.step(*op, Step::More(4)));
    assert!(!beside.registry.graveyard().is_full() && !beside.registry.wants_cancels());
    assert!(beside.registry.graveyard().is_full_of_notifying());
    beside.step(ops[1], Step::Complete(0));
    assert!(!beside.registry.graveyard().is_full_of_notifying());
    beside.finish();
}

/// An operation in flight, without a model beside it.
struct Alone {
    log: Log,
    registry: Registry<Answer>,
    key: Key,
    at: *mut Small,
    given: Given,
}

fn alone(detached: bool) -> Alone {
    let (log, mut registry) = (Log::default(), Registry::new());
    // SAFETY: the table is that of the type.
    let (key, at) = unsafe { registry.place(Small::new(0, &log), Small::TABLE) };
    // SAFETY: placed just now.
    let given = unsafe { Small::describe(at) };
    let place = Place::Held;
    let facts = Facts { opcode: 0, gives: 0, group: 0, fd: 0, len: 4, place, since_ms: 0 };
    // SAFETY: the mark is the operation's own.
    unsafe { registry.launch(key, facts, Some(given.mark), false, detached) };
    Alone { log, registry, key, at, given }
}

fn complete(alone: &mut Alone, result: i32) -> Ending<Answer> {
    match alone.registry.complete(alone.key, answer(result)) {
        Next::Adopt(ending) => ending,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_beyond_the_length_is_not_believed() {
    let mut alone = alone(true);
    let ending = complete(&mut alone, 5);
    // SAFETY: nothing is marked.
    let marked = catch_unwind(AssertUnwindSafe(|| unsafe { ending.mark() }));
    assert!(marked.is_err());
    drop(alone.registry.unload(ending));
    assert_eq!(alone.log.take(), [Told::Discarded(0), Told::Dropped(0)]);
}

#[test]
fn a_registry_with_operations_in_flight_leaks_them_and_what_the_kernel_writes_hurts_nobody() {
    // Keeps what is leaked reachable, so that Miri tells it from what is leaked by mistake.
    static LEAKED: AtomicPtr<Small> = AtomicPtr::new(std::ptr::null_mut());
    let Alone { log, registry, at, given, .. } = alone(false);
    LEAKED.store(at, Ordering::Relaxed);
    drop(registry);
    given.write(7);
    assert!(log.borrow().is_empty(), "it was not dropped");
}

#[test]
fn an_ending_that_is_dropped_costs_its_slot_and_nothing_else() {
    static LEAKED: AtomicPtr<Small> = AtomicPtr::new(std::ptr::null_mut());
    let mut alone = alone(true);
    // What a driver that unwinds may do with it.
    drop(complete(&mut alone, 1));
    let Alone { registry, key, .. } = &mut alone;
    assert_eq!((registry.in_flight(), registry.keys()), (0, vec![*key]));
    registry.cancel(*key);
    assert!(!registry.wants_cancels());
    LEAKED.store(alone.at, Ordering::Relaxed);
}
