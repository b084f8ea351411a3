//! TCP: listeners and streams.

mod ending;
mod listener;
mod shared_port;
mod stream;

pub(crate) use ending::Ending;
pub use listener::TcpListener;
pub use stream::TcpStream;
