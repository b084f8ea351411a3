//! A cancelled operation gives its buffer back, and what it waited for goes on.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_fs::File;
use sexton_io::BufRead;
use sexton_runtime::CancelToken;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use support::{Place, pipe};

const CANCELLED: Option<i32> = Some(125); // ECANCELED

/// Runs a future under a token, cancels it once it waits, and gives its output.
async fn cancelled<F: Future>(future: F) -> F::Output {
    let token = CancelToken::new();
    let mut run = pin!(token.run(future));
    let first = poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "there is something to cancel");
    for _ in 0..3 {
        sexton_runtime::yield_now().await;
    }
    token.cancel();
    run.await
}

#[test]
fn a_cancelled_read_of_a_pipe_gives_its_buffer_back_and_the_next_one_gets_the_bytes() {
    sexton_runtime::block_on(async {
        let (mut reader, mut writer) = pipe();
        let buf = Vec::with_capacity(100);
        let at = buf.as_ptr();
        let error = cancelled(reader.read_owned(buf)).await.unwrap_err();
        assert_eq!(error.error().raw_os_error(), CANCELLED);
        assert_eq!(error.buf().as_ptr(), at);

        let error = cancelled(reader.fill_buf()).await.unwrap_err();
        assert_eq!(error.raw_os_error(), CANCELLED);
        let error = cancelled(reader.read(&mut [0; 9])).await.unwrap_err();
        assert_eq!(error.raw_os_error(), CANCELLED);

        writer.write_all_owned(b"hello").await.unwrap();
        assert_eq!(reader.fill_buf().await.unwrap(), b"hello");
    });
}

#[test]
fn a_cancel_that_nobody_heard_of_does_not_reach_the_next_read() {
    sexton_runtime::block_on(async {
        let (mut reader, mut writer) = pipe();
        let token = CancelToken::new();
        {
            let mut run = pin!(token.run(reader.fill_buf()));
            let polled = poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await;
            assert!(polled);
            token.cancel();
            // It asks the kernel to cancel, and is dropped before the answer.
            assert!(poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_pending())).await);
        }
        writer.write_all_owned(b"hello").await.unwrap();
        assert_eq!(reader.fill_buf().await.unwrap(), b"hello");
    });
}

#[test]
fn a_cancelled_write_gives_its_buffer_back_and_the_pipe_goes_on() {
    sexton_runtime::block_on(async {
        let (mut reader, mut writer) = pipe();
        // A pipe takes 64 KiB, and then waits.
        let error = cancelled(writer.write_all_owned(vec![1; 1 << 20])).await.unwrap_err();
        assert_eq!(error.buf().len(), 1 << 20);
        assert_eq!(error.error().raw_os_error(), CANCELLED);
        let sent = error.transferred();
        assert!(sent > 0);

        let rest = sexton_runtime::spawn(async move {
            writer.write_all_owned(vec![2; 100]).await.unwrap();
        });
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await.unwrap();
        rest.await.unwrap();
        assert_eq!(got.len(), sent + 100);
        assert!(got[..sent].iter().all(|&b| b == 1) && got[sent..].iter().all(|&b| b == 2));
    });
}

#[test]
fn what_waits_behind_a_write_can_be_cancelled_too() {
    sexton_runtime::block_on(async {
        let (mut reader, mut writer) = pipe();
        let mut clone = writer.try_clone().unwrap();
        let mut stuck = Box::pin(writer.write_all_owned(vec![1; 1 << 20]));
        assert!(poll_fn(|cx| Poll::Ready(stuck.as_mut().poll(cx).is_pending())).await);
        for _ in 0..3 {
            sexton_runtime::yield_now().await;
        }
        let error = cancelled(clone.write_owned(vec![2; 5])).await.unwrap_err();
        assert_eq!(error.error().raw_os_error(), CANCELLED);
        assert_eq!(error.into_buf(), [2; 5]);
        drop((stuck, clone));
        drop(writer);
        let mut got = Vec::new();
        reader.read_to_end(&mut got).await.unwrap();
        assert!(got.iter().all(|&b| b == 1));
    });
}

#[test]
fn whatever_is_cancelled_on_a_file_answers_for_itself() {
    let place = Place::on_disk();
    let path = place.path("file");
    std::fs::write(&path, vec![7; 100_000]).unwrap();
    sexton_runtime::block_on(async {
        let token = CancelToken::new();
        token.cancel();
        let file = token.run(File::options().read(true).write(true).open(&path)).await;
        // Each either happened, or says that it was cancelled; buffers come back in both cases.
        let Ok(file) = file.or_else(|error| match error.raw_os_error() {
            CANCELLED => {
                Ok(File::from_std(std::fs::File::options().read(true).write(true).open(&path)?))
            }
            _ => Err(error),
        }) else {
            panic!("neither opened nor cancelled");
        };
        for _ in 0..100 {
            match token.run(file.read_at(Vec::with_capacity(5000), 0)).await {
                Ok((n, buf)) => assert_eq!((n, buf.len()), (5000, 5000)),
                Err(error) => assert_eq!(error.buf().capacity(), 5000),
            }
            match token.run(file.write_at(vec![8; 5000], 0)).await {
                Ok((n, buf)) => assert_eq!((n, buf.len()), (5000, 5000)),
                Err(error) => assert_eq!(error.buf(), &[8; 5000]),
            }
            let synced = token.run(file.sync_data()).await;
            assert!(synced.is_ok() || synced.is_err_and(|e| e.raw_os_error() == CANCELLED));
            let mut entries = match token.run(sexton_fs::read_dir(place.root())).await {
                Ok(entries) => entries,
                Err(error) => {
                    assert_eq!(error.raw_os_error(), CANCELLED);
                    sexton_fs::read_dir(place.root()).await.unwrap()
                }
            };
            let _ = token.run(entries.next_entry()).await;
            let rest: io::Result<_> = entries.next_entry().await;
            rest.unwrap();
        }
    });
}
