//! Accepts that are given up: no connection is lost, and no descriptor stays behind.

use crate::deadline::within_a_minute;
use crate::poll::{poll_once, turns, until};
use crate::rng::Rng;
use sexton::buf::IoBufMut;
use sexton::net::{TcpListener, TcpStream};
use std::cell::Cell;
use std::rc::Rc;

/// Connections that the kernel knows of, from or to this address.
fn open_connections(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let ours = format!(":{port:04X} ");
    // 01: established.
    table.lines().filter(|line| line.contains(&ours) && line.contains(" 01 ")).count()
}

/// Connects `total` times, a few at a time; each connection says its number, and hears it again.
async fn clients(addr: std::net::SocketAddr, total: u32) {
    for first in (0..total).step_by(50) {
        let batch: Vec<_> = (first..total.min(first + 50))
            .map(|number| {
                sexton::spawn(async move {
                    let stream = TcpStream::connect(addr).await.unwrap();
                    stream.write_all_owned(number.to_le_bytes().to_vec()).await.unwrap();
                    let back = stream.read_exact_owned(Vec::with_capacity(4).at_most(4)).await;
                    assert_eq!(back.unwrap().into_inner(), number.to_le_bytes());
                })
            })
            .collect();
        for one in batch {
            one.await.unwrap();
        }
    }
}

/// Accepts, gives most accepts up, and counts who came.
async fn serve(listener: &TcpListener, total: u32, came: &Rc<Cell<u32>>) -> usize {
    let mut rng = Rng::new();
    let mut given_up = 0;
    let mut accepted = 0;
    while accepted < total {
        let mut accept = Box::pin(listener.accept());
        let mut outcome = None;
        for _ in 0..rng.below(3) {
            outcome = poll_once(accept.as_mut()).await;
            if outcome.is_some() {
                break;
            }
            turns(rng.below(3)).await;
        }
        if rng.below(64) == 0 {
            // Forgotten, though it may have ended just now: its connection is the listener's.
            std::mem::forget(accept);
        } else {
            drop(accept);
        }
        let Some(outcome) = outcome else {
            given_up += 1;
            continue;
        };
        accepted += 1;
        let (stream, _) = outcome.unwrap();
        let came = Rc::clone(came);
        sexton::spawn(async move {
            let buf = stream.read_exact_owned(Vec::with_capacity(4).at_most(4)).await.unwrap();
            stream.write_all_owned(buf.into_inner()).await.unwrap();
            came.set(came.get() + 1);
        });
    }
    given_up
}

#[test]
fn no_connection_and_no_descriptor_is_lost_when_accepts_are_given_up() {
    const TOTAL: u32 = 4_000;
    within_a_minute(|| {
        sexton::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let clients = sexton::spawn(clients(addr, TOTAL));
            let came = Rc::new(Cell::new(0));
            let given_up = serve(&listener, TOTAL, &came).await;
            clients.await.unwrap();
            until("every connection was served", || came.get() == TOTAL).await;
            assert!(given_up > 1_000, "only {given_up} accepts were given up");
            // A descriptor that had stayed behind would keep its connection half open.
            until("every connection is closed", || open_connections(addr.port()) == 0).await;
        });
    });
}
