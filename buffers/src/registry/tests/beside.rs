//! One registry and its model, step by step.

#![allow(unsafe_code, reason = "plays the driver and the kernel")]

use super::super::{Answer, Ending, Facts, Key, Next, Place, Polled, Registry};
use super::model::{Model, Outcome, State, Step, answer};
use super::thing::{Given, Large, Log, Small};
use std::task::{RawWaker, RawWakerVTable, Waker};

/// The functions of wakers that are told apart by their data alone. One table at one address, which
/// Miri does not promise of those of `Arc`s.
static NOBODY: RawWakerVTable =
    RawWakerVTable::new(|data| RawWaker::new(data, &NOBODY), |_| {}, |_| {}, |_| {});

fn waker(number: usize) -> Waker {
    // SAFETY: the functions do nothing, least of all with the data.
    unsafe { Waker::new(std::ptr::without_provenance(number), &NOBODY) }
}

/// What the registry keeps of one operation, as its users do.
struct Kept {
    key: Key,
    given: Option<Given>,
    large: bool,
    /// What the kernel wrote last.
    byte: u8,
}

pub(super) struct Beside {
    pub(super) registry: Registry<Answer>,
    pub(super) model: Model,
    kept: Vec<Kept>,
    log: Log,
    wakers: [Waker; 2],
    now: u32,
}

impl Beside {
    pub(super) fn new() -> Self {
        Self {
            registry: Registry::new(),
            model: Model::default(),
            kept: Vec::new(),
            log: Log::default(),
            wakers: [waker(0), waker(1)],
            now: 0,
        }
    }

    pub(super) fn key(&self, op: usize) -> Key {
        self.kept[op].key
    }

    /// Moves a new operation in.
    pub(super) fn place(&mut self, large: bool) -> usize {
        let number = self.model.place(4);
        let (key, given) = if large {
            let thing = Large::new(number, &self.log);
            // SAFETY: the table is that of the type.
            let (key, at) = unsafe { self.registry.place(thing, Large::TABLE) };
            // SAFETY: placed just now.
            (key, unsafe { Large::describe(at) })
        } else {
            let thing = Small::new(number, &self.log);
            // SAFETY: the table is that of the type.
            let (key, at) = unsafe { self.registry.place(thing, Small::TABLE) };
            // SAFETY: placed just now.
            (key, unsafe { Small::describe(at) })
        };
        self.kept.push(Kept { key, given: Some(given), large, byte: 0 });
        number
    }

    fn which(&self, waker: &Waker) -> usize {
        self.wakers.iter().position(|known| known.will_wake(waker)).expect("one of ours")
    }

    /// What the driver does with a last answer.
    fn end(&mut self, op: usize, ending: &Ending<Answer>) {
        assert_eq!(ending.facts.fd, op as i32);
        // SAFETY: the kernel has written.
        unsafe { ending.mark() };
        self.kept[op].given = None;
    }

    fn job(&mut self, op: usize, next: Next<Answer>) -> Outcome {
        match next {
            Next::Nothing => Outcome::Nothing,
            Next::Wake(waker) => Outcome::Wake(self.which(&waker)),
            Next::Forget(waker) => Outcome::Forget(self.which(&waker)),
            Next::Stray => Outcome::Stray,
            Next::Item(item) => {
                let answer = item.answer;
                // SAFETY: run at once.
                unsafe { item.run(answer) };
                Outcome::Item
            }
            Next::Adopt(ending) => {
                self.end(op, &ending);
                let answer = ending.answer;
                self.registry.unload(ending).adopt(answer);
                Outcome::Adopted
            }
        }
    }

    /// What a future gets that has to wait, or whose operation is gone.
    fn waits<T>(&mut self, op: usize, waker: Waker, polled: Polled<T>) -> Result<T, Outcome> {
        let key = self.kept[op].key;
        Err(match polled {
            Polled::Pending => Outcome::Pending,
            Polled::Dead => {
                let back = self.registry.set_waker(key, waker.clone());
                assert!(back.is_some_and(|back| back.will_wake(&waker)), "who is gone has none");
                Outcome::Dead
            }
            Polled::NeedsWaker => {
                let old = self.registry.set_waker(key, waker);
                Outcome::Stored(old.map(|old| self.which(&old)))
            }
            Polled::Ready(what) => return Ok(what),
        })
    }

    fn poll_result(&mut self, op: usize, waker: usize) -> Outcome {
        let (key, waker) = (self.kept[op].key, self.wakers[waker].clone());
        let polled = self.registry.poll_result(key, &waker);
        self.waits(op, waker, polled).map_or_else(|outcome| outcome, Outcome::Result)
    }

    fn poll(&mut self, op: usize, waker: usize) -> Outcome {
        let (key, waker) = (self.kept[op].key, self.wakers[waker].clone());
        let polled = self.registry.poll(key, &waker);
        match self.waits(op, waker, polled) {
            Err(outcome) => outcome,
            Ok(ending) => {
                self.end(op, &ending);
                let answer = ending.answer;
                let marked = usize::try_from(answer.result).unwrap_or(0);
                let seen = if self.kept[op].large {
                    // SAFETY: it was placed as this.
                    unsafe { self.registry.unload_as::<Large>(ending) }.seen()
                } else {
                    // SAFETY: it was placed as this.
                    unsafe { self.registry.unload_as::<Small>(ending) }.seen()
                };
                assert_eq!(seen, (self.kept[op].byte, marked));
                Outcome::Ended(answer)
            }
        }
    }

