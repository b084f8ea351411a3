//! Both bodies side by side: the same requests, the same completions.

use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::*;
use crate::sys::sim::{Kernel, hand as sim};

pub(super) const POLL_ADD: u8 = 6;
pub(super) const ASYNC_CANCEL: u8 = 14;
pub(super) const READ: u8 = 22;
pub(super) const WRITE: u8 = 23;
pub(super) const SEND: u8 = 26;
pub(super) const RECV: u8 = 27;
pub(super) const SHUTDOWN: u8 = 34;

const BUFFER_SELECT: u8 = 1 << 5;
pub(super) const SKIP_SUCCESS: u8 = 1 << 6;

pub(super) type Seen = Vec<(u64, i32, u32)>;

/// A ring of one body, a connected pair, and what completed so far.
pub(super) struct Stage {
    pub(super) ring: Ring,
    pub(super) ours: OwnedFd,
    pub(super) theirs: OwnedFd,
    bufs: Vec<Box<[u8]>>,
    pub(super) seen: Seen,
}

impl Stage {
    pub(super) fn of(body: Body) -> Self {
        let config =
            RingConfig { body, sq_entries: 8, cq_entries: 16, io_workers: [1, 1], napi_us: 0 };
        sim::kernel(Kernel::V6_18);
        let ring = Ring::start(&config).expect("both bodies are here");
        let (ours, theirs) = match body {
            Body::Kernel => {
                let (ours, theirs) = UnixStream::pair().expect("a pair");
                (ours.into(), theirs.into())
            }
            Body::Simulated => sim::stream_pair().expect("a pair"),
        };
        Self { ring, ours, theirs, bufs: Vec::new(), seen: Vec::new() }
    }

    /// The peer sends.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        match &self.ring {
            Ring::Kernel(_) => {
                let mut peer = UnixStream::from(self.theirs.try_clone().expect("a copy"));
                peer.write_all(bytes).expect("room");
            }
            Ring::Simulated(_) => {
                assert_eq!(sim::write(&self.theirs, bytes).expect("room"), bytes.len())
            }
        }
    }

    /// A request on our end with a buffer of its own, which shows what came.
    pub(super) fn push(
        &mut self,
        opcode: u8,
        bytes: &[u8],
        tag: u64,
        set: impl FnOnce(&mut Request),
    ) -> Position {
        let mut buf = Box::<[u8]>::from(bytes);
        let mut request = Request::new(opcode);
        request.fd = self.ours.as_raw_fd();
        if !bytes.is_empty() {
            (request.addr, request.len) = (buf.as_mut_ptr(), bytes.len() as u32);
        }
        set(&mut request);
        self.bufs.push(buf);
        // SAFETY: the buffer stays until the stage is gone, and the ring of a stage goes first.
        unsafe { self.ring.push(&request, tag) }.expect("there is room")
    }

    /// Enters and collects, with a moment for what comes asynchronously.
    pub(super) fn turn(&mut self) {
        let mut got = Vec::new();
        for _ in 0..3 {
            let wait = Wait::Until(Some(Duration::from_millis(2)));
            assert_eq!(self.ring.enter(wait).expect("open"), Entered::Fine);
            self.ring.reap(&mut got, usize::MAX);
        }
        let seen = got.iter().map(|cqe| (cqe.user_data, cqe.result, cqe.flags));
        self.seen.extend(seen);
    }

    /// Takes turns until so much has completed.
    pub(super) fn until(&mut self, count: usize) {
        let over = Instant::now() + Duration::from_secs(10);
        while self.seen.len() < count {
            assert!(Instant::now() < over, "{count} were to come: {:?}", self.seen);
            self.turn();
        }
    }

    pub(super) fn cancel(&mut self, target: u64, tag: u64) {
        self.push(ASYNC_CANCEL, &[], tag, |request| {
            request.fd = -1;
            request.addr = std::ptr::without_provenance_mut(target as usize);
        });
    }

    /// What completed, and what lies in the buffers.
    fn end(mut self) -> (Seen, Vec<Box<[u8]>>) {
        self.ring.close();
        (self.seen, self.bufs)
    }
}

