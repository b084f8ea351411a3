//! A TCP proxy on Sexton: `copy_bidirectional`.

use std::io;

use peers::args::Args;
use peers::process;
use sexton::io::copy_bidirectional;
use sexton::net::{TcpListener, TcpStream};

/// Serves for ever.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    let port: u16 = args.required("to");
    sexton::Builder::new().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        process::announce(listener.local_addr()?)?;
        loop {
            let (client, _peer) = listener.accept().await?;
            sexton::spawn(forward(client, port));
        }
    })
}

async fn forward(mut client: TcpStream, port: u16) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
