//! A hierarchical timer wheel: when is what due, and nothing about clocks or wakers.
//!
//! Time is a count of ticks, 48 bits of them. A tick has eight digits of six bits, and each is a
//! level of 64 slots. A timer lies at the level of the highest digit in which its deadline differs
//! from `now`, in the slot of its deadline's digit: near deadlines in a slot of their own, far ones
//! in one with others of about that time. When `now` reaches such a slot, its timers move to lower
//! levels.
//!
//! ```text
//!  now = 2·64² + 5·64 + 9           6 bits a level, so every tick has its place
//!
//!  level 2   slots 0 1 2 [3 ........................ 63]   64² ticks each
//!  level 1   slots 0 1 2 3 4 5 [6 .................. 63]   64 ticks each, while level 2 is at 2
//!  level 0   slots 0 ... 8 [9 ...................... 63]   1 tick each, while level 1 is at 5
//!                           └ in brackets: where timers may lie; `now` has passed the rest
//! ```
//!
//! So a lower level is always due before a higher one, a slot before its right neighbour, and the
//! next deadline is two bit scans away.
//!
//! # Invariants
//!
//! - **I1** a timer in a list of level `l` has its deadline's digit `l` in common with its slot,
//!   and all higher digits with `now`.
//! - **I2** in level 0 no slot before `now`'s digit is occupied; in a higher level none up to and
//!   including `now`'s digit, except the one that `moving` names.
//! - **I3** bit `s` of `occupied[l]` is set if and only if the list of slot `s` of level `l` is not
//!   empty; bit `l` of `levels` if and only if `occupied[l]` is not 0.
//! - **I4** a list is a ring: `next` and `prev` are inverse, and each entry on it names the list.
//!   Its head is the timer that was put there first.
//! - **I5** an entry is on exactly one list if it has a value, and has a key that nobody else has.
//!   If it has none, its timer has fired and its key is still there, or it is on the free list.

use std::fmt;
use std::mem;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod validate;

/// Bits of a digit.
const DIGIT_BITS: u32 = 6;
/// Slots of a level: one for each value of a digit.
const SLOTS: usize = 1 << DIGIT_BITS;
/// The last tick: in nine thousand years, if it is a millisecond. What is set for later fires then.
pub(super) const LAST: u64 = (1 << DEADLINE_BITS) - 1;
/// Bits of a deadline, which shares a word with the number of a list.
const DEADLINE_BITS: u32 = 48;
/// Levels, enough for every tick: there is no overflow list.
const LEVELS: usize = DEADLINE_BITS.div_ceil(DIGIT_BITS) as usize;
/// How many timers one call of `next_expired` moves to lower levels, at most (some 10 µs). A slot
/// may hold every timer of a core, say of 100,000 idle connections, and the core has other work to
/// do.
const MOVES_PER_CALL: usize = 1024;
/// No entry, no list.
const NONE: u32 = u32::MAX;

const _: () = assert!(SLOTS == u64::BITS as usize, "one bitmap word a level");
const _: () = assert!(LEVELS <= u16::BITS as usize, "one bit a level");
const _: () = assert!(size_of::<Entry<std::task::Waker>>() <= 32, "16 bytes beside the value");

/// Names a timer, and keeps its place: from `insert` until it is given back with `remove`, whether
/// the timer has fired or not.
#[must_use = "the place of a timer is used again when its key is given back"]
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct TimerKey(u32);

/// One timer, or a free place for one.
struct Entry<T> {
    due: Due,
    prev: u32,
    /// The next one on the list, or the next free entry.
    next: u32,
    value: Option<T>,
}

/// A deadline, and above it the list: level and slot, as `level * SLOTS + slot`.
#[derive(Clone, Copy)]
struct Due(u64);

impl Due {
    fn new(deadline: u64, list: u16) -> Self {
        Self(deadline | u64::from(list) << DEADLINE_BITS)
    }

    fn deadline(self) -> u64 {
        self.0 & LAST
    }

    fn list(self) -> u16 {
        (self.0 >> DEADLINE_BITS) as u16
    }
}

/// A set of deadlines, each with a value, that gives back the values in the deadlines' order.
///
/// It runs no code of its values' (their destructors only when it is dropped itself).
pub(crate) struct Wheel<T> {
    /// The tick up to which everything has been looked at. Never after the caller's time.
    now: u64,
    /// Which levels have an occupied slot.
    levels: u16,
    /// The list of a higher level that `now` has reached and whose timers are being moved down.
    moving: Option<u16>,
    len: u32,
    /// The first free entry. They are linked by `next`.
    free: u32,
    entries: Vec<Entry<T>>,
    occupied: [u64; LEVELS],
    heads: [u32; LEVELS * SLOTS],
}

impl<T> Wheel<T> {
    /// An empty wheel that stands at `now_tick`. Allocates nothing before the first timer.
    pub(crate) fn new(now_tick: u64) -> Self {
        Self {
            now: now_tick.min(LAST),
            levels: 0,
            moving: None,
            len: 0,
            free: NONE,
            entries: Vec::new(),
            occupied: [0; LEVELS],
            heads: [NONE; LEVELS * SLOTS],
        }
    }

    /// How many timers are set.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no timer is set.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Sets a timer. A deadline that the wheel has passed counts as the tick at which it stands,
    /// and fires at the next look; one after the last tick counts as that.
    pub(crate) fn insert(&mut self, deadline_tick: u64, value: T) -> TimerKey {
        let index = self.vacant();
        self.len += 1;
        self.entries[index as usize].value = Some(value);
        self.link(index, deadline_tick.max(self.now).min(LAST));
        TimerKey(index)
    }

