//! A runtime of one thread in a page: tasks, their wakers, and `poll(2)` when none can go on.

use rustix::event::{PollFd, PollFlags, poll};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static REACTOR: Reactor = const {
        Reactor {
            spawned: RefCell::new(VecDeque::new()),
            waits: RefCell::new(Vec::new()),
            polls: Cell::new(0),
        }
    };
}

/// What the tasks of this thread ask of the runtime.
struct Reactor {
    spawned: RefCell<VecDeque<Task>>,
    waits: RefCell<Vec<Weak<Wait>>>,
    polls: Cell<usize>,
}

/// How often tasks were polled on this thread.
pub(crate) fn polls() -> usize {
    REACTOR.with(|reactor| reactor.polls.get())
}

/// Somebody waits for a descriptor. Gone with the future that waits.
struct Wait {
    fd: Rc<OwnedFd>,
    asked: PollFlags,
    found: Cell<PollFlags>,
    waker: RefCell<Option<Waker>>,
}

/// Waits until one of `asked` holds of the descriptor, or it hangs up or fails.
pub(crate) async fn wait(fd: Rc<OwnedFd>, asked: PollFlags) -> PollFlags {
    let found = Cell::new(PollFlags::empty());
    let wait = Rc::new(Wait { fd, asked, found, waker: RefCell::new(None) });
    REACTOR.with(|reactor| reactor.waits.borrow_mut().push(Rc::downgrade(&wait)));
    poll_fn(|cx| {
        if wait.found.get().is_empty() {
            *wait.waker.borrow_mut() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(wait.found.get())
    })
    .await
}

/// Starts a task on this thread; its answer comes out of the future returned.
pub(crate) fn spawn<T: 'static>(
    task: impl Future<Output = T> + 'static,
) -> impl Future<Output = T> {
    let slot = Rc::new((Cell::new(None), Cell::new(None::<Waker>)));
    let there = Rc::clone(&slot);
    let task = Box::pin(async move {
        there.0.set(Some(task.await));
        if let Some(waker) = there.1.take() {
            waker.wake();
        }
    });
    REACTOR.with(|reactor| reactor.spawned.borrow_mut().push_back(task));
    poll_fn(move |cx| match slot.0.take() {
        Some(answer) => Poll::Ready(answer),
        None => {
            slot.1.set(Some(cx.waker().clone()));
            Poll::Pending
        }
    })
}

/// Woken tasks, from any thread: a byte into the bell ends the wait in `poll`.
struct Bell {
    woken: AtomicBool,
    sender: Mutex<UnixStream>,
}

/// The waker of one task.
struct Flag {
    set: AtomicBool,
    bell: Arc<Bell>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.set.store(true, Ordering::SeqCst);
        if !self.bell.woken.swap(true, Ordering::SeqCst) {
            let mut sender = self.bell.sender.lock().unwrap_or_else(PoisonError::into_inner);
            // If the bell is full, it rings already.
            let _ = sender.write(&[1]);
        }
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flag").field("set", &self.set).finish_non_exhaustive()
    }
}

/// Runs `main`, and the tasks that it starts, until `main` is done.
pub(crate) fn block_on<F: Future>(main: F) -> F::Output {
    let (sender, receiver) = UnixStream::pair().expect("two descriptors are left");
    sender.set_nonblocking(true).expect("a socket can be non-blocking");
    receiver.set_nonblocking(true).expect("a socket can be non-blocking");
    let bell = Arc::new(Bell { woken: AtomicBool::new(false), sender: Mutex::new(sender) });
    let flag = || Arc::new(Flag { set: AtomicBool::new(true), bell: Arc::clone(&bell) });

    let mut main = pin!(main);
    let main_flag = flag();
    let main_waker = Waker::from(Arc::clone(&main_flag));
    let mut tasks: Vec<(Task, Arc<Flag>)> = Vec::new();
    loop {
        bell.woken.store(false, Ordering::SeqCst);
        let mut ran = false;
        if main_flag.set.swap(false, Ordering::SeqCst) {
            ran = true;
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&main_waker)) {
                return output;
            }
        }
        let spawned = REACTOR.with(|reactor| reactor.spawned.take());
        tasks.extend(spawned.into_iter().map(|task| (task, flag())));
        tasks.retain_mut(|(task, flag)| {
            if !flag.set.swap(false, Ordering::SeqCst) {
                return true;
            }
            ran = true;
            REACTOR.with(|reactor| reactor.polls.set(reactor.polls.get() + 1));
            let waker = Waker::from(Arc::clone(flag));
            task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        });
        if !ran {
            sleep_until_ready(&receiver).expect("poll takes the descriptors of live sockets");
        }
    }
}

/// Nothing can go on: waits for a descriptor that somebody waits for, or for the bell.
fn sleep_until_ready(bell: &UnixStream) -> io::Result<()> {
    let waits: Vec<Rc<Wait>> = REACTOR.with(|reactor| {
        let mut waits = reactor.waits.borrow_mut();
        waits.retain(|wait| wait.upgrade().is_some_and(|wait| wait.found.get().is_empty()));
        waits.iter().filter_map(Weak::upgrade).collect()
    });
    let mut fds = vec![PollFd::new(bell, PollFlags::IN)];
    fds.extend(waits.iter().map(|wait| PollFd::new(&*wait.fd, wait.asked)));
    match poll(&mut fds, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    for (wait, fd) in waits.iter().zip(&fds[1..]) {
        wait.found.set(fd.revents());
        if !fd.revents().is_empty()
            && let Some(waker) = wait.waker.take()
        {
            waker.wake();
        }
    }
    if !fds[0].revents().is_empty() {
        let _ = (&mut &*bell).read(&mut [0; 64])?;
    }
    Ok(())
}
