//! The wheel beside a sorted map, which is slow and obviously right.

// Safe code, and a hundred thousand steps: nothing for Miri.
#![cfg(not(miri))]

use std::collections::BTreeMap;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::FileFailurePersistence;

use super::{LAST, LEVELS, MOVES_PER_CALL, TimerKey, Wheel};

/// Takes out all that is due, as a core does over its turns.
fn expire<T>(wheel: &mut Wheel<T>, now: u64) -> Vec<T> {
    let mut fired = Vec::new();
    loop {
        while let Some(value) = wheel.next_expired(now) {
            fired.push(value);
        }
        if wheel.next_deadline().is_none_or(|deadline| deadline > now) {
            return fired;
        }
    }
}

/// A wheel whose values are (deadline, number), and the map of what must still be in it.
struct Pair {
    wheel: Wheel<(u64, u32)>,
    model: BTreeMap<(u64, u32), TimerKey>,
    now: u64,
    count: u32,
    /// Keys of timers that have fired.
    fired: Vec<TimerKey>,
    /// Places that were ever needed at once.
    places: usize,
}

impl Pair {
    fn new(now: u64) -> Self {
        let (wheel, model) = (Wheel::new(now), BTreeMap::new());
        let now = now.min(LAST);
        Self { wheel, model, now, count: 0, fired: Vec::new(), places: 0 }
    }

    fn insert(&mut self, deadline: u64) {
        // What is overdue counts as due now.
        let timer = (deadline.max(self.now).min(LAST), self.count);
        self.count += 1;
        let key = self.wheel.insert(deadline, timer);
        assert!(!self.fired.contains(&key), "a key names one timer only");
        assert!(self.model.values().all(|other| *other != key), "a key names one timer only");
        self.model.insert(timer, key);
        self.places = self.places.max(self.model.len() + self.fired.len());
    }

    fn remove(&mut self, choice: usize) {
        let Some((&timer, key)) = self.model.iter().nth(choice % self.model.len().max(1)) else {
            return;
        };
        assert_eq!(self.wheel.get(key), Some(&timer));
        let key = self.model.remove(&timer).unwrap();
        assert_eq!(self.wheel.remove(key), Some(timer));
    }

    fn advance(&mut self, by: u64) {
        self.now = self.now.saturating_add(by).min(LAST);
        let mut fired = expire(&mut self.wheel, self.now);
        assert!(fired.is_sorted_by_key(|(deadline, _)| *deadline), "in the deadlines' order");
        fired.sort_unstable();
        let mut expected = Vec::new();
        while let Some(first) = self.model.first_entry().filter(|first| first.key().0 <= self.now) {
            let (timer, key) = first.remove_entry();
            expected.push(timer);
            self.fired.push(key);
        }
        assert_eq!(fired, expected, "at {}", self.now);
    }

    fn check(&mut self) {
        self.wheel.assert_valid();
        assert_eq!(self.wheel.len(), self.model.len());
        assert_eq!(self.wheel.is_empty(), self.model.is_empty());
        let first = self.model.first_key_value().map(|((deadline, _), _)| *deadline);
        let next = self.wheel.next_deadline();
        assert_eq!(next.is_some(), first.is_some());
        assert!(next <= first, "{next:?} is later than {first:?}");
        assert_eq!(self.wheel.entries.len(), self.places, "places are used again");
        for key in self.fired.drain(self.fired.len().saturating_sub(8)..) {
            assert_eq!(self.wheel.get(&key), None, "it has fired");
            assert_eq!(self.wheel.remove(key), None, "it has fired");
        }
    }
}

/// Ticks around which something changes: 0, all powers of 64, the end of time.
fn boundaries() -> Vec<u64> {
    let mut ticks = vec![LAST];
    for level in 0..LEVELS as u32 {
        let power = 1_u64 << (6 * level);
        ticks.extend([power, power.saturating_mul(2), power.saturating_mul(63)]);
    }
    let mut near: Vec<_> = ticks
        .iter()
        .flat_map(|tick| (0..=2).flat_map(|by| [tick.saturating_sub(by), tick.saturating_add(by)]))
        .collect();
    near.extend(0..=2);
    near.retain(|tick| *tick <= LAST);
    near.sort_unstable();
    near.dedup();
    near
}

