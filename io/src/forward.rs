//! A reference to a reader is a reader: every trait for `&mut T` and `Box<T>`.
//!
//! The provided methods are forwarded, too: an implementor may have overridden them.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;

use sexton_buffers::{
    BufError, BufResult, IoBuf, IoBufMut, IoVecBuf, IoVecBufMut, ReadCursor, ReadVecCursor,
};

use crate::{
    BufRead, BufWrite, Interest, ManagedRead, NonBlocking, OwnedRead, OwnedWrite, Read, ReadAt,
    Readiness, Ready, Seek, Write, WriteAt,
};

/// For each holder of a `T`, an impl whose methods are the same calls on the `T`.
macro_rules! forward {
    ($Trait:ident for $($Holder:ty),+ => $methods:tt) => {
        $(forward!(@impl $Trait, $Holder, $methods);)+
    };
    (@impl $Trait:ident, $Holder:ty, {
        $(type $Type:ident;)?
        $(fn $name:ident $(<$B:ident: $Bound:path>)? ($($inputs:tt)*) -> $Output:ty;)*
    }) => {
        impl<T: $Trait + ?Sized> $Trait for $Holder {
            $(type $Type = T::$Type;)?
            $(forward!(@fn $name [$($B: $Bound)?] ($($inputs)*) -> $Output);)*
        }
    };
    (@fn $name:ident [$($G:tt)*] (&mut self $(, $input:ident: $Input:ty)*) -> $Output:ty) => {
        fn $name<$($G)*>(&mut self $(, $input: $Input)*) -> $Output {
            (**self).$name($($input),*)
        }
    };
    (@fn $name:ident [$($G:tt)*] (&self $(, $input:ident: $Input:ty)*) -> $Output:ty) => {
        fn $name<$($G)*>(&self $(, $input: $Input)*) -> $Output {
            (**self).$name($($input),*)
        }
    };
}

forward!(Ready for &mut T, Box<T> => {
    fn ready(&mut self, interest: Interest) -> impl Future<Output = io::Result<Readiness>>;
});

