//! Listeners whose accepts are dropped, forgotten, cancelled: no connection vanishes.

use super::dice::Dice;
use super::reads::is_harmless;
use super::risk::{Risk, unless};
use super::rules::{Rules, joined};
use futures_core::Stream;
use sexton::CancelToken;
use sexton::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use sexton::sim::Host;
use sexton::time::{Duration, sleep, timeout};
use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// After so long without an answer, none will come.
const IDLE: Duration = Duration::from_secs(2_000);

/// What servers and clients know of each other.
#[derive(Clone, Debug)]
struct Hall {
    rules: Rules,
    /// Clients that have not ended.
    clients: Arc<AtomicUsize>,
    /// None is left.
    done: CancelToken,
    /// A listener was closed early.
    closed: Arc<AtomicBool>,
}

/// Some listeners at one address, and clients.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let clients = dice.size(40);
    let hall = Hall {
        rules,
        clients: Arc::new(AtomicUsize::new(clients)),
        done: CancelToken::new(),
        closed: Arc::default(),
    };
    if dice.percent(25) {
        let path = PathBuf::from(format!("/tmp/listener-{:x}", dice.next()));
        let Some(listener) = rules.allow(UnixListener::bind(&path)) else { return };
        for _ in 0..clients {
            sexton::spawn(unix_client(path.clone(), dice.next(), hall.clone()));
        }
        serve_unix(listener, dice, hall).await;
        return;
    }
    // Not port 0: another program's listeners would be joined.
    let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 10_000 + rules.number as u16));
    let Some(listener) = rules.allow(TcpListener::bind(local).await) else { return };
    let mut servers = Vec::new();
    for core in 0..sexton::cores() {
        if core != sexton::current_core() && dice.percent(50) {
            let (seed, hall) = (dice.next(), hall.clone());
            servers.push(sexton::spawn_on(core, move || async move {
                match TcpListener::bind(local).await {
                    Ok(listener) => serve_tcp(listener, Dice::new(seed), hall).await,
                    Err(error) => drop(hall.rules.allow::<()>(Err(error))),
                }
            }));
        }
    }
    let (own, other) = (Host::current(), [10, 1, dice.below(250) as u8, dice.below(250) as u8]);
    let other = Host::new(other);
    for _ in 0..clients {
        let (seed, hall) = (dice.next(), hall.clone());
        let addr = SocketAddr::new(own.addr(), local.port());
        match dice.below(3) {
            0 => drop(sexton::spawn(tcp_client(addr, seed, hall))),
            1 => {
                let core = dice.below(sexton::cores());
                drop(sexton::spawn_on(core, move || tcp_client(addr, seed, hall)));
            }
            _ => drop(other.run(move || tcp_client(addr, seed, hall))),
        }
    }
    serve_tcp(listener, dice, hall).await;
    for server in servers {
        joined(server).await;
    }
}

/// The next connection, whoever is asked.
type Next<'a, S> = Pin<Box<dyn Future<Output = io::Result<S>> + 'a>>;

/// The next one of a stream that never ends.
async fn item<T>(mut stream: impl Stream<Item = io::Result<T>> + Unpin) -> io::Result<T> {
    match poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        Some(item) => item,
        None => panic!("it never ends"),
    }
}

/// A server and a client, for one kind of stream.
macro_rules! kind {
    ($serve:ident, $client:ident, $listener:ty, $stream:ty, $addr:ty) => {
        async fn $serve(listener: $listener, dice: Dice, hall: Hall) {
            let mut risk = Risk::new(dice.fork(), hall.rules);
            let leaves_after = dice.percent(10).then(|| dice.below(4));
            let mut accepted = 0;
            while leaves_after != Some(accepted) {
                if risk.dice.percent(10) {
                    sleep(risk.moment()).await;
                    risk = Risk::new(dice.fork(), hall.rules);
                }
                let connection: Next<'_, $stream> = if risk.dice.percent(30) {
                    Box::pin(item(listener.incoming()))
                } else {
                    Box::pin(async { Ok(listener.accept().await?.0) })
                };
                let next = risk.take(connection);
                match unless(next, hall.done.cancelled()).await {
                    None => return,
                    Some(Some(Ok(mut stream))) => {
                        accepted += 1;
                        sexton::spawn(async move {
                            let answer = async {
                                let name = stream.read_exact_owned(Vec::with_capacity(8)).await?;
                                stream.write_all_owned(name).await?;
                                sexton::io::Write::shutdown(&mut stream).await
                            };
                            // A client may have left.
                            drop(timeout(IDLE, answer).await);
                        });
                    }
                    Some(None) => {}
                    Some(Some(Err(error))) if is_harmless(&error) => {}
                    Some(Some(Err(error))) => drop(hall.rules.allow::<()>(Err(error))),
                }
            }
            hall.closed.store(true, Ordering::SeqCst);
            drop(listener);
            hall.done.cancelled().await;
        }

        async fn $client(addr: $addr, name: u64, hall: Hall) {
            let _leaves = Leaves(hall.clone());
            let risk = Risk::new(Dice::new(name), hall.rules);
            if risk.dice.percent(50) {
                sleep(risk.moment()).await;
            }
            let mut connected = false;
            let talk = async {
                let Some(stream) = risk.take(<$stream>::connect(&addr)).await.transpose()? else {
                    return Ok(());
                };
                if risk.dice.percent(10) {
                    return Ok(()); // it says nothing
                }
                connected = true;
                stream.write_all_owned(name.to_le_bytes().to_vec()).await?;
                let answer = stream.read_exact_owned(Vec::with_capacity(8)).await?;
                assert_eq!(answer, name.to_le_bytes(), "the answer is for somebody else");
                io::Result::Ok(())
            };
            match timeout(IDLE, talk).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if is_harmless(&error) => {}
                Ok(Err(_)) if hall.closed.load(Ordering::SeqCst) => {}
                Ok(Err(error)) if connected => {
                    let may_break = hall.rules.resets || hall.rules.aborts;
                    assert!(may_break, "a connection was not served: {error}");
                }
                Ok(Err(error)) => drop(hall.rules.allow::<()>(Err(error))),
                Err(_) => assert!(hall.rules.abandoned, "a connection vanished"),
            }
        }
    };
}

kind!(serve_tcp, tcp_client, TcpListener, TcpStream, SocketAddr);
kind!(serve_unix, unix_client, UnixListener, UnixStream, PathBuf);

/// The last client to end ends the servers.
struct Leaves(Hall);

impl Drop for Leaves {
    fn drop(&mut self) {
        if self.0.clients.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.done.cancel();
        }
    }
}
