//! An operation whose entry names memory that `entry` itself owns.

use sexton::Fd;
use sexton::op::{Completion, Entry, Op};

struct Careless {
    fd: Fd,
}

impl Op for Careless {
    type Output = ();

    fn entry(&mut self) -> Entry<'_> {
        let mut buf = Vec::with_capacity(64);
        Entry::read(&self.fd, &mut buf, 0)
    }

    fn complete(self, _: Completion) {}
}

fn main() {}
