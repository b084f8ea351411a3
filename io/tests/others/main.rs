//! The traits on a runtime that is none of Sexton's: readiness, `poll(2)`, and std's own sockets.
//!
//! `runtime` is that runtime, `stream` its streams, `servers` what is written once for all
//! runtimes, and `story` what a server must do. The facade's `tests/servers.rs` runs the last two
//! on Sexton's own streams.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(test)]
mod runtime;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod story;
#[cfg(test)]
mod stream;

#[cfg(test)]
mod tests {
    use super::runtime;
    use super::story::{self, Host, Server};
    use super::stream::Stream;
    use std::future::Future;
    use std::io;
    use std::marker::PhantomData;
    use std::pin::Pin;

    /// The other runtime, with sockets of the kind `S`.
    struct Other<S>(PhantomData<S>);

    impl<S: story::Socket + Into<std::os::fd::OwnedFd>> Host for Other<S> {
        type Socket = S;
        type Stream = Stream;

        fn adopt(socket: S) -> io::Result<Stream> {
            Stream::new(socket.into())
        }

        fn run(servers: Vec<Server>) -> io::Result<()> {
            runtime::block_on(async {
                let servers: Vec<_> = servers.into_iter().map(runtime::spawn).collect();
                for server in servers {
                    server.await?;
                }
                Ok(())
            })
        }
    }

    type Tcp = Other<std::net::TcpStream>;
    type Unix = Other<std::os::unix::net::UnixStream>;

    #[test]
    fn what_is_sent_comes_back_over_tcp() {
        story::echo::<Tcp>();
    }

    #[test]
    fn what_is_sent_comes_back_over_local_sockets() {
        story::echo::<Unix>();
    }

    #[test]
    fn lines_are_answered_over_tcp() {
        story::lines::<Tcp>();
    }

    #[test]
    fn lines_are_answered_over_local_sockets() {
        story::lines::<Unix>();
    }

    #[test]
    fn a_proxy_carries_both_directions_and_their_ends_over_tcp() {
        story::proxy::<Tcp>();
    }

    #[test]
    fn a_proxy_carries_both_directions_and_their_ends_over_local_sockets() {
        story::proxy::<Unix>();
    }

    #[test]
    fn a_server_is_polled_when_something_has_come_and_not_in_between() {
        let before = runtime::polls();
        story::echo_of_single_bytes::<Tcp>();
        let polls = runtime::polls() - before;
        assert!((1..=256 + 8).contains(&polls), "256 bytes and an end took {polls} polls");
    }

    #[test]
    fn a_task_is_woken_by_another_thread() {
        let (sender, receiver) = std::sync::mpsc::channel::<std::task::Waker>();
        let woken = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let flag = std::sync::Arc::clone(&woken);
        let waker = std::thread::spawn(move || {
            let waker = receiver.recv().unwrap();
            flag.store(true, std::sync::atomic::Ordering::SeqCst);
            waker.wake();
        });
        let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(std::future::poll_fn(move |cx| {
            if woken.load(std::sync::atomic::Ordering::SeqCst) {
                return std::task::Poll::Ready(());
            }
            let _ = sender.send(cx.waker().clone());
            std::task::Poll::Pending
        }));
        runtime::block_on(runtime::spawn(task));
        waker.join().unwrap();
    }
}
