//! Lists threaded through the records themselves: nothing to allocate, nothing that can be full.

/// No neighbour.
const NONE: u32 = u32::MAX;
/// In no list, where a neighbour would be.
const UNLISTED: u32 = u32::MAX - 1;

/// A record's place in one list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    prev: u32,
    next: u32,
}

impl Links {
    pub(super) const FREE: Self = Self { prev: UNLISTED, next: UNLISTED };

    #[inline]
    pub(super) fn is_listed(self) -> bool {
        self.next != UNLISTED
    }
}

/// Which list a record's links belong to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    /// Operations whose cancel waits to be submitted.
    Cancel,
    /// Buried operations, the oldest first.
    Graveyard,
}

/// A record that can be in both lists.
pub(super) trait Linked {
    fn links(&mut self, which: Which) -> &mut Links;
}

/// A first-in-first-out list with removal from anywhere.
#[derive(Debug)]
pub(super) struct List {
    which: Which,
    head: u32,
    tail: u32,
}

impl List {
    pub(super) const fn new(which: Which) -> Self {
        Self { which, head: NONE, tail: NONE }
    }

    pub(super) fn front(&self) -> Option<usize> {
        (self.head != NONE).then_some(self.head as usize)
    }

    /// Appends `index`, unless it is listed already.
    pub(super) fn push_back<T: Linked>(&mut self, records: &mut [T], index: usize) {
        let tail = self.tail;
        let links = records[index].links(self.which);
        if links.is_listed() {
            return;
        }
        *links = Links { prev: tail, next: NONE };
        if tail == NONE {
            self.head = index as u32;
        } else {
            records[tail as usize].links(self.which).next = index as u32;
        }
        self.tail = index as u32;
    }

    /// Takes `index` out, if it is listed.
    #[inline]
    pub(super) fn remove<T: Linked>(&mut self, records: &mut [T], index: usize) {
        if records[index].links(self.which).is_listed() {
            self.unlink(records, index);
        }
    }

    fn unlink<T: Linked>(&mut self, records: &mut [T], index: usize) {
        let links = records[index].links(self.which);
        let Links { prev, next } = core::mem::replace(links, Links::FREE);
        match prev {
            NONE => self.head = next,
            prev => records[prev as usize].links(self.which).next = next,
        }
        match next {
            NONE => self.tail = prev,
            next => records[next as usize].links(self.which).prev = prev,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Linked, Links, List, Which};
    use std::collections::VecDeque;

    struct Node([Links; 2]);

    impl Linked for Node {
        fn links(&mut self, which: Which) -> &mut Links {
            &mut self.0[which as usize]
        }
    }

    #[test]
    fn every_sequence_of_pushes_and_removals_matches_a_queue() {
        let (nodes, steps) = (3_usize, if cfg!(miri) { 3 } else { 6 });
        let actions = nodes * 2;
        for program in 0..actions.pow(steps) {
            let mut records: Vec<Node> = (0..nodes).map(|_| Node([Links::FREE; 2])).collect();
            let (mut list, mut model) = (List::new(Which::Cancel), VecDeque::new());
            let mut rest = program;
            for _ in 0..steps {
                let (action, node) = (rest % actions / nodes, rest % nodes);
                rest /= actions;
                if action == 0 {
                    list.push_back(&mut records, node);
                    if !model.contains(&node) {
                        model.push_back(node);
                    }
                } else {
                    list.remove(&mut records, node);
                    model.retain(|n| *n != node);
                }
                assert_eq!(list.front(), model.front().copied(), "program {program}");
            }
            while let Some(front) = list.front() {
                assert_eq!(Some(front), model.pop_front());
                list.remove(&mut records, front);
            }
            assert!(model.is_empty());
        }
    }
}
