//! TCP: listeners, streams, and the two halves of a stream.

mod listener;
mod shared_port;
mod stream;
mod traits;
mod halves;

pub use halves::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
pub use listener::TcpListener;
pub use stream::TcpStream;
