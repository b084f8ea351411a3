//! Cancelled reads into memory that faults once it is freed: the kernel must never notice.

use crate::deadline::within;
use crate::guarded::{GuardedBuf, PAGE};
use crate::poll::{poll_once, turns, until};
use crate::rng::Rng;
use crate::watched::{From, Log, Watched, read};
use rustix::fs::{Advice, fadvise};
use sexton::Fd;
use sexton::buf::IoBuf;
use sexton::net::{TcpListener, TcpStream};
use sexton::op::Submit;
use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// Reads that are under way at the same time.
const SLOTS: usize = 64;
/// Reads that are given up and have not ended.
const BACKLOG: usize = 1024;
const FILE_PAGES: usize = 1024;

/// Something to read from.
struct Source {
    name: &'static str,
    from: From,
    /// The other end, if there is one.
    writer: Option<Box<dyn Write>>,
    written: usize,
    arrived: Rc<Cell<usize>>,
}

impl Source {
    fn new(name: &'static str, from: From, writer: Option<Box<dyn Write>>) -> Self {
        Self { name, from, writer, written: 0, arrived: Rc::default() }
    }

    fn socket() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let from = From::Socket(Fd::new(OwnedFd::from(ours)));
        Ok(Self::new("socket", from, Some(Box::new(theirs))))
    }

    fn pipe() -> io::Result<Self> {
        let (ours, theirs) = io::pipe()?;
        let from = From::File(Fd::new(OwnedFd::from(ours)), u64::MAX);
        Ok(Self::new("pipe", from, Some(Box::new(theirs))))
    }

    /// A file of the kernel's own making: each read is done by a worker of the kernel.
    fn proc() -> io::Result<Self> {
        let fd = Fd::new(OwnedFd::from(File::open("/proc/kallsyms")?));
        Ok(Self::new("proc", From::File(fd, 0), None))
    }

    fn file(name: &'static str, flags: i32) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).custom_flags(flags).open(data_file()?)?;
        let fd = Fd::new(OwnedFd::from(file));
        Ok(Self::new(name, From::File(fd, 0), None))
    }

    /// What to read next; now and then a file's cached pages are forgotten first.
    fn next(&self, rng: &mut Rng) -> From {
        match &self.from {
            From::File(fd, 0) if self.name != "proc" => {
                if rng.below(8) == 0 {
                    fadvise(fd, 0, None, Advice::DontNeed).unwrap();
                }
                From::File(fd.clone(), (rng.below(FILE_PAGES) * PAGE) as u64)
            }
            other => other.clone(),
        }
    }

    /// Writes a few bytes, but never so many that the writer had to wait.
    fn write(&mut self, len: usize) {
        let Some(writer) = &mut self.writer else { return };
        if self.written - self.arrived.get() < 16 * 1024 {
            writer.write_all(&[7; 512][..len]).unwrap();
            self.written += len;
        }
    }
}

/// A file that is read past the cache, and how many pages it has.
pub(crate) fn direct_file_of_pages() -> (Fd, usize) {
    let From::File(fd, _) = direct_file().unwrap().from else { unreachable!("it is a file") };
    (fd, FILE_PAGES)
}

/// A file of known size beside the build's other output.
fn data_file() -> io::Result<std::path::PathBuf> {
    use std::sync::Mutex;
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("lifetime.dat");
    let bytes = FILE_PAGES * PAGE;
    if std::fs::metadata(&path).map_or(0, |meta| meta.len()) != bytes as u64 {
        let mut file = File::create(&path)?;
        file.write_all(&vec![0x5e; bytes])?;
        file.sync_all()?;
    }
    Ok(path)
}

/// Starts reads of one kind and gives them up in every state, until `wanted` were given up.
async fn give_up(mut source: Source, wanted: usize) {
    let mut rng = Rng::new();
    let log = Rc::new(Log::default());
    let mut reads: Vec<Option<Submit<Watched>>> = (0..SLOTS).map(|_| None).collect();
    let mut given_up = 0;
    while given_up < wanted {
        let slot = rng.below(SLOTS);
        match (&mut reads[slot], rng.below(8)) {
            (empty @ None, _) => {
                *empty = Some(read(source.next(&mut rng), &log, &source.arrived));
            }
            (Some(_), 0..4) => {
                reads[slot] = None;
                given_up += 1;
            }
            (Some(waits), 4..6) => {
                if let Some(outcome) = poll_once(Pin::new(waits)).await {
                    outcome.unwrap();
                    reads[slot] = None;
                }
            }
            _ => source.write(1 + rng.below(511)),
        }
        if rng.below(12) == 0 {
            turns(1 + rng.below(2)).await;
        }
        // A worker's read takes the kernel some hundred rounds, and no cancel reaches it before.
        while log.buffers.alive() > BACKLOG {
            turns(1).await;
        }
    }
    drop(reads);
    until("every buffer is given back", || log.buffers.alive() == 0).await;
    let faults: u64 = sexton::stats().iter().map(|core| core.faults).sum();
    assert_eq!(faults, 0, "EFAULT: the kernel wrote from a {} to freed memory", source.name);
    let strays: u64 = sexton::stats().iter().map(|core| core.strays).sum();
    assert_eq!(strays, 0, "answers that nobody expected");
    let (made, late) = (log.buffers.made.get(), log.cancelled.get());
    let finished = log.finished.get();
    println!(
        "{}: {made} reads, {given_up} given up, {late} cancelled, {finished} done",
        source.name
    );
    assert_eq!(made, late + finished, "an answer for every read");
}

