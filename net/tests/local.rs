//! Local sockets and pipes on the real kernel: what TCP promises holds for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use sexton_io::{BufRead, BufWrite, Interest, OwnedRead, OwnedWrite, Read, Ready, SplitIo, Write};
use sexton_net::{UnixListener, UnixStream, pipe};
use sexton_runtime::{CancelToken, block_on, spawn, yield_now};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::process::{Command, Stdio};
use std::task::Poll;
use support::poll_once;

/// Feeds numbers, reads them in all ways, gives every other read up, and compares.
async fn nothing_is_lost<R, W>(mut from: R, mut to: W)
where
    R: BufRead + OwnedRead,
    W: OwnedWrite + 'static,
{
    let expected: Vec<u8> = (0..3000_u32).flat_map(u32::to_le_bytes).collect();
    let fed = expected.clone();
    let feeder = spawn(async move {
        for piece in fed.chunks(37) {
            to.write_all_owned(piece.to_vec()).await?;
            yield_now().await;
        }
        to.shutdown_owned().await?;
        drop(to);
        io::Result::Ok(())
    });
    let mut all = Vec::new();
    for turn in 0.. {
        match turn % 6 {
            0 => drop(poll_once(from.read_owned(Vec::with_capacity(64))).await.map(|read| {
                all.extend_from_slice(&read.unwrap().1);
            })),
            1 => std::mem::forget(Box::pin(from.fill_buf())),
            2 => {
                let shown = from.fill_buf().await.unwrap();
                all.extend_from_slice(shown);
                let n = shown.len();
                from.consume(n);
            }
            3 => {
                let mut read = Box::pin(from.read_exact_owned(Vec::with_capacity(500)));
                if let Some(read) = poll_once(read.as_mut()).await {
                    match read {
                        Ok(buf) => all.extend_from_slice(&buf),
                        // At the end: what it gathered comes with the error.
                        Err(error) => all.extend_from_slice(error.buf()),
                    }
                } else {
                    std::mem::forget(read);
                }
            }
            4 => {
                let mut buf = [0; 50];
                let n = from.read(&mut buf).await.unwrap();
                all.extend_from_slice(&buf[..n]);
            }
            _ => {
                let (n, buf) = from.read_owned(Vec::with_capacity(99)).await.unwrap();
                all.extend_from_slice(&buf);
                if n == 0 {
                    break;
                }
            }
        }
        yield_now().await;
    }
    feeder.await.unwrap().unwrap();
    assert_eq!(all.len(), expected.len());
    assert!(all == expected, "in order");
}

#[test]
fn reads_given_up_on_a_local_stream_lose_nothing() {
    block_on(async {
        let (one, other) = UnixStream::pair().unwrap();
        nothing_is_lost(one, other).await;
    });
}

#[test]
fn reads_given_up_on_a_pipe_lose_nothing() {
    block_on(async {
        let (to, from) = pipe::pipe().unwrap();
        nothing_is_lost(from, to).await;
    });
}

#[test]
fn halves_of_a_local_stream_work_side_by_side_and_come_together() {
    block_on(async {
        let (one, other) = UnixStream::pair().unwrap();
        let (mut read, mut write) = one.into_split();
        let echo = spawn(async move {
            let mut other = other;
            let (mut read, mut write) = SplitIo::split_io(&mut other);
            let (_, buf) = read.read_owned(Vec::with_capacity(8)).await.unwrap();
            write.write_all_owned(buf).await.unwrap();
            other
        });
        let mut wait = Box::pin(read.read_owned(Vec::with_capacity(8)));
        assert!(poll_once(wait.as_mut()).await.is_none());
        Write::write_all(&mut write, b"echo").await.unwrap();
        assert_eq!(wait.as_mut().await.unwrap().1, b"echo");
        drop(wait);
        let other = echo.await.unwrap();
        let one = read.reunite(write).unwrap();
        drop(one);
        assert_eq!(other.read_owned(Vec::with_capacity(8)).await.unwrap().0, 0);
    });
}