    /// Gives a place back, with the timer if that has not fired.
    pub(crate) fn remove(&mut self, TimerKey(index): TimerKey) -> Option<T> {
        let value = self.entries[index as usize].value.take();
        if value.is_some() {
            self.unlink(index);
            self.len -= 1;
        }
        self.entries[index as usize].next = mem::replace(&mut self.free, index);
        value
    }

    /// The value of a timer that is still set.
    pub(crate) fn get(&self, TimerKey(index): &TimerKey) -> Option<&T> {
        self.entries[*index as usize].value.as_ref()
    }

    /// Takes out a timer that is due at `now_tick`: the one with the earliest deadline.
    ///
    /// To be called until it answers `None`. Then either nothing more is due, and `next_deadline`
    /// is after `now_tick`; or this call has done its share of moving timers about, and
    /// `next_deadline` says "at once": a core that asks it how long to sleep comes back soon, with
    /// its other work done.
    ///
    /// A time before an earlier call's changes nothing and fires nothing.
    pub(crate) fn next_expired(&mut self, now_tick: u64) -> Option<T> {
        let now_tick = now_tick.min(LAST);
        for _ in 0..MOVES_PER_CALL {
            let Some((list, start)) = self.first_list().filter(|(_, start)| *start <= now_tick)
            else {
                // I1 and I2: no slot starts before `now_tick`, so all timers keep their places.
                self.now = self.now.max(now_tick);
                return None;
            };
            // No slot starts before this one, hence I1 and I2 as well, with the one exception.
            self.now = start;
            let index = self.heads[list as usize];
            if level_of(list) == 0 {
                self.unlink(index);
                self.len -= 1;
                return self.entries[index as usize].value.take();
            }
            self.moving = Some(list);
            self.unlink(index);
            self.link(index, self.entries[index as usize].due.deadline());
        }
        None
    }

    /// When to look again: not later than the earliest deadline. Exact if that lies in level 0, so
    /// within the present 64 ticks; otherwise the start of its slot. Who waits for one far timer is
    /// thus woken early once for each level on its way down.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.first_list().map(|(_, start)| start)
    }

    /// The list to look at first, and the tick at which its slot starts.
    fn first_list(&self) -> Option<(u16, u64)> {
        if let Some(list) = self.moving {
            return Some((list, self.now));
        }
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros();
        let slot = self.occupied[level as usize].trailing_zeros();
        let list = level as u16 * SLOTS as u16 + slot as u16;
        Some((list, with_digit(self.now, level, slot)))
    }

    /// Puts an entry at the end of the list that its deadline belongs to.
    fn link(&mut self, index: u32, deadline: u64) {
        debug_assert!(deadline >= self.now, "the wheel has passed {deadline}: {}", self.now);
        let level = ((deadline ^ self.now) | 1).ilog2() / DIGIT_BITS;
        let slot = digit(deadline, level);
        let list = level as usize * SLOTS + slot as usize;
        let head = self.heads[list];
        let (prev, next) = if head == NONE {
            self.heads[list] = index;
            self.occupied[level as usize] |= 1 << slot;
            self.levels |= 1 << level;
            (index, index)
        } else {
            let last = mem::replace(&mut self.entries[head as usize].prev, index);
            self.entries[last as usize].next = index;
            (last, head)
        };
        let entry = &mut self.entries[index as usize];
        (entry.prev, entry.next) = (prev, next);
        entry.due = Due::new(deadline, list as u16);
    }

    /// Takes an entry off its list.
    fn unlink(&mut self, index: u32) {
        let entry = &self.entries[index as usize];
        let (prev, next, list) = (entry.prev, entry.next, entry.due.list());
        if next == index {
            self.heads[list as usize] = NONE;
            let level = level_of(list);
            self.occupied[level] &= !(1 << (list as usize % SLOTS));
            self.levels &= !(u16::from(self.occupied[level] == 0) << level);
            // I2 holds again without its exception. The slot may fill anew when its digit comes
            // back.
            self.moving = self.moving.filter(|moving| *moving != list);
        } else {
            self.entries[prev as usize].next = next;
            self.entries[next as usize].prev = prev;
            if self.heads[list as usize] == index {
                self.heads[list as usize] = next;
            }
        }
    }

    /// A free entry, no longer on the free list.
    fn vacant(&mut self) -> u32 {
        if self.free != NONE {
            let index = self.free;
            self.free = self.entries[index as usize].next;
            return index;
        }
        assert!(self.entries.len() < NONE as usize, "four billion timers in one wheel");
        let index = self.entries.len() as u32;
        let (prev, next) = (NONE, NONE);
        self.entries.push(Entry { due: Due::new(0, 0), prev, next, value: None });
        index
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("now", &self.now)
            .field("len", &self.len)
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}

/// The level of a list.
fn level_of(list: u16) -> usize {
    list as usize / SLOTS
}

/// Digit `level` of a tick.
fn digit(tick: u64, level: u32) -> u32 {
    (tick >> (level * DIGIT_BITS)) as u32 & (SLOTS as u32 - 1)
}

/// `now` with `slot` as its digit `level`, and the digits below it 0.
fn with_digit(now: u64, level: u32, slot: u32) -> u64 {
    let shift = level * DIGIT_BITS;
    let above = now >> (shift + DIGIT_BITS) << DIGIT_BITS;
    (above | u64::from(slot)) << shift
}
