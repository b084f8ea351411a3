//! Starting tasks: here, on another core, on all of them, or on a thread that may block.

use crate::context;
use crate::door::{Door, Message};
use crate::executor::Core;
use crate::task::{JoinError, JoinHandle, Remote, RemoteFuture};
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

#[cfg(all(test, loom))]
mod loom_tests;

#[track_caller]
fn this_core() -> Rc<Core> {
    match context::core() {
        Some(core) => core,
        None => panic!("{}", context::outside()),
    }
}

/// Spawns a task on this core.
///
/// It starts at once, beside the caller, and need not be `Send`: it never leaves this thread.
/// Dropping the handle detaches it; a panic in it comes out of the handle.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let task = sexton_runtime::spawn(async { "done" });
/// assert_eq!(task.await.expect("it does not panic"), "done");
/// # });
/// ```
#[inline]
#[track_caller]
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    spawn_at(future, Location::caller())
}

// One copy less of the future, which is made for this call anyhow: so for all that it calls.
#[inline(always)]
#[track_caller]
fn spawn_at<F: Future + 'static>(
    future: F,
    at: &'static Location<'static>,
) -> JoinHandle<F::Output> {
    if context::with(Core::is_closing) == Some(false) {
        // None of anybody's code runs in there: that is what the core is borrowed for.
        let spawned = context::with(|core| core.spawn(future, at));
        return spawned.expect("there was a core just now");
    }
    match context::core() {
        Some(core) => core.refuse(future, at),
        None => panic!("{}", context::outside()),
    }
}

/// Spawns a task on core `core` of this runtime. The closure travels there and makes the future,
/// which itself need not be `Send`.
///
/// If there is no such core, or it has ended, the handle says so.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let task = sexton_runtime::spawn_on(0, || async { sexton_runtime::current_core() });
/// assert_eq!(task.await.expect("it does not panic"), 0);
/// # });
/// ```
#[track_caller]
pub fn spawn_on<F, Fut>(core: usize, f: F) -> JoinHandle<Fut::Output>
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future + 'static,
    Fut::Output: Send + 'static,
{
    let shared = Arc::clone(this_core().shared());
    if core >= shared.cores() {
        let what = format!("there is no core {core}: this runtime has {}", shared.cores());
        let remote = Remote::new();
        remote.finish(Err(JoinError::refused(what)));
        return JoinHandle::remote(remote);
    }
    send(shared.door(core), |remote| match catch_unwind(AssertUnwindSafe(f)) {
        Ok(future) => drop(spawn(RemoteFuture::new(future, remote))),
        Err(panic) => remote.finish(Err(JoinError::panicked(panic))),
    })
}

/// Sends a call to a core, which leaves a result some time; the handle to that.
fn send<T: Send + 'static>(
    door: &Door,
    start: impl FnOnce(Arc<Remote<T>>) + Send + 'static,
) -> JoinHandle<T> {
    let remote = Remote::new();
    let handle = JoinHandle::remote(Arc::clone(&remote));
    let unstarted = Unstarted(Some(remote));
    // If the core has ended, the message comes back and its drop says so.
    drop(door.send(Message::Run(Box::new(move || start(unstarted.start())))));
    handle
}

/// A task on its way to its core; if it never gets there, its handle hears of it.
struct Unstarted<T>(Option<Arc<Remote<T>>>);

impl<T> Unstarted<T> {
    fn start(mut self) -> Arc<Remote<T>> {
        self.0.take().expect("started once: this consumes it")
    }
}

impl<T> Drop for Unstarted<T> {
    fn drop(&mut self) {
        if let Some(remote) = self.0.take() {
            remote.finish(Err(JoinError::cancelled()));
        }
    }
}

/// Spawns one task on each core of this runtime.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let cores = sexton_runtime::spawn_per_core(|| async { sexton_runtime::current_core() });
/// assert_eq!(cores.await.expect("no task panics"), [0]);
/// # });
/// ```
#[track_caller]
pub fn spawn_per_core<F, Fut>(f: F) -> PerCore<Fut::Output>
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future + 'static,
    Fut::Output: Send + 'static,
{
    let spawn = |core| Some(spawn_on(core, f.clone()));
    let handles: Vec<_> = (0..cores()).map(spawn).collect();
    PerCore { outputs: handles.iter().map(|_| None).collect(), handles }
}

