//! Provided buffers that users hold on to: no reader waits for another reader's buffer.

use crate::deadline::within_a_minute;
use crate::runs;
use sexton::Builder;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream};
use std::net::SocketAddr;

const BUFFERS: u16 = 8;
const HOLDERS: usize = 16;
const CONNECTIONS: usize = 256;

async fn pair(listener: &TcpListener, addr: SocketAddr) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(addr).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// One connection that is used as long as others hold all buffers.
async fn converse(client: TcpStream, mut server: TcpStream, number: usize) {
    let echo = sexton::spawn(async move {
        loop {
            let shown = server.fill_buf().await.unwrap();
            if shown.is_empty() {
                return;
            }
            let answer = shown.to_vec();
            server.consume(answer.len());
            server.write_all_owned(answer).await.unwrap();
        }
    });
    for round in 0..10 {
        let question = vec![(number + round) as u8; 1 + 97 * round];
        client.write_all_owned(question.clone()).await.unwrap();
        let back = Vec::with_capacity(question.len());
        let back = sexton::buf::IoBufMut::at_most(back, question.len());
        let back = client.read_exact_owned(back).await.unwrap();
        assert_eq!(back.into_inner(), question, "connection {number}, round {round}");
    }
    drop(client);
    echo.await.unwrap();
}

#[test]
fn every_connection_goes_on_while_users_hold_every_buffer_of_the_pool() {
    within_a_minute(|| {
        let builder = Builder::new().config(|config| {
            config.recv_buffers = BUFFERS;
            config.recv_buffer_len = 512;
        });
        runs::on(builder, async || {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let addr = listener.local_addr().unwrap();
            let mut held = Vec::new();
            for number in 0..HOLDERS {
                let (client, server) = pair(&listener, addr).await;
                client.write_all_owned(vec![number as u8; 512]).await.unwrap();
                let chunk = server.read_managed(512).await.unwrap().unwrap();
                held.push((client, server, chunk));
            }
            let mut talks = Vec::new();
            for number in 0..CONNECTIONS {
                let (client, server) = pair(&listener, addr).await;
                talks.push(sexton::spawn(converse(client, server, number)));
            }
            for talk in talks {
                talk.await.unwrap();
            }
            for (number, (_, _, chunk)) in held.into_iter().enumerate() {
                assert!(chunk.iter().all(|byte| *byte == number as u8), "it was held all the time");
            }
        });
    });
}
