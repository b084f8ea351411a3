//! Several owned buffers in one operation: the traits, and who implements them.

mod io_vec_buf;
mod lists;
mod tuples;

pub use io_vec_buf::{IoVecBuf, IoVecBufMut};
