//! One side of a connection by its `poll_` methods alone, as adapters to other traits use them:
//! both directions in one poll, whatever was ready first.

use super::dice::Dice;
use super::reads::is_harmless;
use super::streams::{IDLE, Side};
use sexton::net::{TcpStream, UnixStream};
use sexton::time::timeout;
use std::future::poll_fn;
use std::io::{IoSlice, Result};
use std::task::{Context, Poll, ready};

/// What a side has to do still.
struct Todo {
    dice: Dice,
    writes: usize,
    /// The write that is tried: its number in the log, and its bytes.
    write: Option<(usize, Vec<u8>)>,
    received: Vec<u8>,
    ended: bool,
}

macro_rules! polled {
    ($name:ident, $sends:ident, $receives:ident, $stream:ty) => {
        /// One side of a connection.
        pub(crate) async fn $name(mut stream: $stream, side: Side) {
            let dice = Dice::new(side.seed);
            let writes = dice.size(60);
            let mut todo = Todo { dice, writes, write: None, received: Vec::new(), ended: false };
            let (mut sent, mut received) = (false, false);
            let all = poll_fn(|cx| {
                if !sent && let Poll::Ready(outcome) = $sends(&stream, &mut todo, &side, cx) {
                    outcome?;
                    sent = true;
                }
                if !received && let Poll::Ready(outcome) = $receives(&mut stream, &mut todo, cx) {
                    outcome?;
                    received = true;
                }
                if sent && received { Poll::Ready(Ok(())) } else { Poll::Pending }
            });
            let done: std::result::Result<Result<()>, _> = timeout(IDLE * 2, all).await;
            match done {
                Ok(Ok(())) => {}
                Ok(Err(error)) => side.failed(&side.into, &error),
                Err(_) => side.stuck("poll"),
            }
            side.out.lock().ended = true;
            let whole = todo.ended && !side.rules.resets && !side.into.lock().broken;
            side.into.check(&todo.received, whole);
        }

        /// Writes all, and ends the stream.
        fn $sends(
            stream: &$stream,
            todo: &mut Todo,
            side: &Side,
            cx: &mut Context<'_>,
        ) -> Poll<Result<()>> {
            loop {
                if todo.write.is_none() && todo.writes > 0 {
                    todo.writes -= 1;
                    todo.write = Some(side.out.begin(todo.dice.size(30_000)));
                }
                let Some((number, bytes)) = &todo.write else {
                    match ready!(stream.poll_shutdown(cx)) {
                        Err(error) if is_harmless(&error) => continue,
                        outcome => return Poll::Ready(outcome),
                    }
                };
                let taken = match todo.dice.below(3) {
                    0 => stream.poll_write(cx, bytes),
                    1 => {
                        let (first, second) = bytes.split_at(todo.dice.below(bytes.len()));
                        let parts = [IoSlice::new(first), IoSlice::new(second)];
                        stream.poll_write_vectored(cx, &parts)
                    }
                    _ => {
                        ready!(stream.poll_write_ready(cx))?;
                        stream.poll_write(cx, bytes)
                    }
                };
                match ready!(taken) {
                    Ok(count) => {
                        side.out.took(*number, count);
                        todo.write = None;
                    }
                    Err(error) if is_harmless(&error) => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }

        /// Reads up to the end.
        fn $receives(
            stream: &mut $stream,
            todo: &mut Todo,
            cx: &mut Context<'_>,
        ) -> Poll<Result<()>> {
            while !todo.ended {
                if todo.dice.percent(20) {
                    match ready!(stream.poll_read_ready(cx)) {
                        Err(error) if is_harmless(&error) => continue,
                        outcome => outcome?,
                    }
                }
                let shown = match ready!(stream.poll_fill_buf(cx)) {
                    Err(error) if is_harmless(&error) => continue,
                    outcome => outcome?,
                };
                let part = if shown.is_empty() { 0 } else { todo.dice.size(shown.len()) };
                todo.received.extend_from_slice(&shown[..part]);
                todo.ended = part == 0;
                sexton::io::BufRead::consume(stream, part);
            }
            Poll::Ready(Ok(()))
        }
    };
}

polled!(tcp, tcp_sends, tcp_receives, TcpStream);
polled!(unix, unix_sends, unix_receives, UnixStream);
