//! What the servers must do on any runtime: plain clients in threads say so.

use crate::servers;
use sexton_io::SplitIo;
use std::cell::RefCell;
use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a whole story may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A server on its way.
pub(crate) type Server = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// A runtime that can take a socket of std's, and run servers side by side on one thread.
pub(crate) trait Host {
    type Socket: Socket;
    type Stream: SplitIo + 'static;

    fn adopt(socket: Self::Socket) -> io::Result<Self::Stream>;
    fn run(servers: Vec<Server>) -> io::Result<()>;
}

/// A socket of std's, which blocks.
pub(crate) trait Socket: Read + Write + Send + Sized + 'static {
    /// Two sockets, connected.
    fn pair() -> io::Result<(Self, Self)>;
    fn another(&self) -> io::Result<Self>;
    fn end(&self) -> io::Result<()>;
    /// A server that never answers makes the client fail, not wait for ever.
    fn impatient(&self) -> io::Result<()>;
}

impl Socket for TcpStream {
    fn pair() -> io::Result<(Self, Self)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        client.set_nodelay(true)?;
        Ok((client, listener.accept()?.0))
    }

    fn another(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn impatient(&self) -> io::Result<()> {
        self.set_read_timeout(Some(PATIENCE))
    }
}

impl Socket for UnixStream {
    fn pair() -> io::Result<(Self, Self)> {
        UnixStream::pair()
    }

    fn another(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn impatient(&self) -> io::Result<()> {
        self.set_read_timeout(Some(PATIENCE))
    }
}

/// A client, and the end of its connection that the server gets.
fn client<S: Socket>(talk: impl FnOnce(S) + Send + 'static) -> (JoinHandle<()>, S) {
    let (near, far) = S::pair().expect("two sockets can be had");
    let talk = move || {
        near.impatient().expect("a timeout can be set");
        talk(near);
    };
    (thread::spawn(talk), far)
}

/// More than any buffer on the way holds, no two parts alike.
fn much(seed: u32) -> Vec<u8> {
    (seed..seed + 500_000).flat_map(u32::to_le_bytes).collect()
}

/// Sends by one thread what another reads, so that neither waits for room.
fn send_aside<S: Socket>(socket: &S, bytes: Vec<u8>) -> JoinHandle<()> {
    let mut sender = socket.another().expect("a descriptor is left");
    thread::spawn(move || {
        sender.write_all(&bytes).expect("the server reads on");
        sender.end().expect("the connection stands");
    })
}

/// Sends much, ends its direction, and still gets all of it back.
fn sends_much<S: Socket>(mut socket: S) {
    let sender = send_aside(&socket, much(0));
    let mut back = Vec::new();
    socket.read_to_end(&mut back).expect("the server answers");
    assert!(back == much(0), "{} bytes came back, not the same", back.len());
    sender.join().expect("all was sent");
}

/// Sends a byte, waits for it, sends the next.
fn sends_byte_by_byte<S: Socket>(mut socket: S) {
    for sent in 0..=255 {
        socket.write_all(&[sent]).expect("the server reads on");
        let mut back = [0];
        socket.read_exact(&mut back).expect("the server answers each byte");
        assert_eq!(back, [sent]);
    }
    socket.end().expect("the connection stands");
    assert_eq!(socket.read(&mut [0]).expect("the server ends its direction, too"), 0);
}

/// Sends nothing.
fn says_nothing<S: Socket>(mut socket: S) {
    socket.end().expect("the connection stands");
    assert_eq!(socket.read(&mut [0]).expect("the server ends its direction, too"), 0);
}

/// Asks for two lines in a piece and a third byte by byte, its end missing.
fn asks_in_lines<S: Socket>(mut socket: S) {
    socket.write_all(b"one\nthree\r\n").expect("the server reads on");
    let mut answer = [0; 22];
    socket.read_exact(&mut answer).expect("answers come before the end");
    assert_eq!(str::from_utf8(&answer), Ok("1: 3 bytes\n2: 5 bytes\n"));
    for byte in "last, läst".bytes() {
        socket.write_all(&[byte]).expect("the server reads on");
    }
    socket.end().expect("the connection stands");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("the server answers");
    assert_eq!(answer, "3: 11 bytes\n3 lines\n");
}

/// Runs the servers and waits for the clients: all of it must end, and in time.
fn ends<H: Host>(servers: Vec<Server>, clients: Vec<JoinHandle<()>>) {
    let (_ended, watched) = mpsc::channel::<()>();
    thread::spawn(move || {
        if watched.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            // A test that waits for ever can only be ended from outside.
            let _ = writeln!(io::stderr(), "a server did not end within {LIMIT:?}");
            std::process::abort();
        }
    });
    H::run(servers).expect("no server fails");
    for client in clients {
        client.join().expect("no client fails");
    }
}

