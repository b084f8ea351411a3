//! Receives that found no provided buffer: they wait in a line, and as many as buffers come back
//! try again.
//!
//! If all tried again at once, most would find nothing again, at the cost of a submission and a
//! completion each. Nobody waits for a buffer that a reader keeps: when none comes back for a few
//! turns, a larger pool is made, and beyond the bound everybody gets memory of its own
//! (`docs/decisions/0018-starved-receives-take-turns.md`).

use crate::contain::contained;
use crate::context;
use crate::spawn::{spawn, yield_now};
use sexton_buffers::ProvidedPool;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::{Rc, Weak};

/// Turns without a buffer that came back, after which more memory is made: what an echo sends back
/// is free again in the turn after.
const PATIENCE: u32 = 4;
/// Of a longer buffer that is used up piece by piece, each receive is expected to take so much.
const SHARE: u32 = 16 << 10;

/// A receive that can be armed again.
pub trait Starved {
    /// It is its turn: it takes from `pool`, or, if there is none, into memory of its own.
    fn fed(self: Rc<Self>, pool: Option<ProvidedPool>);
}

/// Who waits, the longest first.
#[derive(Default)]
pub(crate) struct Line {
    waiting: RefCell<VecDeque<Weak<dyn Starved>>>,
    /// A task looks after it.
    is_kept: Cell<bool>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("waiting", &self.waiting.borrow().len()).finish()
    }
}

impl Line {
    fn next(&self) -> Option<Weak<dyn Starved>> {
        self.waiting.borrow_mut().pop_front()
    }

    fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }
}

/// Puts a receive that found no buffer at the end of this core's line. It is fed within a few
/// turns, or never if the runtime ends before.
///
/// # Errors
/// Outside a runtime.
pub fn wait_for_buffers(who: Weak<dyn Starved>) -> io::Result<()> {
    let core = context::core().ok_or_else(context::outside)?;
    let line = core.recv_pools().line();
    line.waiting.borrow_mut().push_back(who);
    if !line.is_kept.replace(true) {
        core.recv_pools().begin_line(core.driver());
        drop(spawn(keep()));
    }
    Ok(())
}

/// Feeds the line until it is empty.
async fn keep() {
    let mut patience = PATIENCE;
    loop {
        yield_now().await;
        let Some(core) = context::core() else { return };
        let (pools, line) = (core.recv_pools(), core.recv_pools().line());
        let pool = pools.for_socket(core.driver());
        let turns = pool.as_ref().map_or(0, |pool| pools.turns(pool, SHARE));
        let (turns, pool) = match turns {
            0 if patience > 0 => {
                patience -= 1;
                continue;
            }
            0 => match pools.grow(core.driver()) {
                Some(larger) => (usize::from(larger.count()), Some(larger)),
                None => (usize::MAX, None),
            },
            turns => (turns, pool),
        };
        patience = PATIENCE;
        for who in std::iter::from_fn(|| line.next()).take(turns) {
            if let Some(who) = who.upgrade() {
                // It wakes readers, which is foreign code: the line goes on.
                contained(|| who.fed(pool.clone()));
            }
        }
        if line.is_empty() {
            line.is_kept.set(false);
            return;
        }
    }
}
