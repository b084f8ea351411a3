//! An echo server for datagrams: one socket, one task for each buffer in use.
//!
//! ```text
//! cargo run --release --example udp_echo
//! nc -u 127.0.0.1 7000
//! ```

use sexton::net::UdpSocket;
use std::rc::Rc;

/// Receives that wait at once: while one answer is sent, the next question comes.
const TASKS: usize = 4;

#[sexton::main(cores = 1)]
async fn main() -> std::io::Result<()> {
    let socket = Rc::new(UdpSocket::bind("127.0.0.1:7000").await?);
    for _ in 1..TASKS {
        sexton::spawn(echo(Rc::clone(&socket)));
    }
    echo(socket).await
}

async fn echo(socket: Rc<UdpSocket>) -> std::io::Result<()> {
    let mut buf = Vec::with_capacity(65_536); // what has no room would be cut
    loop {
        let peer;
        ((_, peer), buf) = socket.recv_from_owned(buf).await?;
        (_, buf) = socket.send_to_owned(buf, peer).await?;
        buf.clear();
    }
}
