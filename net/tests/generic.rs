//! The traits of `sexton-io` on streams, as code that knows no stream uses them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use sexton_buffers::{ReadBuf, ReadBufVec, Tail};
use sexton_io::{
    DynOwnedRead, DynOwnedWrite, Interest, NonBlocking, OwnedRead, OwnedWrite, Read, Ready, Write,
    continue_on_block, copy,
};
use sexton_net::{TcpListener, TcpStream, UnixStream};
use sexton_runtime::{block_on, spawn, yield_now};
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::mem::take;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Both at once, in one task.
async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|cx| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(cx)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(cx)
        {
            second = Some(output);
        }
        if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (first.expect("is there"), second.expect("is there"))
}

/// Writes all of `bytes` and reads as many, through two copies of one reference.
async fn talk<S: Copy + Read + Write>(stream: S, bytes: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = (stream, stream);
    let mut heard = vec![0; bytes.len()];
    let (read, written) = both(reader.read_exact(&mut heard), writer.write_all(bytes)).await;
    read.unwrap();
    written.unwrap();
    heard
}

#[test]
fn shared_references_read_and_write_at_the_same_time() {
    block_on(async {
        let (client, server) = pair().await;
        // More than the sockets hold: who wrote first and read then would wait for ever.
        let (there, back) = (vec![1; 16 << 20], vec![2; 16 << 20]);
        let (heard, answered) = both(talk(&client, &there), talk(&server, &back)).await;
        assert!(heard == back && answered == there);
    });
}

/// For tasks: a counted handle is a shared reference that lives as long as it is wanted.
#[test]
fn counted_handles_read_and_write_at_the_same_time_and_promise_what_the_stream_does() {
    block_on(async {
        let (client, server) = pair().await;
        let (client, server) = (Rc::new(client), Rc::new(server));
        let (mut from, mut to) = (Rc::clone(&server), Rc::clone(&server));
        let echo = spawn(async move {
            let count = copy(&mut from, &mut to).await?;
            Write::shutdown(&mut to).await?;
            io::Result::Ok(count)
        });
        let mut writer = Rc::clone(&client);
        let sent = spawn(async move {
            writer.write_all_owned(vec![7; 4 << 20]).await?;
            writer.write_all(b"end").await?;
            writer.shutdown_owned().await
        });
        let mut reader = client;
        let mut all = vec![0; 4 << 20];
        Read::read_exact(&mut reader, &mut all).await.unwrap();
        assert!(all.iter().all(|&byte| byte == 7));
        // What the stream promises beyond its traits: this one gives back what it gathered.
        let mut more = [0; 9];
        let mut exact = Box::pin(Read::read_exact(&mut reader, &mut more));
        let full =
            poll_fn(|cx| Poll::Ready(matches!(exact.as_mut().poll(cx), Poll::Ready(Ok(())))));
        assert!(!full.await, "not so much is sent");
        drop(exact);
        let mut end = String::new();
        reader.read_to_string(&mut end).await.unwrap();
        assert_eq!(end, "end");
        assert_eq!(echo.await.unwrap().unwrap(), (4 << 20) + 3);
        sent.await.unwrap().unwrap();
        assert!(reader.is_read_vectored() && reader.is_write_vectored());
        assert!(reader.is_read_vectored_owned() && reader.is_write_vectored_owned());
    });
}

#[test]
fn waiting_for_both_directions_ends_with_the_first() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let now = Ready::ready(&mut one, Interest::READ_WRITE).await.unwrap();
        assert!(now.write() && !now.read());
        // Full: now it is the other direction that ends the wait.
        let block = [0; 1 << 14];
        while one.non_blocking_write(&block).unwrap() != NonBlocking::WouldBlock {}
        let waiting = spawn(async move {
            let now = Ready::ready(&mut one, Interest::READ_WRITE).await.unwrap();
            (now, one)
        });
        yield_now().await;
        Write::write_all(&mut other, b"x").await.unwrap();
        let (now, _one) = waiting.await.unwrap();
        assert!(now.read() && !now.write());
    });
}

#[test]
fn a_peer_that_is_gone_is_told_unasked() {
    block_on(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        Write::write_all(&mut other, b"left").await.unwrap();
        drop(other);
        let now = Ready::ready(&mut one, Interest::READ).await.unwrap();
        assert!(now.hup() && now.read(), "and there may be bytes: {now:?}");
        let mut text = String::new();
        Read::read_to_string(&mut one, &mut text).await.unwrap();
        assert_eq!(text, "left");
    });
}

#[test]
fn one_vectored_call_fills_and_takes_several_buffers() {
    block_on(async {
        let (mut client, mut server) = pair().await;
        assert!(client.is_read_vectored() && client.is_write_vectored());
        let parts = [IoSlice::new(b"one "), IoSlice::new(b""), IoSlice::new(b"call")];
        assert_eq!(Write::write_vectored(&mut client, &parts).await.unwrap(), 8);
        let (mut head, mut tail) = ([0; 3], [0; 9]);
        let mut bufs = [ReadBuf::from(&mut head[..]), ReadBuf::from(&mut tail[..])];
        let n = server.read_buf_vectored(ReadBufVec::new(&mut bufs).cursor()).await.unwrap();
        assert_eq!((n, bufs[0].filled(), bufs[1].filled()), (8, &b"one"[..], &b" call"[..]));
        let bufs = (vec![b'a'; 2], &b"bc"[..]);
        assert_eq!(OwnedWrite::write_vectored_owned(&mut server, bufs).await.unwrap().0, 4);
        let bufs = [Vec::with_capacity(3), Vec::with_capacity(3)];
        let (n, bufs) = OwnedRead::read_vectored_owned(&mut client, bufs).await.unwrap();
        assert_eq!((n, bufs), (4, [b"aab".to_vec(), b"c".to_vec()]));
    });
}

