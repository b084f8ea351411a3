//! Reads of several steps on TCP: what they have gathered when they end early stays in the stream.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_io::{OwnedRead, Read};
use sexton_net::{TcpListener, TcpStream};
use sexton_runtime::time::Duration;
use sexton_runtime::{CancelToken, block_on, spawn};
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::task::Poll;
use support::poll_once;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    (client, server)
}

/// By shared references: another reader may be there at the same time.
#[test]
fn a_read_of_several_steps_by_reference_gives_back_what_it_gathered() {
    block_on(async {
        let (client, server) = pair().await;
        let mut by_ref = &server;
        let come = async |text: &'static str| {
            client.write_all_owned(text).await.unwrap();
            sexton_runtime::time::sleep(Duration::from_millis(3)).await;
        };
        for forgotten in [false, true] {
            let mut slice = [0; 8];
            let mut exact = Box::pin(Read::read_exact(&mut by_ref, &mut slice));
            come("ab").await; // at hand when it begins,
            assert!(poll_once(exact.as_mut()).await.is_none());
            come("c").await; // and when it goes on
            assert!(poll_once(exact.as_mut()).await.is_none());
            if forgotten {
                std::mem::forget(exact)
            } else {
                drop(exact)
            }
            let mut text = String::new();
            let mut all = Box::pin(by_ref.read_to_string(&mut text));
            assert!(poll_once(all.as_mut()).await.is_none());
            come("def").await;
            assert!(poll_once(all.as_mut()).await.is_none());
            if forgotten {
                std::mem::forget(all)
            } else {
                drop(all)
            }
            let mut all = Box::pin(by_ref.read_to_end_owned(b"mine".to_vec()));
            assert!(poll_once(all.as_mut()).await.is_none());
            come("ghi").await;
            assert!(poll_once(all.as_mut()).await.is_none());
            if forgotten {
                std::mem::forget(all)
            } else {
                drop(all)
            }
            come("jkl").await;
            let mut slice = [0; 12];
            Read::read_exact(&mut by_ref, &mut slice).await.unwrap();
            assert_eq!(&slice, b"abcdefghijkl");
        }
        // One that is not given up goes on, whatever another one takes away meanwhile.
        let mut both = [[0; 4], [0; 4]];
        let [first, second] = &mut both;
        let (mut this, mut that) = (&server, &server);
        let mut first = Box::pin(Read::read_exact(&mut this, first));
        let mut second = Box::pin(Read::read_exact(&mut that, second));
        let mut feed = Box::pin(async {
            for piece in ["mn", "o", "pq", "rst"] {
                come(piece).await;
            }
        });
        let mut done = [false; 3];
        poll_fn(|cx| {
            done[0] = done[0] || feed.as_mut().poll(cx).is_ready();
            done[1] = done[1] || first.as_mut().poll(cx).map(Result::unwrap).is_ready();
            done[2] = done[2] || second.as_mut().poll(cx).map(Result::unwrap).is_ready();
            if done == [true; 3] { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop((first, second));
        both.sort_unstable();
        assert_eq!(both.concat(), b"mnopqrst");
    });
}

/// The end too early, text that is none, a cancel: what was gathered is not lost with the error.
#[test]
fn a_read_of_several_steps_that_fails_by_reference_keeps_the_stream_as_it_was() {
    block_on(async {
        let (client, server) = pair().await;
        let mut by_ref = &server;
        client.write_all_owned("abc").await.unwrap();
        let token = CancelToken::new();
        let cancel = token.clone();
        spawn(async move {
            sexton_runtime::time::sleep(Duration::from_millis(3)).await;
            cancel.cancel();
        });
        let mut text = "kept".to_string();
        let error = token.run(by_ref.read_to_string(&mut text)).await.unwrap_err();
        assert_eq!((error.raw_os_error(), &text[..]), (Some(125), "kept"));
        client.shutdown(Shutdown::Write).await.unwrap();
        let error = Read::read_exact(&mut by_ref, &mut [0; 5]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(by_ref.read_to_string(&mut text).await.unwrap(), 3);
        assert_eq!(text, "keptabc");
        assert_eq!(by_ref.read_to_string(&mut text).await.unwrap(), 0);
        server.write_all_owned(b"\xff\xfe".to_vec()).await.unwrap();
        drop(server);
        let error = (&client).read_to_string(&mut text).await.unwrap_err();
        assert_eq!((error.kind(), &text[..]), (io::ErrorKind::InvalidData, "keptabc"));
    });
}

#[test]
fn a_read_to_the_end_goes_into_the_callers_vector_and_grows_it() {
    block_on(async {
        let (client, mut server) = pair().await;
        let writer = spawn(async move {
            let mut block = Vec::new();
            for round in 0..100_u32 {
                block = vec![round as u8; 1 + 57 * round as usize];
                client.write_all_owned(block.clone()).await.unwrap();
            }
            block.len()
        });
        let (n, all) = server.read_to_end_owned(b"mine".to_vec()).await.unwrap();
        writer.await.unwrap();
        assert_eq!((n, all.len()), ((0..100).map(|r| 1 + 57 * r).sum(), n + 4));
        assert!(all.starts_with(b"mine\0\x01") && all[4..].is_sorted());
        let (n, all) = server.read_to_end_owned(all).await.unwrap();
        assert_eq!((n, all.len() > 4), (0, true), "the end is a level");
    });
}
