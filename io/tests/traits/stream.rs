//! Lines and segments as a `futures_core::Stream`.

use std::future::poll_fn;
use std::io::{ErrorKind, Result};
use std::pin::Pin;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use sexton_io::{BufRead, Items, Memory, Write, duplex};

use crate::support::{Script, Step, Tasks, block_on, poll_times};

async fn next<T>(items: &mut Items<'_, T>) -> Option<Result<T>> {
    poll_fn(|cx| Pin::new(&mut *items).poll_next(cx)).await
}

async fn all<T>(mut items: Items<'_, T>) -> Vec<T> {
    let mut all = Vec::new();
    while let Some(item) = next(&mut items).await {
        all.push(item.unwrap());
    }
    assert!(items.is_terminated());
    assert!(next(&mut items).await.is_none(), "the end is for ever");
    all
}

#[test]
fn a_stream_has_the_lines_and_segments_that_the_methods_have() {
    let text = b"one\ntwo two\r\n\nlast";
    for len in [1, 2, 7, 99] {
        let reader = || Script::slow(text.chunks(len));
        assert_eq!(block_on(all(reader().lines().into_stream())), ["one", "two two", "", "last"]);
        assert_eq!(block_on(all(reader().lines().stream())), ["one", "two two", "", "last"]);
        let segments = [&b"one\ntwo"[..], &b"two\r\n\nlast"[..]];
        assert_eq!(block_on(all(reader().split(b' ').into_stream())), segments);
        assert_eq!(block_on(all(reader().split(b' ').stream())), segments);
    }
    assert!(block_on(all(Memory::new("").lines().into_stream())).is_empty());
}

#[test]
fn a_stream_that_is_dropped_within_a_line_leaves_it_to_the_lines() {
    let mut lines = Script::byte_by_byte(b"one\ntwo\n").lines();
    let mut got = Vec::new();
    for polls in (1..5).cycle().take(100) {
        let mut items = lines.stream();
        if let Some(Some(line)) = poll_times(polls, next(&mut items)) {
            got.push(line.unwrap());
        }
    }
    assert_eq!(got, ["one", "two"]);
}

#[test]
fn an_error_is_an_item_and_the_stream_goes_on() {
    let steps = [
        Step::Bytes(b"one\n\xff\nth".to_vec()),
        Step::Fail(ErrorKind::ConnectionReset),
        Step::Bytes(b"ree".to_vec()),
    ];
    let mut items = Script::new(steps).lines().into_stream();
    block_on(async {
        assert_eq!(next(&mut items).await.unwrap().unwrap(), "one");
        let error = next(&mut items).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let error = next(&mut items).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(next(&mut items).await.unwrap().unwrap(), "three");
        assert!(next(&mut items).await.is_none());
    });
}

#[test]
fn a_stream_that_waits_is_woken() {
    let (mut a, b) = duplex(2);
    let mut tasks = Tasks::default();
    tasks.spawn(async { assert_eq!(all(b.lines().into_stream()).await, ["one", "two"]) });
    assert_eq!(tasks.run_until_asleep(), 1);
    tasks.spawn(async move { a.write_all(b"one\ntwo").await.unwrap() });
    tasks.run();
}