/// So many reads in a normal run, of each kind.
const WANTED: usize = 4_000;

fn given_up(kind: fn() -> io::Result<Source>, wanted: usize) {
    let limit = Duration::from_secs(60 + wanted as u64 / 1_000);
    within(limit, move || sexton::block_on(give_up(kind().unwrap(), wanted)));
}

fn cached_file() -> io::Result<Source> {
    Source::file("file", 0)
}

fn direct_file() -> io::Result<Source> {
    Source::file("file past the cache", libc::O_DIRECT)
}

#[test]
fn reads_of_a_socket_given_up_in_any_state_never_reach_freed_memory() {
    given_up(Source::socket, WANTED);
}

#[test]
fn reads_of_a_pipe_given_up_in_any_state_never_reach_freed_memory() {
    given_up(Source::pipe, WANTED);
}

#[test]
fn reads_by_a_worker_of_the_kernel_given_up_in_any_state_never_reach_freed_memory() {
    given_up(Source::proc, WANTED);
}

#[test]
fn reads_of_a_file_given_up_in_any_state_never_reach_freed_memory() {
    given_up(cached_file, WANTED);
}

#[test]
fn reads_past_the_cache_given_up_in_any_state_never_reach_freed_memory() {
    given_up(direct_file, WANTED);
}

#[test]
#[ignore = "deep: a million reads"]
fn a_million_reads_given_up_never_reach_memory_that_was_freed() {
    for kind in [Source::socket, Source::pipe, Source::proc, cached_file, direct_file] {
        given_up(kind, 200_000);
    }
}

/// Streams in place of bare operations: their reads are given up, and their bytes are not.
async fn give_up_reads_of_a_stream(wanted: usize) {
    let mut rng = Rng::new();
    let log = Log::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let (mut sent, mut read) = (0_usize, 0_usize);
    for _ in 0..wanted {
        let mut one = Box::pin(server.read_owned(GuardedBuf::new(&log.buffers)));
        let mut outcome = None;
        for _ in 0..rng.below(3) {
            if rng.below(2) == 0 && sent - read < 4096 {
                let bytes: Vec<u8> = (sent..).take(1 + rng.below(64)).map(|n| n as u8).collect();
                sent += client.write_owned(bytes).await.unwrap().0;
            }
            outcome = poll_once(one.as_mut()).await;
            if outcome.is_some() {
                break;
            }
            turns(rng.below(2)).await;
        }
        drop(one);
        if let Some(outcome) = outcome {
            let (count, buf) = outcome.unwrap();
            let expected = (read..).take(count).map(|n| n as u8);
            assert!(buf.filled().iter().copied().eq(expected));
            read += count;
        }
    }
    while read < sent {
        let (count, _) = server.read_owned(GuardedBuf::new(&log.buffers)).await.unwrap();
        read += count;
    }
    drop(server);
    until("every buffer is given back", || log.buffers.alive() == 0).await;
    assert_eq!(sexton::stats().iter().map(|core| core.faults).sum::<u64>(), 0, "EFAULT");
}

#[test]
fn reads_of_a_stream_given_up_never_reach_memory_that_was_freed() {
    within(Duration::from_secs(60), || sexton::block_on(give_up_reads_of_a_stream(5_000)));
}

/// The place in a ring of another core, say, would be another buffer here: the address counts.
#[test]
fn a_buffer_that_is_registered_with_another_ring_is_read_into_by_its_address() {
    sexton::block_on(async {
        let log = Log::default();
        let (one, other) = sexton::net::UnixStream::pair().unwrap();
        let buf = GuardedBuf::new(&log.buffers);
        assert!(buf.registration().is_some());
        one.write_all(b"hello").await.unwrap();
        let (count, buf) = other.read_owned(buf).await.unwrap();
        assert_eq!((count, buf.filled()), (5, &b"hello"[..]));
        let buf = other.write_all_owned(buf).await.unwrap();
        let (_, back) = one.read_owned(GuardedBuf::new(&log.buffers)).await.unwrap();
        assert_eq!(back.filled(), buf.filled());
    });
}
