//! Waiting for signals of the operating system.
//!
//! A handler may do next to nothing, so it only notes that a signal came; a thread of its own,
//! started by the first wait, tells all tasks that wait, on every core. From the first wait for a
//! signal on, its default action (for most: the end of the process) does not happen any more, not
//! even after the last wait: who wants the second Ctrl-C to kill waits for it and says so.
//!
//! ```
//! # sexton_runtime::block_on(async {
//! let ctrl_c = sexton_runtime::signal::ctrl_c();
//! # let _ = signal_hook::low_level::raise(signal_hook::consts::SIGINT);
//! ctrl_c.await?;
//! println!("goodbye");
//! # Ok::<(), std::io::Error>(()) }).unwrap();
//! ```

use crate::CancelHook;
use crate::sys::calls::file::cancelled;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use slab::Slab;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

/// Waits for Ctrl-C: the next `SIGINT` after this call.
///
/// # Completes
/// When the signal comes; each wait that has begun before hears of it, on every core.
///
/// # If dropped
/// This wait ends. The signal's default action does not come back.
///
/// # Kernel
/// No operation: a handler (`sigaction`) and a thread that waits for its word.
///
/// # Errors
/// The handler or the thread could not be had; or the wait was cancelled by a
/// [`CancelToken`](crate::CancelToken).
pub fn ctrl_c() -> Signal {
    Signal::of(Kind::Interrupt)
}

/// Waits to be asked to end: the next `SIGTERM` after this call, as service managers send it.
///
/// # Completes
/// As [`ctrl_c`] does.
///
/// # If dropped
/// As [`ctrl_c`].
///
/// # Kernel
/// As [`ctrl_c`].
///
/// # Errors
/// As [`ctrl_c`].
///
/// ```
/// # sexton_runtime::block_on(async {
/// let asked_to_end = sexton_runtime::signal::terminate();
/// # let _ = signal_hook::low_level::raise(signal_hook::consts::SIGTERM);
/// asked_to_end.await?;
/// # Ok::<(), std::io::Error>(()) }).unwrap();
/// ```
pub fn terminate() -> Signal {
    Signal::of(Kind::Terminate)
}

/// The future of one signal, made by [`ctrl_c`] and [`terminate`].
#[must_use = "futures do nothing unless polled"]
pub struct Signal {
    kind: Kind,
    state: State,
    hook: CancelHook,
}

enum State {
    /// The signal could not be listened to.
    Failed(Option<io::Error>),
    Waiting {
        /// How often the signal had come when the wait began.
        came: u64,
        /// Where the waker is.
        place: Option<usize>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Interrupt,
    Terminate,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Interrupt, Kind::Terminate];

    fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }
}

impl Signal {
    fn of(kind: Kind) -> Self {
        let state = match listen(kind) {
            Ok(came) => State::Waiting { came, place: None },
            Err(error) => State::Failed(Some(error)),
        };
        Self { kind, state, hook: CancelHook::default() }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signal").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Future for Signal {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let (came, place) = match &mut this.state {
            State::Failed(error) => {
                let error = error.take().unwrap_or_else(|| io::ErrorKind::Other.into());
                return Poll::Ready(Err(error));
            }
            State::Waiting { came, place } => (came, place),
        };
        // Wakers are foreign code: neither cloned nor dropped under the lock.
        let waker = cx.waker().clone();
        let mut posts = posts();
        let post = &mut posts.of[this.kind as usize];
        if post.came != *came {
            drop(posts);
            return Poll::Ready(Ok(()));
        }
        let old = match *place {
            Some(place) => post.waiting.get_mut(place).and_then(|slot| slot.replace(waker)),
            None => {
                *place = Some(post.waiting.insert(Some(waker)));
                None
            }
        };
        drop(posts);
        drop(old);
        if this.hook.is_cancelled(cx) { Poll::Ready(Err(cancelled())) } else { Poll::Pending }
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        if let State::Waiting { place: Some(place), .. } = self.state {
            let waker = posts().of[self.kind as usize].waiting.try_remove(place);
            drop(waker);
        }
    }
}

/// What the waits and the thread share.
struct Posts {
    /// Where the thread is told what to listen to; none before it was started.
    thread: Option<Handle>,
    of: [Post; Kind::ALL.len()],
}

/// One signal.
struct Post {
    came: u64,
    listening: bool,
    /// The places of the waits; a waker is taken out to be woken.
    waiting: Slab<Option<Waker>>,
}

impl Post {
    const fn new() -> Self {
        Self { came: 0, listening: false, waiting: Slab::new() }
    }
}

static POSTS: Mutex<Posts> = Mutex::new(Posts { thread: None, of: [Post::new(), Post::new()] });

fn posts() -> MutexGuard<'static, Posts> {
    POSTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens to a signal from now on; how often it has come.
fn listen(kind: Kind) -> io::Result<u64> {
    let mut posts = posts();
    if !posts.of[kind as usize].listening {
        match &posts.thread {
            Some(thread) => thread.add_signal(kind.number())?,
            None => posts.thread = Some(start(kind)?),
        }
        posts.of[kind as usize].listening = true;
    }
    Ok(posts.of[kind as usize].came)
}

/// Starts the thread, which lives as long as the process.
fn start(kind: Kind) -> io::Result<Handle> {
    let mut signals = Signals::new([kind.number()])?;
    let handle = signals.handle();
    thread::Builder::new().name("sexton-signals".into()).spawn(move || {
        for number in signals.forever() {
            if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.number() == number) {
                tell(kind);
            }
        }
    })?;
    Ok(handle)
}

/// Wakes everybody who waits for `kind`.
fn tell(kind: Kind) {
    let wakers: Vec<Waker> = {
        let post = &mut posts().of[kind as usize];
        post.came += 1;
        post.waiting.iter_mut().filter_map(|(_, waker)| waker.take()).collect()
    };
    for waker in wakers {
        // A waker that panics must not end the thread for all others.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| waker.wake()));
    }
}
