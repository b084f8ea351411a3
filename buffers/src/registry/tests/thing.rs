//! The operation of these tests, and the kernel that writes into it.

#![allow(unsafe_code, reason = "plays the driver and the kernel")]

use super::super::{Answer, Mark, Stored, Table, Words};
use std::cell::RefCell;
use std::rc::Rc;

/// What happened to operations, in order.
pub(super) type Log = Rc<RefCell<Vec<Told>>>;

/// What an operation was told, beside its number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    Adopted(usize, Answer),
    Item(usize, Answer),
    /// Dropped without an answer.
    Discarded(usize),
    /// Dropped, in whichever way.
    Dropped(usize),
}

/// An operation with room for the kernel in itself and in a box. `N` makes it as large as one
/// likes.
pub(super) struct Thing<const N: usize> {
    number: usize,
    handler: Handler,
    inline: [u8; 4],
    boxed: Box<[u8; 4]>,
    marked: usize,
    _ballast: [usize; N],
}

/// Lies beside what the kernel has.
struct Handler {
    number: usize,
    log: Log,
}

/// Fits into a slot.
pub(super) type Small = Thing<1>;
/// Is boxed.
pub(super) type Large = Thing<20>;

impl<const N: usize> Drop for Thing<N> {
    fn drop(&mut self) {
        self.handler.log.borrow_mut().push(Told::Dropped(self.number));
    }
}

/// What the kernel was given of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    inline: *mut [u8; 4],
    boxed: *mut [u8; 4],
    pub(super) mark: Mark,
}

impl Given {
    /// What the kernel does until its last answer.
    pub(super) fn write(self, byte: u8) {
        // SAFETY: in flight: this is what the operation's borrow was given away for.
        unsafe { self.inline.write([byte; 4]) };
        // SAFETY: as above.
        unsafe { self.boxed.write([byte; 4]) };
    }
}

/// # Safety
/// `marked` is a thing's.
unsafe fn mark(marked: *mut (), n: usize) {
    // SAFETY: as the caller says; the kernel has let go.
    let marked = unsafe { &mut *marked.cast::<usize>() };
    *marked += n;
}

impl<const N: usize> Thing<N> {
    pub(super) const TABLE: &'static Table<Answer> =
        &Table { adopt: Self::adopt, item: Self::item, discard: Self::discard };

    pub(super) fn new(number: usize, log: &Log) -> Self {
        Self {
            number,
            handler: Handler { number, log: Rc::clone(log) },
            inline: [0; 4],
            boxed: Box::new([0; 4]),
            marked: 0,
            _ballast: [0; N],
        }
    }

    /// As `entry` does: borrows what the kernel gets.
    ///
    /// # Safety
    /// The thing lies there, and nothing is done with it until its end.
    pub(super) unsafe fn describe(at: *mut Self) -> Given {
        // SAFETY: a field is borrowed, as the caller says; the handler beside it is not.
        let inline = unsafe { &mut (*at).inline };
        // SAFETY: as above.
        let boxed = unsafe { &mut (*at).boxed };
        // SAFETY: as above.
        let marked: *mut usize = unsafe { &mut (*at).marked };
        Given { inline, boxed: &raw mut **boxed, mark: Mark { mark, buf: marked.cast() } }
    }

    /// What the kernel wrote last, and how much was marked.
    pub(super) fn seen(&self) -> (u8, usize) {
        assert!(self.inline == *self.boxed && self.inline == [self.inline[0]; 4]);
        (self.inline[0], self.marked)
    }

    unsafe fn adopt(words: *mut Words, answer: Answer) {
        // SAFETY: the table's contract.
        let thing = unsafe { Stored::<Self>::take(words) };
        thing.seen();
        thing.handler.log.borrow_mut().push(Told::Adopted(thing.number, answer));
    }

    unsafe fn item(words: *mut Words, answer: Answer) {
        // SAFETY: the table's contract.
        let thing = unsafe { Stored::<Self>::at(words) };
        // SAFETY: the handler lies beside what the kernel has.
        let handler = unsafe { &(*thing).handler };
        handler.log.borrow_mut().push(Told::Item(handler.number, answer));
    }

    unsafe fn discard(words: *mut Words) {
        // SAFETY: the table's contract.
        let thing = unsafe { Stored::<Self>::take(words) };
        thing.handler.log.borrow_mut().push(Told::Discarded(thing.number));
    }
}
