//! Pools of buffers: memory only, a ring's registration of it is somebody else's business.

mod memory;
mod fixed;
mod provided;
mod pool_buf;

pub use fixed::{FixedBuf, FixedPool};
pub use pool_buf::PoolBuf;
pub use provided::ProvidedPool;
