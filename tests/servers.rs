//! The servers that were written for no runtime in particular, on Sexton's own streams.
//!
//! `io/tests/others/` has the same servers on another runtime.

#[path = "../io/tests/others/servers.rs"]
mod servers;
#[path = "../io/tests/others/story.rs"]
mod story;

use sexton::net;
use std::io;
use story::{Host, Server};

/// All servers on one core.
fn run(servers: Vec<Server>) -> io::Result<()> {
    sexton::block_on(async {
        let servers: Vec<_> = servers.into_iter().map(sexton::spawn).collect();
        for server in servers {
            server.await??;
        }
        Ok(())
    })
}

struct Tcp;

impl Host for Tcp {
    type Socket = std::net::TcpStream;
    type Stream = net::TcpStream;

    fn adopt(socket: Self::Socket) -> io::Result<Self::Stream> {
        net::TcpStream::from_std(socket)
    }

    fn run(servers: Vec<Server>) -> io::Result<()> {
        run(servers)
    }
}

struct Unix;

impl Host for Unix {
    type Socket = std::os::unix::net::UnixStream;
    type Stream = net::UnixStream;

    fn adopt(socket: Self::Socket) -> io::Result<Self::Stream> {
        net::UnixStream::from_std(socket)
    }

    fn run(servers: Vec<Server>) -> io::Result<()> {
        run(servers)
    }
}

#[test]
fn what_is_sent_comes_back_over_tcp() {
    story::echo::<Tcp>();
}

#[test]
fn what_is_sent_comes_back_over_local_sockets() {
    story::echo::<Unix>();
}

#[test]
fn lines_are_answered_over_tcp() {
    story::lines::<Tcp>();
}

#[test]
fn lines_are_answered_over_local_sockets() {
    story::lines::<Unix>();
}

#[test]
fn a_proxy_carries_both_directions_and_their_ends_over_tcp() {
    story::proxy::<Tcp>();
}

#[test]
fn a_proxy_carries_both_directions_and_their_ends_over_local_sockets() {
    story::proxy::<Unix>();
}
