//! The methods that streams have beside the traits: by `&self`, and to be polled.

mod reading;
mod stream;
mod writing;

pub(crate) use reading::reading_methods;
pub(crate) use stream::stream_methods;
pub(crate) use writing::writing_methods;
