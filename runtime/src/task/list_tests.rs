//! The run queue and the list of all tasks beside plain ones.

use super::cell::{Header, TaskRef};
use super::list::{AllTasks, RunQueue, lone};
use crate::door::Door;
use crate::sync::set_owner;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use std::collections::VecDeque;
use std::sync::Arc;

#[test]
fn a_task_has_48_bytes_beside_its_future() {
    assert_eq!(size_of::<Header>(), 48);
}

/// A list of a core that is this thread, and tasks of it that are not in the list.
fn tasks(count: usize) -> (AllTasks, Vec<TaskRef>) {
    let door = Arc::new(Door::new());
    set_owner(door.number());
    let tasks = (0..count).map(|_| lone(async {}, &door)).collect();
    (AllTasks::new(door), tasks)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 3 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_run_queue_is_first_in_first_out(
        program in prop::collection::vec(any::<Option<prop::sample::Index>>(), 0..60),
    ) {
        let (_keeps_the_door, tasks) = tasks(7);
        let (queue, mut model) = (RunQueue::default(), VecDeque::new());
        for step in program {
            match step.map(|index| index.index(tasks.len())) {
                // Once at a time, as the flag of a scheduled task sees to.
                Some(task) if !model.contains(&task) => {
                    queue.push(tasks[task].share());
                    model.push_back(task);
                }
                _ => {
                    let popped = queue.pop().map(|task| task.raw());
                    prop_assert_eq!(popped, model.pop_front().map(|task| tasks[task].raw()));
                }
            }
            prop_assert_eq!((queue.len(), queue.is_empty()), (model.len(), model.is_empty()));
        }
    }

    #[test]
    fn all_tasks_are_those_that_came_and_did_not_go(
        program in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let (all, tasks) = tasks(7);
        let mut model = Vec::new();
        for step in program {
            let task = step.index(tasks.len());
            if model.contains(&task) {
                all.remove(tasks[task].raw());
                model.retain(|other| *other != task);
            } else {
                all.insert(&tasks[task]);
                model.push(task);
            }
            let mut listed: Vec<_> = all.all().iter().map(TaskRef::raw).collect();
            let mut expected: Vec<_> = model.iter().map(|task| tasks[*task].raw()).collect();
            listed.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!((listed, all.len()), (expected, model.len()));
        }
        // As a core does before a cell is freed.
        tasks.iter().for_each(|task| all.remove(task.raw()));
        prop_assert_eq!(all.len(), 0);
    }
}
