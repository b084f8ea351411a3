//! Small programs with sockets.

use super::{below, maybe, moment};
use sexton::io::{BufRead, Write};
use sexton::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use sexton::time::sleep;
use std::net::Shutdown;
use std::rc::Rc;

/// Bytes that say where they are.
fn bytes(from: u8, count: u8) -> Vec<u8> {
    (from..from + count).collect()
}

/// The bytes from 0 on arrive in order, whatever becomes of the reads.
pub(super) async fn reads() {
    const BYTES: u8 = 6;
    let (one, other) = UnixStream::pair().unwrap();
    let sends = sexton::spawn(async move {
        let first = below(u64::from(BYTES)) as u8;
        other.write_all_owned(bytes(0, first)).await.unwrap();
        sleep(moment()).await;
        other.write_all_owned(bytes(first, BYTES - first)).await.unwrap();
        other
    });
    let (one, mut next) = (Rc::new(one), 0);
    while next < BYTES {
        let (stream, most) = (Rc::clone(&one), 1 + below(8) as usize);
        let kind = below(3);
        let read = async move {
            let mut buf = Vec::with_capacity(most);
            match kind {
                0 => stream.read_owned(buf).await.unwrap().1,
                1 => {
                    let bufs = [Vec::with_capacity(1), buf];
                    stream.read_vectored_owned(bufs).await.unwrap().1.concat()
                }
                _ => {
                    buf.resize(most, 0);
                    let count = stream.read(&mut buf).await.unwrap();
                    buf.truncate(count);
                    buf
                }
            }
        };
        for byte in maybe(read).await.unwrap_or_default() {
            assert_eq!(byte, next);
            next += 1;
        }
    }
    sends.await.unwrap();
}

/// Of each write a prefix arrives; of one that was awaited, all.
pub(super) async fn writes() {
    let (one, other) = UnixStream::pair().unwrap();
    let (one, mut whole) = (Rc::new(one), Vec::new());
    for number in 0..2 {
        let (stream, given) = (Rc::clone(&one), bytes(number * 10, 8));
        let write = async move { stream.write_all_owned(given).await.unwrap() };
        whole.push(maybe(write).await.is_some());
    }
    // A write that was forgotten is over before this.
    one.write_all_owned(vec![99]).await.unwrap();
    let mut all = Vec::new();
    while all.last() != Some(&99) {
        all.extend(other.read_owned(Vec::with_capacity(64)).await.unwrap().1);
    }
    all.pop();
    let mut rest = &all[..];
    for (number, whole) in (0..).zip(whole) {
        let expected = bytes(number * 10, 8);
        let same = rest.iter().zip(&expected).take_while(|(one, other)| one == other).count();
        assert!(same == 8 || !whole, "write {number} of {all:?}");
        rest = &rest[same..];
    }
    assert!(rest.is_empty(), "{all:?}");
}

/// Buffers of the pool go round while some are held, and bytes are shown before they are read.
pub(super) async fn managed() {
    const BYTES: u8 = 16;
    let (mut one, other) = UnixStream::pair().unwrap();
    let sends = sexton::spawn(async move {
        other.write_all_owned(bytes(0, BYTES - 4)).await.unwrap();
        sleep(moment()).await;
        other.write_all_owned(bytes(BYTES - 4, 4)).await.unwrap();
    });
    let (mut held, mut next) = (None, 0);
    while next < BYTES {
        if below(2) == 0 {
            let chunk = one.read_managed(1 + below(12) as usize).await.unwrap().unwrap();
            assert_eq!(chunk[..], bytes(next, chunk.len() as u8));
            next += chunk.len() as u8;
            held = Some(chunk);
        } else {
            let shown = match below(2) {
                0 => one.fill_buf().await.unwrap(),
                _ => one.fill_at_least(2).await.unwrap(),
            };
            assert_eq!(shown, bytes(next, shown.len() as u8));
            let part = 1 + below(shown.len() as u64) as usize;
            one.consume(part);
            next += part as u8;
        }
    }
    drop(held);
    sends.await.unwrap();
}

/// A buffer that is sent without a copy comes back as it was.
pub(super) async fn copied() {
    let (one, other) = connected().await;
    let (count, notified) = one.send_zc(bytes(0, 10)).await.unwrap();
    if let Some(buf) = maybe(notified).await {
        assert_eq!(buf, bytes(0, 10));
    }
    let all = other.read_exact_owned(Vec::with_capacity(count)).await.unwrap();
    assert_eq!(all, bytes(0, count as u8));
}

/// The two ends of a connection.
async fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (one, listener.accept().await.unwrap().0)
}

/// No connection vanishes with an accept that was given up.
pub(super) async fn accepts() {
    let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let addr = listener.local_addr().unwrap();
    let client = sexton::spawn(async move {
        sleep(moment()).await;
        TcpStream::connect(addr).await.unwrap()
    });
    let mut accepted = None;
    for _ in 0..2 {
        let listener = Rc::clone(&listener);
        accepted = maybe(async move { listener.accept().await.unwrap().0 }).await;
        if accepted.is_some() {
            break;
        }
    }
    let server = match accepted {
        Some(server) => server,
        None => listener.accept().await.unwrap().0,
    };
    let client = client.await.unwrap();
    assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
    client.write_all_owned(vec![7]).await.unwrap();
    assert_eq!(server.read_owned(Vec::with_capacity(4)).await.unwrap().1, [7]);
}

/// A datagram that a receive was given up for comes with the next one.
pub(super) async fn datagrams() {
    let socket = Rc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let addr = socket.local_addr().unwrap();
    let receiver = Rc::clone(&socket);
    let early = async move { receiver.recv_owned(Vec::with_capacity(16)).await.unwrap().1 };
    let early = match below(2) {
        0 => super::poll_once(std::pin::pin!(early)).await,
        _ => None,
    };
    assert!(early.is_none(), "nothing was sent");
    socket.send_to_owned(bytes(3, 9), addr).await.unwrap();
    let mut buf = [0; 16];
    if below(2) == 0 {
        assert_eq!(socket.peek_from(&mut buf).await.unwrap(), (9, addr));
    }
    let ((count, from), buf) = match below(2) {
        0 => socket.recv_from_owned(Vec::with_capacity(16)).await.unwrap(),
        _ => (socket.recv_from(&mut buf).await.unwrap(), buf[..9].to_vec()),
    };
    assert_eq!((count, from, buf), (9, addr, bytes(3, 9)));
}

/// A stream that is handed to std and back goes with what nobody has read.
pub(super) async fn handed() {
    let (mut one, other) = UnixStream::pair().unwrap();
    other.write_all_owned(bytes(0, 10)).await.unwrap();
    let shown = one.fill_buf().await.unwrap().len();
    let part = below(shown as u64) as usize;
    one.consume(part);
    let (std, mut unread) = one.into_std().await.unwrap();
    let mut back = UnixStream::from_std(std).unwrap();
    other.write_all_owned(bytes(10, 4)).await.unwrap();
    other.shutdown(Shutdown::Write).await.unwrap();
    let rest = 14 - part - unread.len();
    unread.extend(back.read_exact_owned(Vec::with_capacity(rest)).await.unwrap());
    assert_eq!(unread, bytes(part as u8, 14 - part as u8));
    Write::shutdown(&mut back).await.unwrap();
}
