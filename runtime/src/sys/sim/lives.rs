//! Which descriptors were closed: the real kernel is asked, for all of them at once.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{OwnedFd, RawFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// So many are told of at once.
const BATCH: usize = 16;

/// Reading ends of pipes: each hangs up when the last copy of its writing end is closed.
#[derive(Debug, Default)]
pub(super) struct Lives {
    epoll: Option<OwnedFd>,
}

impl Lives {
    /// Watches one more, until it is closed itself.
    pub(super) fn watch(&mut self, life: &OwnedFd, number: RawFd) -> io::Result<()> {
        let epoll = match &mut self.epoll {
            Some(epoll) => epoll,
            none => none.insert(epoll::create(CreateFlags::CLOEXEC)?),
        };
        let number = EventData::new_u64(u64::from(number.cast_unsigned()));
        // That it hangs up is told in any case, and is told once.
        epoll::add(epoll, life, number, EventFlags::ET)?;
        Ok(())
    }

    /// The numbers whose writing ends were closed since this was asked last, the lowest first.
    pub(super) fn ended(&self) -> Vec<RawFd> {
        let mut ended = Vec::new();
        let Some(epoll) = &self.epoll else { return ended };
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            let mut events = [MaybeUninit::<Event>::uninit(); BATCH];
            let told = match epoll::wait(epoll, &mut events[..], Some(&at_once)) {
                Ok((told, _)) => told,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => panic!("an epoll of our own can be asked: {error}"),
            };
            for event in told.iter() {
                // They are packed: copied out, not borrowed.
                let (flags, number) = (event.flags, event.data);
                if flags.contains(EventFlags::HUP) {
                    ended.push((number.u64() as u32).cast_signed());
                }
            }
            if told.len() < BATCH {
                break;
            }
        }
        ended.sort_unstable();
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::Lives;
    use rustix::pipe::{PipeFlags, pipe_with};
    use std::os::fd::AsRawFd;

    #[test]
    fn each_that_was_closed_is_told_once_with_its_last_copy() {
        let mut lives = Lives::default();
        assert!(lives.ended().is_empty(), "nothing is watched");
        let pipes: Vec<_> =
            (0..40).map(|_| pipe_with(PipeFlags::CLOEXEC).expect("a pipe")).collect();
        let (mut kept, mut expected) = (Vec::new(), Vec::new());
        for (index, (life, fd)) in pipes.into_iter().enumerate() {
            lives.watch(&life, fd.as_raw_fd()).expect("it is a new one");
            if index % 3 > 0 {
                expected.push(fd.as_raw_fd());
            }
            kept.push((life, Some(fd.try_clone().expect("a copy")), Some(fd)));
        }
        assert!(lives.ended().is_empty(), "all are open");
        for (_, copy, _) in &mut kept {
            copy.take();
        }
        assert!(lives.ended().is_empty(), "a copy of each is open");
        for (index, (_, _, fd)) in kept.iter_mut().enumerate() {
            drop((index % 3 > 0).then(|| fd.take()));
        }
        expected.sort_unstable();
        assert_eq!(lives.ended(), expected);
        assert!(lives.ended().is_empty(), "each is told once");
    }
}