/// Plays the scene on both bodies and compares.
pub(super) fn alike(scene: impl Fn(&mut Stage)) {
    let [kernel, memory] = [Body::Kernel, Body::Simulated].map(|body| {
        let mut stage = Stage::of(body);
        scene(&mut stage);
        stage.end()
    });
    assert!(!kernel.0.is_empty(), "a scene in which something happens");
    assert_eq!(kernel, memory, "the kernel on the left, the memory on the right");
}

pub(super) fn msg(flags: i32) -> impl FnOnce(&mut Request) {
    move |request| request.op_flags = flags as u32
}

#[test]
fn receives_before_and_after_their_data() {
    alike(|stage| {
        stage.push(RECV, &[0; 8], 1, |_| {});
        stage.turn();
        stage.feed(b"abc");
        stage.turn();
        stage.feed(b"defgh");
        stage.push(READ, &[0; 2], 2, |_| {});
        stage.push(RECV, &[0; 2], 3, |_| {});
        stage.push(RECV, &[0; 2], 4, |_| {});
        stage.turn();
    });
}

#[test]
fn peeks_and_refusals_to_wait() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, msg(libc::MSG_DONTWAIT));
        stage.turn();
        stage.feed(b"xy");
        stage.push(RECV, &[0; 4], 2, msg(libc::MSG_PEEK));
        stage.turn();
        stage.push(RECV, &[0; 4], 3, msg(libc::MSG_DONTWAIT));
        stage.turn();
    });
}

#[test]
fn a_gathering_receive_that_is_fed_and_one_that_is_cancelled() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, msg(libc::MSG_WAITALL));
        for byte in [b"a", b"b", b"c", b"d"] {
            stage.feed(byte);
            stage.turn();
        }
        stage.push(RECV, &[0; 4], 2, msg(libc::MSG_WAITALL));
        stage.turn();
        stage.feed(b"ef");
        stage.turn();
        stage.cancel(2, 3);
        stage.turn();
    });
}

#[test]
fn cancels_that_hit_and_cancels_that_miss() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, |_| {});
        stage.turn();
        stage.cancel(1, 2);
        stage.turn();
        stage.cancel(1, 3);
        stage.turn();
        stage.cancel(4, 5);
        stage.push(RECV, &[0; 4], 4, |_| {});
        stage.turn();
        stage.push(ASYNC_CANCEL, &[], 6, |request| request.op_flags = 2);
        stage.turn();
        stage.push(RECV, &[0; 4], 7, |_| {});
        stage.push(RECV, &[0; 4], 7, |_| {});
        stage.turn();
        stage.push(ASYNC_CANCEL, &[], 8, |request| {
            request.op_flags = 1;
            request.addr = std::ptr::without_provenance_mut(7);
        });
        stage.turn();
        stage.push(ASYNC_CANCEL, &[], 9, |request| request.op_flags = 4);
        stage.turn();
    });
}

#[test]
fn the_end_of_a_stream_and_sends_after_it() {
    alike(|stage| {
        stage.push(RECV, &[0; 4], 1, |_| {});
        stage.turn();
        stage.push(SHUTDOWN, &[], 2, |request| request.len = libc::SHUT_WR as u32);
        stage.turn();
        stage.push(SEND, b"no", 3, msg(libc::MSG_NOSIGNAL));
        stage.turn();
        stage.feed(b"yes");
        stage.turn();
        stage.theirs = stage.ours.try_clone().expect("a copy");
        stage.push(RECV, &[0; 4], 4, |_| {});
        stage.turn();
    });
}

#[test]
fn an_end_that_closes_without_reading_resets() {
    alike(|stage| {
        stage.push(SEND, b"unread", 1, |_| {});
        stage.feed(b"last words");
        stage.turn();
        stage.theirs = stage.ours.try_clone().expect("a copy");
        for tag in 2..5 {
            stage.push(RECV, &[0; 16], tag, |_| {});
            stage.turn();
        }
        stage.push(SEND, b"x", 5, msg(libc::MSG_NOSIGNAL));
        stage.turn();
    });
}