#[test]
fn a_listener_without_a_path_knows_its_clients_and_std_goes_on_with_them() {
    block_on(async {
        let name = format!("sexton-test-{}", std::process::id());
        let addr = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let listener = UnixListener::bind_addr(&addr).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(name.as_bytes()));
        assert_eq!(UnixListener::bind_addr(&addr).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let client = UnixStream::connect_addr(&addr).await.unwrap();
        let (server, peer) = listener.accept().await.unwrap();
        assert!(peer.is_unnamed());
        let cred = server.peer_cred().unwrap();
        assert_eq!(cred.pid, std::process::id() as i32);
        client.write_all(b"unread").await.unwrap();
        server.ready(Interest::READ).await.unwrap();
        assert_eq!(&server.read_managed(1).await.unwrap().unwrap()[..], b"u");
        let (server, unread) = server.into_std().await.unwrap();
        let mut rest = vec![0; 6 - unread.len() - 1];
        io::Read::read_exact(&mut &server, &mut rest).unwrap();
        assert_eq!([&unread[..], &rest[..]].concat(), b"nread");
        let error = UnixStream::connect("/nowhere/at/all").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let long = "x".repeat(200);
        assert_eq!(
            UnixStream::connect(long).await.unwrap_err().kind(),
            io::ErrorKind::InvalidInput
        );
    });
}