#[test]
fn a_timer_fires_at_its_deadline_and_not_a_tick_before_around_every_boundary() {
    let boundaries = boundaries();
    for &start in &boundaries {
        for &deadline in &boundaries {
            let due = deadline.max(start);
            let mut wheel = Wheel::new(start);
            let key = wheel.insert(deadline, ());
            wheel.assert_valid();
            assert!(wheel.next_deadline().is_some_and(|next| (start..=due).contains(&next)));
            if due > start {
                assert_eq!(wheel.next_expired(start), None, "{start}, {deadline}: at once");
                assert_eq!(wheel.next_expired(due - 1), None, "{start}, {deadline}: early");
                wheel.assert_valid();
            }
            assert_eq!(wheel.get(&key), Some(&()));
            assert_eq!(wheel.next_expired(due), Some(()), "{start}, {deadline}: late");
            assert_eq!(wheel.remove(key), None);
            assert_eq!(wheel.next_deadline(), None);
            wheel.assert_valid();
        }
    }
}

#[test]
fn who_sleeps_until_next_deadline_meets_every_deadline_within_a_wake_a_level() {
    for start in boundaries() {
        for deadline in boundaries().into_iter().filter(|deadline| *deadline >= start) {
            let mut wheel = Wheel::new(start);
            let _ = wheel.insert(deadline, ());
            let (mut now, mut wakes) = (start, 0);
            while wheel.next_expired(now).is_none() {
                let next = wheel.next_deadline().expect("the timer is set");
                assert!(now < next && next <= deadline, "{start}, {deadline}: {next} after {now}");
                now = next;
                wakes += 1;
                assert!(wakes <= LEVELS, "{start}, {deadline}: too many wakes");
            }
            assert_eq!(now, deadline);
        }
    }
}

#[test]
fn each_tick_of_two_levels_fires_alone_when_time_goes_tick_by_tick() {
    let ticks = 2 * 64 * 64 + 130;
    for start in [0, 1, 63, 64, 65, 4095, 4096, 4097, (1 << 18) - 1, LAST - 20_000] {
        let mut wheel = Wheel::new(start);
        // Backwards, so that the order of insertion is no help.
        for deadline in (start..start + ticks).rev() {
            let _ = wheel.insert(deadline, deadline);
        }
        for now in start..start + ticks {
            assert_eq!(expire(&mut wheel, now), [now]);
        }
        assert!(wheel.is_empty());
        wheel.assert_valid();
    }
}

#[test]
fn a_long_pause_fires_everything_in_the_deadlines_order() {
    let mut wheel = Wheel::new(0);
    let mut deadlines = boundaries();
    for deadline in deadlines.iter().rev() {
        let _ = wheel.insert(*deadline, *deadline);
    }
    let last = deadlines.pop();
    assert_eq!(expire(&mut wheel, LAST - 1), deadlines);
    assert_eq!(wheel.next_deadline(), last);
    assert_eq!(expire(&mut wheel, LAST), [LAST]);
    let _key = wheel.insert(LAST, 7);
    assert_eq!(expire(&mut wheel, LAST), [7], "the last tick is a tick like any other");
    let _key = wheel.insert(u64::MAX, 8);
    assert_eq!(wheel.next_deadline(), Some(LAST), "and there is none after it");
    assert_eq!(expire(&mut wheel, u64::MAX), [8]);
}

#[test]
fn timers_of_one_tick_fire_in_the_order_in_which_they_were_set() {
    let mut wheel = Wheel::new(3);
    for value in 0..100 {
        let _ = wheel.insert(5000, value);
        if value == 50 {
            assert_eq!(wheel.next_expired(4990), None);
        }
    }
    assert!(expire(&mut wheel, 5000).into_iter().eq(0..100));
}

#[test]
fn a_deadline_in_the_past_counts_as_now() {
    let mut wheel = Wheel::new(1000);
    let _ = wheel.insert(0, "overdue");
    assert_eq!(wheel.next_deadline(), Some(1000));
    assert_eq!(expire(&mut wheel, 1000), ["overdue"]);
}

#[test]
fn a_clock_that_steps_back_fires_nothing_early() {
    let mut wheel = Wheel::new(1000);
    assert_eq!(wheel.next_expired(2048), None);
    let _ = wheel.insert(2058, "later");
    let _ = wheel.insert(1500, "overdue");
    assert_eq!(wheel.next_expired(2047), None, "the wheel stands at 2048");
    wheel.assert_valid();
    assert_eq!(expire(&mut wheel, 2057), ["overdue"]);
    assert_eq!(expire(&mut wheel, 2058), ["later"]);
}

