//! A result that crosses threads, in every interleaving: awaited, aborted, or wanted by nobody.
//!
//! All of it is real, the handle and the task's cell included; only the awaiting thread is not a
//! core, but waits on a bell.

use std::future::pending;
use std::mem;
use std::sync::Arc;
use std::task::Poll;

use loom::thread;

use super::{Remote, RemoteFuture};
use crate::door::Door;
use crate::loom_support::{Bell, Tracked, poll_once, turn, wait_for};
use crate::sync::set_owner;
use crate::task::{JoinHandle, Ran, lone};

#[test]
fn who_awaits_a_result_gets_it() {
    loom::model(|| {
        let remote = Remote::new();
        let handle = JoinHandle::remote(Arc::clone(&remote));
        let other = thread::spawn(move || remote.finish(Ok(7)));
        assert_eq!(wait_for(handle).expect("it was finished"), 7);
        other.join().expect("it does not panic");
    });
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    loom::model(|| {
        let remote = Remote::new();
        let mut handle = JoinHandle::remote(Arc::clone(&remote));
        let other = thread::spawn(move || remote.call(|| 7));
        let result = match poll_once(&mut handle, &Arc::new(Bell::default())) {
            Poll::Ready(result) => result,
            // Another one waits for it now: the bell above is heard by nobody.
            Poll::Pending => wait_for(handle),
        };
        assert_eq!(result.expect("it was finished"), 7);
        other.join().expect("it does not panic");
    });
}

#[test]
fn a_result_that_nobody_takes_is_dropped_once_and_at_once() {
    loom::model(|| {
        let remote = Remote::new();
        let mut handle = JoinHandle::remote(Arc::clone(&remote));
        let (output, drops) = Tracked::new();
        let other = {
            let remote = Arc::clone(&remote);
            thread::spawn(move || remote.finish(Ok(output)))
        };
        let taken = poll_once(&mut handle, &Arc::new(Bell::default()));
        drop(handle);
        other.join().expect("it does not panic");
        drop(taken);
        assert_eq!(drops.count(), 1, "though the place is still there");
        drop(remote);
        assert_eq!(drops.count(), 1);
    });
}

#[test]
fn a_call_is_made_or_aborted_and_its_handle_hears_which() {
    loom::model(|| {
        let remote = Remote::new();
        let handle = JoinHandle::remote(Arc::clone(&remote));
        let (made, drops) = Tracked::new();
        let other = thread::spawn(move || remote.call(move || drop(made)));
        handle.abort();
        let result = wait_for(handle);
        other.join().expect("it does not panic");
        assert_eq!(drops.count(), 1);
        assert!(result.is_ok() || result.is_err_and(|error| error.is_cancelled()));
    });
}

#[test]
fn an_abort_from_another_core_reaches_the_task() {
    loom::model(|| {
        let door = Arc::new(Door::new());
        set_owner(door.number());
        let remote = Remote::<()>::new();
        let (future, drops) = Tracked::new();
        let waits = async move {
            let _future = future;
            pending().await
        };
        let future = RemoteFuture::new(waits, Arc::clone(&remote));
        let task = lone(future, &door);
        // The executor's reference.
        mem::forget(task.share());
        let aborted = Arc::new(Bell::default());
        let other = {
            let (remote, aborted) = (Arc::clone(&remote), Arc::clone(&aborted));
            thread::spawn(move || {
                let handle = JoinHandle::remote(remote);
                handle.abort();
                aborted.ring();
                wait_for(handle).expect_err("it was aborted").is_cancelled()
            })
        };
        match task.run() {
            Ran::Idle => {}
            Ran::Woken => panic!("nobody wakes it while it runs"),
            Ran::Finished => task.release_executors(),
        }
        while !remote.is_finished() && !remote.is_aborted() {
            aborted.wait();
        }
        turn(&door);
        while !task.is_finished() {
            // Woken, but by a message that is on its way: the core would sleep until it is there.
            aborted.wait();
            turn(&door);
        }
        drop(task);
        assert!(other.join().expect("it does not panic"));
        turn(&door);
        assert_eq!(drops.count(), 1, "the future was dropped on its core");
    });
}
