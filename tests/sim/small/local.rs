//! Small programs with files and tasks, and some that end in the middle.

use super::{below, maybe, moment};
use sexton::fs::{self, File};
use sexton::net::{TcpListener, UdpSocket, UnixStream};
use sexton::time::{Instant, sleep};
use std::rc::Rc;

/// What is written last is there, whatever was given up before.
pub(super) async fn files() {
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let file = Rc::new(options.open("/tmp/file").await.unwrap());
    let write = {
        let file = Rc::clone(&file);
        async move { file.write_all_at(vec![1; 16], 0).await }
    };
    drop(maybe(write).await);
    file.write_all_at(vec![2; 16], 0).await.unwrap();
    let read = {
        let (file, at) = (Rc::clone(&file), below(16));
        async move { file.read_at(Vec::with_capacity(16), at).await.unwrap() }
    };
    if let Some((count, buf)) = maybe(read).await {
        assert!(count > 0 && buf.iter().all(|byte| *byte == 2), "{buf:?}");
    }
    assert_eq!(file.metadata().await.unwrap().len(), 16);
}

/// Opens that are given up close what they opened.
pub(super) async fn folder() {
    fs::create_dir("/tmp/folder").await.unwrap();
    fs::write("/tmp/folder/one", vec![1; 8]).await.unwrap();
    drop(maybe(File::open("/tmp/folder/one")).await);
    fs::rename("/tmp/folder/one", "/tmp/folder/two").await.unwrap();
    let mut entries = fs::read_dir("/tmp/folder").await.unwrap();
    let entry = entries.next_entry().await.unwrap().unwrap();
    assert_eq!(entry.file_name(), "two");
    assert_eq!(fs::read(entry.path()).await.unwrap(), [1; 8]);
}

/// Tasks end once, and no sleep is early.
pub(super) async fn tasks() {
    let (one, other) = UnixStream::pair().unwrap();
    let one = Rc::new(one);
    let stream = Rc::clone(&one);
    let reads =
        sexton::spawn(async move { stream.read_owned(Vec::with_capacity(4)).await.unwrap().1 });
    let sleeps = sexton::spawn(async {
        let (start, length) = (Instant::now(), moment());
        sleep(length).await;
        assert!(start.elapsed() >= length, "a sleep was early");
    });
    if below(2) == 0 {
        sexton::yield_now().await;
        reads.abort();
        assert!(reads.await.unwrap_err().is_cancelled());
        other.write_all_owned(vec![5; 3]).await.unwrap();
        assert_eq!(one.read_exact_owned(Vec::with_capacity(3)).await.unwrap(), [5; 3]);
    } else {
        other.write_all_owned(vec![5]).await.unwrap();
        assert_eq!(reads.await.unwrap(), [5]);
    }
    sleeps.await.unwrap();
}

/// Everything ends while it is in flight.
pub(super) async fn ends() {
    let (one, other) = UnixStream::pair().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    drop(sexton::spawn(async move { one.read_owned(Vec::with_capacity(8)).await.map(drop) }));
    drop(sexton::spawn(async move { listener.accept().await.map(drop) }));
    drop(sexton::spawn(async move { socket.recv_owned(vec![0; 8]).await.map(drop) }));
    drop(sexton::spawn(async {
        let file = File::create("/tmp/file").await.unwrap();
        file.write_at(vec![1; 8], 0).await.map(drop)
    }));
    match below(3) {
        0 => {}
        1 => sleep(moment()).await,
        _ => {
            sexton::yield_now().await;
            drop(maybe(async move { other.write_all_owned(vec![1; 4]).await }).await);
        }
    }
}
