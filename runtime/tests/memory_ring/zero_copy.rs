//! Sends whose result comes before the kernel has let go of their buffer.

use crate::ops::{Send, SendZc};
use crate::support::{builder, counters, forget, run, tcp_pair, turn, turns, waits};
use sexton_runtime::op::{Op, Submit, submit};
use sexton_runtime::{CancelToken, Fd, sim::hand as sim};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

type Text = Rc<[u8]>;

fn text() -> Text {
    Rc::from(*b"hello")
}

/// A send on a stream of its own, its peer, and the count of who has its buffer.
fn send() -> (Fd, OwnedFd, Text, Submit<SendZc<Text>>) {
    let (fd, peer) = tcp_pair();
    let buf = text();
    let send = submit(SendZc { fd: fd.clone(), buf: Rc::clone(&buf) });
    (fd, peer, buf, send)
}

async fn count<O: Op>(send: &mut Submit<O>) -> Option<usize> {
    poll_fn(|cx| send.poll_count(cx)).await
}

/// Whether the result is still to come.
async fn waits_for_count<O: Op>(send: &mut Submit<O>) -> bool {
    poll_fn(|cx| Poll::Ready(send.poll_count(cx).is_pending())).await
}

#[test]
fn the_result_comes_first_and_the_buffer_with_the_notification() {
    run(async {
        sim::hold_notifications(true);
        let (_fd, peer, buf, mut send) = send();
        assert!(waits_for_count(&mut send).await);
        assert_eq!(count(&mut send).await, Some(5));
        assert_eq!(sim::read(&peer).unwrap(), b"hello");
        turns().await;
        assert!(waits(&mut send).await);
        assert_eq!(count(&mut send).await, Some(5), "it can be asked again");
        assert_eq!(counters().in_flight_by_opcode.len(), 1);
        sim::hold_notifications(false);
        let (n, back) = send.await.unwrap();
        assert!(n == 5 && Rc::ptr_eq(&back, &buf));
        assert_eq!((counters().strays, counters().buried_total), (0, 0));
    });
}

#[test]
fn who_waits_for_the_count_and_who_waits_for_the_buffer_are_both_woken() {
    run(async {
        sim::hold_notifications(true);
        let (_fd, _peer, _buf, mut send) = send();
        let sent = sexton_runtime::spawn(async move {
            let n = count(&mut send).await;
            (n, send)
        });
        let (n, send) = sent.await.unwrap();
        let notified = sexton_runtime::spawn(send);
        turns().await;
        sim::hold_notifications(false);
        assert_eq!((n, notified.await.unwrap().unwrap().0), (Some(5), 5));
    });
}

#[test]
fn the_descriptor_is_let_go_of_with_the_result() {
    run(async {
        sim::hold_notifications(true);
        let (fd, peer, buf, mut send) = send();
        assert_eq!(fd.handles(), 3, "ours, the operation's, the driver's");
        turns().await;
        assert_eq!(fd.handles(), 2, "the operation of these tests holds one, too");
        assert_eq!(count(&mut send).await, Some(5));
        drop(send);
        turns().await;
        assert_eq!((Rc::strong_count(&buf), fd.handles()), (2, 2));
        sim::hold_notifications(false);
        turns().await;
        assert_eq!((Rc::strong_count(&buf), fd.handles()), (1, 1));
        drop(peer);
    });
}

#[test]
fn dropped_before_or_after_its_result_the_buffer_lives_until_the_notification() {
    for before in [true, false] {
        run(async {
            sim::hold_notifications(true);
            let (fd, peer, buf, mut send) = send();
            sim::hold(&fd).unwrap();
            turn().await;
            if !before {
                sim::release(&fd).unwrap();
                assert_eq!(count(&mut send).await, Some(5));
            }
            drop(send);
            sim::release(&fd).unwrap();
            turns().await;
            let apart = counters();
            let buried = (apart.buried, apart.buried_bytes, apart.buried_oldest_ms);
            assert_eq!((buried, apart.buried_total), ((0, 0, 0), u64::from(before)));
            assert_eq!((apart.notifying, apart.notifying_bytes, apart.in_flight), (1, 5, 1));
            assert_eq!(Rc::strong_count(&buf), 2, "the kernel has it: {before}");
            // Nothing is asked of the kernel about it any more.
            let (entries, faults) = (counters().entries, counters().strays);
            sexton_runtime::time::sleep(Duration::from_millis(25)).await;
            turns().await;
            assert_eq!((counters().entries, counters().strays), (entries, faults));
            sim::hold_notifications(false);
            turns().await;
            assert_eq!(Rc::strong_count(&buf), 1);
            assert_eq!((counters().notifying, counters().notifying_bytes), (0, 0));
            drop(peer);
        });
    }
}

#[test]
fn forgotten_or_kept_over_the_end_of_the_runtime_it_is_freed_by_its_notification() {
    for keeps in [true, false] {
        let (mut kept, mut seen) = (None, None);
        run(async {
            let (_fd, peer, buf, mut send) = send();
            sim::hold_notifications(true);
            assert_eq!(count(&mut send).await, Some(5));
            if keeps {
                kept = Some(send);
            } else {
                forget(send);
            }
            // The end of the runtime finds it without its notification.
            sexton_runtime::spawn(async {
                let _release = ReleaseAll;
                std::future::pending::<()>().await;
            });
            turn().await;
            assert_eq!(Rc::strong_count(&buf), 2);
            seen = Some((buf, peer));
        });
        assert_eq!(seen.map(|(buf, _)| Rc::strong_count(&buf)), Some(1), "{keeps}");
        drop(kept);
    }
}

