//! Zero-copy sends whose `Notified` is dropped at once: memory that the kernel still reads is not
//! given to anybody else.

use crate::deadline::within_a_minute;
use crate::poll::{poll_once, until};
use sexton::io::OwnedRead;
use sexton::net::{TcpListener, TcpStream};

/// Small enough that freed memory is used again by the next allocation.
const LEN: usize = 1 << 16;

#[test]
fn what_the_peer_reads_late_is_what_was_sent_although_the_memory_is_wanted_by_others() {
    within_a_minute(|| {
        sexton::block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (server, _) = listener.accept().await.unwrap();
            let mut sent = 0;
            for _ in 0..5 {
                // Until there is no more room; nobody reads.
                loop {
                    let mut send = Box::pin(server.send_zc(vec![7; LEN]));
                    let mut outcome = poll_once(send.as_mut()).await;
                    for _ in 0..20 {
                        if outcome.is_some() {
                            break;
                        }
                        sexton::yield_now().await;
                        outcome = poll_once(send.as_mut()).await;
                    }
                    let Some(outcome) = outcome else { break };
                    sent += outcome.unwrap().0;
                    // The next allocations get what was freed.
                    let others: Vec<Vec<u8>> = (0..4).map(|_| vec![9; LEN]).collect();
                    assert!(others.iter().all(|other| other[LEN - 1] == 9));
                }
                let mut left = sent / 2;
                while left > 0 {
                    let (count, buf) =
                        client.read_owned(Vec::with_capacity(left.min(LEN))).await.unwrap();
                    assert!(buf.iter().all(|byte| *byte == 7), "bytes of somebody else");
                    left -= count;
                    sent -= count;
                }
            }
            drop(server);
            let rest = client.read_to_end_owned(Vec::new()).await.unwrap().1;
            assert!(rest.iter().all(|byte| *byte == 7), "bytes of somebody else");
            // A send that was given up may have sent a part.
            assert!(rest.len() >= sent, "{} of {sent}", rest.len());
            let notifying = || sexton::stats().iter().map(|core| core.notifying).sum::<u64>();
            until("all have notified", || notifying() == 0).await;
        });
    });
}
