//! Accepts on both bodies: which wait, and what they say of connections that wait behind theirs.

use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::*;
use crate::sys::sim::{Kernel, hand};

const ACCEPT: u8 = 13;
const POLL_FIRST: u16 = 1 << 2;
const SOCK_NONEMPTY: u32 = 1 << 2;

/// A listener on either body, and who has connected.
struct Stage {
    ring: Ring,
    listener: OwnedFd,
    clients: Vec<OwnedFd>,
}

impl Stage {
    fn new(body: Body, kernel: Kernel) -> Self {
        hand::kernel(kernel);
        let config =
            RingConfig { body, sq_entries: 8, cq_entries: 16, io_workers: [1, 1], napi_us: 0 };
        let ring = Ring::start(&config).expect("both bodies are here");
        let listener = match body {
            Body::Kernel => TcpListener::bind("127.0.0.1:0").expect("a port").into(),
            Body::Simulated => hand::listener().expect("a listener"),
        };
        Self { ring, listener, clients: Vec::new() }
    }

    fn connect(&mut self) {
        let client = match &self.ring {
            Ring::Kernel(_) => {
                let listener = TcpListener::from(self.listener.try_clone().expect("a copy"));
                let addr = listener.local_addr().expect("it is bound");
                TcpStream::connect(addr).expect("connected").into()
            }
            Ring::Simulated(_) => hand::connect(&self.listener).expect("connected"),
        };
        self.clients.push(client);
    }

    fn accept(&mut self, ioprio: u16) {
        let mut request = Request::new(ACCEPT);
        (request.fd, request.ioprio) = (self.listener.as_raw_fd(), ioprio);
        // SAFETY: it names no memory, and the listener lives as long as the ring.
        unsafe { self.ring.push(&request, 1) }.expect("there is room");
    }

    /// What has completed: whether with a connection, and the flags.
    fn turn(&mut self) -> Vec<(Result<(), i32>, u32)> {
        let mut got = Vec::new();
        for _ in 0..3 {
            let wait = Wait::Until(Some(Duration::from_millis(2)));
            assert_eq!(self.ring.enter(wait).expect("open"), Entered::Fine);
            self.ring.reap(&mut got, usize::MAX);
        }
        let outcome = |result: i32| {
            if result < 0 {
                return Err(-result);
            }
            // SAFETY: the completion gave it to us.
            drop(unsafe { OwnedFd::from_raw_fd(result) });
            Ok(())
        };
        got.iter().map(|cqe| (outcome(cqe.result), cqe.flags)).collect()
    }
}

/// On a kernel of today, and on a simulated one.
fn each(story: impl Fn(&mut Stage)) {
    for body in [Body::Kernel, Body::Simulated] {
        let mut stage = Stage::new(body, Kernel::V6_18);
        // The kernel of this machine may be older.
        stage.accept(POLL_FIRST);
        if stage.turn().is_empty() {
            story(&mut stage);
        } else {
            assert_eq!(body, Body::Kernel, "an old kernel");
        }
        stage.ring.close();
    }
}

#[test]
fn an_accept_says_whether_more_connections_wait_and_the_next_one_takes_them_either_way() {
    each(|stage| {
        stage.connect();
        assert_eq!(stage.turn(), [(Ok(()), 0)], "the only one");
        for _ in 0..4 {
            stage.connect();
        }
        for (ioprio, flags) in [
            (0, SOCK_NONEMPTY),
            (POLL_FIRST, SOCK_NONEMPTY),
            (POLL_FIRST, SOCK_NONEMPTY),
            (POLL_FIRST, 0),
        ] {
            stage.accept(ioprio);
            assert_eq!(stage.turn(), [(Ok(()), flags)]);
        }
        stage.accept(0);
        assert_eq!(stage.turn(), [], "nobody is there");
        stage.connect();
        assert_eq!(stage.turn(), [(Ok(()), 0)]);
    });
}

#[test]
fn an_old_kernel_does_not_wait_first_and_tells_nothing() {
    for kernel in [Kernel::V6_1, Kernel::V6_6] {
        let mut stage = Stage::new(Body::Simulated, kernel);
        stage.accept(POLL_FIRST);
        assert_eq!(stage.turn(), [(Err(libc::EINVAL), 0)]);
        stage.connect();
        stage.connect();
        stage.accept(0);
        assert_eq!(stage.turn(), [(Ok(()), 0)]);
    }
}
