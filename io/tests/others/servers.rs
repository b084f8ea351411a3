//! Three servers over the traits alone: no word here says whose runtime they run on.

use sexton_buffers::IoBuf;
use sexton_io::{BufRead, OwnedRead, OwnedWrite, SplitIo, Write, copy_bidirectional};
use std::io::Result;

/// Sends back what comes, then the end. Reads and writes lend one buffer to and fro.
pub(crate) async fn echo(stream: &mut impl SplitIo) -> Result<()> {
    let (mut reader, mut writer) = stream.split_io();
    let mut buf = Vec::with_capacity(1500);
    loop {
        let n;
        (n, buf) = reader.read_owned(buf).await?;
        if n == 0 {
            return writer.shutdown_owned().await;
        }
        // Where the system writes several buffers at once, it takes both.
        let half = buf.len() / 2;
        let ends = (buf.clone().slice(..half), buf.clone().slice(half..));
        let (n, _) = writer.write_vectored_owned(ends).await?;
        let rest = writer.write_all_owned(buf.slice(n..)).await?;
        buf = rest.into_inner();
        buf.clear();
    }
}

/// Answers each line with its number and its length. A line that does not fit ends it.
pub(crate) async fn lines(stream: &mut impl SplitIo) -> Result<()> {
    let (reader, mut writer) = stream.split_io();
    let mut lines = reader.lines_limited(4096);
    let mut number = 0;
    while let Some(line) = lines.next_line().await? {
        number += 1;
        writeln!(writer, "{number}: {} bytes", line.len()).await?;
    }
    writeln!(writer, "{number} lines").await?;
    writer.flush().await?;
    writer.shutdown().await
}

/// Joins two streams until both have ended.
pub(crate) async fn proxy(near: &mut impl SplitIo, far: &mut impl SplitIo) -> Result<()> {
    copy_bidirectional(near, far).await?;
    Ok(())
}
