//! buffers
pub mod registry;
pub mod graveyard;