/// Lets notifications come when it is dropped: when shutdown has begun.
struct ReleaseAll;

impl Drop for ReleaseAll {
    fn drop(&mut self) {
        sim::hold_notifications(false);
    }
}

#[test]
fn a_failure_brings_its_buffer_with_its_last_answer() {
    run(async {
        let (fd, _peer) = tcp_pair();
        sim::fail_next(&fd, libc::EPIPE).unwrap();
        sim::hold_notifications(true);
        let mut send = submit(SendZc { fd: fd.clone(), buf: text() });
        assert_eq!(count(&mut send).await, None);
        assert!(waits(&mut send).await, "the kernel has not let go");
        sim::hold_notifications(false);
        let failed = send.await.unwrap_err();
        assert_eq!((failed.kind(), &failed.buf()[..]), (ErrorKind::BrokenPipe, &b"hello"[..]));
        // One that the driver refuses, too.
        let (fd, _peer) = sim::stream_pair().unwrap();
        let failed = submit(SendZc { fd: Fd::new(fd), buf: text() }).await.unwrap_err();
        assert_eq!(failed.error().raw_os_error(), Some(libc::EOPNOTSUPP));
    });
}

#[test]
fn a_token_ends_a_send_that_waits_for_room_and_waits_for_a_notification_to_come() {
    run(async {
        let (fd, _peer) = tcp_pair();
        sim::send_room(&fd, 0).unwrap();
        let (token, buf) = (CancelToken::new(), text());
        let mut send = submit(SendZc { fd: fd.clone(), buf: Rc::clone(&buf) });
        let scope = token.clone();
        let task = sexton_runtime::spawn(async move {
            let send = &mut send;
            let none = scope.run(poll_fn(|cx| send.poll_count(cx))).await;
            (none, send.await)
        });
        turns().await;
        token.cancel();
        let (none, failed) = task.await.unwrap();
        assert_eq!(none, None);
        assert_eq!(failed.unwrap_err().error().raw_os_error(), Some(libc::ECANCELED));
        // Nothing hastens a notification.
        sim::send_room(&fd, 9).unwrap();
        sim::hold_notifications(true);
        let mut send = submit(SendZc { fd, buf });
        assert_eq!(count(&mut send).await, Some(5));
        let notified = sexton_runtime::spawn(token.run(send));
        turns().await;
        assert!(!notified.is_finished());
        sim::hold_notifications(false);
        assert_eq!(notified.await.unwrap().unwrap().0, 5);
    });
}

#[test]
fn too_many_that_wait_for_notifications_hold_back_only_their_like_and_not_for_ever() {
    for patience in [Duration::from_secs(9), Duration::ZERO] {
        let limit = move |config: &mut sexton_runtime::Config| config.held_submission = patience;
        let runtime = builder().graveyard(1, usize::MAX).config(limit).build().unwrap();
        runtime.block_on(async {
            sim::hold_notifications(true);
            let (fd, peer, _, mut first) = send();
            assert_eq!(count(&mut first).await, Some(5));
            drop(first);
            let mut second = submit(SendZc { fd: fd.clone(), buf: text() });
            turns().await;
            if patience.is_zero() {
                let failed = second.await.unwrap_err();
                assert_eq!(failed.kind(), ErrorKind::QuotaExceeded);
            } else {
                assert_eq!((counters().held, counters().notifying), (1, 1));
                assert!(waits_for_count(&mut second).await);
                // A plain send is not held back; what is, can be taken back.
                let plain = submit(Send { fd: fd.clone(), buf: text() }).await;
                assert_eq!(plain.unwrap().0, 5);
                let third = submit(SendZc { fd: fd.clone(), buf: text() });
                third.cancel();
                let failed = third.await.unwrap_err();
                assert_eq!(failed.error().raw_os_error(), Some(libc::ECANCELED));
                sim::hold_notifications(false);
                assert_eq!(second.await.unwrap().0, 5);
            }
            sim::hold_notifications(false);
            turns().await;
            assert_eq!((counters().held, counters().notifying, fd.handles()), (0, 0, 1));
            drop(peer);
        });
    }
}

#[test]
fn a_detached_one_is_adopted_with_its_result() {
    use sexton_runtime::op::{Completion, Detached, Entry};

    struct Tells(SendZc<Text>, Rc<std::cell::Cell<Option<usize>>>);

    impl Op for Tells {
        type Output = ();

        fn entry(&mut self) -> Entry<'_> {
            self.0.entry()
        }

        fn complete(self, completion: Completion) {
            self.1.set(completion.count().ok());
        }
    }

    run(async {
        sim::hold_notifications(true);
        let (fd, _peer) = tcp_pair();
        let told = Rc::default();
        let op = Tells(SendZc { fd, buf: text() }, Rc::clone(&told));
        assert!(Detached::submit(op).is_ok());
        turns().await;
        assert_eq!(told.get(), None, "the kernel has the operation");
        sim::hold_notifications(false);
        turns().await;
        assert_eq!(told.get(), Some(5));
    });
}
