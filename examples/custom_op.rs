//! An operation of one's own, in safe code: a read whose buffer comes from a shelf, and goes back.
//!
//! Whoever drops a read loses the buffer that was lent to it: it is freed when the kernel has let
//! go of it. Here it goes back to a shelf of buffers instead, also then. Nothing in this file is
//! unsafe, and nothing is promised: [`Op`] is shaped so that the compiler sees what could go wrong.
//!
//! * The operation owns what the kernel may touch: the descriptor and the buffer.
//! * [`entry`](Op::entry) describes it, and can only point into the operation itself. An entry that
//!   points to a local variable does not compile.
//! * [`complete`](Op::complete) gets the operation back with the last answer. The driver has
//!   counted the bytes that came into the buffer by then; there is nothing to mark.
//! * [`adopt`](Op::adopt) is called instead if the future is gone. By default the output is made
//!   and dropped; this operation knows better.

use sexton::Fd;
use sexton::op::{Completion, Entry, Op, submit};
use sexton::time::{Duration, timeout};
use std::cell::RefCell;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// Bytes of each buffer on the shelf.
const LEN: usize = 4096;

/// Buffers that are not in use. Operations stay on their core, so this needs no lock.
#[derive(Clone, Default)]
struct Shelf(Rc<RefCell<Vec<Vec<u8>>>>);

impl Shelf {
    fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(LEN))
    }

    fn put(&self, mut buf: Vec<u8>) {
        buf.clear();
        self.0.borrow_mut().push(buf);
    }

    fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// Reads once; the bytes are shown to `with`, and the buffer goes back to the shelf.
struct ReadWith<F> {
    fd: Fd,
    buf: Vec<u8>,
    shelf: Shelf,
    with: F,
}

impl<T, F> ReadWith<F>
where
    F: FnOnce(&[u8]) -> T + 'static,
{
    fn new(fd: &Fd, shelf: &Shelf, with: F) -> Self {
        Self { fd: fd.clone(), buf: shelf.take(), shelf: shelf.clone(), with }
    }
}

impl<T, F> Op for ReadWith<F>
where
    F: FnOnce(&[u8]) -> T + 'static,
{
    type Output = io::Result<T>;

    fn entry(&mut self) -> Entry<'_> {
        // At the descriptor's own position, as read(2) does.
        Entry::read(&self.fd, &mut self.buf, u64::MAX)
    }

    fn complete(self, completion: Completion) -> Self::Output {
        let Self { buf, shelf, with, .. } = self;
        let output = completion.count().map(|_| with(&buf));
        shelf.put(buf);
        output
    }

    fn adopt(self, _: Completion) {
        // What came is of no use to anybody, but the buffer is.
        self.shelf.put(self.buf);
    }
}

#[sexton::main(cores = 1)]
async fn main() -> io::Result<()> {
    let (receiver, mut sender) = io::pipe()?;
    let receiver = Fd::new(OwnedFd::from(receiver));
    let shelf = Shelf::default();

    sender.write_all(b"ding dong")?;
    let words = |bytes: &[u8]| bytes.split(|byte| *byte == b' ').count();
    let count = submit(ReadWith::new(&receiver, &shelf, words)).await?;
    println!("{count} words; buffers on the shelf: {}", shelf.len());

    // Nothing more comes, so this read is given up. Its buffer is on its way back while the kernel
    // lets go of it; the descriptor stays open for as long.
    let read = submit(ReadWith::new(&receiver, &shelf, <[u8]>::len));
    let given_up = timeout(Duration::from_millis(10), read).await.is_err();
    println!("given up: {given_up}; buffers on the shelf: {}", shelf.len());
    while shelf.len() == 0 {
        sexton::yield_now().await;
    }
    println!("buffers on the shelf: {}", shelf.len());
    Ok(())
}
