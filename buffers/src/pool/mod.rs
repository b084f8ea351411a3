//! Pools of buffers: memory only, a ring's registration of it is somebody else's business.

mod memory;
mod entries;
mod fixed;
mod provided;
mod pool_buf;
mod pool_bufs;

pub use fixed::{FixedBuf, FixedPool};
pub use pool_buf::PoolBuf;
pub use pool_bufs::PoolBufs;
pub use provided::{Consumption, ProvidedPool};
