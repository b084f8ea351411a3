//! Chains: what waits for the end of the submission before it, and what limits its time.
//!
//! The head of a chain is in flight and owns the rest: no cancel finds it, and it completes after
//! the head. A link timeout is taken out of the chain, and in flight as well, once what it limits
//! has to wait.

#[cfg(test)]
pub(super) mod tests;

use std::collections::VecDeque;
use std::iter::once;

use super::faults::Fault;
use super::interpret::Step;
use super::objects::Id;
use super::operation::{CQE_SKIP_SUCCESS, Operation, opcode};
use super::ring::Ring;
use super::world::{State, TICK};
use crate::sys::Request;

/// `IOSQE_IO_LINK`: what follows waits for its end, and is cancelled if it fails.
const IO_LINK: u8 = 1 << 2;
/// `IOSQE_IO_HARDLINK`: what follows waits for its end.
const IO_HARDLINK: u8 = 1 << 3;
/// Either.
pub(super) const LINKS: u8 = IO_LINK | IO_HARDLINK;

/// What an operation is tied to.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// What waits for its end, the next one first.
    behind: VecDeque<Operation>,
    /// Some submission of the chain was refused: not even a hard link goes on.
    broken: bool,
    /// The link timeout in flight that limits it.
    limited: Option<u64>,
    /// Of a link timeout in flight: which it is, and the tag of what it limits.
    limits: Option<(u64, u64)>,
    /// It ends, and what is behind it at once with it.
    ends: bool,
    /// It ends with one before it that is silent, and posts nothing.
    muted: bool,
    /// What its descriptor stood for when it was submitted, if it is looked up again.
    named: Option<Id>,
}

/// What an operation was tied to, and what its end means for that.
#[derive(Debug)]
pub(super) struct Untied {
    behind: VecDeque<Operation>,
    limited: Option<u64>,
    then: Then,
}

/// What becomes of that.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// The next one begins.
    Goes,
    /// All of it is cancelled, and says so unless it is muted.
    Breaks { muted: bool },
    /// All of it was cancelled before, and is told now.
    Ends,
}

impl Chain {
    /// That of a submission which was refused, or was not.
    pub(super) fn new(refused: bool) -> Self {
        Self { broken: refused, ..Self::default() }
    }
}

/// Puts a submission in flight, or behind the latest one if that is `linked`. Whether the next one
/// goes behind it. What one `enter` takes is linked to nothing that another one takes.
pub(super) fn line_up(
    flying: &mut Vec<Option<Operation>>,
    state: &mut State,
    mut operation: Operation,
    linked: bool,
) -> bool {
    let goes_on = operation.request.flags & LINKS != 0;
    match flying.last_mut() {
        Some(Some(head)) if linked => head.append(state, operation),
        _ => {
            if operation.limits() {
                operation.refuse(libc::EINVAL);
            }
            flying.push(Some(operation));
        }
    }
    goes_on
}

/// Takes out what limits the operation that all this is behind.
fn take_limit(behind: &mut VecDeque<Operation>) -> Option<Operation> {
    if behind.front()?.limits() { behind.pop_front() } else { None }
}

impl Operation {
    /// Whether it limits the time of another one.
    pub(super) fn limits(&self) -> bool {
        self.request.opcode == opcode::LINK_TIMEOUT && self.invalid.is_none()
    }

    fn refuse(&mut self, errno: i32) {
        self.invalid = Some(errno);
        self.chain.broken = true;
    }

    /// Puts a submission behind all others of the chain.
    fn append(&mut self, state: &mut State, mut last: Operation) {
        let before = self.chain.behind.back().unwrap_or(self);
        if last.limits() && before.request.opcode == opcode::LINK_TIMEOUT {
            last.refuse(libc::EINVAL);
        }
        if last.chain.broken && !self.chain.broken {
            // The whole chain is, before any of it has begun.
            self.chain.broken = true;
            self.doom = Some(Step::end(-libc::ECANCELED));
        }
        if state.kernel.chains_look_up_late()
            && let Some(object) = last.object.take()
        {
            last.chain.named = Some(object);
            state.objects.release(object);
        }
        self.chain.behind.push_back(last);
    }

    /// It waited in a chain, and begins now.
    fn begin(&mut self, state: &mut State) {
        let waited = state.now() - self.since;
        self.since += waited;
        self.not_before += waited;
        self.deadline = self.deadline.and_then(|deadline| deadline.checked_add(waited));
        let named = self.chain.named.take();
        let unknown = named.is_some() || self.invalid == Some(libc::EBADF);
        if !(unknown && state.kernel.chains_look_up_late()) {
            return;
        }
        let found = state.objects.find(self.request.fd);
        if named.is_some() && found != named && state.scheduled {
            state.complain("a descriptor was closed under an operation that waits".into());
        }
        self.invalid = found.is_none().then_some(libc::EBADF);
        self.object = found;
        if let Some(object) = found {
            state.objects.hold(object);
        }
    }

    /// It is cancelled since one before it has failed.
    fn break_off(&mut self, muted: bool) {
        let errno = self.invalid.filter(|_| self.chain.broken).unwrap_or(libc::ECANCELED);
        self.doom = Some(Step::end(-errno));
        self.chain.muted = muted;
        self.request.flags &= !CQE_SKIP_SUCCESS;
    }

