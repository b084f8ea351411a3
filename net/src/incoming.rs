//! Connections as a `futures_core::Stream` (feature `stream`).

use crate::socket::Backlog;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use sexton_runtime::CancelHook;
use sexton_runtime::time::Sleep;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The connections of a listener, one after the other; made by its `incoming`.
///
/// It never ends. An error is that of the listening socket itself: an item like another, after
/// which accepting goes on.
///
/// # If dropped
/// No connection is lost: one that is taken late is given to the next accept, or closed with the
/// listener.
///
/// ```
/// use futures_core::Stream;
/// use sexton_net::{TcpListener, TcpStream};
/// use std::future::poll_fn;
/// use std::pin::Pin;
/// # sexton_runtime::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let mut incoming = listener.incoming();
/// let server = poll_fn(|cx| Pin::new(&mut incoming).poll_next(cx)).await.transpose()?;
/// let server = server.expect("it never ends");
/// assert_eq!(server.peer_addr()?, client.local_addr()?);
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
pub struct Incoming<'l, S> {
    backlog: &'l Rc<Backlog>,
    adopt: fn(OwnedFd) -> S,
    hook: CancelHook,
    /// No descriptor is left: accepting goes on after this.
    pause: Option<Sleep>,
}

impl<'l, S> Incoming<'l, S> {
    pub(crate) fn new(backlog: &'l Rc<Backlog>, adopt: fn(OwnedFd) -> S) -> Self {
        Self { backlog, adopt, hook: CancelHook::default(), pause: None }
    }
}

impl<S> Stream for Incoming<'_, S> {
    type Item = io::Result<S>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<S>>> {
        let Self { backlog, adopt, hook, pause } = self.get_mut();
        let accepted = backlog.poll_connection(cx, hook, pause);
        accepted.map(|accepted| Some(accepted.map(|(fd, _)| adopt(fd))))
    }
}

impl<S> FusedStream for Incoming<'_, S> {
    fn is_terminated(&self) -> bool {
        false
    }
}

impl<S> fmt::Debug for Incoming<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("backlog", self.backlog).finish_non_exhaustive()
    }
}
