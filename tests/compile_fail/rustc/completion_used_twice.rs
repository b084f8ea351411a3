//! An operation that makes two descriptors of one answer.

use sexton::op::{Completion, Entry, Op};
use std::os::fd::OwnedFd;

struct Doubling;

impl Op for Doubling {
    type Output = Option<(OwnedFd, OwnedFd)>;

    fn entry(&mut self) -> Entry<'_> {
        Entry::nop()
    }

    fn complete(self, completion: Completion) -> Self::Output {
        Some((completion.fd().ok()?, completion.fd().ok()?))
    }
}

fn main() {}
