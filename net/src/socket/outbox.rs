//! Bytes that were committed to a stream's own memory, on their way out.
//!
//! They go out in order, one send at a time, before any write that comes later. The send is the
//! stream's: no future waits for it.

use super::recv::Recv;
use super::shared::Shared;
use crate::op::SendRest;
use sexton_buffers::{IoBuf, Slice};
use sexton_runtime::op::Detached;
use std::cell::{OnceCell, RefCell, RefMut};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// Made when the first bytes are committed.
#[derive(Debug, Default)]
pub(super) struct Outbox(OnceCell<Box<RefCell<State>>>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Slice<Vec<u8>>>,
    flight: Option<Detached>,
    /// Not known to be sent.
    bytes: usize,
    /// What became of a send: told to whoever writes next, and nothing is sent before.
    error: Option<io::Error>,
    /// Memory to be used again.
    spare: Option<Vec<u8>>,
    /// Nobody writes any more.
    gone: bool,
}

impl Outbox {
    fn state(&self) -> Option<RefMut<'_, State>> {
        self.0.get().map(|state| state.borrow_mut())
    }

    /// Buffers that wait, or are with the kernel.
    pub(super) fn buffers(&self) -> usize {
        self.state().map_or(0, |state| state.queue.len() + usize::from(state.flight.is_some()))
    }

    pub(super) fn bytes(&self) -> usize {
        self.state().map_or(0, |state| state.bytes)
    }

    pub(super) fn take_error(&self) -> io::Result<()> {
        let error = self.state().and_then(|mut state| state.error.take());
        error.map_or(Ok(()), Err)
    }

    pub(super) fn take_spare(&self) -> Option<Vec<u8>> {
        self.state().and_then(|mut state| state.spare.take())
    }
}

impl Shared {
    /// The first `used` bytes of `memory` go out, behind what waits already.
    pub(super) fn send_later(self: &Rc<Self>, memory: Vec<u8>, used: usize) {
        let mut state = self.outbox.0.get_or_init(Box::default).borrow_mut();
        if state.error.is_some() {
            // Bytes before these are lost, and nobody was told yet: these go the same way.
            state.spare = Some(memory);
            return;
        }
        state.bytes += used;
        state.queue.push_back(memory.slice(..used));
        drop(state);
        if !self.sending.replace(true) {
            self.next_send();
        }
    }

    /// The turn is free: the next buffer has it, or whoever waits.
    pub(super) fn next_send(self: &Rc<Self>) {
        let next = self.outbox.state().and_then(|mut state| state.queue.pop_front());
        if let Some(rest) = next {
            match Detached::submit(SendRest { socket: Rc::clone(self), rest }) {
                Ok(flight) => {
                    if let Some(mut state) = self.outbox.state() {
                        state.flight = Some(flight);
                    }
                    return;
                }
                Err((_, error)) => {
                    if let Some(mut state) = self.outbox.state() {
                        state.fail(error);
                    }
                }
            }
        }
        self.sending.set(false);
        self.writers.wake();
    }

    /// A send of the stream's own has ended.
    pub(crate) fn rest_ended(self: &Rc<Self>, mut rest: Slice<Vec<u8>>, result: io::Result<usize>) {
        let count = match result {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            // Nobody but the stream's own end cancels it: the bytes still wait.
            Err(error) if Recv::is_passing(&error) => Ok(0),
            result => result,
        };
        match (count, self.outbox.state()) {
            (Ok(count), Some(mut state)) => {
                rest.skip(count);
                state.flight = None;
                state.bytes -= count;
                if rest.is_empty() {
                    state.spare = Some(rest.into_inner());
                } else if !state.gone {
                    state.queue.push_front(rest);
                }
            }
            (Err(error), Some(mut state)) => state.fail(error),
            (_, None) => {}
        }
        self.next_send();
    }

    /// The last handle that writes is gone: what was not sent is discarded.
    pub(super) fn bury_sends(&self) {
        let flight = self.outbox.state().and_then(|mut state| {
            state.gone = true;
            state.queue.clear();
            state.flight.take()
        });
        if let Some(flight) = flight {
            flight.bury();
        }
    }
}

