//! Operations of the program's own: what the kernel is asked for may be given up, but its memory
//! comes back once, and every byte that was taken is told.

use super::dice::Dice;
use super::log::content;
use super::reads::is_harmless;
use super::risk::{Risk, both};
use super::rules::Rules;
use sexton::net::UnixStream;
use sexton::op::{Completion, Detached, Entry, Nop, Op, PollFd, Timeout, submit};
use sexton::time::{Duration, sleep, timeout};
use sexton::{Fd, stats};
use std::cell::{Cell, RefCell};
use std::io::Result;
use std::os::fd::OwnedFd;
use std::rc::Rc;

/// How long operations that were given up may take to end.
const PATIENCE: Duration = Duration::from_secs(600);

/// What all operations of one direction share.
#[derive(Debug, Default)]
struct Shared {
    /// Buffers that nobody uses.
    shelf: RefCell<Vec<Vec<u8>>>,
    /// Buffers that were made.
    made: Cell<usize>,
    /// Bytes that the kernel took or brought, and their sum: in which order is not said.
    count: Cell<u64>,
    sum: Cell<u64>,
    ended: Cell<bool>,
}

impl Shared {
    fn buffer(&self) -> Vec<u8> {
        self.shelf.borrow_mut().pop().unwrap_or_else(|| {
            self.made.set(self.made.get() + 1);
            Vec::with_capacity(2_000)
        })
    }

    /// The end of an operation, whoever hears of it.
    fn end(&self, mut buf: Vec<u8>, taken: usize) {
        let bytes = &buf[..taken];
        self.count.set(self.count.get() + taken as u64);
        self.sum.set(bytes.iter().fold(self.sum.get(), |sum, byte| sum + u64::from(*byte)));
        buf.clear();
        self.shelf.borrow_mut().push(buf);
    }

    fn is_whole(&self) -> bool {
        self.shelf.borrow().len() == self.made.get()
    }
}

struct Receive {
    fd: Fd,
    buf: Vec<u8>,
    shared: Rc<Shared>,
}

impl Op for Receive {
    type Output = Result<usize>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::recv(&self.fd, &mut self.buf, false)
    }

    fn complete(self, completion: Completion) -> Result<usize> {
        let count = completion.count();
        let ended = matches!(count, Ok(0));
        self.shared.ended.set(self.shared.ended.get() || ended);
        assert_eq!(self.buf.len(), *count.as_ref().unwrap_or(&0), "the driver counts what came");
        let taken = self.buf.len();
        self.shared.end(self.buf, taken);
        count
    }
}

struct Send {
    fd: Fd,
    buf: Vec<u8>,
    shared: Rc<Shared>,
}

impl Op for Send {
    type Output = Result<usize>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::send(&self.fd, &self.buf)
    }

    fn complete(self, completion: Completion) -> Result<usize> {
        let count = completion.count();
        self.shared.end(self.buf, *count.as_ref().unwrap_or(&0));
        count
    }
}

/// One connection, of which each end is a plain descriptor.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let Some((one, other)) = rules.allow(UnixStream::pair()) else { return };
    let Some((one, _)) = rules.allow(one.into_std().await) else { return };
    let Some((other, _)) = rules.allow(other.into_std().await) else { return };
    let (one, other) = (Fd::new(OwnedFd::from(one)), Fd::new(OwnedFd::from(other)));
    let (sent, received) = (Rc::new(Shared::default()), Rc::new(Shared::default()));
    let risks = [(); 2].map(|()| Risk::new(dice.fork(), rules));
    let is_broken = Cell::new(false);
    let fails = |error: std::io::Error| {
        if !is_harmless(&error) {
            is_broken.set(true);
            rules.allow::<()>(Err(error));
        }
    };
    let sends = async {
        for number in 0..dice.size(60) {
            let mut buf = sent.buffer();
            buf.extend_from_slice(&content(11, number, risks[0].dice.size(2_000)));
            let op = Send { fd: one.clone(), buf, shared: Rc::clone(&sent) };
            if risks[0].dice.percent(20) {
                detached(op, &risks[0]).await;
            } else if let Some(Err(error)) = risks[0].take(submit(op)).await {
                fails(error);
            }
            others(&one, &risks[0], &fails).await;
        }
        // Whoever was given up has the descriptor until its end, which ends the stream.
        drop(one);
    };
    let receives = async {
        let all = async {
            while !received.ended.get() && !is_broken.get() {
                let op = Receive {
                    fd: other.clone(),
                    buf: received.buffer(),
                    shared: Rc::clone(&received),
                };
                if let Some(Err(error)) = risks[1].take(submit(op)).await {
                    fails(error);
                }
            }
        };
        let over = timeout(PATIENCE, all).await.is_ok();
        let holds = rules.abandoned || risks.iter().any(Risk::has_forgotten);
        assert!(over || holds || is_broken.get(), "a descriptor that is never closed");
    };
    both(sends, receives).await;
    let mut patience = 1_000;
    while !(sent.is_whole() && received.is_whole()) && patience > 0 {
        sleep(PATIENCE / 1_000).await;
        patience -= 1;
    }
    if rules.abandoned || risks.iter().any(Risk::has_forgotten) {
        return;
    }
    assert!(patience > 0, "a buffer that has not come back");
    let (taken, brought) = (sent.count.get(), received.count.get());
    assert!(brought <= taken, "{brought} bytes came of {taken}");
    if !is_broken.get() && !rules.resets {
        assert_eq!((taken, sent.sum.get()), (brought, received.sum.get()), "what was sent came");
    }
}

/// Without a future; perhaps cancelled, or left alone as if its owner were gone.
async fn detached(op: Send, risk: &Risk) {
    let shared = Rc::clone(&op.shared);
    let flight = match Detached::submit(op) {
        Ok(flight) => flight,
        Err((op, error)) => {
            shared.end(op.buf, 0);
            panic!("a runtime that takes nothing any more: {error}");
        }
    };
    match risk.dice.below(4) {
        0 => flight.cancel(),
        1 => flight.bury(),
        2 => {
            sleep(risk.moment()).await;
            flight.again().cancel();
        }
        _ => {}
    }
}

/// What the runtime has to offer besides, and what it says of itself.
async fn others(fd: &Fd, risk: &Risk, fails: &impl Fn(std::io::Error)) {
    match risk.dice.below(12) {
        0 => {
            if let Some(Err(error)) = risk.take(submit(Nop)).await {
                fails(error);
            }
        }
        1 => {
            let poll = submit(PollFd { fd: fd.clone(), mask: PollFd::WRITE });
            match timeout(risk.moment(), risk.take(poll)).await {
                Ok(Some(Err(error))) => fails(error),
                Ok(Some(Ok(ready))) => assert_ne!(ready, 0, "ready for nothing"),
                _ => {}
            }
        }
        2 => {
            if let Some(Err(error)) = risk.take(submit(Timeout::new(risk.moment()))).await {
                fails(error);
            }
        }
        3 => {
            for core in stats() {
                // Other seeds run in this process: of theirs as well.
                assert_eq!(core.strays, 0, "an answer that nobody expects: {core:?}");
            }
        }
        _ => {}
    }
}
