//! What the traits promise, held against scripted readers and writers.
//!
//! `support` has the scripts; each other module is one promise, or one trait.

#[cfg(test)]
mod support;

#[cfg(test)]
mod ready;
#[cfg(test)]
mod read;
#[cfg(test)]
mod write;
#[cfg(test)]
mod buf_read;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod owned;
#[cfg(test)]
mod at;
#[cfg(test)]
mod adaptors;
#[cfg(test)]
mod forward;
#[cfg(test)]
mod model;
#[cfg(test)]
mod duplex;
#[cfg(test)]
mod copy;
#[cfg(test)]
mod copy_bidirectional;
#[cfg(test)]
mod dynamic;
#[cfg(test)]
mod seek;
#[cfg(test)]
mod buf_write;
#[cfg(test)]
mod buf_reader;
#[cfg(test)]
mod buf_reader_memory;
#[cfg(test)]
mod buf_reader_seek;
#[cfg(test)]
mod buf_reader_model;
#[cfg(test)]
mod buf_writer;
#[cfg(test)]
mod buf_writer_model;
#[cfg(test)]
#[cfg(feature = "stream")]
mod stream;
