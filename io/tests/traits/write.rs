//! The provided methods of `Write`.

use std::fmt;
use std::io::{ErrorKind, IoSlice};

use sexton_io::{OwnedWrite, Write};

use crate::support::{Sink, Take, block_on, poll_times};

#[test]
fn a_write_takes_a_prefix_after_waiting_for_room() {
    let mut sink = Sink::new([Take::Block, Take::AtMost(3)]);
    assert_eq!(block_on(sink.write(b"hello")).unwrap(), 3);
    assert_eq!(sink.taken, b"hel");
}

#[test]
fn writing_all_goes_on_through_short_writes_and_interruptions() {
    let steps = [Take::AtMost(1), Take::Fail(ErrorKind::Interrupted), Take::Block, Take::AtMost(2)];
    let mut sink = Sink::new(steps);
    block_on(sink.write_all(b"hello")).unwrap();
    assert_eq!(sink.taken, b"hello");
}

#[test]
fn a_writer_that_takes_no_more_is_an_error() {
    let error = block_on(Sink::new([Take::AtMost(2), Take::AtMost(0)]).write_all(b"abc"));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::WriteZero);
}

#[test]
fn a_writer_that_claims_too_much_makes_nobody_panic() {
    assert!(block_on(Sink::new([Take::Claim(4)]).write_all(b"abc")).is_err());
    let mut bufs = [IoSlice::new(b"ab"), IoSlice::new(b"c")];
    assert!(block_on(Sink::new([Take::Claim(4)]).write_all_vectored(&mut bufs)).is_err());
}

#[test]
fn all_of_several_buffers_goes_out_in_order_vectored_or_not() {
    for vectored in [false, true] {
        let mut sink = Sink::new([Take::AtMost(1), Take::Block, Take::AtMost(4), Take::AtMost(2)]);
        sink.vectored = vectored;
        let mut bufs = [&b""[..], b"abc", b"", b"defg", b"h", b""].map(IoSlice::new);
        block_on(sink.write_all_vectored(&mut bufs)).unwrap();
        assert_eq!(sink.taken, b"abcdefgh", "vectored: {vectored}");
        block_on(sink.write_all_vectored(&mut [&b""[..], b""].map(IoSlice::new))).unwrap();
    }
}

#[test]
fn only_a_vectored_writer_takes_from_more_than_one_buffer() {
    let bufs = [&b""[..], b"ab", b"cd"].map(IoSlice::new);
    assert_eq!(block_on(Sink::default().write_vectored(&bufs)).unwrap(), 2);
    assert_eq!(block_on(Sink::default().vectored().write_vectored(&bufs)).unwrap(), 4);
}

#[test]
fn formatted_text_is_made_before_the_first_wait() {
    fn is_send<T: Send>(value: T) -> T {
        value // `fmt::Arguments` is not: a future that held them could not be
    }
    let mut sink = Sink::new([Take::Block]);
    block_on(is_send(write!(sink, "one {}", 1 + 1))).unwrap();
    block_on(write!(sink, ", plain")).unwrap();
    assert_eq!(sink.taken, b"one 2, plain");
}

struct Unformattable;

impl fmt::Display for Unformattable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn what_cannot_be_formatted_is_an_error_and_writes_nothing() {
    let mut sink = Sink::default();
    assert!(block_on(write!(sink, "a{Unformattable}")).is_err());
    assert_eq!(sink.taken, b"");
}

#[test]
fn a_flush_waits_and_a_dropped_one_is_taken_up_again() {
    let mut sink = Sink::new([Take::Block, Take::Block]);
    assert!(poll_times(1, sink.flush()).is_none());
    assert!(poll_times(1, sink.flush()).is_none());
    block_on(sink.flush()).unwrap();
    assert_eq!(sink.flushed, 1);
}

#[test]
fn a_shutdown_is_nothing_by_default() {
    let mut sink = Sink::new([Take::Fail(ErrorKind::BrokenPipe)]);
    block_on(sink.shutdown()).unwrap();
    block_on(sink.shutdown_owned()).unwrap();
    assert_eq!((sink.taken.len(), sink.flushed), (0, 0));
}
