//! The mailbox's answers one by one, and with real threads.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::{Mailbox, Pushed};

#[test]
fn mail_for_an_owner_who_is_awake_wakes_nobody() {
    let mailbox = Mailbox::new();
    assert_eq!(mailbox.pop(), None);
    assert_eq!(mailbox.push(1), Pushed::Delivered);
    assert_eq!(mailbox.push(2), Pushed::Delivered);
    assert_eq!((mailbox.pop(), mailbox.pop(), mailbox.pop()), (Some(1), Some(2), None));
}

#[test]
fn only_the_first_push_of_a_sleep_has_to_wake_the_owner() {
    let mailbox = Mailbox::new();
    for _ in 0..3 {
        assert!(mailbox.prepare_sleep());
        assert_eq!(mailbox.push(1), Pushed::WakeOwner);
        assert_eq!(mailbox.push(2), Pushed::Delivered);
        mailbox.awake();
        assert_eq!((mailbox.pop(), mailbox.pop(), mailbox.pop()), (Some(1), Some(2), None));
    }
}

#[test]
fn an_owner_with_mail_may_not_sleep() {
    let mailbox = Mailbox::new();
    assert_eq!(mailbox.push(1), Pushed::Delivered);
    assert!(!mailbox.prepare_sleep());
    assert_eq!(mailbox.push(2), Pushed::Delivered, "the refusal has lowered the flag");
    assert_eq!((mailbox.pop(), mailbox.pop()), (Some(1), Some(2)));
    assert!(mailbox.prepare_sleep());
}

#[test]
fn an_owner_who_woke_by_itself_need_not_be_woken() {
    let mailbox = Mailbox::new();
    assert!(mailbox.prepare_sleep());
    mailbox.awake();
    assert_eq!(mailbox.push(1), Pushed::Delivered);
}

#[test]
fn a_closed_mailbox_gives_the_item_back_and_keeps_what_it_has() {
    let mailbox = Mailbox::new();
    assert_eq!(mailbox.push("early"), Pushed::Delivered);
    mailbox.close();
    mailbox.close();
    assert_eq!(mailbox.push("late"), Pushed::Closed("late"));
    assert_eq!((mailbox.pop(), mailbox.pop()), (Some("early"), None));
    assert!(mailbox.prepare_sleep(), "closed and empty is empty");
    assert_eq!(mailbox.push("late"), Pushed::Closed("late"));
}

#[test]
fn what_is_left_in_a_mailbox_is_dropped_with_it() {
    let item = Arc::new(());
    let mailbox = Mailbox::new();
    for _ in 0..100 {
        assert_eq!(mailbox.push(Arc::clone(&item)), Pushed::Delivered);
    }
    drop(mailbox);
    assert_eq!(Arc::strong_count(&item), 1);
}

/// The producers pause after every second item, so that the owner falls asleep again and again.
#[test]
fn four_threads_deliver_everything_in_their_own_order_to_an_owner_who_sleeps() {
    const PRODUCERS: usize = 4;
    const ITEMS: usize = if cfg!(miri) { 40 } else { 20_000 };
    let mailbox = Arc::new(Mailbox::new());
    // The bell: what a message to the owner's ring is in earnest.
    let (bell, rung) = mpsc::channel();
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| {
            let (mailbox, bell) = (Arc::clone(&mailbox), bell.clone());
            thread::spawn(move || {
                for item in 0..ITEMS {
                    match mailbox.push((producer, item)) {
                        Pushed::Delivered => {}
                        Pushed::WakeOwner => bell.send(()).expect("the owner still listens"),
                        Pushed::Closed(_) => panic!("nobody has closed it"),
                    }
                    if item % 2 == 1 {
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut next = [0; PRODUCERS];
    while next != [ITEMS; PRODUCERS] {
        if let Some((producer, item)) = mailbox.pop() {
            assert_eq!(item, next[producer], "in order, none missing, none twice");
            next[producer] += 1;
        } else if mailbox.prepare_sleep() {
            rung.recv().expect("this thread holds a sender too");
            mailbox.awake();
        }
    }
    for producer in producers {
        producer.join().unwrap();
    }
    assert_eq!(mailbox.pop(), None);
}
