//! What is sent to a core while it ends, in every interleaving: it gets there, or its sender hears
//! that it did not.
//!
//! The door, its end, the message and the handle are the real ones. The core between them is a
//! model: the order of `Core::shut_down`, without a ring.

use std::sync::Arc;

use loom::thread;

use super::send;
use crate::door::{Door, Message};
use crate::executor::close_door;
use crate::loom_support::{Tracked, turn, wait_for};
use crate::sync::set_owner;
use crate::task::AllTasks;

/// The end of a core.
fn end(door: &Arc<Door>) {
    turn(door);
    set_owner(0);
    close_door(&AllTasks::new(Arc::clone(door)), door);
}

#[test]
fn a_call_that_is_sent_to_an_ending_core_is_made_or_its_handle_says_that_it_was_not() {
    loom::model(|| {
        let door = Arc::new(Door::new());
        set_owner(door.number());
        let sender = {
            let door = Arc::clone(&door);
            thread::spawn(move || {
                let (call, drops) = Tracked::new();
                let handle = send(&door, move |remote| remote.call(move || drop(call)));
                let result = wait_for(handle);
                assert!(result.is_ok() || result.is_err_and(|error| error.is_cancelled()));
                assert_eq!(drops.count(), 1, "the call is gone before its result is there");
            })
        };
        end(&door);
        sender.join().expect("it does not panic");
    });
}

#[test]
fn of_two_senders_none_is_forgotten_by_an_ending_core() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(|| {
        let door = Arc::new(Door::new());
        set_owner(door.number());
        let senders = [1, 2].map(|number| {
            let door = Arc::clone(&door);
            thread::spawn(move || {
                let handle = send(&door, move |remote| remote.finish(Ok(number)));
                if let Ok(output) = wait_for(handle) {
                    assert_eq!(output, number);
                }
            })
        });
        end(&door);
        for sender in senders {
            sender.join().expect("it does not panic");
        }
    });
}

#[test]
fn a_message_to_a_core_that_has_ended_comes_back() {
    loom::model(|| {
        let door = Arc::new(Door::new());
        end(&door);
        let other = thread::spawn(move || door.send(Message::Nudge).is_err());
        assert!(other.join().expect("it does not panic"));
    });
}
