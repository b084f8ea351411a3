//! Who runs, and what time it is.
//!
//! One simulated thread runs at a time: it has the baton, and gives it on where the seed says so,
//! at the calls that can wait. If nobody can run, the clock jumps to the next time at which
//! somebody can. Each thread is a real one, so thread-locals and `!Send` are as in earnest.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::Instant;

use super::faults::Fault;
use super::world::{Here, State, World};

/// Other threads get their turn so often, at least.
const SWITCH_RATE: f64 = 1.0 / 16.0;
/// What a turn of a core takes, at least and beyond that at most, in nanoseconds.
const TURN: (u64, u64) = (200, 2_000);
/// What reading the clock takes.
const CLOCK: u64 = 40;

/// The threads of a world and its clock.
#[derive(Debug)]
pub(super) struct Schedule {
    /// What the clock of std said at the start.
    pub(super) began: Instant,
    /// Nanoseconds since then.
    pub(super) now: u64,
    /// Counts what may make an operation ready.
    pub(super) changes: u64,
    /// Who looks at the state.
    pub(super) here: usize,
    threads: Vec<Thread>,
    running: usize,
    /// When something becomes ready by itself.
    alarms: BinaryHeap<Reverse<u64>>,
    steps: u64,
    /// The most steps, and the latest time.
    pub(super) limits: (u64, u64),
    /// Why the first thread has to end.
    pub(super) failure: Option<String>,
    /// It was told so.
    told: bool,
    /// Threads whose host has lost its power, and who have not heard of it.
    killed: BTreeSet<usize>,
    /// Threads whose program is over, and whose runtime ends by itself.
    over: BTreeSet<usize>,
}

#[derive(Debug)]
struct Thread {
    status: Status,
    woken: bool,
    bell: Arc<Condvar>,
}

#[derive(Clone, Copy, Debug)]
enum Status {
    Ready,
    Waiting { until: Option<u64>, on: On },
    Ended,
}

/// What a thread waits for, beside a time and being woken.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    /// Any change since this one.
    Change(u64),
    /// A notification of this place.
    Place(usize),
    /// A thread's end.
    End(usize),
}

impl Schedule {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            now: 0,
            changes: 0,
            here: 0,
            threads: Vec::new(),
            running: 0,
            alarms: BinaryHeap::new(),
            steps: 0,
            limits: (u64::MAX, u64::MAX),
            failure: None,
            told: false,
            killed: BTreeSet::new(),
            over: BTreeSet::new(),
        }
    }

    /// One more thread, which runs when it is chosen.
    pub(super) fn add_thread(&mut self) -> usize {
        self.threads.push(Thread {
            status: Status::Ready,
            woken: false,
            bell: Arc::new(Condvar::new()),
        });
        self.threads.len() - 1
    }

    /// Something may be ready at that time.
    pub(super) fn alarm(&mut self, at: u64) {
        if at > self.now {
            self.alarms.push(Reverse(at));
        }
    }

    /// Ends what a thread waits for.
    pub(super) fn wake(&mut self, thread: usize) {
        if let Some(thread) = self.threads.get_mut(thread) {
            thread.woken = true;
        }
    }

    /// Ends the waiting of one thread on a place, or of all.
    pub(super) fn notify(&mut self, place: usize, all: bool) {
        for thread in &mut self.threads {
            let waits = matches!(thread.status, Status::Waiting { on: On::Place(at), .. }
                if at == place && !thread.woken);
            if waits {
                thread.woken = true;
                if !all {
                    return;
                }
            }
        }
    }

    pub(super) fn is_ended(&self, thread: usize) -> bool {
        self.threads.get(thread).is_none_or(|thread| matches!(thread.status, Status::Ended))
    }

    /// Threads that there ever were.
    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// The thread never began.
    pub(super) fn forget(&mut self, thread: usize) {
        self.threads[thread].status = Status::Ended;
    }

    /// The thread unwinds when it enters its ring.
    pub(super) fn kill(&mut self, thread: usize) {
        if !self.is_ended(thread) {
            self.killed.insert(thread);
            self.wake(thread);
        }
    }

    pub(super) fn take_killed(&mut self, thread: usize) -> bool {
        self.killed.remove(&thread) && !self.over.contains(&thread)
    }

    /// The running thread's program is over: nobody ends its runtime but itself.
    pub(super) fn program_is_over(&mut self) {
        self.over.insert(self.here);
    }

    /// Threads that have not ended, but for the first.
    pub(super) fn others(&self) -> usize {
        (1..self.threads.len()).filter(|thread| !self.is_ended(*thread)).count()
    }

    /// Everything has to end; the first thread is told why.
    pub(super) fn fail(&mut self, why: String) {
        if self.failure.is_none() {
            self.failure = Some(why);
            self.wake(0);
        }
    }

    fn is_runnable(&self, index: usize) -> bool {
        let thread = &self.threads[index];
        match thread.status {
            Status::Ready => true,
            Status::Ended => false,
            Status::Waiting { until, on } => {
                thread.woken
                    || until.is_some_and(|until| until <= self.now)
                    || match on {
                        On::Change(seen) => seen != self.changes,
                        On::Place(_) => false,
                        On::End(whose) => self.is_ended(whose),
                    }
            }
        }
    }

    /// When somebody can run, if nobody can now.
    fn next_time(&self) -> Option<u64> {
        let waits = self.threads.iter().filter_map(|thread| match thread.status {
            Status::Waiting { until, .. } => until,
            Status::Ready | Status::Ended => None,
        });
        waits.chain(self.alarms.peek().map(|alarm| alarm.0)).min()
    }

    fn ring_alarms(&mut self) {
        while self.alarms.peek().is_some_and(|alarm| alarm.0 <= self.now) {
            self.alarms.pop();
            self.changes += 1;
        }
    }
}

