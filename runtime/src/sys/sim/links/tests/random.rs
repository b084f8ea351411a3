//! Random chains, under every fault: each submission ends once, in order, as its chain demands.

use std::collections::{BTreeMap, BTreeSet};

use super::super::super::by_hand_tests::Buf;
use super::super::super::faults::Faults;
use super::super::super::hand as sim;
use super::super::super::operation::CQE_SKIP_SUCCESS;
use super::super::super::operation::opcode::{
    ASYNC_CANCEL, LINK_TIMEOUT, NOP, RECV, SEND, TIMEOUT,
};
use super::super::super::profile::Kernel;
use super::super::super::rng::Rng;
use super::super::{IO_HARDLINK, IO_LINK, LINKS};
use super::{MS, SEEDS, Stage, timeout};
use crate::sys::{Entered, Request, Wait};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A submission, by its tag.
#[derive(Clone, Copy)]
struct Pushed {
    opcode: u8,
    flags: u8,
}

struct Program {
    stage: Stage,
    rng: Rng,
    ends: (OwnedFd, OwnedFd),
    bufs: Vec<Buf>,
    times: Vec<Buf>,
    pushed: Vec<Pushed>,
    /// Tags that one `enter` took first.
    first: BTreeSet<usize>,
}

impl Program {
    fn new(seed: u64) -> Self {
        let kernel = Kernel::ALL[(seed % Kernel::ALL.len() as u64) as usize];
        // A ring as it should be: what one with less does to a chain is told apart.
        let faults = Faults::all().link_timeout_races(0.5).skewed_timers(0.5);
        let faults = faults.start_errors(0.0).scarce_memory(0.0).refused_flags(0.0);
        let stage = Stage::new(seed, kernel, faults);
        let ends = sim::stream_pair().expect("a pair");
        let (rng, first) = (Rng::new(!seed), BTreeSet::from([0]));
        Self { stage, rng, ends, bufs: vec![], times: vec![], pushed: vec![], first }
    }

    fn request(&mut self) -> Request {
        let which = self.rng.below(8);
        match which {
            0 | 1 => {
                let waits_for_all = self.rng.below(2) == 0;
                let buf = Buf::of(&[0; 8]);
                let mut request = buf.request(RECV, &self.ends.0);
                request.op_flags = if waits_for_all { libc::MSG_WAITALL as u32 } else { 0 };
                self.bufs.push(buf);
                request
            }
            2 => {
                let buf = Buf::of(b"some bytes");
                let request = buf.request(SEND, &self.ends.0);
                self.bufs.push(buf);
                request
            }
            3 | 4 => {
                let opcode = if which == 3 { TIMEOUT } else { LINK_TIMEOUT };
                let (request, time) = timeout(opcode, self.rng.below(10 * MS));
                self.times.push(time);
                request
            }
            5 => {
                let mut request = Request::new(ASYNC_CANCEL);
                let tag = self.rng.below(self.pushed.len() as u64 + 1) as usize;
                request.addr = std::ptr::without_provenance_mut(tag);
                request
            }
            _ => {
                let mut request = Request::new(NOP);
                let result = [0, 0, -libc::EIO][self.rng.below(3) as usize];
                (request.op_flags, request.len) = (1, result.cast_unsigned());
                request
            }
        }
    }

    fn push(&mut self) {
        let mut request = self.request();
        if request.opcode == NOP && self.rng.below(12) == 0 {
            request.opcode = 200;
        }
        let mut flags = [0, IO_LINK, IO_LINK, IO_HARDLINK][self.rng.below(4) as usize];
        if self.rng.below(6) == 0 {
            flags |= CQE_SKIP_SUCCESS;
        }
        let tag = self.pushed.len();
        self.pushed.push(Pushed { opcode: request.opcode, flags });
        self.stage.push(request, flags, tag as u64);
    }

    fn enter(&mut self) {
        let wait = Wait::Until(Some(Duration::from_millis(self.rng.below(3))));
        let entered = self.stage.ring.enter(wait).expect("open");
        assert_ne!(entered, Entered::Poisoned);
        let mut got = Vec::new();
        self.stage.ring.reap(&mut got, usize::MAX);
        self.stage.seen.extend(got.iter().map(|cqe| (cqe.user_data, cqe.result)));
        self.first.insert(self.pushed.len() - self.stage.ring.queued() as usize);
    }

    fn run(&mut self) {
        for _ in 0..20 {
            for _ in 0..self.rng.below(self.stage.ring.room().min(6).into()) {
                self.push();
            }
            if self.rng.below(3) == 0 {
                // What has no room is not sent.
                drop(sim::write(&self.ends.1, b"0123456789"));
            }
            self.enter();
        }
        // Everything is ended, again and again: chains go on.
        let _shut = sim::shutdown_write(&self.ends.1);
        let mut turns = 0;
        while self.stage.ring.queued() > 0
            || !self.stage.ring.flying.is_empty()
            || self.stage.ring.has_work()
        {
            turns += 1;
            assert!(turns < 1000, "in flight for ever: {:?}", self.stage.ring.flying);
            if self.stage.ring.room() > 0 {
                let mut request = Request::new(ASYNC_CANCEL);
                request.op_flags = 4;
                self.pushed.push(Pushed { opcode: ASYNC_CANCEL, flags: 0 });
                self.stage.push(request, 0, self.pushed.len() as u64 - 1);
                self.enter();
            }
            drop(sim::read(&self.ends.1));
            self.enter();
            if turns > 40 {
                (0..40).for_each(|_| self.enter());
            }
        }
    }

    /// What is wrong with how all of it ended.
    fn check(&self) {
        let mut ends = BTreeMap::new();
        for (place, (tag, result)) in self.stage.seen.iter().enumerate() {
            let before = ends.insert(*tag as usize, (place, *result));
            assert!(before.is_none(), "{tag} ended twice");
        }
        // Whether a silent one may have failed before, in this chain.
        let mut muted = false;
        let mut head = 0;
        for (tag, Pushed { opcode, flags }) in self.pushed.iter().enumerate() {
            let linked =
                tag > 0 && !self.first.contains(&tag) && self.pushed[tag - 1].flags & LINKS != 0;
            if !linked {
                (head, muted) = (tag, false);
            }
            let silent = flags & CQE_SKIP_SUCCESS != 0;
            let Some((place, result)) = ends.get(&tag) else {
                assert!(silent || muted, "{tag} did not end");
                continue;
            };
            muted |= silent;
            let (mut before, is_limit) = (tag, *opcode == LINK_TIMEOUT);
            // The one that it waited for is no link timeout.
            while before > head && (before == tag || self.pushed[before].opcode == LINK_TIMEOUT) {
                before -= 1;
            }
            let Some((earlier, failure)) = ends.get(&before).filter(|_| before < tag && !is_limit)
            else {
                continue;
            };
            assert!(earlier < place, "{tag} ended before {before}, which it waited for");
            let hard = self.pushed[before].flags & IO_HARDLINK != 0;
            let refused = *opcode == 200;
            if *failure < 0 && !hard {
                let result = *result;
                assert!(result == -libc::ECANCELED || refused && result == -libc::EINVAL, "{tag}");
            }
        }
    }
}

#[test]
fn random_chains_end_once_in_order_and_as_their_links_demand() {
    for seed in 0..SEEDS {
        let mut program = Program::new(seed);
        program.run();
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| program.check()));
        assert!(told.is_ok(), "seed {seed}");
        assert_eq!(program.stage.complaints(), "", "seed {seed}");
    }
}