#[test]
fn one_look_does_a_bounded_share_of_a_crowded_slot_and_asks_to_be_called_again() {
    let crowd = 3 * MOVES_PER_CALL;
    let mut wheel = Wheel::new(0);
    let mut keys: Vec<_> = (0..crowd).map(|value| wheel.insert(64 * 64 + 1, value)).collect();
    let at = 64 * 64;
    for _ in 0..2 {
        assert_eq!(wheel.next_expired(at), None);
        assert_eq!(wheel.next_deadline(), Some(at), "at once");
        wheel.assert_valid();
    }
    // In the midst of it timers may come and go, those that were not moved yet included.
    let _ = wheel.insert(at, crowd);
    for key in keys.drain(crowd - MOVES_PER_CALL..) {
        assert!(wheel.remove(key).is_some());
    }
    wheel.assert_valid();
    assert_eq!(wheel.next_expired(at), Some(crowd));
    assert_eq!(wheel.next_deadline(), Some(at + 1));
    assert_eq!(expire(&mut wheel, at + 1).len(), crowd - MOVES_PER_CALL);
    wheel.assert_valid();
}

#[test]
fn a_timer_leaves_its_place_to_the_next_when_its_key_is_given_back() {
    let mut wheel = Wheel::new(0);
    let first = wheel.insert(10, "first");
    assert_eq!(wheel.remove(first), Some("first"));
    let second = wheel.insert(10, "second");
    assert_eq!(wheel.entries.len(), 1, "the place is used again");
    assert_eq!(wheel.next_expired(10), Some("second"));
    let third = wheel.insert(20, "third");
    assert_eq!(wheel.entries.len(), 2, "the second's key is still there");
    assert_eq!((wheel.get(&second), wheel.get(&third)), (None, Some(&"third")));
    assert_eq!(wheel.remove(second), None);
    let fourth = wheel.insert(20, "fourth");
    assert_eq!(wheel.entries.len(), 2, "it was given back");
    assert_eq!(wheel.get(&fourth), Some(&"fourth"));
}

#[test]
fn every_order_of_three_timers_and_a_removal_on_one_slot() {
    for removed in 0..3 {
        for then in 0..3 {
            let mut wheel = Wheel::new(0);
            let mut keys = [0, 1, 2].map(|value| Some(wheel.insert(100, value)));
            let mut left = vec![0, 1, 2];
            for choice in [removed, then] {
                let removed = keys[choice].take().and_then(|key| wheel.remove(key));
                assert_eq!(removed.is_some(), left.contains(&choice));
                left.retain(|value| *value != choice);
                wheel.assert_valid();
            }
            assert_eq!(expire(&mut wheel, 100), left);
        }
    }
}

/// One step of a random story.
#[derive(Clone, Debug)]
enum Step {
    InsertIn(u64),
    InsertAt(u64),
    Remove(usize),
    Advance(u64),
}

/// A number of any size: each number of bits is as likely as the next.
fn any_size() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..200_u64).prop_map(Step::InsertIn),
        4 => any_size().prop_map(Step::InsertIn),
        1 => any_size().prop_map(Step::InsertAt),
        1 => Just(Step::InsertAt(LAST)),
        1 => Just(Step::InsertAt(u64::MAX)),
        4 => any::<usize>().prop_map(Step::Remove),
        4 => (0..200_u64).prop_map(Step::Advance),
        2 => any_size().prop_map(|by| Step::Advance(by >> 8)),
    ]
}

fn play(start: u64, story: impl IntoIterator<Item = Step>) {
    let mut pair = Pair::new(start);
    for step in story {
        match step {
            Step::InsertIn(ticks) => pair.insert(pair.now.saturating_add(ticks)),
            Step::InsertAt(tick) => pair.insert(tick),
            Step::Remove(choice) => pair.remove(choice),
            Step::Advance(by) => pair.advance(by),
        }
        pair.check();
    }
    pair.advance(u64::MAX);
    assert!(pair.wheel.is_empty());
    pair.check();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        // The failing story is printed; nothing is written beside the sources.
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_story_goes_as_in_the_model(
        start in any_size(),
        story in proptest::collection::vec(step(), 0..200),
    ) {
        play(start, story);
    }
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

/// What a server does: many timeouts of a few lengths, most of them removed before they fire.
#[test]
fn the_timeouts_of_a_server_go_as_in_the_model() {
    for seed in 0..40 {
        let mut rng = Rng(seed);
        let mut pair = Pair::new(rng.next() >> (rng.next() % 64));
        for _ in 0..2000 {
            match rng.next() % 8 {
                0..=3 => {
                    let timeout = [1, 50, 5_000, 30_000, 3_600_000][rng.next() as usize % 5];
                    pair.insert(pair.now.saturating_add(timeout));
                }
                4..=6 => pair.remove(rng.next() as usize),
                _ => pair.advance(rng.next() % 3_000),
            }
            pair.check();
        }
    }
}