#[test]
fn a_childs_pipes_are_streams() {
    block_on(async {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let to = pipe::Sender::from(std::os::fd::OwnedFd::from(child.stdin.take().unwrap()));
        let from = pipe::Receiver::from(std::os::fd::OwnedFd::from(child.stdout.take().unwrap()));
        let bufs = ["one ".to_owned(), "two\n".to_owned()];
        to.write_vectored_owned(bufs).await.unwrap();
        let mut line = String::new();
        let mut from = from;
        from.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one two\n");
        drop(to);
        assert!(!from.has_data_left().await.unwrap());
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_pipe_that_is_full_waits_and_one_without_a_reader_is_broken() {
    block_on(async {
        let (to, from) = pipe::pipe().unwrap();
        let mut all = 0;
        while let Some(n) = poll_once(to.write(&[7; 4096])).await {
            all += n.unwrap();
        }
        let writer = spawn(async move {
            to.write_all(&[8; 10]).await.unwrap();
            to
        });
        let mut from = from;
        let mut seen = Vec::new();
        while seen.len() < all + 10 {
            let shown = from.fill_buf().await.unwrap();
            seen.extend_from_slice(shown);
            let n = shown.len();
            from.consume(n);
        }
        assert!(seen.ends_with(&[7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]));
        let to = writer.await.unwrap();
        drop(from);
        // The reader's descriptor closes after its last operation.
        let error = loop {
            match to.write_owned(b"x".to_vec()).await {
                Ok(_) => yield_now().await,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_pending_read_and_a_pending_write_are_polled_side_by_side() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        // One task polls both directions, as an adapter does, and is woken for either.
        let block = [1; 1 << 14];
        poll_fn(|cx| match one.poll_write(cx, &block) {
            Poll::Ready(n) => {
                assert!(n.unwrap() > 0);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => {
                assert!(one.poll_fill_buf(cx).is_pending());
                assert!(one.poll_read_ready(cx).is_pending());
                Poll::Ready(())
            }
        })
        .await;
        let drain = spawn(async move {
            other.write_all(b"hello").await.unwrap();
            let mut buf = Vec::new();
            Read::read_to_end(&mut other, &mut buf).await.unwrap();
            buf.len()
        });
        let (mut heard, mut wrote) = (false, false);
        poll_fn(|cx| {
            if let Poll::Ready(shown) = one.poll_fill_buf(cx) {
                assert_eq!(shown.unwrap(), b"hello");
                heard = true;
            }
            let bufs = [IoSlice::new(b"la"), IoSlice::new(b"st")];
            if !wrote && let Poll::Ready(n) = one.poll_write_vectored(cx, &bufs) {
                assert_eq!(n.unwrap(), 4);
                wrote = true;
            }
            if heard && wrote { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        poll_fn(|cx| one.poll_shutdown(cx)).await.unwrap();
        assert_eq!(drain.await.unwrap() % (1 << 14) % 4, 0);
        one.consume(5);
        assert!(poll_fn(|cx| one.poll_fill_buf(cx).map(|end| end.unwrap().is_empty())).await);
    });
}

#[test]
fn committed_bytes_go_before_later_writes_and_the_error_of_a_send_is_told_once() {
    block_on(async {
        let (mut one, other) = UnixStream::pair().unwrap();
        let all = spawn(async move {
            let mut other = other;
            let mut all = Vec::new();
            Read::read_to_end(&mut other, &mut all).await.unwrap();
            all
        });
        let mut expected = Vec::new();
        for round in 0..200_u8 {
            // Rooms of all sizes, and buffers that fill up in between.
            one.put(&vec![round; usize::from(round) * 7]).await.unwrap();
            expected.extend(vec![round; usize::from(round) * 7]);
            assert!(one.buffered() <= 3 << 13, "bounded: {}", one.buffered());
            if round % 5 == 0 {
                one.write_all_owned(b"direct".to_vec()).await.unwrap();
                expected.extend_from_slice(b"direct");
            }
            if round % 7 == 0 {
                one.write_all(b"borrowed").await.unwrap();
                expected.extend_from_slice(b"borrowed");
            }
            // A wait for room that is given up changes nothing.
            if let Some(room) = poll_once(Box::pin(one.space())).await {
                assert!(!room.unwrap().is_empty());
            }
        }
        Write::flush(&mut one).await.unwrap();
        assert_eq!(one.buffered(), 0);
        one.put(b"the end").await.unwrap();
        expected.extend_from_slice(b"the end");
        Write::shutdown(&mut one).await.unwrap();
        assert!(all.await.unwrap() == expected);
        // The peer is gone by now.
        one.put(b"x").await.unwrap();
        let error = Write::flush(&mut one).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        Write::flush(&mut one).await.unwrap();
        assert_eq!(one.buffered(), 0);
    });
}

#[test]
fn a_writer_that_is_dropped_discards_what_nobody_takes_and_halves_flush_on_shutdown() {
    block_on(async {
        let (one, other) = UnixStream::pair().unwrap();
        let (mut other_read, _other_write) = other.into_split();
        let (read, mut write) = one.into_split();
        write.put(b"kept").await.unwrap();
        write.shutdown_owned().await.unwrap();
        drop((read, write));
        let mut all = String::new();
        Read::read_to_string(&mut other_read, &mut all).await.unwrap();
        assert_eq!(all, "kept");
        // A peer that reads nothing does not keep a stream that is gone.
        let (mut one, other) = UnixStream::pair().unwrap();
        while poll_once(Box::pin(one.put(&[1; 1000]))).await.is_some() {
            yield_now().await;
        }
        drop(one);
        let mut count = 0;
        loop {
            let (n, _) = other.read_owned(Vec::with_capacity(1 << 16)).await.unwrap();
            count += n;
            if n == 0 {
                break;
            }
        }
        assert!(count > 0);
    });
}

/// The send in flight is somebody else's, or the stream's own: it is not cancelled with the wait.
#[test]
fn a_token_ends_the_wait_for_a_send_and_the_send_goes_on() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let mut put = 0;
        while poll_once(Box::pin(one.put(&[1; 1000]))).await.is_some() {
            put += 1000;
            yield_now().await;
        }
        let cancelled = |error: io::Error| assert_eq!(error.raw_os_error(), Some(125), "{error}");
        let token = CancelToken::new();
        let cancel = token.clone();
        let canceller = spawn(async move { cancel.cancel() });
        cancelled(token.run(Write::flush(&mut one)).await.unwrap_err());
        canceller.await.unwrap();
        cancelled(token.run(one.ready(Interest::WRITE)).await.unwrap_err());
        cancelled(token.run(Write::shutdown(&mut one)).await.unwrap_err());
        let (read, mut write) = one.into_split();
        cancelled(token.run(write.ready(Interest::WRITE)).await.unwrap_err());
        cancelled(token.run(write.flush_owned()).await.unwrap_err());
        let reader = spawn(async move {
            let mut all = Vec::new();
            Read::read_to_end(&mut other, &mut all).await.unwrap();
            all
        });
        Write::shutdown(&mut write).await.unwrap();
        drop((read, write));
        assert!(reader.await.unwrap().len() >= put, "all that was committed arrives");
    });
}
