//! The handoff in every interleaving: the value comes, or the news that it never will.

use super::{handoff, spawn};

#[test]
fn a_value_that_is_given_is_taken() {
    loom::model(|| {
        let (giver, taker) = handoff();
        let thread = spawn("giver".into(), || giver.give(7)).expect("a thread");
        assert_eq!(taker.take(), Some(7));
        thread.join();
    });
}

#[test]
fn who_waits_for_a_value_that_never_comes_is_told() {
    loom::model(|| {
        let (giver, taker) = handoff::<u8>();
        let thread = spawn("forgetful".into(), || drop(giver)).expect("a thread");
        assert_eq!(taker.take(), None);
        thread.join();
    });
}

#[test]
fn a_core_says_that_it_has_started_and_then_how_it_ended() {
    loom::model(|| {
        let (give_started, started) = handoff();
        let (give_ended, ended) = handoff();
        let core = move || {
            give_started.give(1);
            give_ended.give(2);
        };
        let thread = spawn("core".into(), core).expect("a thread");
        assert_eq!(started.take(), Some(1));
        assert_eq!(ended.take(), Some(2));
        thread.join();
    });
}
