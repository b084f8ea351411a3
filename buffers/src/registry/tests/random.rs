//! Many operations in random orders.

use super::beside::Beside;
use super::model::Step;
use proptest::prelude::*;

/// A step of some operation, a new operation, or the taking of a cancel.
#[derive(Clone, Copy, Debug)]
enum Do {
    Place { large: bool },
    Step(usize, Step),
    NextCancel,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<(bool, bool)>()
            .prop_map(|(detached, notified)| Step::Launch { detached, notified }),
        1 => Just(Step::Undo),
        3 => (-3..4).prop_map(Step::Complete),
        2 => (-3..4).prop_map(Step::More),
        3 => Just(Step::Bury),
        1 => Just(Step::Cancel),
        1 => Just(Step::CancelAgain),
        2 => (0_usize..2).prop_map(Step::Poll),
        1 => (0_usize..2).prop_map(Step::PollResult),
    ]
}

fn anything() -> impl Strategy<Value = Do> {
    prop_oneof![
        3 => any::<bool>().prop_map(|large| Do::Place { large }),
        12 => (any::<usize>(), step()).prop_map(|(op, step)| Do::Step(op, step)),
        1 => Just(Do::NextCancel),
    ]
}

fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 1 } else { 300 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_orders_of_many_operations(
        program in prop::collection::vec(anything(), if cfg!(miri) { 40..41 } else { 0..400 }),
    ) {
        let mut beside = Beside::new();
        let mut placed = 0;
        for what in program {
            match what {
                Do::Place { large } => {
                    beside.place(large);
                    placed += 1;
                }
                // Mostly the latest ones; keys of the dead all the same.
                Do::Step(op, step) if placed > 0 => {
                    beside.step(placed - 1 - op % placed.min(9), step);
                }
                Do::Step(..) => {}
                Do::NextCancel => beside.next_cancel(),
            }
        }
        beside.finish();
    }
}
