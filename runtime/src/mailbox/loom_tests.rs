//! The mailbox in every interleaving: no wake-up lost, none doubled, no item lost at the close.

// Plain counters of the test: what they count is not part of the protocol, and loom need not try
// them.
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::atomic::AtomicBool;
use loom::sync::{Arc, Notify};
use loom::thread;

use super::{Mailbox, Pushed};

/// An owner that can be woken, as by a message to its ring: a wake-up before the wait ends it at
/// once.
struct Owner {
    mailbox: Mailbox<u32>,
    bell: Notify,
    sleeps: AtomicUsize,
    wakes: AtomicUsize,
}

impl Owner {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            mailbox: Mailbox::new(),
            bell: Notify::new(),
            sleeps: AtomicUsize::new(0),
            wakes: AtomicUsize::new(0),
        })
    }

    fn send(&self, item: u32) {
        match self.mailbox.push(item) {
            Pushed::Delivered => {}
            Pushed::WakeOwner => {
                self.wakes.fetch_add(1, Ordering::Relaxed);
                self.bell.notify();
            }
            Pushed::Closed(item) => panic!("{item} was refused by an open mailbox"),
        }
    }

    /// Waits for an item as a core does. A lost wake-up shows as a deadlock, which loom reports.
    fn receive(&self) -> u32 {
        loop {
            if let Some(item) = self.mailbox.pop() {
                return item;
            }
            self.sleeps.fetch_add(1, Ordering::Relaxed);
            if self.mailbox.prepare_sleep() {
                self.bell.wait();
                self.mailbox.awake();
            }
        }
    }
}

/// `producers` threads send `items` each; the owner receives them all.
fn everything_arrives(producers: u32, items: u32) {
    let owner = Owner::new();
    let producers: Vec<_> = (0..producers)
        .map(|producer| {
            let owner = Arc::clone(&owner);
            thread::spawn(move || (0..items).for_each(|item| owner.send(producer * items + item)))
        })
        .collect();
    let count = producers.len() as u32 * items;
    let mut got: Vec<_> = (0..count).map(|_| owner.receive()).collect();
    got.sort_unstable();
    assert!(got.into_iter().eq(0..count), "each item exactly once");
    for producer in producers {
        producer.join().expect("it does not panic");
    }
    let (sleeps, wakes) = (&owner.sleeps, &owner.wakes);
    assert!(wakes.load(Ordering::Relaxed) <= sleeps.load(Ordering::Relaxed), "one wake a sleep");
}

#[test]
fn a_wake_between_the_check_and_the_wait_is_not_lost() {
    // The real queue makes many states: all orders with up to three preemptions, in seconds.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = model.preemption_bound.or(Some(3));
    model.check(|| everything_arrives(2, 1));
}

#[test]
fn an_owner_who_sleeps_again_is_woken_again() {
    loom::model(|| everything_arrives(1, 2));
}

#[test]
fn at_the_close_an_item_is_either_refused_or_there() {
    loom::model(|| {
        let mailbox = Arc::new(Mailbox::new());
        let producer = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || match mailbox.push(1) {
                Pushed::Closed(back) => Err(back),
                Pushed::Delivered | Pushed::WakeOwner => Ok(()),
            })
        };
        mailbox.close();
        let got = mailbox.pop();
        match producer.join().unwrap() {
            Ok(()) => assert_eq!(got, Some(1), "what was taken is there after the close"),
            Err(back) => assert_eq!((got, back), (None, 1), "what was refused came back"),
        }
        assert_eq!(mailbox.pop(), None);
    });
}

/// A model of `Shared::stop` and of the loop that it ends: the flag is no message, and a core that
/// is about to sleep must see it all the same.
#[test]
fn an_owner_that_is_about_to_sleep_sees_that_it_is_to_stop() {
    loom::model(|| {
        let owner = Owner::new();
        let stopping = Arc::new(AtomicBool::new(false));
        let other = {
            let (owner, stopping) = (Arc::clone(&owner), Arc::clone(&stopping));
            thread::spawn(move || {
                stopping.store(true, Ordering::Release);
                // Refused, it came to an owner who knows already.
                if owner.mailbox.push(0) == Pushed::WakeOwner {
                    owner.bell.notify();
                }
            })
        };
        loop {
            while owner.mailbox.pop().is_some() {}
            if stopping.load(Ordering::Acquire) {
                break;
            }
            if owner.mailbox.prepare_sleep() {
                owner.bell.wait();
                owner.mailbox.awake();
            }
        }
        owner.mailbox.close();
        while owner.mailbox.pop().is_some() {}
        other.join().unwrap();
    });
}