impl State {
    /// Reads the clock, which takes a moment.
    pub(super) fn read_clock(&mut self) -> Instant {
        if self.scheduled {
            self.schedule.now += CLOCK;
        }
        self.instant()
    }

    /// Who runs next; none if nobody ever will.
    fn choose(&mut self) -> Option<usize> {
        loop {
            self.schedule.ring_alarms();
            if self.schedule.failure.is_some() && self.schedule.is_runnable(0) {
                return Some(0);
            }
            let all = 0..self.schedule.threads.len();
            let able: Vec<usize> = all.filter(|index| self.schedule.is_runnable(*index)).collect();
            if !able.is_empty() {
                return Some(able[self.rng.below(able.len() as u64) as usize]);
            }
            match self.schedule.next_time() {
                Some(time) => self.schedule.now = self.schedule.now.max(time),
                None if self.schedule.failure.is_none() && !self.schedule.is_ended(0) => {
                    self.schedule.fail("deadlock: every thread waits for ever".into());
                }
                None => return None,
            }
        }
    }
}

impl World {
    /// Gives the baton to whom the seed says, and comes back with it.
    fn pass<'a>(&'a self, me: usize, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        match state.choose() {
            Some(next) if next != me => {
                state.schedule.running = next;
                state.record("runs", next as u64, 0);
                state.schedule.threads[next].bell.notify_one();
                self.await_turn(me, state)
            }
            None if me != 0 => {
                // Nobody will ever run again: the first thread has ended without this one.
                state.schedule.running = usize::MAX;
                self.await_turn(me, state)
            }
            _ => state,
        }
    }

    /// Waits for the baton.
    fn await_turn<'a>(
        &'a self,
        me: usize,
        mut state: MutexGuard<'a, State>,
    ) -> MutexGuard<'a, State> {
        let bell = Arc::clone(&state.schedule.threads[me].bell);
        while state.schedule.running != me {
            state = bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.schedule.here = me;
        state
    }
}

impl Here {
    /// The thread begins: it waits to be chosen.
    pub(super) fn begin(&self) {
        drop(self.world.await_turn(self.thread, self.world.lock()));
    }

    /// The thread ends: somebody else runs.
    pub(super) fn end(&self) {
        let mut state = self.world.lock();
        state.schedule.here = self.thread;
        state.record("ends", self.thread as u64, 0);
        state.schedule.threads[self.thread].status = Status::Ended;
        if let Some(next) = state.choose() {
            state.schedule.running = next;
            state.schedule.threads[next].bell.notify_one();
        }
    }

    /// A turn of this thread: time passes, and others may run.
    pub(super) fn tick(&self) {
        if !self.world.scheduled {
            return;
        }
        let mut state = self.world.lock();
        state.schedule.here = self.thread;
        state.schedule.steps += 1;
        state.schedule.now += TURN.0 + state.rng.below(TURN.1);
        let (steps, time) = state.schedule.limits;
        if state.schedule.steps > steps {
            state.schedule.fail(format!("more than {steps} turns: it seems to go on for ever"));
        } else if state.schedule.now > time {
            state.schedule.fail(format!("more than {} s of simulated time", time / 1_000_000_000));
        }
        state.schedule.ring_alarms();
        let all = 0..state.schedule.threads.len();
        let others =
            all.into_iter().any(|index| index != self.thread && state.schedule.is_runnable(index));
        if others && (state.fault(Fault::Preempt) || state.rng.chance(SWITCH_RATE)) {
            drop(self.world.pass(self.thread, state));
        }
    }

    /// Waits; true if it was woken, or what it waits for is there.
    pub(super) fn wait(&self, until: Option<u64>, on: On) -> bool {
        let mut state = self.world.lock();
        let me = self.thread;
        state.schedule.threads[me].status = Status::Waiting { until, on };
        let mut state = self.world.pass(me, state);
        state.schedule.threads[me].status = Status::Ready;
        let woken = std::mem::take(&mut state.schedule.threads[me].woken);
        woken || until.is_none_or(|until| until > state.schedule.now)
    }

    /// Why this thread has to unwind: said once, to the first thread.
    pub(super) fn must_end(&self) -> Option<String> {
        if !self.world.scheduled || self.thread != 0 || std::thread::panicking() {
            return None;
        }
        let mut state = self.world.lock();
        if state.schedule.told {
            return None;
        }
        let failure = state.schedule.failure.clone();
        state.schedule.told = failure.is_some();
        failure
    }
}
