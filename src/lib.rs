//! Sexton: an io_uring-native, thread-per-core async runtime for Linux servers.
//!
//! One thread and one ring for each core, and nothing shared between them. An operation owns its
//! buffer and its descriptor until the kernel has let go of them, whatever becomes of the future
//! that waits: so no safe program can make the kernel touch memory that is somebody else's, and
//! what a cancelled read received comes first in the next one.
//!
//! ```text
//!                       src/                  facade `sexton`: re-exports and the tour
//!          ┌───────────┬─┴──────────┐
//!         net          fs         macros      sockets · files · #[main], #[test]
//!          ├─────┬─────┤
//!          io    │     │                      Read Write BufRead OwnedRead ...
//!          │  runtime  │                      ring · operations · tasks · cores · time
//!          └──┬──┘─────┘
//!          buffers                            memory that the kernel may hold
//! ```
//!
//! What follows is a tour: [a server](#a-server), [reading](#reading), [files](#files),
//! [tasks and cores](#tasks-and-cores), [time](#time), [cancelling](#cancelling),
//! [what happens on drop](#what-happens-on-drop), [the kernel](#the-kernel).
//!
//! # A server
//!
//! [`main`](macro@main) starts a thread for each core, [`spawn_per_core`] a task on each of them.
//! All bind the same address; the kernel spreads the connections. A connection stays on its core,
//! so its task needs no locks, and need not be `Send`.
//!
//! ```
//! use sexton::net::{TcpListener, TcpStream};
//!
//! #[sexton::main]
//! async fn main() -> std::io::Result<()> {
//!     let address = std::net::SocketAddr::from(([127, 0, 0, 1], 7000));
//! #   let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
//! #   sexton::spawn(async move {
//!     // The first error ends the others.
//!     sexton::spawn_per_core(move || serve(address)).try_join().await?;
//! #   std::io::Result::Ok(()) });
//! #   check(address).await?;
//!     Ok(())
//! }
//!
//! # async fn check(address: std::net::SocketAddr) -> std::io::Result<()> {
//! #     let stream = loop {
//! #         match TcpStream::connect(address).await {
//! #             Ok(stream) => break stream,
//! #             Err(_) => sexton::time::sleep(std::time::Duration::from_millis(1)).await,
//! #         }
//! #     };
//! #     stream.write_all(b"hello").await?;
//! #     let buf = stream.read_exact_owned(Vec::with_capacity(5)).await?;
//! #     assert_eq!(buf, b"hello");
//! #     Ok(())
//! # }
//! #
//! async fn serve(address: std::net::SocketAddr) -> std::io::Result<()> {
//!     let listener = TcpListener::bind(address).await?; // one listener a core
//!     loop {
//!         let (stream, _peer) = listener.accept().await?;
//!         sexton::spawn(echo(stream));
//!     }
//! }
//!
//! async fn echo(stream: TcpStream) -> std::io::Result<()> {
//!     let mut buf = Vec::with_capacity(4096);
//!     loop {
//!         let n;
//!         (n, buf) = stream.read_owned(buf).await?; // into the caller's buffer, no copy
//!         if n == 0 {
//!             return Ok(());
//!         }
//!         buf = stream.write_all_owned(buf).await?;
//!         buf.clear();
//!     }
//! }
//! ```
//!
//! # Reading
//!
//! There are three ways to read, and on one stream they may be mixed:
//!
//! * **Owned** ([`io::OwnedRead`]): the buffer goes to the kernel with the operation, and comes
//!   back with the answer, or inside the error ([`buf::BufError`]). Reads *append*: they fill what
//!   is free behind the bytes that are there, so a loop clears its buffer. [`buf`] says what can be
//!   a buffer.
//! * **Lent by the stream** ([`io::BufRead`]): `fill_buf` shows what has come. The kernel picks the
//!   memory when data is there, so an idle connection holds none.
//! * **Borrowed** ([`io::Read`]): into a `&mut [u8]`, asked of the socket without waiting, then
//!   when it is ready. No borrowed memory is ever with the kernel while a future waits, so these
//!   futures too may be dropped or forgotten.
//!
//! ```
//! use sexton::io::BufRead;
//! use sexton::net::{TcpListener, TcpStream};
//!
//! # sexton::block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let client = TcpStream::connect(listener.local_addr()?).await?;
//! let (mut stream, _) = listener.accept().await?;
//! client.write_all_owned("GET /\nrest").await?;
//! client.shutdown(std::net::Shutdown::Write).await?;
//!
//! let mut line = String::new();
//! stream.read_line(&mut line).await?; // no memory while the line is awaited
//! assert_eq!(line, "GET /\n");
//! let (n, buf) = stream.read_owned(vec![b'>', b' ']).await.or_else(|error| {
//!     // A buffer without room is an error, and comes back in it.
//!     assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
//!     std::io::Result::Ok((0, error.into_buf()))
//! })?;
//! assert_eq!((n, &buf[..]), (0, &b"> "[..]));
//! let mut rest = [0; 8];
//! let n = stream.read(&mut rest).await?;
//! assert_eq!(&rest[..n], b"rest");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # Files
//!
//! [`fs`] has the names of `std::fs`, with the same meaning. A [`fs::File`] is read and written at
//! an offset by `&self`, by as many tasks as like; or through its cursor, by the traits of [`io`].
//!
//! ```
//! use sexton::fs::{self, File};
//!
//! # sexton::block_on(async {
//! # let folder = std::env::temp_dir().join(format!("sexton-tour-{}", std::process::id()));
//! # fs::create_dir_all(&folder).await?;
//! # let path = folder.join("bell");
//! fs::write(&path, "ding dong").await?;
//! let file = File::open(&path).await?;
//! let (n, buf) = file.read_at(Vec::with_capacity(4), 5).await?;
//! assert_eq!((n, &buf[..]), (4, &b"dong"[..]));
//! assert_eq!(fs::metadata(&path).await?.len(), 9);
//! fs::remove_file(&path).await?;
//! # fs::remove_dir_all(&folder).await?;
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! A stream sends a part of a file out of the page cache, without a copy:
//! [`send_file`](net::TcpStream::send_file).
//!
//! Reads and writes past the page cache (`O_DIRECT`) want aligned memory. [`buf::FixedPool`] has
//! it, and once it is registered ([`register_buffers`]) the kernel need not pin it for each
//! operation.
//!
//! # Tasks and cores
//!
//! [`spawn`] starts a task on this core, [`spawn_on`] on another, [`spawn_per_core`] on each, and
//! [`spawn_blocking`] a call that may block on a thread beside them. What travels to another core
//! is the closure that makes the future, so only the closure and the result must be `Send`. As in
//! other runtimes, a dropped handle detaches its task, and a panic comes out of the handle.
//!
//! ```
//! use std::{cell::Cell, rc::Rc};
//!
//! #[sexton::main(cores = 2)]
//! async fn main() -> std::io::Result<()> {
//!     let here = Rc::new(Cell::new(0)); // shared by tasks of one core, without a lock
//!     let theirs = Rc::clone(&here);
//!     sexton::spawn(async move { theirs.set(7) }).await?;
//!     assert_eq!(here.get(), 7);
//!
//!     let there = sexton::spawn_on(1, || async { sexton::current_core() });
//!     assert_eq!(there.await?, 1);
//!     let each = sexton::spawn_per_core(|| async { sexton::current_core() });
//!     assert_eq!(each.await?, [0, 1]);
//!     let slow = sexton::spawn_blocking(|| (1..=10_u64).product::<u64>());
//!     assert_eq!(slow.await?, 3_628_800);
//!     Ok(())
//! }
//! ```
//!
//! [`block_on`] is a runtime of one core for one call, on this thread; a [`Builder`] makes one of
//! any shape; [`test`](macro@test) gives each test its own. Channels, mutexes, `select!` and
//! `join!` are those of crates that need no runtime: their wakers work here, from any thread.
//!
//! # Time
//!
//! [`time`] has `sleep`, `timeout` and `interval`. A timer is an entry in the core's own wheel, not
//! an operation of the kernel, and it never fires early.
//!
//! ```
//! use sexton::time::{Duration, sleep, timeout};
//!
//! # sexton::block_on(async {
//! let late = timeout(Duration::from_millis(1), sleep(Duration::from_secs(60))).await;
//! assert!(late.is_err());
//! assert_eq!(timeout(Duration::from_secs(60), async { 7 }).await, Ok(7));
//! # });
//! ```
//!
//! # Cancelling
//!
//! Dropping a future cancels its operation, and loses nothing of a stream. The caller's own buffer,
//! though, is gone. A [`CancelToken`] ends the operation and lets the future go on to its end: the
//! buffer comes back, with `ECANCELED` or with what had come by then.
//!
//! ```
//! use sexton::CancelToken;
//! use sexton::net::{TcpListener, TcpStream};
//!
//! # sexton::block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let quiet = TcpStream::connect(listener.local_addr()?).await?;
//! let token = CancelToken::new();
//! let stop = token.clone();
//! sexton::spawn(async move { stop.cancel() });
//! let error = token.run(quiet.read_owned(Vec::with_capacity(512))).await.unwrap_err();
//! assert_eq!(error.into_buf().capacity(), 512);
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! # What happens on drop
//!
//! Each method says it under `# If dropped`. In short: a step of reading a stream loses nothing; a
//! write to a stream sends what the kernel took, and the next one starts after it; a connection
//! that is accepted late goes to the next accept; an open or a connect that succeeds late is
//! closed. A dropped stream's descriptor is closed after the last operation on it. Forgetting
//! ([`std::mem::forget`]) instead of dropping is safe in every case.
//!
//! ```
//! use sexton::net::{TcpListener, TcpStream};
//! use sexton::time::{Duration, timeout};
//!
//! # sexton::block_on(async {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let client = TcpStream::connect(listener.local_addr()?).await?;
//! let (stream, _) = listener.accept().await?;
//! // This read is given up before anything has come. What comes meanwhile is not lost.
//! let read = stream.read_owned(Vec::with_capacity(64));
//! assert!(timeout(Duration::from_millis(1), read).await.is_err());
//! client.write_all(b"here I am").await?;
//! let (_, buf) = stream.read_owned(Vec::with_capacity(64)).await?;
//! assert_eq!(buf, b"here I am");
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! When the runtime ends, its tasks are dropped, and what is in flight is cancelled and awaited.
//! What the kernel does not give back within the grace period ([`Builder::grace`]) is leaked, and
//! the leak is reported: memory that the kernel may still write to is never reused.
//!
//! # The kernel
//!
//! Linux 6.1 or newer, with io_uring allowed. What else there is, is asked at start and used where
//! it is there; nothing of it is a Cargo feature. If a runtime cannot start, its [`StartError`]
//! names the cause and the remedy, and [`doctor`] tells about the machine as a whole. [`stats`]
//! says what each core is doing, what lies in its graveyard among it.
//!
//! ```
//! println!("{}", sexton::doctor());
//! for core in sexton::stats() {
//!     println!("core {}: {} tasks, {} in flight", core.core, core.tasks, core.in_flight);
//! }
//! ```
//!
//! An operation that is not here yet can be written in safe code, outside of this crate: see
//! [`op`].
//!
//! # Testing
//!
//! `#[sexton::test]` gives a test a runtime. With the feature `sim`, `#[sexton::test(sim)]` runs it
//! on a kernel in memory whose every answer a seed decides, so that short reads, lost races and
//! broken connections are met in the test, and met again with the same seed. The guide
//! `docs/guides/simulation.md` in the repository begins with a bug that is found so.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `macros` (default) | [`main`](macro@main) and [`test`](macro@test) |
//! | `bytes` | `bytes::Bytes` and `bytes::BytesMut` as buffers |
//! | `stream` | `futures_core::Stream` for lines, segments and incoming connections |
//! | `sim` | programs and tests on a kernel that a seed decides |
#![forbid(unsafe_code)]

#[cfg(doctest)]
mod guides;

#[doc(inline)]
pub use sexton_buffers as buf;
#[doc(inline)]
pub use sexton_fs as fs;
#[doc(inline)]
pub use sexton_io as io;
#[doc(inline)]
pub use sexton_net as net;
pub use sexton_runtime::{
    AbortHandle, Builder, CancelToken, Caps, Config, CoreStats, Fd, JoinError, JoinHandle, JoinSet,
    PerCore, Report, Runtime, StartError, block_on, cores, current_core, doctor, op,
    register_buffers, signal, spawn, spawn_blocking, spawn_on, spawn_per_core, stats, time,
    yield_now,
};

#[cfg(feature = "sim")]
pub use sexton_runtime::sim;

#[doc(hidden)]
pub use sexton_runtime::rt;

#[cfg(feature = "macros")]
pub use sexton_macros::{main, test};
