//! The descriptors of a thread's kernel in memory.
//!
//! Each is a real one, so that it can be owned, borrowed and closed as any other: the writing end
//! of a pipe whose reading end stays here and tells when the last copy was closed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::rc::Rc;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use super::stream::Stream;

thread_local! {
    static WORLD: World = World::default();
}

/// The descriptors, and how completions behave.
#[derive(Debug, Default)]
pub(super) struct World {
    ends: RefCell<Vec<Rc<End>>>,
    knobs: Cell<Knobs>,
    /// Counts what may make an operation ready.
    changes: Cell<u64>,
}

/// What tests turn; turned back when a ring closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    /// The latest submission completes first.
    pub(super) reverse: bool,
    /// Nothing completes except cancels and timeouts.
    pub(super) hold: bool,
    /// The most bytes that one transfer moves.
    pub(super) longest: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self { reverse: false, hold: false, longest: usize::MAX }
    }
}

/// What a descriptor stands for.
#[derive(Debug)]
pub(super) struct End {
    number: RawFd,
    /// Reads as ended once every copy of the descriptor is closed.
    life: OwnedFd,
    gone: Cell<bool>,
    pub(super) kind: Kind,
    /// Its operations don't complete, and can't be cancelled.
    pub(super) held: Cell<bool>,
    /// Errors for the next operations.
    pub(super) failures: RefCell<VecDeque<i32>>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Stream(Stream),
    File { bytes: RefCell<Vec<u8>>, cursor: Cell<u64> },
    Listener { backlog: RefCell<VecDeque<OwnedFd>> },
}

impl End {
    /// Whether every copy of the descriptor is closed.
    fn is_gone(&self) -> bool {
        if !self.gone.get() {
            let mut byte = [0_u8; 1];
            // Nobody has a reason to write into it; what all the same comes is passed over.
            let gone = loop {
                match rustix::io::read(&self.life, &mut byte) {
                    Ok(0) => break true,
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(_) => break false,
                }
            };
            self.gone.set(gone);
        }
        self.gone.get()
    }

    fn close(&self) {
        match &self.kind {
            Kind::Stream(stream) => stream.close(),
            Kind::File { .. } => {}
            Kind::Listener { backlog } => backlog.take().clear(),
        }
    }
}

impl World {
    /// A new descriptor that stands for `kind`.
    pub(super) fn open(kind: Kind) -> io::Result<OwnedFd> {
        let (life, fd) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let end = End {
            number: fd.as_raw_fd(),
            life,
            gone: Cell::new(false),
            kind,
            held: Cell::new(false),
            failures: RefCell::default(),
        };
        WORLD.with(|world| world.ends.borrow_mut().push(Rc::new(end)));
        Ok(fd)
    }

    /// What the number stands for now.
    pub(super) fn find(number: RawFd) -> Option<Rc<End>> {
        WORLD.with(|world| {
            let ends = world.ends.borrow();
            ends.iter().find(|end| end.number == number && !end.is_gone()).cloned()
        })
    }

    /// Says that something may have become ready.
    pub(super) fn touch() {
        WORLD.with(|world| world.changes.set(world.changes.get() + 1));
    }

    /// Closes what nobody has any more, and says how often something has changed.
    pub(super) fn changes() -> u64 {
        WORLD.with(|world| {
            let mut closed = Vec::new();
            world.ends.borrow_mut().retain(|end| {
                // While an operation has it, it is open.
                let stays = Rc::strong_count(end) > 1 || !end.is_gone();
                if !stays {
                    closed.push(Rc::clone(end));
                }
                stays
            });
            for end in &closed {
                end.close();
                Self::touch();
            }
            world.changes.get()
        })
    }

    pub(super) fn knobs() -> Knobs {
        WORLD.with(|world| world.knobs.get())
    }

    pub(super) fn turn(how: impl FnOnce(&mut Knobs)) {
        WORLD.with(|world| {
            let mut knobs = world.knobs.get();
            how(&mut knobs);
            world.knobs.set(knobs);
        });
        Self::touch();
    }

    /// Turns every knob back. Also from a thread-local destructor, when there is no world any more.
    pub(super) fn turn_back() {
        // An error says that the world is gone, its knobs included.
        let _ = WORLD.try_with(|world| {
            world.knobs.set(Knobs::default());
            world.ends.borrow().iter().for_each(|end| end.held.set(false));
        });
    }
}
