//! Messages from several runtimes to one, each on a thread of its own: the same bounded channel for
//! all, whose wakes are the runtime's part.

use std::io;
use std::thread;

use tokio::sync::mpsc;

use crate::meter::Meter;
use crate::tasks::Tasks;

/// Threads that send.
const SENDERS: u64 = 4;
/// Messages that may wait.
const ROOM: usize = 64;

/// A tenth to warm up, then the measured part.
pub(crate) fn run<P: Tasks>(mut meter: Meter, n: u64) -> io::Result<()> {
    messages::<P>(n / 10)?;
    meter.begin()?;
    messages::<P>(n)?;
    meter.end(n / SENDERS * SENDERS)?;
    meter.print()
}

fn messages<P: Tasks>(n: u64) -> io::Result<()> {
    let (to, from) = mpsc::channel(ROOM);
    let each = n / SENDERS;
    let receiver =
        thread::spawn(move || P::block_on(async move { P::spawn(receive(from, each)).await }));
    let senders = (0..SENDERS).map(|sender| {
        let to = to.clone();
        thread::spawn(move || P::block_on(async move { P::spawn(send(to, sender, each)).await }))
    });
    let senders: Vec<_> = senders.collect();
    drop(to);
    for sender in senders {
        sender.join().map_err(|_| io::Error::other("a sender panicked"))?;
    }
    receiver.join().map_err(|_| io::Error::other("the receiver panicked"))
}

async fn send(to: mpsc::Sender<(u64, u64)>, sender: u64, each: u64) {
    for number in 0..each {
        to.send((sender, number)).await.expect("the receiver waits for all");
    }
}

async fn receive(mut from: mpsc::Receiver<(u64, u64)>, each: u64) {
    let mut next = [0; SENDERS as usize];
    while let Some((sender, number)) = from.recv().await {
        let wanted = &mut next[sender as usize];
        assert_eq!(number, *wanted, "from sender {sender}");
        *wanted += 1;
    }
    assert_eq!(next, [each; SENDERS as usize]);
}
