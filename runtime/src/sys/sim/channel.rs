//! One direction of a connection: bytes that have arrived, and those on their way.

use std::collections::VecDeque;

/// Bytes that a channel holds before its writer waits.
pub(super) const ROOM: usize = 64 * 1024;

/// What is on its way.
#[derive(Clone, Debug)]
enum Coming {
    Bytes(Vec<u8>),
    Fin,
    Error(i32),
}

/// One direction.
#[derive(Debug)]
pub(super) struct Channel {
    bytes: VecDeque<u8>,
    coming: VecDeque<(u64, Coming)>,
    coming_bytes: usize,
    pub(super) room: usize,
    /// The writer will write no more.
    pub(super) closed: bool,
    /// The reader has seen, or will see after the bytes, that the writer will write no more.
    pub(super) ended: bool,
    /// The reader will read no more.
    pub(super) reader_gone: bool,
    /// What the reader is told once, after the bytes; its sends are told it as well.
    pub(super) error: Option<i32>,
    /// The hosts of the writer and of the reader.
    pub(super) hosts: (usize, usize),
}

impl Channel {
    pub(super) fn new(hosts: (usize, usize)) -> Self {
        Self {
            bytes: VecDeque::new(),
            coming: VecDeque::new(),
            coming_bytes: 0,
            room: ROOM,
            closed: false,
            ended: false,
            reader_gone: false,
            error: None,
            hosts,
        }
    }

    /// What has arrived by `now` is there.
    pub(super) fn settle(&mut self, now: u64) {
        while self.coming.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, what)) = self.coming.pop_front() else { return };
            match what {
                Coming::Bytes(bytes) => {
                    self.coming_bytes -= bytes.len();
                    self.bytes.extend(bytes);
                }
                Coming::Fin => self.ended = true,
                Coming::Error(errno) => {
                    self.ended = true;
                    self.error = Some(errno);
                }
            }
        }
    }

    /// Sends bytes that arrive not before `at`, and after what was sent before; when they do.
    pub(super) fn send(&mut self, bytes: &[u8], at: u64) -> u64 {
        self.coming_bytes += bytes.len();
        self.come(at, Coming::Bytes(bytes.to_vec()))
    }

    /// Ends the sending; the reader hears of it when it arrives.
    pub(super) fn finish(&mut self, at: u64) -> u64 {
        if self.closed {
            return at;
        }
        self.closed = true;
        self.come(at, Coming::Fin)
    }

    /// Breaks the channel: the reader hears of it after what has arrived by then.
    pub(super) fn fail(&mut self, errno: i32, at: u64) -> u64 {
        self.closed = true;
        let on_their_way = std::mem::take(&mut self.coming);
        let early = on_their_way.into_iter().filter(|(when, _)| *when <= at);
        self.coming = early.collect();
        let bytes = self.coming.iter().map(|(_, what)| match what {
            Coming::Bytes(bytes) => bytes.len(),
            Coming::Fin | Coming::Error(_) => 0,
        });
        self.coming_bytes = bytes.sum();
        self.come(at, Coming::Error(errno))
    }

    fn come(&mut self, at: u64, what: Coming) -> u64 {
        let at = self.coming.back().map_or(at, |(last, _)| at.max(*last));
        self.coming.push_back((at, what));
        at
    }

    /// The first `count` bytes, which stay.
    pub(super) fn peek(&self, count: usize) -> Vec<u8> {
        let (first, second) = self.bytes.as_slices();
        let from_first = count.min(first.len());
        let from_second = (count - from_first).min(second.len());
        [&first[..from_first], &second[..from_second]].concat()
    }

    /// Removes the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
    }

    /// Bytes that have arrived.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes can be read: none while one must wait, 0 at the end.
    pub(super) fn readable(&self) -> Option<Result<usize, i32>> {
        match (self.bytes.len(), self.error) {
            (0, Some(errno)) => Some(Err(errno)),
            (0, None) if self.ended => Some(Ok(0)),
            (0, None) => None,
            (count, _) => Some(Ok(count)),
        }
    }

    /// How many bytes can be written: none while one must wait.
    pub(super) fn writable(&self) -> Option<Result<usize, i32>> {
        if self.closed || self.reader_gone {
            return Some(Err(libc::EPIPE));
        }
        match self.room.saturating_sub(self.bytes.len() + self.coming_bytes) {
            0 => None,
            room => Some(Ok(room)),
        }
    }

    /// Whether bytes of this channel were sent that nobody has read.
    pub(super) fn is_unread(&self) -> bool {
        self.bytes.len() + self.coming_bytes > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Channel;

    #[test]
    fn bytes_arrive_in_order_and_an_error_comes_after_those_that_have_arrived() {
        let mut channel = Channel::new((0, 1));
        assert_eq!(channel.send(b"ab", 10), 10);
        assert_eq!(channel.send(b"c", 5), 10, "nothing overtakes");
        assert_eq!((channel.readable(), channel.len()), (None, 0));
        channel.settle(10);
        assert_eq!(channel.readable(), Some(Ok(3)));
        channel.send(b"lost", 30);
        channel.fail(libc::ECONNRESET, 20);
        channel.settle(40);
        assert_eq!(channel.peek(9), b"abc");
        channel.consume(3);
        assert_eq!(channel.readable(), Some(Err(libc::ECONNRESET)));
        assert_eq!(channel.writable(), Some(Err(libc::EPIPE)));
    }

    #[test]
    fn what_is_on_its_way_takes_room() {
        let mut channel = Channel::new((0, 0));
        channel.room = 4;
        channel.send(b"abc", 9);
        assert_eq!(channel.writable(), Some(Ok(1)));
        channel.send(b"d", 9);
        assert_eq!(channel.writable(), None);
        channel.finish(9);
        channel.settle(9);
        channel.consume(4);
        assert_eq!(channel.readable(), Some(Ok(0)));
    }
}
