//! The echo of datagrams on Sexton: into owned memory by several receives, or into borrowed memory
//! by one.

use std::io;
use std::rc::Rc;

use peers::args::Args;
use peers::process;
use sexton::net::UdpSocket;

/// Serves for ever.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    let (tasks, borrows) = (args.number("tasks", 4), args.flag("borrowed"));
    sexton::Builder::new().build()?.block_on(async move {
        let socket = UdpSocket::from_std(process::datagram_socket()?)?;
        process::announce(socket.local_addr()?)?;
        if borrows {
            return borrowed(socket).await;
        }
        let socket = Rc::new(socket);
        for _ in 1..tasks {
            sexton::spawn(owned(Rc::clone(&socket)));
        }
        owned(socket).await
    })
}

async fn owned(socket: Rc<UdpSocket>) -> io::Result<()> {
    let mut buf = Vec::with_capacity(4096);
    loop {
        let peer;
        ((_, peer), buf) = socket.recv_from_owned(buf).await?;
        (_, buf) = socket.send_to_owned(buf, peer).await?;
        buf.clear();
    }
}

async fn borrowed(socket: UdpSocket) -> io::Result<()> {
    let mut buf = vec![0; 4096];
    loop {
        let (n, peer) = socket.recv_from(&mut buf).await?;
        socket.send_to(&buf[..n], peer).await?;
    }
}
