//! Bytes in order, in pieces: mostly none or one, so that one needs no memory of its own.

use sexton_buffers::Chunk;
use std::collections::VecDeque;

/// Chunks that wait for a reader.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    /// Before the rest. None: there is no rest, either.
    first: Option<Chunk>,
    /// Made for a reader that lags, and kept: it may lag again.
    rest: Option<Box<Rest>>,
}

#[derive(Debug, Default)]
struct Rest(VecDeque<Chunk>);

impl Chunks {
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.as_ref().map_or(0, |rest| rest.0.len())
    }

    pub(super) fn front(&self) -> Option<&Chunk> {
        self.first.as_ref()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Chunk> {
        self.first.as_mut()
    }

    pub(super) fn push_back(&mut self, chunk: Chunk) {
        if self.first.is_none() {
            self.first = Some(chunk);
        } else {
            self.rest.get_or_insert_default().0.push_back(chunk);
        }
    }

    pub(super) fn push_front(&mut self, chunk: Chunk) {
        if let Some(second) = self.first.replace(chunk) {
            self.rest.get_or_insert_default().0.push_front(second);
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<Chunk> {
        let first = self.first.take();
        if let Some(rest) = &mut self.rest {
            self.first = rest.0.pop_front();
        }
        first
    }
}

impl Extend<Chunk> for Chunks {
    fn extend<I: IntoIterator<Item = Chunk>>(&mut self, chunks: I) {
        chunks.into_iter().for_each(|chunk| self.push_back(chunk));
    }
}

impl Iterator for Chunks {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        self.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Chunks};
    use std::collections::VecDeque;

    /// Every sequence of six steps, beside a queue of std's.
    #[test]
    fn the_order_is_that_of_a_queue() {
        for program in 0..4_u32.pow(6) {
            let (mut chunks, mut queue) = (Chunks::default(), VecDeque::new());
            for step in 0..6 {
                let bytes = vec![step as u8; 3];
                match program / 4_u32.pow(step) % 4 {
                    0 => {
                        chunks.push_back(Chunk::from(bytes.clone()));
                        queue.push_back(bytes);
                    }
                    1 => {
                        chunks.push_front(Chunk::from(bytes.clone()));
                        queue.push_front(bytes);
                    }
                    2 => {
                        chunks.extend([bytes.clone(), bytes.clone()].map(Chunk::from));
                        queue.extend([bytes.clone(), bytes]);
                    }
                    _ => {
                        let popped = chunks.pop_front().map(Chunk::into_vec);
                        assert_eq!(popped, queue.pop_front());
                    }
                }
                assert_eq!((chunks.len(), chunks.is_empty()), (queue.len(), queue.is_empty()));
                assert_eq!(chunks.front().map(|front| &front[..]), queue.front().map(|v| &v[..]));
                assert!(chunks.rest.is_some() || queue.len() < 2);
            }
            assert_eq!(chunks.map(Chunk::into_vec).collect::<VecDeque<_>>(), queue);
        }
    }
}