/// Streams that were served. They stay open until the clients are done, so that a client is told of
/// the end by a server that says so, not by one that is gone.
type Served<S> = Rc<RefCell<Vec<S>>>;

/// A server of one connection.
fn serve<H: Host>(
    socket: H::Socket,
    served: &Served<H::Stream>,
    server: impl AsyncFnOnce(&mut H::Stream) -> io::Result<()> + 'static,
) -> Server {
    let mut stream = H::adopt(socket).expect("a socket of std's will do");
    let served = Rc::clone(served);
    Box::pin(async move {
        server(&mut stream).await?;
        served.borrow_mut().push(stream);
        Ok(())
    })
}

/// Three clients of the echo server at once: none waits for another.
pub(crate) fn echo<H: Host>() {
    let served = Served::<H::Stream>::default();
    let talks: [fn(H::Socket); 3] = [sends_much, sends_byte_by_byte, says_nothing];
    let talking = talks.map(client).into_iter();
    let (clients, servers) = talking
        .map(|(client, socket)| {
            (client, serve::<H>(socket, &served, async |stream| servers::echo(stream).await))
        })
        .unzip();
    ends::<H>(servers, clients);
}

/// One client of the echo server, which sends 256 single bytes.
#[allow(dead_code, reason = "for runtimes that count what they do")]
pub(crate) fn echo_of_single_bytes<H: Host>() {
    let (client, socket) = client(sends_byte_by_byte::<H::Socket>);
    let served = Served::<H::Stream>::default();
    let server = serve::<H>(socket, &served, async |stream| servers::echo(stream).await);
    ends::<H>(vec![server], vec![client]);
}

/// Two clients of the line server at once.
pub(crate) fn lines<H: Host>() {
    let served = Served::<H::Stream>::default();
    let (clients, servers) = (0..2)
        .map(|_| client(asks_in_lines::<H::Socket>))
        .map(|(client, socket)| {
            (client, serve::<H>(socket, &served, async |stream| servers::lines(stream).await))
        })
        .unzip();
    ends::<H>(servers, clients);
}

/// A client that ends first, and a backend that answers only then; beside them, an echo behind a
/// second proxy.
pub(crate) fn proxy<H: Host>() {
    let adopt = |socket| H::adopt(socket).expect("a socket of std's will do");
    let (asks, near) = client(|mut socket: H::Socket| {
        let sender = send_aside(&socket, much(7));
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).expect("the answer comes after the end of the question");
        assert!(answer == much(1 << 20), "{} bytes are another answer", answer.len());
        sender.join().expect("all was sent");
    });
    let (answers, far) = client(|mut socket: H::Socket| {
        let mut question = Vec::new();
        socket.read_to_end(&mut question).expect("the question ends");
        assert!(question == much(7), "{} bytes are another question", question.len());
        socket.write_all(&much(1 << 20)).expect("the client reads on");
    });
    let (patient, third) = client(sends_byte_by_byte::<H::Socket>);
    let (front, back) = H::Socket::pair().expect("two sockets can be had");
    let served = Served::<H::Stream>::default();
    let joined = |near, far: H::Socket| {
        let mut far = adopt(far);
        let kept = Rc::clone(&served);
        serve::<H>(near, &served, async move |near| {
            servers::proxy(near, &mut far).await?;
            kept.borrow_mut().push(far);
            Ok(())
        })
    };
    let echo = serve::<H>(back, &served, async |stream| servers::echo(stream).await);
    let servers = vec![joined(near, far), joined(third, front), echo];
    ends::<H>(servers, vec![asks, answers, patient]);
}
