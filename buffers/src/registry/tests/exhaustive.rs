//! Every order of a few transitions, of one operation and of two beside each other.

use super::beside::Beside;
use super::model::Step;

const LAUNCH: Step = Step::Launch { detached: false, notified: false };
const LAUNCH_NOTIFIED: Step = Step::Launch { detached: false, notified: true };
const DETACH: Step = Step::Launch { detached: true, notified: false };

/// What an operation may be brought to before.
const BEGINNINGS: [&[Step]; 8] = [
    &[],
    &[LAUNCH],
    &[LAUNCH_NOTIFIED],
    &[LAUNCH_NOTIFIED, Step::More(3)],
    &[LAUNCH_NOTIFIED, Step::Bury],
    &[DETACH],
    &[LAUNCH, Step::Bury],
    &[LAUNCH, Step::Complete(3)],
];

const STEPS: [Step; 11] = [
    LAUNCH,
    Step::Undo,
    Step::Complete(2),
    Step::Complete(-5),
    Step::More(1),
    Step::Bury,
    Step::Cancel,
    Step::CancelAgain,
    Step::Poll(0),
    Step::Poll(1),
    Step::PollResult(0),
];

/// Runs every program of `depth` steps over `ops` operations; a program's digits name its steps,
/// the last of which is the taking of a cancel.
fn every_program(beginnings: &[(usize, bool)], depth: u32) {
    let choices = STEPS.len() * beginnings.len() + 1;
    for program in 0..choices.pow(depth) {
        let mut beside = Beside::new();
        for (beginning, large) in beginnings {
            let op = beside.place(*large);
            BEGINNINGS[*beginning].iter().for_each(|step| beside.quick_step(op, *step));
        }
        let mut rest = program;
        for _ in 0..depth {
            let choice = rest % choices;
            rest /= choices;
            match STEPS.get(choice / beginnings.len()) {
                Some(step) => beside.step(choice % beginnings.len(), *step),
                None => beside.next_cancel(),
            }
        }
        // The slots' next tenants, while old keys are still tried.
        let tenant = beside.place(false);
        beside.quick_step(tenant, LAUNCH);
        for op in 0..beginnings.len() {
            beside.quick_step(op, Step::Cancel);
            beside.quick_step(op, Step::Poll(0));
        }
        beside.finish();
    }
}

#[test]
fn every_order_of_transitions_of_one_operation() {
    let (depth, apart) = if cfg!(miri) { (1, 3) } else { (4, 1) };
    for beginning in (1 % apart..BEGINNINGS.len()).step_by(apart) {
        every_program(&[(beginning, beginning % 2 == 0)], depth);
    }
}

#[test]
fn every_order_of_transitions_of_two_operations() {
    let (depth, apart) = if cfg!(miri) { (0, 7) } else { (2, 1) };
    for first in 0..BEGINNINGS.len() {
        for second in (first % apart..BEGINNINGS.len()).step_by(apart) {
            every_program(&[(first, false), (second, true)], depth);
        }
    }
}
