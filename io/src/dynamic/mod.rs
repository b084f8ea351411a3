//! The traits as trait objects: a companion for each, which the object turns back into the trait.

mod ready;
mod read;
mod buf_read;
mod write;
mod owned_read;
mod owned_write;
mod at;
mod write_at;
mod seek;

pub use at::DynReadAt;
pub use buf_read::DynBufRead;
pub use owned_read::DynOwnedRead;
pub use owned_write::DynOwnedWrite;
pub use read::DynRead;
pub use ready::DynReady;
pub use seek::DynSeek;
pub use write::DynWrite;
pub use write_at::DynWriteAt;

use std::future::Future;
use std::pin::Pin;

use sexton_buffers::{BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut};
use sexton_buffers::{OwnedBuf, OwnedBytes, OwnedVecBuf, OwnedVecBytes};

/// A boxed future that may stay on its thread: what the methods of trait objects return.
pub type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// An erased buffer, and the way back.
trait Erased<B>: Sized {
    fn erase(buf: B) -> Self;

    /// # Panics
    /// If it is another buffer. An implementation gives back what it was given: there is no other
    /// answer if it does not, since the caller waits for a `B`.
    fn restore(self) -> B;
}

const SWAPPED: &str = "a reader or writer gives back the buffer that it was given, no other";

impl<B: IoBufMut> Erased<B> for OwnedBuf {
    fn erase(buf: B) -> Self {
        OwnedBuf::new(buf)
    }

    fn restore(self) -> B {
        self.try_into_inner().expect(SWAPPED)
    }
}

impl<B: IoBuf> Erased<B> for OwnedBytes {
    fn erase(buf: B) -> Self {
        OwnedBytes::new(buf)
    }

    fn restore(self) -> B {
        self.try_into_inner().expect(SWAPPED)
    }
}

impl<V: IoVecBufMut> Erased<V> for OwnedVecBuf {
    fn erase(bufs: V) -> Self {
        OwnedVecBuf::new(bufs)
    }

    fn restore(self) -> V {
        self.try_into_inner().expect(SWAPPED)
    }
}

impl<V: IoVecBuf> Erased<V> for OwnedVecBytes {
    fn erase(bufs: V) -> Self {
        OwnedVecBytes::new(bufs)
    }

    fn restore(self) -> V {
        self.try_into_inner().expect(SWAPPED)
    }
}

fn restored<T, B, E: Erased<B>>(result: BufResult<T, E>) -> BufResult<T, B> {
    match result {
        Ok((t, buf)) => Ok((t, buf.restore())),
        Err(e) => Err(e.map_buf(E::restore)),
    }
}

/// [`restored`], for the methods whose count is implied.
fn restored_whole<B, E: Erased<B>>(result: Result<E, BufError<E>>) -> Result<B, BufError<B>> {
    result.map(E::restore).map_err(|e| e.map_buf(E::restore))
}