forward!(Read for &mut T, Box<T> => {
    fn non_blocking_read_buf(&mut self, buf: ReadCursor<'_>) -> io::Result<NonBlocking<()>>;
    fn non_blocking_read_buf_vectored(&mut self, bufs: ReadVecCursor<'_, '_>)
        -> io::Result<NonBlocking<usize>>;
    fn is_read_vectored(&self) -> bool;
    fn read_buf(&mut self, buf: ReadCursor<'_>) -> impl Future<Output = io::Result<()>>;
    fn read(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>>;
    fn read_buf_exact(&mut self, buf: ReadCursor<'_>) -> impl Future<Output = io::Result<()>>;
    fn read_exact(&mut self, buf: &mut [u8]) -> impl Future<Output = io::Result<()>>;
    fn read_buf_vectored(&mut self, bufs: ReadVecCursor<'_, '_>)
        -> impl Future<Output = io::Result<usize>>;
    fn read_to_end(&mut self, buf: &mut Vec<u8>) -> impl Future<Output = io::Result<usize>>;
    fn read_to_string(&mut self, buf: &mut String) -> impl Future<Output = io::Result<usize>>;
});

forward!(Write for &mut T, Box<T> => {
    fn non_blocking_write(&mut self, buf: &[u8]) -> io::Result<NonBlocking<usize>>;
    fn non_blocking_write_vectored(&mut self, bufs: &[IoSlice<'_>])
        -> io::Result<NonBlocking<usize>>;
    fn non_blocking_flush(&mut self) -> io::Result<NonBlocking<()>>;
    fn is_write_vectored(&self) -> bool;
    fn write(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<usize>>;
    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> impl Future<Output = io::Result<usize>>;
    fn write_all(&mut self, buf: &[u8]) -> impl Future<Output = io::Result<()>>;
    fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>])
        -> impl Future<Output = io::Result<()>>;
    fn write_fmt(&mut self, args: fmt::Arguments<'_>) -> impl Future<Output = io::Result<()>>;
    fn flush(&mut self) -> impl Future<Output = io::Result<()>>;
    fn shutdown(&mut self) -> impl Future<Output = io::Result<()>>;
});

forward!(BufRead for &mut T, Box<T> => {
    fn fill_buf(&mut self) -> impl Future<Output = io::Result<&[u8]>>;
    fn consume(&mut self, n: usize) -> ();
    fn fill_at_least(&mut self, n: usize) -> impl Future<Output = io::Result<&[u8]>>;
    fn has_data_left(&mut self) -> impl Future<Output = io::Result<bool>>;
    fn next_byte(&mut self) -> impl Future<Output = io::Result<Option<u8>>>;
    fn read_until(&mut self, byte: u8, buf: &mut Vec<u8>)
        -> impl Future<Output = io::Result<usize>>;
    fn read_until_limited(&mut self, byte: u8, buf: &mut Vec<u8>, max: usize)
        -> impl Future<Output = io::Result<usize>>;
    fn skip_until(&mut self, byte: u8) -> impl Future<Output = io::Result<usize>>;
    fn read_line(&mut self, buf: &mut String) -> impl Future<Output = io::Result<usize>>;
    fn read_line_limited(&mut self, buf: &mut String, max: usize)
        -> impl Future<Output = io::Result<usize>>;
});

forward!(ManagedRead for &mut T, Box<T> => {
    type Buf;
    fn read_managed(&mut self, max: usize)
        -> impl Future<Output = io::Result<Option<Self::Buf>>>;
});

forward!(OwnedRead for &mut T, Box<T> => {
    fn read_owned<B: IoBufMut>(&mut self, buf: B) -> impl Future<Output = BufResult<usize, B>>;
    fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V)
        -> impl Future<Output = BufResult<usize, V>>;
    fn is_read_vectored_owned(&self) -> bool;
    fn read_exact_owned<B: IoBufMut>(&mut self, buf: B)
        -> impl Future<Output = Result<B, BufError<B>>>;
    fn read_to_end_owned(&mut self, buf: Vec<u8>)
        -> impl Future<Output = BufResult<usize, Vec<u8>>>;
});

forward!(OwnedWrite for &mut T, Box<T> => {
    fn write_owned<B: IoBuf>(&mut self, buf: B) -> impl Future<Output = BufResult<usize, B>>;
    fn write_vectored_owned<V: IoVecBuf>(&mut self, bufs: V)
        -> impl Future<Output = BufResult<usize, V>>;
    fn is_write_vectored_owned(&self) -> bool;
    fn flush_owned(&mut self) -> impl Future<Output = io::Result<()>>;
    fn shutdown_owned(&mut self) -> impl Future<Output = io::Result<()>>;
    fn write_all_owned<B: IoBuf>(&mut self, buf: B)
        -> impl Future<Output = Result<B, BufError<B>>>;
});

forward!(ReadAt for &T, &mut T, Box<T>, Rc<T>, Arc<T> => {
    fn read_at<B: IoBufMut>(&self, buf: B, pos: u64)
        -> impl Future<Output = BufResult<usize, B>>;
    fn read_vectored_at<V: IoVecBufMut>(&self, bufs: V, pos: u64)
        -> impl Future<Output = BufResult<usize, V>>;
    fn read_exact_at<B: IoBufMut>(&self, buf: B, pos: u64)
        -> impl Future<Output = Result<B, BufError<B>>>;
});

forward!(WriteAt for &T, &mut T, Box<T>, Rc<T>, Arc<T> => {
    fn write_at<B: IoBuf>(&self, buf: B, pos: u64) -> impl Future<Output = BufResult<usize, B>>;
    fn write_vectored_at<V: IoVecBuf>(&self, bufs: V, pos: u64)
        -> impl Future<Output = BufResult<usize, V>>;
    fn write_all_at<B: IoBuf>(&self, buf: B, pos: u64)
        -> impl Future<Output = Result<B, BufError<B>>>;
});

forward!(BufWrite for &mut T, Box<T> => {
    fn space(&mut self) -> impl Future<Output = io::Result<&mut [u8]>>;
    fn commit(&mut self, n: usize) -> ();
    fn buffered(&self) -> usize;
    fn put(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>>;
});

forward!(Seek for &mut T, Box<T> => {
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = io::Result<u64>>;
    fn rewind(&mut self) -> impl Future<Output = io::Result<()>>;
    fn stream_position(&mut self) -> impl Future<Output = io::Result<u64>>;
    fn stream_len(&mut self) -> impl Future<Output = io::Result<u64>>;
    fn seek_relative(&mut self, by: i64) -> impl Future<Output = io::Result<()>>;
});
