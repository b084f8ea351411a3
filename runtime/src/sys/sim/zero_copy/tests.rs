//! Zero-copy sends by hand: what comes when, and in which order.

use super::super::by_hand_tests::{Buf, F_MORE, push, ring, turn};
use super::super::hand as sim;
use super::super::operation::opcode::{ASYNC_CANCEL, SEND_ZC};
use super::F_NOTIF;
use crate::sys::Request;

#[test]
fn a_notification_follows_a_result_and_not_the_other_way_round() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::tcp_pair().expect("a pair");
    let out = Buf::of(b"abcdef");
    push(&mut ring, out.request(SEND_ZC, &a), 1);
    assert_eq!(turn(&mut ring), [(1, 6, F_MORE), (1, 0, F_NOTIF)]);
    assert_eq!(sim::read(&b).expect("a stream"), b"abcdef");
}

#[test]
fn what_has_sent_holds_no_descriptor_and_is_found_by_no_cancel() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::tcp_pair().expect("a pair");
    let out = Buf::of(b"abcdef");
    sim::hold_notifications(true);
    push(&mut ring, out.request(SEND_ZC, &a), 1);
    assert_eq!(turn(&mut ring), [(1, 6, F_MORE)]);
    let mut cancel = Request::new(ASYNC_CANCEL);
    cancel.addr = std::ptr::without_provenance_mut(1);
    push(&mut ring, cancel, 2);
    assert_eq!(turn(&mut ring), [(2, -libc::ENOENT, 0)]);
    drop(a);
    assert_eq!(turn(&mut ring), []);
    assert_eq!(sim::read(&b).expect("a stream"), b"abcdef");
    assert!(sim::is_ended(&b).expect("a stream"), "the descriptor was closed");
    sim::hold_notifications(false);
    assert_eq!(turn(&mut ring), [(1, 0, F_NOTIF)]);
}

#[test]
fn a_failure_notifies_too_and_a_local_socket_knows_no_such_sends() {
    let mut ring = ring(4, 8);
    let (a, b) = sim::tcp_pair().expect("a pair");
    let out = Buf::of(b"abcdef");
    drop(b);
    push(&mut ring, out.request(SEND_ZC, &a), 1);
    let [(1, error @ ..=-1, F_MORE), (1, 0, F_NOTIF)] = turn(&mut ring)[..] else {
        panic!("a failure, and a notification")
    };
    assert!(matches!(-error, libc::EPIPE | libc::ECONNRESET), "{error}");
    let (local, _other) = sim::stream_pair().expect("a pair");
    push(&mut ring, out.request(SEND_ZC, &local), 2);
    assert_eq!(turn(&mut ring), [(2, -libc::EOPNOTSUPP, F_MORE), (2, 0, F_NOTIF)]);
}

#[test]
fn a_send_that_is_cancelled_while_it_waits_has_sent_nothing() {
    let mut ring = ring(4, 8);
    let (a, _b) = sim::tcp_pair().expect("a pair");
    let out = Buf::of(b"abcdef");
    sim::send_room(&a, 0).expect("a stream");
    push(&mut ring, out.request(SEND_ZC, &a), 1);
    assert_eq!(turn(&mut ring), []);
    let mut cancel = Request::new(ASYNC_CANCEL);
    cancel.addr = std::ptr::without_provenance_mut(1);
    push(&mut ring, cancel, 2);
    let expected = [(2, 0, 0), (1, -libc::ECANCELED, F_MORE), (1, 0, F_NOTIF)];
    assert_eq!(turn(&mut ring), expected);
}
