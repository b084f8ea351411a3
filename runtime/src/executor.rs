//! One core: its tasks, its driver, its timers, and the turn that goes round over all of them.
//!
//! ```text
//!    ┌────────────────────────── one turn ──────────────────────────┐
//!    │ 1 mailbox   wakes and spawns from other threads → run queue  │
//!    │ 2 executor  poll at most a budget of tasks → new entries     │
//!    │             root finished? leave (or the wait never ends)    │
//!    │ 3 ring      submit all, and wait if nothing is ready         │
//!    │             (until the next timer, or a message)             │
//!    │ 4 driver    reap a batch → slots → wakers                    │
//!    │ 5 time      fire what is due → wakers                        │
//!    └──────────────────────────────────────────────────────────────┘
//! ```

use crate::caps::feature;
use crate::contain::contained;
use crate::context;
use crate::door::{Door, Message};
use crate::driver::Driver;
use crate::idle::Idle;
use crate::recv_pools::RecvPools;
use crate::runtime::Shared;
use crate::start_error::StartError;
use crate::stats::CoreCounters;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sys::{Entered, Ring, RingConfig, Wait, elapsed, now};
use crate::task::{AllTasks, Fate, Header, JoinHandle, Ran, RunQueue, TaskRef, release_orphan};
use crate::time::Timers;
use crate::wake_poll::WakePoll;
use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// A turn polls all that the last one woke, up to this many: what came in is worked off, and its
/// buffers given back, before more is let in.
const POLLS_PER_TURN_MAX: usize = 1024;
/// What a task may do at once in one poll, without an operation: some tens of microseconds.
const POLL_BYTES: usize = 128 * 1024;

/// One core of a runtime; it lives on one thread.
#[derive(Debug)]
pub(crate) struct Core {
    index: usize,
    driver: Rc<Driver>,
    queue: RunQueue,
    tasks: AllTasks,
    timers: Timers,
    door: Arc<Door>,
    shared: Arc<Shared>,
    counters: Arc<CoreCounters>,
    wake_poll: WakePoll,
    polls_per_turn: usize,
    long_poll: Option<Duration>,
    closing: Cell<bool>,
    /// A system call took the ring's place in this turn.
    called: Cell<bool>,
    /// What the task that runs may still do at once, in bytes.
    poll_left: Cell<usize>,
    recv_pools: RecvPools,
    idle: Idle,
}

/// The waker of the future that a `block_on` runs.
struct RootWaker {
    woken: AtomicBool,
    door: Arc<Door>,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) && context::owner() != self.door.number() {
            // A core that has ended polls no root: nobody is missed.
            drop(self.door.send(Message::Nudge));
        }
    }
}

impl Core {
    /// Starts a core on this thread: its ring, then everything around it.
    pub(crate) fn start(index: usize, shared: &Arc<Shared>) -> Result<Rc<Self>, StartError> {
        let config = shared.config().clone();
        let ring = Ring::start(&RingConfig::from(&config))?;
        let recv_pools = RecvPools::new(&config, ring.caps().tried);
        // Without the feature a wait is for one answer, as it would be by default.
        let several = ring.caps().feature_bits & feature::MIN_TIMEOUT != 0;
        let min_wait = if several { config.min_wait } else { Duration::ZERO };
        let door = Arc::clone(shared.door(index));
        door.hang_bell(ring.waker());
        let counters = CoreCounters::new(index);
        let wake_poll = WakePoll::new(&ring);
        Ok(Rc::new(Self {
            index,
            driver: Rc::new(Driver::new(ring, &config, Arc::clone(&counters))),
            queue: RunQueue::default(),
            tasks: AllTasks::new(Arc::clone(&door)),
            timers: Timers::new(),
            door,
            shared: Arc::clone(shared),
            counters,
            wake_poll,
            polls_per_turn: (config.polls_per_turn as usize).clamp(1, POLLS_PER_TURN_MAX),
            long_poll: (!config.long_poll.is_zero()).then_some(config.long_poll),
            closing: Cell::new(false),
            called: Cell::new(false),
            poll_left: Cell::new(POLL_BYTES),
            recv_pools,
            idle: Idle::new(config.spin, min_wait),
        }))
    }

