//! `Rc<T>` has the traits that `&T` has: it is a shared reference that lives longer.

use std::io::{self, IoSlice};
use std::rc::Rc;

use sexton_buffers::{
    BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor, ReadVecCursor,
};

use crate::{Interest, NonBlocking, OwnedRead, OwnedWrite, Read, Readiness, Ready, Write};

/// An impl whose methods are the same calls on a `&T`: those that wait, those that do not, and
/// those that only say something.
macro_rules! shared {
    ($Trait:ident {
        $(async fn $wait:ident $(<$B:ident: $Bound:path>)? ($($sent:ident: $Sent:ty),*)
            -> $Output:ty;)*
        $(fn $now:ident($($given:ident: $Given:ty),*) -> $Answer:ty;)*
        $(const fn $flag:ident(&self) -> bool;)?
    }) => {
        impl<T: ?Sized> $Trait for Rc<T>
        where
            for<'t> &'t T: $Trait,
        {
            $(async fn $wait<$($B: $Bound)?>(&mut self $(, $sent: $Sent)*) -> $Output {
                let mut shared = &**self;
                $Trait::$wait(&mut shared $(, $sent)*).await
            })*
            $(fn $now(&mut self $(, $given: $Given)*) -> $Answer {
                let mut shared = &**self;
                $Trait::$now(&mut shared $(, $given)*)
            })*
            $(fn $flag(&self) -> bool {
                $Trait::$flag(&&**self)
            })?
        }
    };
}

shared!(Ready {
    async fn ready(interest: Interest) -> io::Result<Readiness>;
});

shared!(Read {
    async fn read_buf(buf: ReadCursor<'_>) -> io::Result<()>;
    async fn read(buf: &mut [u8]) -> io::Result<usize>;
    async fn read_buf_exact(buf: ReadCursor<'_>) -> io::Result<()>;
    async fn read_exact(buf: &mut [u8]) -> io::Result<()>;
    async fn read_buf_vectored(bufs: ReadVecCursor<'_, '_>) -> io::Result<usize>;
    async fn read_to_end(buf: &mut Vec<u8>) -> io::Result<usize>;
    async fn read_to_string(buf: &mut String) -> io::Result<usize>;
    fn non_blocking_read_buf(buf: ReadCursor<'_>) -> io::Result<NonBlocking<()>>;
    fn non_blocking_read_buf_vectored(bufs: ReadVecCursor<'_, '_>)
        -> io::Result<NonBlocking<usize>>;
    const fn is_read_vectored(&self) -> bool;
});

// `write_fmt` stays as it is provided: it makes the text before it waits, and writes all of it.
shared!(Write {
    async fn write(buf: &[u8]) -> io::Result<usize>;
    async fn write_vectored(bufs: &[IoSlice<'_>]) -> io::Result<usize>;
    async fn write_all(buf: &[u8]) -> io::Result<()>;
    async fn write_all_vectored(bufs: &mut [IoSlice<'_>]) -> io::Result<()>;
    async fn flush() -> io::Result<()>;
    async fn shutdown() -> io::Result<()>;
    fn non_blocking_write(buf: &[u8]) -> io::Result<NonBlocking<usize>>;
    fn non_blocking_write_vectored(bufs: &[IoSlice<'_>]) -> io::Result<NonBlocking<usize>>;
    fn non_blocking_flush() -> io::Result<NonBlocking<()>>;
    const fn is_write_vectored(&self) -> bool;
});

shared!(OwnedRead {
    async fn read_owned<B: IoBufMut>(buf: B) -> BufResult<usize, B>;
    async fn read_vectored_owned<V: IoVecBufMut>(bufs: V) -> BufResult<usize, V>;
    async fn read_exact_owned<B: IoBufMut>(buf: B) -> Result<B, BufError<B>>;
    async fn read_to_end_owned(buf: Vec<u8>) -> BufResult<usize, Vec<u8>>;
    const fn is_read_vectored_owned(&self) -> bool;
});

shared!(OwnedWrite {
    async fn write_owned<B: IoBuf>(buf: B) -> BufResult<usize, B>;
    async fn write_vectored_owned<V: IoVecBuf>(bufs: V) -> BufResult<usize, V>;
    async fn write_all_owned<B: IoBuf>(buf: B) -> Result<B, BufError<B>>;
    async fn flush_owned() -> io::Result<()>;
    async fn shutdown_owned() -> io::Result<()>;
    const fn is_write_vectored_owned(&self) -> bool;
});
