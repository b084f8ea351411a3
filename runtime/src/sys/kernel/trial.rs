//! What is tried out before it is used: provided buffers consumed piece by piece, and in bundles.
//!
//! Both came late, and some kernels got them wrong; others have them without their version saying
//! so. So a ring receives a few bytes both ways once in a process, and believes what it sees. What
//! `caps` knows to go wrong where no such trial would show it is not even tried.
//!
//! # Invariants
//!
//! - **I1** a pool is kept until its group is unregistered and the receive that picks from it has
//!   ended, or for ever.
//! - **I2** completions are used once, in the order of the ring, which has nothing else in flight.
#![allow(unsafe_code, reason = "it receives as the driver does")]

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::time::Duration;

use io_uring::opcode;
use sexton_buffers::{Consumption, PoolBuf, ProvidedPool};

use super::Ring;
use crate::caps::{Behaviour, Caps, Tried, feature, setup};
use crate::op::abi;
use crate::sys::{Cqe, IGNORE, Request, Wait};

/// The group of the trial's pools.
const GROUP: u16 = 0;
/// Four buffers, of 16 bytes each.
const COUNT: u16 = 4;
const BUF_LEN: u32 = 16;
/// Everything is there when it is asked for: who waits so long has seen enough.
const LONGEST: Duration = Duration::from_millis(100);
const LOOKS: usize = 4;

/// What the kernel does right, tried out by the first ring of the process.
pub(super) fn tried(ring: &mut Ring) -> Tried {
    static TRIED: OnceLock<Tried> = OnceLock::new();
    *TRIED.get_or_init(|| {
        let caps = ring.caps();
        let incremental = may_be_incremental(caps);
        let bundles = may_bundle(caps);
        Tried {
            incremental: incremental && works(ring, Consumption::Incremental, pieces),
            bundles: bundles && works(ring, Consumption::Bundle, bundles_of_some),
        }
    })
}

/// Pieces are told apart by the order of completions only, and that is the order of the receives
/// where one thread does both.
fn may_be_incremental(caps: &Caps) -> bool {
    caps.flags_granted & setup::DEFER_TASKRUN != 0 && !caps.known_bad(Behaviour::Incremental)
}

fn may_bundle(caps: &Caps) -> bool {
    caps.feature_bits & feature::RECVSEND_BUNDLE != 0 && !caps.known_bad(Behaviour::Bundle)
}

type Story = fn(&mut Trial<'_>) -> io::Result<bool>;

/// Whether a story ends well; what is refused does not.
fn works(ring: &mut Ring, consumption: Consumption, story: Story) -> bool {
    let Ok(pool) = ProvidedPool::consumed(consumption, GROUP, COUNT, BUF_LEN) else { return false };
    let Ok((ours, theirs)) = UnixStream::pair() else { return false };
    let incremental = consumption == Consumption::Incremental;
    // SAFETY: I1: `end` sees to it.
    if unsafe { ring.register_buf_ring(GROUP, pool.ring_addr(), COUNT, incremental) }.is_err() {
        return false;
    }
    let mut trial = Trial { ring, pool, ours, theirs, armed: false };
    let right = trial.arm() && story(&mut trial).unwrap_or(false);
    trial.end() && right
}

struct Trial<'a> {
    ring: &'a mut Ring,
    pool: ProvidedPool,
    ours: UnixStream,
    theirs: UnixStream,
    /// The receive is in flight.
    armed: bool,
}

/// What a completion brought.
struct Got {
    bytes: Vec<u8>,
    bufs: Vec<PoolBuf>,
    kept: bool,
}

impl Trial<'_> {
    /// Submits a receive with many answers. One that comes after the trial is no operation's.
    fn arm(&mut self) -> bool {
        let mut request = Request::new(opcode::Recv::CODE);
        request.fd = self.ours.as_raw_fd();
        request.flags = abi::SQE_BUFFER_SELECT;
        request.buf = GROUP;
        request.ioprio = abi::RECV_MULTISHOT;
        if self.pool.consumption() == Consumption::Bundle {
            request.ioprio |= abi::RECV_BUNDLE;
        }
        // SAFETY: it names no memory but the pool's: I1.
        self.armed = unsafe { self.ring.push(&request, IGNORE) }.is_some();
        self.armed
    }

    /// Sends `bytes` to itself, and says in which pieces they came.
    fn send(&mut self, bytes: &[u8]) -> io::Result<Vec<Got>> {
        self.theirs.write_all(bytes)?;
        let (mut got, mut left) = (Vec::new(), bytes.len());
        for _ in 0..LOOKS {
            for cqe in self.look()? {
                let len = u32::try_from(cqe.result).unwrap_or(0);
                if len == 0 || cqe.flags & abi::CQE_BUFFER == 0 {
                    return Ok(got);
                }
                let bid = (cqe.flags >> abi::CQE_BUFFER_SHIFT) as u16;
                let kept = cqe.flags & abi::CQE_BUF_MORE != 0;
                // SAFETY: I2.
                let bufs: Vec<PoolBuf> = unsafe { self.pool.take(bid, len, kept) }?.collect();
                let bytes = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
                got.push(Got { bytes, bufs, kept });
                left = left.saturating_sub(len as usize);
            }
            if left == 0 {
                break;
            }
        }
        Ok(got)
    }

    fn look(&mut self) -> io::Result<Vec<Cqe>> {
        // What it came back with shows in the queue.
        let _entered = self.ring.enter(Wait::Until(Some(LONGEST)))?;
        let mut cqes = Vec::new();
        self.ring.reap(&mut cqes, 16);
        self.armed &= cqes.iter().all(|cqe| cqe.flags & abi::CQE_MORE != 0);
        Ok(cqes)
    }

    /// Ends the receive and the registration; false if the kernel did not let go.
    fn end(mut self) -> bool {
        let mut ended = self.theirs.shutdown(Shutdown::Write).is_ok();
        for _ in 0..LOOKS {
            ended &= !self.armed || self.look().is_ok();
        }
        ended &= !self.armed && self.ring.unregister_buf_ring(GROUP).is_ok();
        if !ended {
            // I1: whatever the kernel may still write to.
            std::mem::forget(self.pool);
        }
        ended
    }
}

/// Five bytes, then twenty: the first buffer is filled up before the second is begun.
fn pieces(trial: &mut Trial<'_>) -> io::Result<bool> {
    let first = trial.send(b"first")?;
    let then = trial.send(b"and twenty more then")?;
    let [Got { bytes: one, kept: true, .. }] = &first[..] else { return Ok(false) };
    let [Got { bytes: two, kept: false, .. }, Got { bytes: three, kept: true, .. }] = &then[..]
    else {
        return Ok(false);
    };
    Ok(one == b"first" && two == b"and twenty " && three == b"more then")
}

/// Two buffers that go back in another order than that of their numbers, then bytes for three.
fn bundles_of_some(trial: &mut Trial<'_>) -> io::Result<bool> {
    let first = trial.send(b"sixteen bytes...")?;
    let second = trial.send(b"and sixteen more")?;
    drop(second);
    drop(first);
    let third = trial.send(b"three buffers' worth of bytes, or so")?;
    let [Got { bytes, bufs, kept: false }] = &third[..] else { return Ok(false) };
    let bids: Vec<u16> = bufs.iter().map(PoolBuf::bid).collect();
    Ok(bytes == b"three buffers' worth of bytes, or so" && bids == [2, 3, 1])
}