    pub(crate) fn owner(&self) -> u64 {
        self.door.number()
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    pub(crate) fn driver(&self) -> &Rc<Driver> {
        &self.driver
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn recv_pools(&self) -> &RecvPools {
        &self.recv_pools
    }

    /// Whether nothing else is to be done in this turn; true once a turn.
    pub(crate) fn is_alone(&self) -> bool {
        self.queue.is_empty() && !self.driver.has_entries() && !self.called.replace(true)
    }

    /// Whether the task that runs may do something more at once, which counts for so many bytes; if
    /// not, it has to wait for its next poll.
    pub(crate) fn spend_poll(&self, bytes: usize) -> bool {
        let left = self.poll_left.get();
        self.poll_left.set(left.saturating_sub(bytes));
        left > 0
    }

    pub(crate) fn enqueue(&self, task: TaskRef) {
        self.queue.push(task);
    }

    pub(crate) fn forget_task(&self, raw: NonNull<Header>) {
        self.tasks.remove(raw);
    }

    /// Whether new tasks are dropped at once: the core ends.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Spawns a task on this core, which is this thread's and not closing.
    #[inline(always)]
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        at: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        debug_assert!(!self.is_closing(), "who spawns asks");
        let (task, handle) = self.tasks.spawn(future, Fate::Run, at);
        self.queue.push(task);
        handle
    }

    /// A task that is dropped at once, as everything that is spawned while the core ends.
    #[cold]
    pub(crate) fn refuse<F>(
        &self,
        future: F,
        at: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let (task, handle) = self.tasks.spawn(future, Fate::End, at);
        task.shut_down();
        task.release_executors();
        handle
    }

    /// Runs turns until `root` is finished.
    pub(crate) fn run_root<F: Future>(&self, root: F) -> F::Output {
        let mut root = std::pin::pin!(root);
        let waker =
            Arc::new(RootWaker { woken: AtomicBool::new(true), door: Arc::clone(&self.door) });
        let as_waker = Waker::from(Arc::clone(&waker));
        let mut cx = Context::from_waker(&as_waker);
        loop {
            self.read_mail();
            self.poll_left.set(POLL_BYTES);
            if let Some(output) = poll_root(root.as_mut(), &waker, &mut cx) {
                return output;
            }
            self.run_tasks();
            self.rest_of_turn(&|| waker.woken.load(Ordering::Acquire));
        }
    }

    /// Runs turns until `done` says so; it is asked between step 2 and step 3 of each.
    pub(crate) fn run_until(&self, done: &dyn Fn() -> bool) {
        loop {
            self.read_mail();
            self.run_tasks();
            if done() {
                return;
            }
            self.rest_of_turn(done);
        }
    }

    /// Step 1.
    fn read_mail(&self) {
        // What comes in while this loop runs is left for the next turn, or a busy sender would hold
        // this core here.
        for _ in 0..1024 {
            match self.door.mailbox().pop() {
                None => break,
                Some(Message::Nudge) => {}
                Some(Message::Drop(task)) => drop(task),
                Some(Message::Wake(task)) => {
                    if task.schedule_foreign() {
                        self.queue.push(task);
                    }
                }
                Some(Message::Run(run)) => drop(contained(run)),
            }
        }
    }

    /// Step 2.
    fn run_tasks(&self) {
        let budget = self.queue.len().clamp(self.polls_per_turn, POLLS_PER_TURN_MAX);
        for _ in 0..budget {
            let Some(task) = self.queue.pop() else { break };
            self.poll_left.set(POLL_BYTES);
            let started = self.long_poll.map(|longest| (longest, now()));
            match task.run() {
                Ran::Idle => task.leave(),
                Ran::Woken => self.queue.push(task),
                Ran::Finished => task.leave_finished(),
            }
            if started.is_some_and(|(longest, started)| elapsed(started) > longest) {
                self.counters.long_poll();
            }
        }
    }

    /// Steps 3 to 5.
    fn rest_of_turn(&self, awake: &dyn Fn() -> bool) {
        self.called.set(false);
        self.driver.prepare();
        let idle = self.queue.is_empty() && !awake();
        let mut entered = true;
        if idle
            && (self.idle.is_plain() || !self.finds_work())
            && self.door.mailbox().prepare_sleep()
        {
            self.wake_poll.arm(&self.driver);
            let longest = self.longest_wait();
            if !self.idle.is_plain() && self.idle.is_batching() {
                self.sleep_for_several(longest);
            } else {
                self.enter(Wait::Until(longest));
            }
            self.door.mailbox().awake();
        } else if self.driver.has_work() {
            self.enter(Wait::No);
        } else {
            entered = false;
        }
        if entered {
            // Beside a system call the clock costs little; without one nothing has come.
            self.driver.read_clock();
            self.driver.reap();
            if !self.idle.is_plain() {
                self.idle.answered(self.driver.last_answers());
            }
        }
        self.timers.fire();
        self.driver.publish();
        self.counters.turned(self.tasks.len(), self.timers.len());
    }

    /// How long a wait may last.
    #[inline]
    fn longest_wait(&self) -> Option<Duration> {
        self.timers.until_next().into_iter().chain(self.driver.deadline()).min()
    }

    /// Looks for work before a wait, if that is wanted, and says whether there is some.
    #[cold]
    fn finds_work(&self) -> bool {
        let Some(longest) = self.idle.looks() else { return false };
        if self.driver.has_entries() {
            self.enter(Wait::No);
        }
        // What a timer wakes is work, too.
        let until = self.longest_wait().unwrap_or(Duration::MAX);
        let (due, longest) = (until <= longest, until.min(longest));
        let began = now();
        let found = loop {
            if self.driver.has_work() || !self.door.mailbox().is_empty() {
                break true;
            }
            if elapsed(began) >= longest {
                break due;
            }
            std::hint::spin_loop();
        };
        self.idle.looked(found);
        found
    }

    /// Sleeps for several answers.
    #[cold]
    fn sleep_for_several(&self, longest: Option<Duration>) {
        let several = self.idle.several(longest);
        self.enter(Wait::Batch(&several));
    }

    fn enter(&self, wait: Wait<'_>) {
        match self.driver.enter(wait) {
            Ok(Entered::Fine) => {}
            // The reap that follows makes room; other threads may have the memory meanwhile.
            Ok(Entered::ReapFirst) => std::thread::yield_now(),
            Ok(Entered::Poisoned) => panic!(
                "the kernel dropped a completion for want of memory: this core cannot know any \
                 more what it owns"
            ),
            Err(error) => panic!("io_uring_enter was used wrongly: {error}"),
        }
    }

    pub(crate) fn counters(&self) -> &CoreCounters {
        &self.counters
    }

    /// Foreign code panicked on this core.
    pub(crate) fn panicked(&self) {
        self.counters.panicked();
    }

    /// Ends the core: no new work, no tasks, then nothing in flight, or a leak that is reported.
    pub(crate) fn shut_down(
        self: &Rc<Self>,
        entered: context::Entered,
        grace: Duration,
    ) -> Drained {
        self.closing.set(true);
        self.drop_tasks();
        let drained = self.drain(grace);
        self.drop_tasks();
        self.read_mail();
        while self.queue.pop().is_some() {}
        self.timers.clear();
        // From here on nobody counts without atomics; what is still referred to becomes
        // everybody's.
        drop(entered);
        close_door(&self.tasks, &self.door);
        self.driver.close();
        drained
    }

    /// Drops every task's future. A destructor may spawn; what it spawns is dropped, too.
    fn drop_tasks(&self) {
        loop {
            let unfinished = self.tasks.all().into_iter().filter(|task| !task.is_finished());
            let unfinished: Vec<TaskRef> = unfinished.collect();
            if unfinished.is_empty() {
                return;
            }
            for task in unfinished {
                task.shut_down();
                task.release_executors();
            }
        }
    }

    /// Cancels everything and reaps until nothing is in flight or the time is up.
    fn drain(&self, grace: Duration) -> Drained {
        let deadline = now() + grace;
        self.driver.bury_all();
        loop {
            self.driver.prepare();
            if self.driver.in_flight() == 0 {
                return Drained::Fully;
            }
            let left = deadline.saturating_duration_since(now());
            if left.is_zero() {
                return Drained::Leaked(Leak {
                    core: self.index,
                    operations: self.driver.in_flight(),
                    bytes: self.driver.buried_bytes(),
                    by_opcode: self.driver.in_flight_by_opcode(),
                });
            }
            // The driver repeats cancels: what could not be cancelled just now may be in a moment.
            let wait = Wait::Until(Some(left.min(Duration::from_millis(10))));
            if self.driver.enter(wait).is_err() {
                std::thread::yield_now();
            }
            self.driver.reap();
        }
    }
}

/// Makes what is still referred to everybody's, then refuses messages and drops those that came.
pub(crate) fn close_door(tasks: &AllTasks, door: &Door) {
    tasks.orphan_all();
    door.mailbox().close();
    while let Some(message) = door.mailbox().pop() {
        match message {
            Message::Wake(task) | Message::Drop(task) => release_orphan(task),
            Message::Nudge => {}
            Message::Run(run) => drop(contained(|| drop(run))),
        }
    }
}

fn poll_root<F: Future>(
    root: Pin<&mut F>,
    waker: &RootWaker,
    cx: &mut Context<'_>,
) -> Option<F::Output> {
    if !waker.woken.swap(false, Ordering::AcqRel) {
        return None;
    }
    match root.poll(cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// How a core ended.
#[derive(Debug)]
pub(crate) enum Drained {
    /// Nothing is in flight.
    Fully,
    /// The kernel did not let go in time.
    Leaked(Leak),
}

/// What had to be leaked.
#[derive(Debug)]
pub(crate) struct Leak {
    core: usize,
    operations: usize,
    bytes: u64,
    by_opcode: Vec<(u8, usize)>,
}

impl std::fmt::Display for Leak {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "sexton: core {} ended with {} operations that the kernel did not give back \
             ({} bytes of buffers, leaked); by opcode: {:?}",
            self.core, self.operations, self.bytes, self.by_opcode
        )
    }
}
