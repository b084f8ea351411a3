//! Local sockets: listeners and streams.

mod listener;
mod stream;

pub use listener::UnixListener;
pub use stream::{UCred, UnixStream};
