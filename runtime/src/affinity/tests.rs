//! Real masks, each in a thread of its own.

// Miri knows no such system calls.
#![cfg(not(miri))]

use std::io;
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::{allowed, available, cpus_of, original_mask, pin_current_thread, quota, unpin};

/// Runs `story` in a thread whose mask is `cpus` only.
fn limited_to(cpus: &[usize], story: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut mask = CpuSet::new();
            cpus.iter().for_each(|cpu| mask.set(*cpu));
            sched_setaffinity(None, &mask).unwrap();
            story();
        });
    });
}

fn current_mask() -> Vec<usize> {
    cpus_of(&sched_getaffinity(None).unwrap())
}

#[test]
fn a_thread_limited_to_one_processor_has_that_one_available() {
    for cpu in allowed() {
        limited_to(&[cpu], || {
            assert_eq!(allowed(), [cpu]);
            assert_eq!(available(), [cpu]);
        });
    }
}

#[test]
fn there_is_never_less_than_one_processor_nor_more_than_the_quota() {
    let (all, some) = (allowed(), available());
    assert!(!some.is_empty());
    assert!(all.starts_with(&some));
    assert_eq!(some.len(), all.len().min(quota().unwrap_or(usize::MAX)));
}

#[test]
fn a_pinned_thread_stays_where_it_is_until_it_is_unpinned() {
    let original = cpus_of(&original_mask().unwrap());
    for cpu in allowed() {
        limited_to(&allowed(), || {
            pin_current_thread(cpu).unwrap();
            assert_eq!(current_mask(), [cpu]);
            assert_eq!(rustix::thread::sched_getcpu(), cpu);
            unpin().unwrap();
            assert_eq!(current_mask(), original);
        });
    }
}

#[test]
fn a_thread_that_a_pinned_one_starts_can_leave_its_parents_processor() {
    let original = cpus_of(&original_mask().unwrap());
    let cpu = allowed()[0];
    limited_to(&[cpu], || {
        pin_current_thread(cpu).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(current_mask(), [cpu], "a mask is inherited");
                unpin().unwrap();
                assert_eq!(current_mask(), original);
            });
        });
    });
}

#[test]
fn a_processor_that_is_not_there_is_an_error_and_changes_nothing() {
    let before = current_mask();
    for cpu in [CpuSet::MAX_CPU - 1, CpuSet::MAX_CPU, usize::MAX] {
        if before.contains(&cpu) {
            continue;
        }
        assert_eq!(pin_current_thread(cpu).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(current_mask(), before);
    }
}