/// One task on each core.
///
/// # Completes
/// With all outputs in the cores' order, or with the first task that panicked or was aborted.
///
/// # If dropped
/// The tasks go on, detached.
#[derive(Debug)]
#[must_use = "the tasks run in any case; await them, or drop this to detach them"]
pub struct PerCore<T> {
    handles: Vec<Option<JoinHandle<T>>>,
    outputs: Vec<Option<T>>,
}

impl<T> Unpin for PerCore<T> {}

impl<T> PerCore<T> {
    /// Polls every task that is not finished; `Some` ends the whole.
    fn poll_each<E>(
        &mut self,
        cx: &mut Context<'_>,
        mut failure: impl FnMut(Result<T, JoinError>) -> Result<T, E>,
    ) -> Poll<Result<(), E>> {
        let mut pending = false;
        for (handle, output) in self.handles.iter_mut().zip(&mut self.outputs) {
            let Some(task) = handle else { continue };
            match Pin::new(task).poll(cx) {
                Poll::Pending => pending = true,
                Poll::Ready(result) => {
                    *handle = None;
                    match failure(result) {
                        Ok(value) => *output = Some(value),
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl<T> Future for PerCore<T> {
    type Output = Result<Vec<T>, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.poll_each(cx, |result| result) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => {
                let outputs = std::mem::take(&mut self.outputs);
                Poll::Ready(Ok(outputs.into_iter().flatten().collect()))
            }
        }
    }
}

impl<T, E: From<JoinError>> PerCore<Result<T, E>> {
    /// Waits for all tasks; the first error (or panic) ends the others.
    ///
    /// # If dropped
    /// The tasks are aborted.
    pub fn try_join(self) -> impl Future<Output = Result<Vec<T>, E>> {
        TryJoin { tasks: self }
    }
}

/// Aborts what is left when it is dropped.
struct TryJoin<T, E> {
    tasks: PerCore<Result<T, E>>,
}

impl<T, E> Unpin for TryJoin<T, E> {}

impl<T, E: From<JoinError>> Future for TryJoin<T, E> {
    type Output = Result<Vec<T>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let flatten = |result: Result<Result<T, E>, JoinError>| match result {
            Ok(Ok(value)) => Ok(Ok(value)),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(E::from(error)),
        };
        match self.tasks.poll_each(cx, flatten) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => {
                let outputs = std::mem::take(&mut self.tasks.outputs);
                Poll::Ready(outputs.into_iter().flatten().collect())
            }
        }
    }
}

impl<T, E> Drop for TryJoin<T, E> {
    fn drop(&mut self) {
        for task in self.tasks.handles.iter().flatten() {
            task.abort();
        }
    }
}

/// Runs a call that may block on a thread of its own.
///
/// # If dropped
/// The call goes on, if it has started. Aborted before that, it is not made.
///
/// # Errors
/// The handle's: the call panicked, was aborted, or no thread could be had for it.
///
/// # Panics
/// Outside a runtime.
///
/// ```
/// # sexton_runtime::block_on(async {
/// let sum = sexton_runtime::spawn_blocking(|| (1..=10).sum::<u32>()).await;
/// assert_eq!(sum.expect("it does not panic"), 55);
/// # });
/// ```
#[track_caller]
pub fn spawn_blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let remote = Remote::new();
    let handle = JoinHandle::remote(Arc::clone(&remote));
    let unstarted = Unstarted(Some(Arc::clone(&remote)));
    let job = move || unstarted.start().call(f);
    if let Err(refused) = this_core().shared().blocking().execute(Box::new(job)) {
        remote.refuse(refused.to_string());
    }
    handle
}

/// The number of cores of this runtime; outside one, of the cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    context::with(|core| core.shared().cores())
        .unwrap_or_else(|| crate::affinity::available().len())
}

