//! One stream as a reader and a writer that are used side by side.

use crate::{BufRead, OwnedRead, OwnedWrite, Write};

/// Streams whose two directions can be used at the same time.
///
/// For generic code: a read and a write wait side by side, each on a half of its own, and neither
/// holds up the other. Code that knows the type has more: Sexton's sockets are also readers and
/// writers by reference, and have halves for two tasks.
///
/// ```
/// # mod wait { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/block_on.in")); }
/// # use wait::block_on;
/// use sexton_io::{BufRead, Read, SplitIo, Write, duplex};
///
/// /// Sends back what comes, one chunk at a time.
/// async fn echo(stream: &mut impl SplitIo) -> std::io::Result<()> {
///     let (mut reader, mut writer) = stream.split_io();
///     loop {
///         let bytes = reader.fill_buf().await?;
///         if bytes.is_empty() {
///             return writer.shutdown().await;
///         }
///         writer.write_all(bytes).await?; // `bytes` are still the reader's
///         let n = bytes.len();
///         reader.consume(n);
///     }
/// }
///
/// let (mut client, mut server) = duplex(64);
/// block_on(client.write_all(b"hello"))?;
/// block_on(client.shutdown())?;
/// block_on(echo(&mut server))?;
/// let mut answer = String::new();
/// block_on(client.read_to_string(&mut answer))?;
/// assert_eq!(answer, "hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait SplitIo {
    /// What reads.
    type ReadHalf<'a>: BufRead + OwnedRead
    where
        Self: 'a;

    /// What writes.
    type WriteHalf<'a>: Write + OwnedWrite
    where
        Self: 'a;

    /// Both halves, for as long as they are borrowed. No I/O.
    ///
    /// What the stream has read and nobody has taken is read through the half first; what is left
    /// of it afterwards is the stream's again. Dropping a half does nothing, in particular it does
    /// not shut the direction down.
    fn split_io(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>);
}

impl<T: SplitIo + ?Sized> SplitIo for &mut T {
    type ReadHalf<'a>
        = T::ReadHalf<'a>
    where
        Self: 'a;
    type WriteHalf<'a>
        = T::WriteHalf<'a>
    where
        Self: 'a;

    fn split_io(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
        (**self).split_io()
    }
}

impl<T: SplitIo + ?Sized> SplitIo for Box<T> {
    type ReadHalf<'a>
        = T::ReadHalf<'a>
    where
        Self: 'a;
    type WriteHalf<'a>
        = T::WriteHalf<'a>
    where
        Self: 'a;

    fn split_io(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
        (**self).split_io()
    }
}
