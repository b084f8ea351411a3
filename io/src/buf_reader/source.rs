//! Where a buffered reader's memory comes from.

use std::rc::Rc;

use sexton_buffers::IoBufMut;

/// A supply of buffers for readers that have memory of their own: a pool, a registration, the heap.
///
/// A reader asks when it reads and has no memory: the first time, and after a read that was
/// dropped with the memory it had. It drops the buffer when it is dropped itself, so a buffer of a
/// pool goes back then.
///
/// A closure that returns buffers is a source, too.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_buffers::Fill;
/// use sexton_io::{BufRead, BufReader, BufSource};
///
/// /// Pages that were zeroed in advance.
/// struct Pages;
///
/// impl BufSource for Pages {
///     type Buf = Fill<Box<[u8]>>;
///
///     fn get(&self) -> Option<Self::Buf> {
///         Some(Fill::new(vec![0; 4096].into_boxed_slice()))
///     }
/// }
///
/// let mut reader = BufReader::with_source(&b"hello"[..], Pages);
/// assert_eq!(block_on(reader.fill_buf())?, b"hello");
/// let mut reader = BufReader::with_source(&b"hello"[..], || Some(Vec::with_capacity(2)));
/// assert_eq!(block_on(reader.fill_buf())?, b"he");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait BufSource {
    /// The buffers.
    type Buf: IoBufMut;

    /// A buffer to read into; `None` if there is none at the moment.
    fn get(&self) -> Option<Self::Buf>;
}

impl<F: Fn() -> Option<B>, B: IoBufMut> BufSource for F {
    type Buf = B;

    fn get(&self) -> Option<B> {
        self()
    }
}

/// One source for many readers.
impl<S: BufSource + ?Sized> BufSource for Rc<S> {
    type Buf = S::Buf;

    fn get(&self) -> Option<S::Buf> {
        (**self).get()
    }
}

/// Vectors of one capacity, each allocated when it is asked for: what a
/// [`BufReader`](crate::BufReader) uses if it is not told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    capacity: usize,
}

impl Heap {
    /// Vectors with room for `capacity` bytes.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { capacity }
    }
}

impl BufSource for Heap {
    type Buf = Vec<u8>;

    fn get(&self) -> Option<Vec<u8>> {
        let mut buf = Vec::new();
        buf.try_reserve_exact(self.capacity).ok()?;
        Some(buf)
    }
}
