//! Descriptors that run out, and numbers that are given out again.

use crate::child::{play, role};
use crate::deadline::within_a_minute;
use crate::poll::{poll_once, turns, until};
use crate::runs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sexton::Fd;
use sexton::buf::IoBufMut;
use sexton::net::{TcpListener, TcpStream};
use sexton::op::{Fsync, WriteAt, submit};
use sexton::time::{sleep, timeout};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::pin::Pin;
use std::time::Duration;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Forty clients in the kernel's queue, room for ten.
async fn accept_with_too_few_descriptors() {
    const CLIENTS: usize = 40;
    const ROOM: u64 = 10;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let mut client = std::net::TcpStream::connect(addr).unwrap();
            client.write_all(&[number as u8]).unwrap();
            client
        })
        .collect();
    // The highest number in use counts, and a plain file has the lowest free one.
    let next = File::open("/proc/self/status").unwrap().as_raw_fd() as u64;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(next + ROOM), ..limit }).unwrap();
    let mut came = Vec::new();
    let mut accepted = Vec::new();
    for _ in 0..ROOM {
        accepted.push(listener.accept().await.unwrap().0);
    }
    let full = timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(full.is_err(), "there is no room, and that is no error: {full:?}");
    while came.len() < CLIENTS {
        if accepted.is_empty() {
            accepted.push(listener.accept().await.unwrap().0);
        }
        for server in accepted.drain(..) {
            let byte = server.read_exact_owned(Vec::with_capacity(1).at_most(1)).await.unwrap();
            came.extend(byte.into_inner());
        }
    }
    came.sort_unstable();
    assert!(came.iter().copied().eq(0..CLIENTS as u8), "{came:?}");
    setrlimit(Resource::Nofile, limit).unwrap();
    clients.clear();
}

#[test]
fn accepting_pauses_without_descriptors_and_goes_on_with_none_lost() {
    if role().is_some() {
        return within_a_minute(|| sexton::block_on(accept_with_too_few_descriptors()));
    }
    let this = "descriptors::accepting_pauses_without_descriptors_and_goes_on_with_none_lost";
    play(this, "few descriptors");
}

/// Accepts, most of them given up, and all streams: nothing stays open.
async fn come_and_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    for round in 0..1_000 {
        let mut client = std::net::TcpStream::connect(addr).unwrap();
        for turn in 0..round % 4 {
            let mut accept = Box::pin(listener.accept());
            if let Some(accepted) = poll_once(accept.as_mut()).await {
                drop(accepted.unwrap());
                break;
            }
            turns(turn).await;
        }
        client.write_all(b"whoever you are").unwrap_or_default();
    }
    // What is still in the queue comes out, until no more does.
    while timeout(Duration::from_millis(100), listener.accept()).await.is_ok() {}
}

#[test]
fn no_descriptor_stays_behind_when_accepts_are_given_up() {
    if role().is_some() {
        return within_a_minute(|| {
            let runtime = sexton::Builder::new().build().unwrap();
            runtime.block_on(async {
                drop(TcpListener::bind("127.0.0.1:0").await);
                let before = open_descriptors();
                come_and_go().await;
                until("nothing is left", || open_descriptors() == before).await;
            });
        });
    }
    play("descriptors::no_descriptor_stays_behind_when_accepts_are_given_up", "counts");
}

/// Connects, and gives up at once, soon, or never.
async fn connect_and_let_go() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut waited = 0;
    for round in 0..1_000 {
        let mut connect = Box::pin(TcpStream::connect(addr));
        let connected = poll_once(connect.as_mut()).await.is_some();
        waited += usize::from(!connected);
        if !connected {
            turns(round % 4).await;
        }
        drop(connect);
        // Those that came about are taken from the queue, and found closed.
        while let Ok(accepted) = timeout(Duration::ZERO, listener.accept()).await {
            drop(accepted.unwrap());
        }
    }
    assert!(waited > 0, "none was given up while it waited");
    while timeout(Duration::from_millis(100), listener.accept()).await.is_ok() {}
}