impl State {
    /// What waits cannot be sent any more, nor what comes behind it.
    fn fail(&mut self, error: io::Error) {
        self.flight = None;
        self.queue.clear();
        self.bytes = 0;
        self.error = Some(error);
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::Writer;
    use super::Shared;
    use sexton_buffers::{BufError, IoBuf};
    use sexton_runtime::calls;
    use std::future::poll_fn;
    use std::io::{self, IoSlice};
    use std::os::fd::OwnedFd;
    use std::rc::Rc;

    /// It is the stream's: no future may give it up, so nobody would send the bytes again.
    #[test]
    fn a_send_that_was_cancelled_or_interrupted_sends_its_bytes_again() {
        sexton_runtime::block_on(async {
            for errno in [4, 11, 125] {
                let (fd, peer) = calls::socket::unix_pair().unwrap();
                let shared = Shared::socket(fd.into());
                shared.outbox.0.get_or_init(Box::default).borrow_mut().bytes = 10;
                shared.sending.set(true);
                let failed = io::Error::from_raw_os_error(errno);
                shared.rest_ended(vec![7; 10].slice(..), Err(failed));
                shared.sent().await.unwrap();
                shared.outbox.take_error().unwrap();
                let mut buf = [0; 16];
                let mut buf = sexton_buffers::ReadBuf::from(&mut buf[..]);
                let count = calls::socket::recv(&peer, &mut buf.unfilled(), false).unwrap();
                assert_eq!((count, shared.outbox.bytes()), (10, 0), "after {errno}");
            }
        });
    }

    /// A stream whose committed bytes were lost, by a failure that nobody was told of.
    fn bereft(fd: OwnedFd) -> Rc<Shared> {
        let shared = Shared::socket(fd.into());
        lose(&shared);
        shared
    }

    fn lose(shared: &Rc<Shared>) {
        shared.outbox.0.get_or_init(Box::default).borrow_mut().bytes = 10;
        shared.sending.set(true);
        shared.rest_ended(vec![7; 10].slice(..), Err(io::Error::from_raw_os_error(12)));
    }

    /// The peer would see a gap, and the writer takes the error for that of its last bytes.
    #[test]
    fn bytes_behind_lost_ones_are_not_sent_before_the_loss_is_told() {
        sexton_runtime::block_on(async {
            let (fd, peer) = calls::socket::unix_pair().unwrap();
            let shared = bereft(fd);
            shared.send_later(vec![8; 10], 10);
            shared.sent().await.unwrap();
            let mut buf = [0; 16];
            let mut buf = sexton_buffers::ReadBuf::from(&mut buf[..]);
            assert!(calls::socket::recv(&peer, &mut buf.unfilled(), false).is_err(), "nothing");
            assert_eq!(shared.outbox.take_error().unwrap_err().raw_os_error(), Some(12));
        });
    }

    /// Whoever writes next is told, however it writes, and its bytes are not sent.
    #[test]
    fn every_kind_of_write_tells_of_lost_bytes_once() {
        sexton_runtime::block_on(async {
            for kind in 0..6 {
                let (fd, peer) = calls::socket::unix_pair().unwrap();
                let to = Writer::new(bereft(fd));
                let write = async || match kind {
                    0 => to.write_owned(b"abc").await.map(drop).map_err(BufError::into_error),
                    1 => {
                        let outcome = to.write_vectored_owned([b"ab", b"cd"]).await;
                        outcome.map(drop).map_err(BufError::into_error)
                    }
                    2 => to.send_zc(b"abc").await.map(drop).map_err(BufError::into_error),
                    3 => to.non_blocking_write_vectored(&[IoSlice::new(b"abc")]).map(drop),
                    4 => to.write_all_owned(b"abc").await.map(drop).map_err(BufError::into_error),
                    _ => {
                        let bufs = [IoSlice::new(b"abc")];
                        poll_fn(|cx| to.poll_write_vectored(cx, &bufs)).await.map(drop)
                    }
                };
                assert_eq!(write().await.unwrap_err().raw_os_error(), Some(12), "{kind}");
                let mut buf = [0; 16];
                let mut buf = sexton_buffers::ReadBuf::from(&mut buf[..]);
                let nothing = calls::socket::recv(&peer, &mut buf.unfilled(), false);
                assert!(nothing.is_err(), "{kind}");
                write().await.unwrap();
                assert!(calls::socket::recv(&peer, &mut buf.unfilled(), false).is_ok(), "{kind}");
            }
        });
    }

    /// The writer was told, and may rely on it that nothing it committed before goes out later.
    #[test]
    fn what_was_committed_behind_lost_bytes_goes_the_same_way() {
        sexton_runtime::block_on(async {
            let (fd, peer) = calls::socket::unix_pair().unwrap();
            let mut writer = Writer::new(bereft(fd));
            let told = async |writer: &mut Writer| writer.space().await.map(|_| ()).unwrap_err();
            assert_eq!(told(&mut writer).await.raw_os_error(), Some(12));
            writer.space().await.unwrap()[..3].copy_from_slice(b"two");
            writer.commit(3);
            lose(writer.socket());
            assert_eq!(told(&mut writer).await.raw_os_error(), Some(12));
            writer.space().await.unwrap()[..5].copy_from_slice(b"three");
            writer.commit(5);
            writer.flush().await.unwrap();
            let mut buf = [0; 16];
            let mut buf = sexton_buffers::ReadBuf::from(&mut buf[..]);
            calls::socket::recv(&peer, &mut buf.unfilled(), false).unwrap();
            assert_eq!(buf.filled(), b"three");
        });
    }

    /// A cancel may come too late, and find a part sent: nobody is left to cancel the next send.
    #[test]
    fn the_rest_of_a_send_is_not_sent_for_a_writer_that_is_gone() {
        sexton_runtime::block_on(async {
            let (fd, _peer) = calls::socket::unix_pair().unwrap();
            let shared = Shared::socket(fd.into());
            shared.send_later(vec![7; 10], 10);
            shared.bury_sends();
            shared.rest_ended(vec![7; 10].slice(..), Ok(4));
            assert_eq!(shared.outbox.buffers(), 0);
            assert!(!shared.sending.get());
        });
    }
}
