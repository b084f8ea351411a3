//! TCP: listeners and streams.

mod listener;
mod shared_port;
mod stream;

pub use listener::TcpListener;
pub use stream::TcpStream;
