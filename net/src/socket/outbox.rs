//! Bytes that were committed to a stream's own memory, on their way out.
//!
//! They go out in order, one send at a time, before any write that comes later. The send is the
//! stream's: no future waits for it.

use super::recv::is_cancelled;
use super::shared::Shared;
use crate::op::SendRest;
use sexton_buffers::{IoBuf, Slice};
use sexton_runtime::op::Detached;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// Made when the first bytes are committed.
#[derive(Debug, Default)]
pub(super) struct Outbox(RefCell<Option<Box<State>>>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Slice<Vec<u8>>>,
    flight: Option<Detached>,
    /// Not known to be sent.
    bytes: usize,
    /// What became of a send: told to the next writer that asks.
    error: Option<io::Error>,
    /// Memory to be used again.
    spare: Option<Vec<u8>>,
}

impl Outbox {
    /// Buffers that wait, or are with the kernel.
    pub(super) fn buffers(&self) -> usize {
        let state = self.0.borrow();
        state.as_ref().map_or(0, |state| state.queue.len() + usize::from(state.flight.is_some()))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, |state| state.bytes)
    }

    pub(super) fn take_error(&self) -> io::Result<()> {
        let error = self.0.borrow_mut().as_mut().and_then(|state| state.error.take());
        error.map_or(Ok(()), Err)
    }

    pub(super) fn take_spare(&self) -> Option<Vec<u8>> {
        self.0.borrow_mut().as_mut().and_then(|state| state.spare.take())
    }
}

impl Shared {
    /// The first `used` bytes of `memory` go out, behind what waits already.
    pub(super) fn send_later(self: &Rc<Self>, memory: Vec<u8>, used: usize) {
        let mut outbox = self.outbox.0.borrow_mut();
        let state = outbox.get_or_insert_default();
        state.bytes += used;
        state.queue.push_back(memory.slice(..used));
        drop(outbox);
        if !self.sending.replace(true) {
            self.next_send();
        }
    }

    /// The turn is free: the next buffer has it, or whoever waits.
    pub(super) fn next_send(self: &Rc<Self>) {
        let next = self.outbox.0.borrow_mut().as_mut().and_then(|state| state.queue.pop_front());
        if let Some(rest) = next {
            match Detached::submit(SendRest { socket: Rc::clone(self), rest }) {
                Ok(flight) => {
                    if let Some(state) = self.outbox.0.borrow_mut().as_mut() {
                        state.flight = Some(flight);
                    }
                    return;
                }
                Err((_, error)) => self.fail(error),
            }
        }
        self.sending.set(false);
        self.writers.wake();
    }

    /// A send of the stream's own has ended.
    pub(crate) fn rest_ended(self: &Rc<Self>, mut rest: Slice<Vec<u8>>, result: io::Result<usize>) {
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.put_back_first(rest),
            Ok(0) => self.fail(io::ErrorKind::WriteZero.into()),
            Err(error) => self.fail(error),
            Ok(count) => {
                rest.skip(count);
                let done = rest.is_empty();
                if let Some(state) = self.outbox.0.borrow_mut().as_mut() {
                    state.flight = None;
                    state.bytes -= count;
                    if done {
                        state.spare = Some(rest.into_inner());
                        rest = Vec::new().slice(..);
                    }
                }
                if !done {
                    self.put_back_first(rest);
                }
            }
        }
        self.next_send();
    }

    fn put_back_first(&self, rest: Slice<Vec<u8>>) {
        if let Some(state) = self.outbox.0.borrow_mut().as_mut() {
            state.flight = None;
            state.queue.push_front(rest);
        }
    }

    /// What waits cannot be sent any more, nor what comes behind it.
    fn fail(&self, error: io::Error) {
        if let Some(state) = self.outbox.0.borrow_mut().as_mut() {
            state.flight = None;
            state.queue.clear();
            state.bytes = 0;
            if !is_cancelled(&error) {
                state.error = Some(error);
            }
        }
    }

    /// The last handle that writes is gone: what was not sent is discarded.
    pub(super) fn bury_sends(&self) {
        let flight = self.outbox.0.borrow_mut().as_mut().and_then(|state| {
            state.queue.clear();
            state.flight.take()
        });
        if let Some(flight) = flight {
            flight.bury();
        }
    }
}