#[test]
fn no_descriptor_stays_behind_when_connects_are_given_up() {
    if role().is_some() {
        return within_a_minute(|| {
            runs::on(sexton::Builder::new(), async || {
                drop(TcpListener::bind("127.0.0.1:0").await);
                // A simulated descriptor has a second half, which goes when the core waits.
                sleep(Duration::from_millis(1)).await;
                let before = open_descriptors();
                connect_and_let_go().await;
                until("nothing is left", || open_descriptors() == before).await;
            });
        });
    }
    play("descriptors::no_descriptor_stays_behind_when_connects_are_given_up", "counts");
}

async fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// Streams closed with reads in flight, their numbers given to others at once.
async fn close_and_reuse(rounds: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut reused = 0;
    for round in 0..rounds {
        let (old_client, old) = pair(&listener).await;
        let number = old.as_fd().as_raw_fd();
        let mut read = Box::pin(old.read_owned(Vec::with_capacity(64)));
        assert!(poll_once(read.as_mut()).await.is_none());
        turns(round % 3).await;
        if round % 2 == 0 {
            old_client.write_all_owned(b"for the old one".to_vec()).await.unwrap();
        }
        drop(read);
        drop(old);
        turns(round % 2).await;
        let others = [pair(&listener).await, pair(&listener).await, pair(&listener).await];
        for (client, server) in &others {
            reused += usize::from(server.as_fd().as_raw_fd() == number);
            reused += usize::from(client.as_fd().as_raw_fd() == number);
        }
        for (place, (client, server)) in others.iter().enumerate() {
            let word = format!("{round}.{place}").into_bytes();
            client.write_all_owned(word.clone()).await.unwrap();
            let got = server.read_owned(Vec::with_capacity(64)).await.unwrap().1;
            assert_eq!(got, word, "bytes crossed from one connection to another");
        }
        drop(old_client);
    }
    println!("{reused} numbers were given out again within the round");
    assert!(reused > rounds / 10, "only {reused} numbers were used again: nothing was shown");
}

#[test]
fn a_number_that_is_used_again_never_gets_its_former_owners_bytes() {
    // A process of its own: other tests would take the numbers.
    if role().is_some() {
        return within_a_minute(|| sexton::block_on(close_and_reuse(2_000)));
    }
    play("descriptors::a_number_that_is_used_again_never_gets_its_former_owners_bytes", "reuse");
}

/// Writes whose handle is dropped at once, and another file opened that would like the number.
async fn write_to_files_let_go(rounds: usize) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("reuse");
    std::fs::create_dir_all(&folder).unwrap();
    for round in 0..rounds {
        let (one, other) = (folder.join("one"), folder.join("other"));
        let fd = Fd::new(OwnedFd::from(File::create(&one).unwrap()));
        let number = fd.as_raw_fd();
        let word = format!("round {round}").into_bytes();
        let mut write = submit(WriteAt { fd: fd.clone(), buf: word.clone(), offset: 0 });
        let mut sync = submit(Fsync { fd: fd.clone(), data_only: true });
        turns(round % 3).await;
        // The owner lets go; the operations have not.
        drop(fd);
        let innocent = File::create(&other).unwrap();
        match round % 4 {
            0 => drop(sync),
            1 => {
                assert!(poll_once(Pin::new(&mut sync)).await.is_none_or(|done| done.is_ok()));
                drop(sync);
            }
            _ => sync.await.unwrap(),
        }
        if round % 5 > 0 {
            write.await.unwrap();
            assert_eq!(std::fs::read(&one).unwrap(), word);
        } else {
            drop(poll_once(Pin::new(&mut write)).await);
            drop(write);
            sleep(Duration::from_micros(200)).await;
        }
        let late = File::create(folder.join("late")).unwrap();
        turns(3).await;
        assert_eq!(innocent.metadata().unwrap().len(), 0, "written to the wrong file: {number}");
        assert_eq!(late.metadata().unwrap().len(), 0, "written to the wrong file: {number}");
    }
}

#[test]
fn a_write_and_its_sync_reach_their_own_file_after_the_owner_let_go() {
    within_a_minute(|| sexton::block_on(write_to_files_let_go(1_000)));
}
