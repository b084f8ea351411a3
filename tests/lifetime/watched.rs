//! A read into guarded memory that notes what the kernel answered, also after its future is gone.

use crate::guarded::{Counts, GuardedBuf};
use sexton::Fd;
use sexton::buf::{BufError, BufResult};
use sexton::op::{Completion, Entry, Op, Submit, submit};
use std::cell::Cell;
use std::rc::Rc;

/// What became of all reads of one test.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) buffers: Rc<Counts>,
    pub(crate) cancelled: Cell<usize>,
    pub(crate) finished: Cell<usize>,
}

/// Where to read, and how.
#[derive(Clone, Debug)]
pub(crate) enum From {
    /// A socket, by `IORING_OP_RECV`.
    Socket(Fd),
    /// Anything, by `IORING_OP_READ` at an offset.
    File(Fd, u64),
}

/// One read.
#[derive(Debug)]
pub(crate) struct Watched {
    from: From,
    buf: GuardedBuf,
    log: Rc<Log>,
    arrived: Rc<Cell<usize>>,
}

/// Submits a read, at once. `arrived` counts its bytes, whoever gets them.
pub(crate) fn read(from: From, log: &Rc<Log>, arrived: &Rc<Cell<usize>>) -> Submit<Watched> {
    let buf = GuardedBuf::new(&log.buffers);
    submit(Watched { from, buf, log: Rc::clone(log), arrived: Rc::clone(arrived) })
}

impl Op for Watched {
    type Output = BufResult<usize, GuardedBuf>;

    fn entry(&mut self) -> Entry<'_> {
        match &self.from {
            From::Socket(fd) => Entry::recv(fd, &mut self.buf, false),
            From::File(fd, offset) => Entry::read(fd, &mut self.buf, *offset),
        }
    }

    fn complete(self, completion: Completion) -> Self::Output {
        match completion.count() {
            Ok(count) => {
                self.log.finished.set(self.log.finished.get() + 1);
                self.arrived.set(self.arrived.get() + count);
                Ok((count, self.buf))
            }
            Err(error) => {
                let late = [libc::ECANCELED, libc::EINTR].contains(&error.raw_os_error().unwrap());
                assert!(late, "a read failed: {error}");
                self.log.cancelled.set(self.log.cancelled.get() + 1);
                Err(BufError::new(error, self.buf))
            }
        }
    }
}
