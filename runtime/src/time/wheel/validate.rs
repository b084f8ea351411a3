//! The wheel checks itself: each invariant by its number.

use super::{NONE, SLOTS, Wheel, digit};

impl<T> Wheel<T> {
    /// Panics with the number of the invariant that does not hold. Looks at every entry: for tests.
    pub(crate) fn assert_valid(&self) {
        let mut listed = 0;
        for (level, occupied) in self.occupied.iter().enumerate() {
            assert_eq!(self.levels >> level & 1 == 1, *occupied != 0, "I3: level {level}");
            for slot in 0..SLOTS {
                let head = self.heads[level * SLOTS + slot];
                assert_eq!(occupied >> slot & 1 == 1, head != NONE, "I3: {level}/{slot}");
                if head != NONE {
                    self.assert_slot_allowed(level, slot);
                    listed += self.assert_list_valid(level, slot, head);
                }
            }
        }
        assert_eq!(self.levels >> self.occupied.len(), 0, "I3: no such level");
        let with_value = self.entries.iter().filter(|entry| entry.value.is_some()).count();
        assert_eq!((listed, with_value), (self.len(), self.len()), "I5: listed, with a value");
        self.assert_free_list_valid();
    }

    fn assert_slot_allowed(&self, level: usize, slot: usize) {
        let current = digit(self.now, level as u32) as usize;
        let is_moving = self.moving == Some((level * SLOTS + slot) as u16);
        if level == 0 {
            assert!(slot >= current, "I2: level 0, slot {slot} before {current}");
            assert!(!is_moving, "I2: nothing moves down from level 0");
        } else {
            assert_eq!(slot == current, is_moving, "I2: {level}/{slot}, now in {current}");
            assert!(slot >= current, "I2: {level}/{slot} before {current}");
        }
    }

    /// Walks one list and counts it.
    fn assert_list_valid(&self, level: usize, slot: usize, head: u32) -> usize {
        let (mut count, mut index) = (0, head);
        loop {
            let entry = &self.entries[index as usize];
            assert!(entry.value.is_some(), "I5: {index} is free and on a list");
            assert_eq!(
                usize::from(entry.due.list()),
                level * SLOTS + slot,
                "I4: {index} names its list"
            );
            assert_eq!(self.entries[entry.next as usize].prev, index, "I4: a ring at {index}");
            assert_eq!(
                digit(entry.due.deadline(), level as u32) as usize,
                slot,
                "I1: {index}'s digit"
            );
            let above = (level as u32 + 1) * super::DIGIT_BITS;
            let differ = (entry.due.deadline() ^ self.now).checked_shr(above).unwrap_or(0);
            assert_eq!(differ, 0, "I1: {index} shares the digits above {level} with now");
            count += 1;
            index = entry.next;
            if index == head {
                return count;
            }
            assert!(count < self.entries.len(), "I4: {level}/{slot} never comes back to its head");
        }
    }

    fn assert_free_list_valid(&self) {
        let (mut free, mut index) = (0, self.free);
        while index != NONE {
            assert!(self.entries[index as usize].value.is_none(), "I5: {index} is set and free");
            free += 1;
            assert!(free <= self.entries.len(), "I5: the free list has an end");
            index = self.entries[index as usize].next;
        }
    }
}