    /// Does one step with both, and compares all of them.
    pub(super) fn step(&mut self, op: usize, step: Step) {
        self.write();
        self.quick_step(op, step);
        self.check();
    }

    /// The kernel writes wherever it may, whatever goes on elsewhere.
    pub(super) fn write(&mut self) {
        self.now += 1;
        for other in 0..self.kept.len() {
            if let (true, Some(given)) = (self.model.in_flight(other), self.kept[other].given) {
                self.kept[other].byte = self.now as u8;
                given.write(self.now as u8);
            }
        }
    }

    /// Does one step with both, and compares what comes of it.
    pub(super) fn quick_step(&mut self, op: usize, step: Step) {
        let key = self.kept[op].key;
        let outcome = match step {
            Step::Launch { detached, notified } => {
                self.launch(op, detached, notified);
                Outcome::Nothing
            }
            Step::Undo => match self.registry.undo(key) {
                Some(parcel) => {
                    self.kept[op].given = None;
                    drop(parcel);
                    Outcome::Undone
                }
                None => Outcome::Nothing,
            },
            Step::Complete(result) => {
                let next = self.registry.complete(key, answer(result));
                self.job(op, next)
            }
            Step::More(result) => {
                let next = self.registry.more(key, answer(result));
                self.job(op, next)
            }
            Step::Bury => {
                let next = self.registry.bury(key, self.now);
                self.job(op, next)
            }
            Step::Cancel => {
                self.registry.cancel(key);
                Outcome::Nothing
            }
            Step::CancelAgain => {
                self.registry.cancel_again(key);
                Outcome::Nothing
            }
            Step::Poll(waker) => self.poll(op, waker),
            Step::PollResult(waker) => self.poll_result(op, waker),
        };
        assert_eq!(outcome, self.model.step(op, step, self.now), "{step:?} of {op}");
    }

    fn launch(&mut self, op: usize, detached: bool, notified: bool) {
        let kept = &self.kept[op];
        let (State::Placed, Some(given)) = (self.model.ops[op].state, kept.given) else { return };
        let facts = Facts {
            opcode: u8::try_from(op).unwrap_or(u8::MAX),
            gives: 0,
            group: 0,
            fd: op as i32,
            len: 4,
            place: Place::Held,
            since_ms: self.now,
        };
        // SAFETY: the mark is the operation's own.
        unsafe { self.registry.launch(kept.key, facts, Some(given.mark), notified, detached) };
    }

    /// Takes the next wanted cancel from both.
    pub(super) fn next_cancel(&mut self) {
        let key = self.registry.next_cancel();
        assert_eq!(key, self.model.next_cancel().map(|op| self.kept[op].key));
        self.check();
    }

    fn check(&self) {
        let (registry, model) = (&self.registry, &self.model);
        let alive = |op: &usize| model.ops[*op].state != State::Gone;
        let numbers = 0..model.ops.len();
        let mut keys: Vec<_> = numbers.clone().filter(alive).map(|op| self.kept[op].key).collect();
        keys.sort_by_key(|key| key.index());
        assert_eq!(registry.keys(), keys);
        let flying = numbers.clone().filter(|op| model.in_flight(*op));
        assert_eq!(registry.in_flight(), flying.count());
        assert_eq!(registry.wants_cancels(), !model.cancels.is_empty());
        let stats = registry.graveyard_stats(self.now);
        let oldest = model.oldest().map_or(0, |since| self.now - since);
        let expected = (model.graves.len(), model.bytes(), oldest, model.total);
        assert_eq!((stats.operations, stats.bytes, stats.oldest_ms, stats.total), expected);
        let notifying = (model.notifying.len(), model.notifying.len() as u64 * 4);
        assert_eq!((stats.notifying, stats.notifying_bytes), notifying);
        for op in numbers {
            let facts = registry.in_flight_facts(self.kept[op].key);
            assert_eq!(facts.is_some(), model.in_flight(op), "facts of {op}");
        }
        assert_eq!(*self.log.borrow(), model.log);
    }

    /// Ends what is left, so that nothing is leaked.
    pub(super) fn finish(mut self) {
        let flying = (0..self.kept.len()).filter(|op| self.model.in_flight(*op));
        let by_opcode = self.registry.in_flight_by_opcode();
        assert!(flying.map(|op| op as u8).eq(by_opcode.iter().map(|(opcode, _)| *opcode)));
        for op in 0..self.kept.len() {
            self.quick_step(op, Step::Undo);
            self.quick_step(op, Step::Bury);
            self.quick_step(op, Step::Complete(-1));
            assert_eq!(self.model.ops[op].state, State::Gone);
        }
        self.check();
        assert!(self.registry.keys().is_empty() && !self.registry.wants_cancels());
    }
}
