//! Memory is asked for when connections come and tasks start, not for each read and write.
//!
//! # Invariants
//!
//! - **I1** every call goes to the system's allocator unchanged; what is counted is beside it.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]
#![allow(unsafe_code, reason = "an allocator that counts")]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sexton::buf::ReadBuf;
use sexton::io::{BufRead, Interest, Read as _};
use sexton::net::{TcpListener, TcpStream, UnixStream};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

/// The system's allocator, with a count of this thread's calls and bytes.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Both tests count; the threads that they count on are their own.
fn counted(bytes: isize) {
    // A thread that ends may free after its locals are gone.
    CALLS.try_with(|calls| calls.set(calls.get() + usize::from(bytes > 0))).unwrap_or_default();
    BYTES.try_with(|sum| sum.set(sum.get() + bytes)).unwrap_or_default();
}

// SAFETY: I1.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        counted(layout.size() as isize);
        // SAFETY: I1.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        counted(-(layout.size() as isize));
        // SAFETY: I1.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        counted(-(layout.size() as isize));
        counted(size as isize);
        // SAFETY: I1.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Held by a test that needs thousands of descriptors: the process has so many once.
static DESCRIPTORS: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Rounds before counting: pools, queues and slots have their size then.
const WARM_UP: usize = 300;
const ROUNDS: usize = 2_000;

/// What the echo server does with one request of 64 bytes. False at the end.
trait Echo {
    async fn once(&mut self, stream: &mut TcpStream) -> bool;
}

/// `read_owned`, `write_all_owned`, in the same buffer again and again.
#[derive(Default)]
struct Owned(Vec<u8>);

impl Echo for Owned {
    async fn once(&mut self, stream: &mut TcpStream) -> bool {
        let mut buf = std::mem::take(&mut self.0);
        buf.reserve(4096);
        let n;
        (n, buf) = stream.read_owned(buf).await.unwrap();
        buf = stream.write_all_owned(buf).await.unwrap();
        buf.clear();
        self.0 = buf;
        n > 0
    }
}

/// `fill_buf` and `consume`, answered from a buffer that is kept.
#[derive(Default)]
struct Shown(Vec<u8>);

impl Echo for Shown {
    async fn once(&mut self, stream: &mut TcpStream) -> bool {
        let mut answer = std::mem::take(&mut self.0);
        let shown = stream.fill_buf().await.unwrap();
        answer.extend_from_slice(shown);
        let n = shown.len();
        stream.consume(n);
        answer = stream.write_all_owned(answer).await.unwrap();
        answer.clear();
        self.0 = answer;
        n > 0
    }
}

/// `read_managed`, the chunk itself sent back.
struct Managed;

impl Echo for Managed {
    async fn once(&mut self, stream: &mut TcpStream) -> bool {
        let Some(chunk) = stream.read_managed(4096).await.unwrap() else { return false };
        stream.write_all_owned(chunk).await.unwrap();
        true
    }
}

/// Allocations of the server's thread in `ROUNDS` requests, after `WARM_UP`.
fn allocations_of(mut echo: impl Echo + Send + 'static) -> usize {
    let (bound, addr) = channel();
    let server = std::thread::spawn(move || {
        sexton::block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..WARM_UP {
                assert!(echo.once(&mut stream).await);
            }
            let before = CALLS.get();
            for _ in 0..ROUNDS {
                assert!(echo.once(&mut stream).await);
            }
            let calls = CALLS.get() - before;
            assert!(!echo.once(&mut stream).await, "the client sent more than it should");
            calls
        })
    });
    let mut client = std::net::TcpStream::connect(addr.recv().unwrap()).unwrap();
    let mut back = [0; 64];
    for round in 0..WARM_UP + ROUNDS {
        client.write_all(&[round as u8; 64]).unwrap();
        client.read_exact(&mut back).unwrap();
        assert_eq!(back, [round as u8; 64]);
    }
    drop(client);
    server.join().unwrap()
}

#[test]
fn an_echo_with_owned_reads_allocates_nothing_a_request() {
    assert_eq!(allocations_of(Owned::default()), 0, "in {ROUNDS} requests");
}

#[test]
fn an_echo_with_fill_buf_allocates_nothing_a_request() {
    assert_eq!(allocations_of(Shown::default()), 0, "in {ROUNDS} requests");
}

