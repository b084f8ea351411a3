//! The parts of a stream between delimiters, kept across cancellation.

use std::fmt;
use std::io::Result;

use crate::{BufRead, fault};

/// The parts of a stream between bytes of one value; made by [`BufRead::split`].
pub struct Split<R> {
    reader: R,
    byte: u8,
    max: usize,
    /// What is read of the part that [`Split::next_ended`] waits for.
    partial: Vec<u8>,
}

impl<R> Split<R> {
    pub(crate) fn new(reader: R, byte: u8, max: usize) -> Self {
        Self { reader, byte, max, partial: Vec::new() }
    }

    /// What is read of the next part, its end not yet seen.
    #[must_use]
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// The reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader. What is read from it here is missing in the next part.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader, and what is read of the next part.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut parts = Memory::new("one,two;rest").split(b',');
    /// block_on(parts.next_segment())?;
    /// let (reader, partial) = parts.into_parts();
    /// assert!(partial.is_empty() && reader.rest().starts_with(b"two"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (R, Vec<u8>) {
        (self.reader, self.partial)
    }
}

impl<R: BufRead> Split<R> {
    /// The next part, without the byte that ends it; `None` at the end of the stream.
    ///
    /// An empty part after the last such byte is not one.
    ///
    /// # Completes
    /// When a whole part, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// Those of the reader; and `InvalidData` with a [`TooLong`](crate::TooLong) inside, beyond the
    /// limit. What was read of the part stays in [`partial`](Split::partial), the rest in the
    /// reader; called again, it goes on from there.
    ///
    /// # If dropped
    /// Lossless: what was read of the part stays here.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut parts = Memory::new("one,two").split(b',');
    /// assert_eq!(block_on(parts.next_segment())?.as_deref(), Some(&b"one"[..]));
    /// assert_eq!(block_on(parts.next_segment())?.as_deref(), Some(&b"two"[..]));
    /// assert_eq!(block_on(parts.next_segment())?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn next_segment(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(mut part) = self.next_ended().await? else { return Ok(None) };
        part.pop_if(|&mut last| last == self.byte);
        Ok(Some(part))
    }

    /// The next part and the byte that ends it, which only the last one may lack.
    async fn next_ended(&mut self) -> Result<Option<Vec<u8>>> {
        self.reader.read_until_limited(self.byte, &mut self.partial, self.max).await?;
        if self.partial.is_empty() {
            return Ok(None);
        }
        Ok(Some(std::mem::take(&mut self.partial)))
    }
}

impl<R: fmt::Debug> fmt::Debug for Split<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Split")
            .field("reader", &self.reader)
            .field("byte", &self.byte)
            .field("max", &self.max)
            .field("partial_len", &self.partial.len())
            .finish()
    }
}

/// The lines of a stream; made by [`BufRead::lines`].
#[derive(Debug)]
pub struct Lines<R>(Split<R>);

impl<R> Lines<R> {
    pub(crate) fn new(reader: R, max: usize) -> Self {
        Self(Split::new(reader, b'\n', max))
    }

    /// What is read of the next line, its end not yet seen.
    #[must_use]
    pub fn partial(&self) -> &[u8] {
        self.0.partial()
    }

    /// The reader.
    #[must_use]
    pub fn get_ref(&self) -> &R {
        self.0.get_ref()
    }

    /// The reader. What is read from it here is missing in the next line.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut R {
        self.0.get_mut()
    }

    /// The reader, and what is read of the next line.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut lines = Memory::new("one\ntwo").lines();
    /// block_on(lines.next_line())?;
    /// let (reader, partial) = lines.into_parts();
    /// assert!(partial.is_empty() && reader.rest().starts_with(b"two"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (R, Vec<u8>) {
        self.0.into_parts()
    }
}

impl<R: BufRead> Lines<R> {
    /// The next line, without its end (`\n` or `\r\n`); `None` at the end of the stream.
    ///
    /// # Completes
    /// When a whole line, the end of the stream, or an error is there.
    ///
    /// # Errors
    /// As [`Split::next_segment`]; and `InvalidData` if the line is not UTF-8: inside is a
    /// [`FromUtf8Error`](std::string::FromUtf8Error) with its bytes, the next call goes on with
    /// the next line.
    ///
    /// # If dropped
    /// Lossless: what was read of the line stays here.
    ///
    /// ```
    /// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
    /// # use wait::block_on;
    /// use sexton_io::{BufRead, Memory};
    ///
    /// let mut lines = Memory::new("one\r\ntwo").lines();
    /// assert_eq!(block_on(lines.next_line())?.as_deref(), Some("one"));
    /// assert_eq!(block_on(lines.next_line())?.as_deref(), Some("two"));
    /// assert_eq!(block_on(lines.next_line())?, None);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        let Some(mut line) = self.0.next_ended().await? else { return Ok(None) };
        if line.pop_if(|&mut last| last == b'\n').is_some() {
            line.pop_if(|&mut last| last == b'\r');
        }
        String::from_utf8(line).map(Some).map_err(fault::not_utf8)
    }
}
