//! One concrete, erased type for every owned buffer.

mod buf;
mod table;

pub use buf::OwnedBuf;