#[test]
fn streams_are_objects_in_generic_copies() {
    block_on(async {
        let (mut client, server) = pair().await;
        let (one, other) = UnixStream::pair().unwrap();
        // Two streams of different types, behind one type.
        let mut reader: Box<dyn DynOwnedRead> = Box::new(server);
        let mut writer: Box<dyn DynOwnedWrite> = Box::new(one);
        let proxy = spawn(async move {
            let n = copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown_owned().await.unwrap();
            n
        });
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let expected = bytes.clone();
        let feed = spawn(async move {
            Write::write_all(&mut client, &bytes).await.unwrap();
            Write::shutdown(&mut client).await.unwrap();
        });
        let mut readers: [Box<dyn DynOwnedRead>; 1] = [Box::new(other)];
        let (n, all) = readers[0].read_to_end_owned(Vec::new()).await.unwrap();
        assert!(n == expected.len() && all == expected);
        feed.await.unwrap();
        assert_eq!(proxy.await.unwrap(), n as u64);
    });
}

/// Waits without memory, and borrows the one buffer when there is something to read.
async fn read_when_ready(reader: &mut impl Read, shared: &std::cell::RefCell<[u8; 64]>) -> Vec<u8> {
    loop {
        if !reader.ready(Interest::READ).await.unwrap().read() {
            continue;
        }
        let mut memory = shared.borrow_mut();
        let mut buf = ReadBuf::from(&mut memory[..]);
        continue_on_block!(reader.non_blocking_read_buf(buf.unfilled()).unwrap());
        return buf.filled().to_vec();
    }
}

#[test]
fn one_buffer_serves_many_streams() {
    const STREAMS: usize = 300;
    block_on(async {
        let shared = std::rc::Rc::new(std::cell::RefCell::new([0; 64]));
        let mut peers = Vec::new();
        let mut readers = Vec::new();
        for _ in 0..STREAMS {
            let (mut one, other) = UnixStream::pair().unwrap();
            peers.push(other);
            let shared = shared.clone();
            readers.push(spawn(async move {
                let first = read_when_ready(&mut one, &shared).await;
                assert!(read_when_ready(&mut one, &shared).await.is_empty(), "the end");
                first
            }));
        }
        for (number, mut peer) in peers.into_iter().enumerate().rev() {
            Write::write_all(&mut peer, number.to_string().as_bytes()).await.unwrap();
        }
        for (number, reader) in readers.into_iter().enumerate() {
            assert_eq!(reader.await.unwrap(), number.to_string().as_bytes());
        }
    });
}

#[test]
fn an_owned_read_fills_the_very_memory_that_it_was_given() {
    block_on(async {
        let (client, server) = pair().await;
        let buf = Vec::with_capacity(5000);
        let (at, room) = (buf.as_ptr(), buf.capacity());
        let feed = spawn(async move { client.write_all_owned(vec![7; 4000]).await.map(drop) });
        let mut buf = Some(buf);
        while buf.as_ref().is_some_and(|buf: &Vec<u8>| buf.len() < 4000) {
            let given = buf.take().expect("is here between two reads");
            buf = Some(server.read_owned(given).await.unwrap().1);
        }
        let buf = buf.expect("came back");
        assert_eq!((buf.as_ptr(), buf.capacity(), buf.len()), (at, room, 4000));
        feed.await.unwrap().unwrap();
    });
}

struct Connection {
    stream: TcpStream,
    buf: Vec<u8>,
}

impl Connection {
    async fn fill(&mut self) -> io::Result<usize> {
        let n;
        (n, self.buf) = self.stream.read_owned(take(&mut self.buf)).await?;
        Ok(n)
    }
}

#[test]
fn a_buffer_that_a_structure_owns_is_lent_and_comes_back() {
    block_on(async {
        let (client, stream) = pair().await;
        let mut connection = Connection { stream, buf: Vec::with_capacity(16) };
        let at = connection.buf.as_ptr();
        for part in ["a head", " and more"] {
            client.write_all_owned(part).await.unwrap();
            assert_eq!(connection.fill().await.unwrap(), part.len());
        }
        assert_eq!((connection.buf.as_ptr(), &connection.buf[..]), (at, &b"a head and more"[..]));
        drop(client);
        assert_eq!(connection.fill().await.unwrap(), 0);
        assert_eq!(connection.buf, b"a head and more");
    });
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn memory_that_is_set_aside_and_not_needed_stays_untouched() {
    const ASIDE: usize = 1 << 30;
    block_on(async {
        let (mut client, mut server) = pair().await;
        let before = resident();
        Write::write_all(&mut client, b"owned").await.unwrap();
        let (n, mut owned) = server.read_owned(Vec::with_capacity(ASIDE)).await.unwrap();
        assert_eq!((n, &owned[..]), (5, &b"owned"[..]));
        // By readiness, into memory of which nothing is known: it is not zeroed.
        Write::write_all(&mut client, b", lent").await.unwrap();
        {
            let mut tail = Tail::new(&mut owned);
            server.read_buf(tail.unfilled()).await.unwrap();
            tail.commit();
        }
        assert_eq!(owned, b"owned, lent");
        drop(client);
        assert_eq!(Read::read_to_end(&mut server, &mut owned).await.unwrap(), 0);
        let grown = resident().saturating_sub(before);
        assert!(grown < ASIDE / 2, "{grown} bytes became resident");
    });
}