#[test]
fn an_echo_with_managed_reads_allocates_nothing_a_request() {
    assert_eq!(allocations_of(Managed), 0, "in {ROUNDS} requests");
}

#[test]
fn an_idle_connection_costs_less_than_half_a_kibibyte() {
    const CONNECTIONS: usize = 2_000;
    let _descriptors = DESCRIPTORS.lock();
    static WAITING: AtomicUsize = AtomicUsize::new(0);
    let (bound, addr) = channel();
    let server = std::thread::spawn(move || {
        sexton::block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            // The first one brings what all share: the pool, the queues.
            let mut before = 0;
            let mut tasks = Vec::with_capacity(CONNECTIONS + 1);
            for number in 0..=CONNECTIONS {
                let (mut stream, _) = listener.accept().await.unwrap();
                tasks.push(sexton::spawn(async move {
                    WAITING.fetch_add(1, Ordering::Relaxed);
                    stream.fill_buf().await.unwrap().len()
                }));
                while WAITING.load(Ordering::Relaxed) <= number {
                    sexton::yield_now().await;
                }
                if number == 0 {
                    before = BYTES.get();
                }
            }
            let bytes = BYTES.get() - before;
            for task in tasks {
                assert_eq!(task.await.unwrap(), 0);
            }
            bytes
        })
    });
    let addr = addr.recv().unwrap();
    let clients: Vec<_> =
        (0..=CONNECTIONS).map(|_| std::net::TcpStream::connect(addr).unwrap()).collect();
    while WAITING.load(Ordering::Relaxed) <= CONNECTIONS {
        std::thread::yield_now();
    }
    drop(clients);
    let each = server.join().unwrap() / CONNECTIONS as isize;
    println!("an idle connection that waits in fill_buf, with its task: {each} bytes");
    assert!(each < 512, "{each} bytes");
}

/// Readiness first, memory second: one buffer for all, and none for who waits.
#[test]
fn ten_thousand_quiet_sockets_share_one_buffer() {
    const RESOURCE: Resource = Resource::Nofile;
    let _descriptors = DESCRIPTORS.lock();
    let maximum = getrlimit(RESOURCE).maximum;
    // Two descriptors each; where the limit is lower, fewer.
    let sockets = (maximum.unwrap_or(u64::MAX).saturating_sub(1_000) / 2).min(10_000) as usize;
    let current = Some(2 * sockets as u64 + 1_000);
    setrlimit(RESOURCE, Rlimit { current, maximum }).unwrap();
    sexton::block_on(async move {
        let buffer = Rc::new(RefCell::new([0_u8; 4096]));
        let heard = Rc::new(Cell::new(0));
        let (mut peers, mut tasks) = (Vec::with_capacity(sockets), Vec::with_capacity(sockets));
        let mut before = 0;
        for number in 0..sockets {
            let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
            let near = UnixStream::from_std(near).unwrap();
            peers.push(far);
            let (buffer, heard) = (Rc::clone(&buffer), Rc::clone(&heard));
            tasks.push(sexton::spawn(async move {
                let mut near = &near;
                loop {
                    near.ready(Interest::READ).await?;
                    // The buffer is anybody's for as long as nobody waits.
                    let mut memory = buffer.borrow_mut();
                    let mut buf = ReadBuf::from(&mut memory[..]);
                    sexton::io::continue_on_block!(near.non_blocking_read_buf(buf.unfilled())?);
                    if buf.filled().is_empty() {
                        return std::io::Result::Ok(());
                    }
                    heard.set(heard.get() + buf.filled().len());
                }
            }));
            if number == 99 {
                sexton::yield_now().await;
                before = BYTES.get();
            }
        }
        // Every one of them waits now.
        sexton::yield_now().await;
        let each = (BYTES.get() - before) / (sockets as isize - 100);
        println!("{sockets} sockets that wait in ready, with their tasks: {each} bytes each");
        assert!(each < 1024, "{each} bytes");
        for peer in peers.iter_mut().step_by(10) {
            peer.write_all(b"hello").unwrap();
        }
        drop(peers);
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(heard.get(), sockets.div_ceil(10) * 5);
    });
}