/// This core's index, from 0 to [`cores`]` - 1`; 0 outside a runtime.
#[must_use]
pub fn current_core() -> usize {
    context::with(Core::index).unwrap_or(0)
}

/// Lets other tasks run, once: goes to the end of the run queue.
pub fn yield_now() -> impl Future<Output = ()> {
    Yield { yielded: false }
}

struct Yield {
    yielded: bool,
}

impl Future for Yield {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// This core's pool of provided buffers for a socket, from which the kernel picks when data comes;
/// none if the kernel refused it, or outside a runtime.
#[must_use]
pub fn recv_pool() -> Option<sexton_buffers::ProvidedPool> {
    let core = context::core()?;
    core.recv_pools().for_socket(core.driver())
}

/// As [`recv_pool`], for reads of pipes: each takes a buffer of its own.
#[must_use]
pub fn read_pool() -> Option<sexton_buffers::ProvidedPool> {
    let core = context::core()?;
    core.recv_pools().for_pipe(core.driver())
}

/// Registers a pool's memory with this core's ring: from now on reads and writes of files, and
/// writes to pipes, with its buffers on this core spare the kernel the look-up of their pages.
///
/// It pays for files opened with `O_DIRECT`, many reads at a time; reads from the page cache gain
/// nothing. The memory is pinned, and counts as locked. A pool that is registered with this ring
/// already stays as it is. On another runtime its buffers go by their address, as those of any pool
/// that is not registered.
///
/// # Completes
/// At once, when all of the memory is pinned: 1 GiB takes a while.
///
/// # If dropped
/// The pool stays registered until its last handle and its last buffer are gone, wherever they are,
/// in flight or leaked; then a later turn of this core unregisters it. Or until the runtime ends:
/// another one may register it then.
///
/// # Kernel
/// `IORING_REGISTER_BUFFERS2` (sparse) and `IORING_REGISTER_BUFFERS_UPDATE`, since Linux 5.19; then
/// `IORING_OP_READ_FIXED` and `IORING_OP_WRITE_FIXED`, since Linux 5.1.
///
/// # Errors
/// `OutOfMemory` if no more memory may be locked (`ulimit -l`), `QuotaExceeded` if 64 pools are
/// registered, `ResourceBusy` if the pool is registered with another runtime, `BrokenPipe` if this
/// one is shutting down, `NotConnected` outside a runtime; else what the kernel says. The pool's
/// buffers work all the same, by their address.
///
/// ```
/// use sexton_buffers::FixedPool;
/// # sexton_runtime::block_on(async {
/// let pool = FixedPool::new(32, 4096)?;
/// if let Err(error) = sexton_runtime::register_buffers(&pool) {
///     eprintln!("reads take a little longer: {error}");
/// }
/// let buf = pool.take().unwrap(); // for `File::read_at`, say
/// # drop(buf);
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
#[doc(alias = "io_uring_register_buffers")]
pub fn register_buffers(pool: &sexton_buffers::FixedPool) -> io::Result<()> {
    let core = context::core().ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotConnected, "there is no Sexton runtime on this thread")
    })?;
    core.driver().register_fixed(pool)
}

/// Whether a plain system call is the cheaper way just now: nothing else is to run in this turn, or
/// to be submitted. It says so once a turn, so that nobody goes on for ever without one.
#[must_use]
pub fn is_alone() -> bool {
    context::with(Core::is_alone).unwrap_or(false)
}

/// Whether the task that runs may do something more at once, without an operation, which counts for
/// so many bytes. If not it goes on by one, so that others have their turns.
pub fn spend_poll(bytes: usize) -> bool {
    context::with(|core| core.spend_poll(bytes)).unwrap_or(false)
}

/// Counts bytes of a stream that were copied in user space ([`CoreStats`](crate::CoreStats)).
pub fn count_copied(bytes: usize) {
    if bytes > 0 {
        context::with(|core| core.counters().copied(bytes));
    }
}

/// A number that tells this runtime from all others of the process; none outside one.
#[must_use]
pub fn runtime_id() -> Option<u64> {
    context::with(|core| Arc::as_ptr(core.shared()).addr() as u64)
}