    /// Whether it posts no completion with that result.
    pub(super) fn says_nothing(&self, result: i32) -> bool {
        let speaks = !self.is_silent() || self.chain.broken || self.fails(result);
        self.chain.muted || !speaks
    }

    /// Whether that result is a failure: it is told, and breaks a link.
    fn fails(&self, result: i32) -> bool {
        use opcode::{
            FSYNC, LINK_TIMEOUT, READ, READV, RECV, RECVMSG, SEND, SEND_ZC, SENDMSG, SHUTDOWN,
            WRITE, WRITEV,
        };
        let request = &self.request;
        let all = match request.opcode {
            // To end is none of these, whatever it says.
            LINK_TIMEOUT => return false,
            // Nor what the file or the socket itself says of these.
            FSYNC | SHUTDOWN => {
                return [libc::EBADF, libc::ENOTSOCK, libc::ECANCELED].contains(&-result);
            }
            // Of what picks a buffer so many bytes are asked for, if the buffer is no smaller.
            READ if self.group().is_some() => request.len as usize,
            READ | READV | WRITE | WRITEV => self.memory.len(),
            RECV | RECVMSG | SEND | SENDMSG | SEND_ZC
                if request.op_flags.cast_signed() & libc::MSG_WAITALL != 0 =>
            {
                self.memory.len()
            }
            _ => 0,
        };
        usize::try_from(result).map_or(true, |result| result < all)
    }

    /// What its end with that result means for what it is tied to; none if it is tied to nothing.
    pub(super) fn untie(&mut self, result: i32) -> Option<Untied> {
        if self.chain.behind.is_empty() && self.chain.limited.is_none() {
            return None;
        }
        let hard = self.request.flags & IO_HARDLINK != 0;
        let then = if self.chain.ends {
            Then::Ends
        } else if self.chain.broken || !hard && self.fails(result) {
            Then::Breaks { muted: self.is_silent() }
        } else {
            Then::Goes
        };
        let behind = std::mem::take(&mut self.chain.behind);
        Some(Untied { behind, limited: self.chain.limited.take(), then })
    }

    /// What it limits has ended without it, unless it fires just then: even if that ended at once.
    fn end_limit(&mut self, state: &mut State) {
        let left = self.deadline.map(|deadline| deadline.saturating_sub(state.now()));
        let races = left.is_some_and(|left| left <= TICK) && state.fault(Fault::LinkTimeoutRace);
        let fired = [libc::ETIME, libc::ENOENT, libc::EALREADY];
        let errno = if races { state.one_of(&fired) } else { libc::ECANCELED };
        self.doom = Some(Step::end(-errno));
    }

    /// It, and what is behind it.
    pub(super) fn unchained(mut self) -> impl Iterator<Item = Self> {
        let mut behind = std::mem::take(&mut self.chain.behind);
        behind.iter_mut().for_each(|operation| operation.stuck |= self.stuck);
        once(self).chain(behind)
    }
}

impl Ring {
    /// An operation has to wait: its link timeout begins, if it has one, which it says.
    pub(super) fn begin_limit(&mut self, state: &mut State, operation: &mut Operation) -> bool {
        let Some(mut limit) = take_limit(&mut operation.chain.behind) else { return false };
        limit.begin(state);
        self.limits += 1;
        operation.chain.limited = Some(self.limits);
        limit.chain.limits = Some((self.limits, operation.user_data));
        self.flying.push(Some(limit));
        true
    }

    /// Looks at a link timeout: when it is time it cancels what it limits, by its tag.
    pub(super) fn limit(&mut self, state: &mut State, limit: &Operation) -> Step {
        let over = limit.deadline.is_some_and(|deadline| deadline <= state.now());
        let Some((_, tag)) = limit.chain.limits.filter(|_| over) else { return Step::Wait };
        let mut cancel = Request::new(opcode::ASYNC_CANCEL);
        cancel.addr = std::ptr::without_provenance_mut(tag as usize);
        match self.cancel(state, &cancel, self.flying.len()) {
            Step::End { result: 0, .. } => Step::end(-libc::ETIME),
            failed => failed,
        }
    }

    /// Goes on with what an operation that has ended was tied to.
    pub(super) fn follow(&mut self, state: &mut State, untied: Untied) {
        let Untied { mut behind, limited, then } = untied;
        if let Then::Ends = then {
            for operation in behind {
                let step = operation.doom.unwrap_or(Step::end(-libc::ECANCELED));
                self.post(state, operation, step);
            }
            return;
        }
        if let Some(limited) = limited {
            let is_it = |limit: &&mut Operation| {
                limit.chain.limits.is_some_and(|(number, _)| number == limited)
            };
            // The one that has just fired is there no more.
            if let Some(limit) = self.flying.iter_mut().flatten().find(is_it) {
                limit.end_limit(state);
            }
        } else if let Some(mut limit) = take_limit(&mut behind) {
            limit.begin(state);
            limit.end_limit(state);
            self.flying.push(Some(limit));
        }
        if let Then::Breaks { muted } = then {
            behind.iter_mut().for_each(|operation| operation.break_off(muted));
        }
        let Some(mut next) = behind.pop_front() else { return };
        next.chain.behind = behind;
        match then {
            Then::Breaks { .. } => next.chain.ends = true,
            _ => next.begin(state),
        }
        self.flying.push(Some(next));
    }
}