#[test]
fn silent_successes_and_loud_failures() {
    alike(|stage| {
        stage.push(WRITE, b"abc", 1, |request| request.flags = SKIP_SUCCESS);
        stage.push(SEND, b"abc", 2, |request| {
            request.flags = SKIP_SUCCESS;
            request.fd = -1;
        });
        stage.push(RECV, &[0; 1], 3, |request| request.addr = std::ptr::null_mut());
        stage.feed(b"z");
        stage.turn();
        stage.push(200, &[], 4, |_| {});
        stage.turn();
    });
}

#[test]
fn polls_of_both_directions() {
    alike(|stage| {
        stage.push(POLL_ADD, &[], 1, msg(libc::POLLOUT.into()));
        stage.push(POLL_ADD, &[], 2, msg(libc::POLLIN.into()));
        stage.turn();
        stage.feed(b"x");
        stage.turn();
    });
}

/// A multishot receive from group 1, with other flags besides.
fn multishot(more: u16) -> impl Fn(&mut Request) {
    move |request| {
        (request.flags, request.ioprio, request.buf, request.len) = (BUFFER_SELECT, 2 | more, 1, 0);
    }
}

/// Four buffers of four bytes, published in this order as group 1. Nobody frees them.
fn provide(stage: &mut Stage, order: &[u64], incremental: bool) -> *mut [u8; 16] {
    #[repr(align(4096))]
    struct Words([[u64; 2]; 4]);
    let data: *mut [u8; 16] = Box::leak(Box::new([0; 16]));
    let mut words = Words([[0; 2]; 4]);
    for (word, bid) in words.0.iter_mut().zip(order) {
        let at = data.cast::<u8>().wrapping_add(4 * *bid as usize);
        *word = [at.expose_provenance() as u64, 4 | bid << 32];
    }
    // So many are published: the tail.
    words.0[0][1] |= (order.len() as u64) << 48;
    let words: *mut Words = Box::leak(Box::new(words));
    // SAFETY: both were leaked.
    unsafe { stage.ring.register_buf_ring(1, words.cast(), 4, incremental) }.expect("registered");
    data
}

/// What lies in the buffers, to be compared.
fn show(stage: &mut Stage, data: *mut [u8; 16]) {
    // SAFETY: no receive is in flight, and the buffers were leaked.
    let bytes = unsafe { data.read() };
    stage.bufs.push(bytes.into());
    stage.ring.unregister_buf_ring(1).expect("registered");
}

#[test]
fn multishot_receives_until_the_buffers_run_out() {
    alike(|stage| {
        let data = provide(stage, &[0, 1], false);
        stage.push(RECV, &[], 1, multishot(0));
        stage.turn();
        stage.feed(b"abcdef");
        stage.turn();
        stage.feed(b"g");
        stage.turn();
        stage.push(RECV, &[], 2, multishot(0));
        stage.turn();
        show(stage, data);
        stage.push(RECV, &[], 3, multishot(0));
        stage.turn();
    });
}

#[test]
fn a_buffer_that_is_used_up_piece_by_piece() {
    alike(|stage| {
        let data = provide(stage, &[2, 0], true);
        stage.push(RECV, &[], 1, multishot(0));
        stage.turn();
        for bytes in [&b"a"[..], b"b", b"cde", b"fgh", b"i"] {
            stage.feed(bytes);
            stage.turn();
        }
        show(stage, data);
    });
}

const BUNDLE: u16 = 1 << 4;

#[test]
fn a_bundle_fills_buffers_in_the_order_of_the_ring() {
    alike(|stage| {
        let data = provide(stage, &[2, 0, 3, 1], false);
        stage.push(RECV, &[], 1, multishot(BUNDLE));
        stage.turn();
        stage.feed(b"a");
        stage.turn();
        stage.feed(b"bcdefg");
        stage.turn();
        stage.feed(b"hi");
        stage.turn();
        stage.feed(b"j");
        stage.turn();
        show(stage, data);
    });
}

#[test]
fn a_bundle_of_buffers_that_are_used_up_piece_by_piece() {
    alike(|stage| {
        let data = provide(stage, &[2, 0, 3, 1], true);
        stage.push(RECV, &[], 1, multishot(BUNDLE));
        stage.turn();
        for bytes in [&b"a"[..], b"bcdefg", b"h"] {
            stage.feed(bytes);
            stage.turn();
        }
        stage.cancel(1, 2);
        stage.turn();
        show(stage, data);
    });
}
