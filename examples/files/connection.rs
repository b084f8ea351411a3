//! One client: its requests one after the other, until one of both sides has enough.

use super::request::{self, Head, Method, Request};
use super::response::Response;
use super::send::{send, write};
use super::site::Site;
use super::status::{self, Status};
use sexton::CancelToken;
use sexton::io::BufRead;
use sexton::net::TcpStream;
use sexton::time::timeout;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

/// Bytes of a body that are read and forgotten; a request with more ends its connection.
const BODY_MAX: u64 = 64 * 1024;

/// Bytes that a client may still send after the last answer.
const LINGER_MAX: usize = 1024 * 1024;

/// What all clients of a core share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) site: Site,
    pub(crate) limits: Limits,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancelToken,
}

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For the first byte of a request.
    pub(crate) idle: Duration,
    /// For the rest of its head; and for its body.
    pub(crate) request: Duration,
    /// For each piece of an answer to be taken.
    pub(crate) piece: Duration,
    /// For the client's own end, after the last answer.
    pub(crate) linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            request: Duration::from_secs(10),
            piece: Duration::from_secs(30),
            linger: Duration::from_secs(2),
        }
    }
}

/// What comes next from a client.
enum Next {
    Request(Request),
    /// Something that is answered, but not understood: the connection ends with the answer.
    Refused(Status),
    /// Nothing: the client has left, was idle for too long, or the server stops.
    End,
}

/// Serves a client to the end. An error means that the client is gone, and needs no answer.
pub(crate) async fn serve(mut stream: TcpStream, service: Rc<Service>) -> io::Result<()> {
    // An answer leaves in as few writes as can be: none has to wait for the next one.
    stream.set_nodelay(true)?;
    let patience = service.limits.piece;
    loop {
        match next(&mut stream, &service).await? {
            Next::End => return Ok(()),
            Next::Refused(status) => {
                send(&stream, Response::refusal(status), false, false, patience).await?;
                return linger(&mut stream, &service.limits).await;
            }
            Next::Request(request) => {
                let (response, is_read) = answer(&mut stream, &request, &service).await?;
                let keep_alive = is_read && request.keep_alive && !service.stop.is_cancelled();
                let head_only = request.method == Method::Head;
                send(&stream, response, head_only, keep_alive, patience).await?;
                // The stop may have come while the answer was on its way: no other one is begun.
                if !keep_alive || service.stop.is_cancelled() {
                    return linger(&mut stream, &service.limits).await;
                }
            }
        }
    }
}

/// Waits for the next request.
async fn next(stream: &mut TcpStream, service: &Service) -> io::Result<Next> {
    // While this waits, the connection holds no buffer; and only here does the stop end it.
    let (limits, stop) = (&service.limits, &service.stop);
    match timeout(limits.idle, stop.run(stream.fill_buf())).await {
        Ok(Ok([])) | Err(_) => return Ok(Next::End),
        Ok(Err(_)) if stop.is_cancelled() => return Ok(Next::End),
        Ok(Err(error)) => return Err(error),
        Ok(Ok(_)) => {}
    }
    match timeout(limits.request, head(stream)).await {
        Ok(next) => next,
        Err(_) => Ok(Next::Refused(status::REQUEST_TIMEOUT)),
    }
}

/// Reads the head of a request, whole.
async fn head(stream: &mut TcpStream) -> io::Result<Next> {
    let mut seen = 0;
    loop {
        // In the stream's own memory, where the bytes stay until they are consumed.
        let bytes = stream.fill_at_least(seen + 1).await?;
        if bytes.len() == seen {
            return Ok(Next::End); // in the middle of a head
        }
        seen = bytes.len();
        match request::parse(bytes) {
            Head::Partial => {}
            Head::Refused(status) => return Ok(Next::Refused(status)),
            Head::Whole(len, request) => {
                stream.consume(len);
                return Ok(Next::Request(request));
            }
        }
    }
}

/// The answer to a request, and whether the request was read to its end, body and all.
async fn answer(
    stream: &mut TcpStream,
    request: &Request,
    service: &Service,
) -> io::Result<(Response, bool)> {
    if request.body_len > BODY_MAX {
        // A method that is not served at all is the worse fault.
        let refusal = match request.method {
            Method::Other => status::METHOD_NOT_ALLOWED,
            Method::Get | Method::Head => status::CONTENT_TOO_LARGE,
        };
        return Ok((Response::refusal(refusal), false));
    }
    if request.body_len > 0 {
        if request.expects_continue {
            let go_on = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
            write(stream, go_on, service.limits.piece).await?;
        }
        timeout(service.limits.request, skip(stream, request.body_len)).await??;
    }
    Ok((service.site.answer(request).await, true))
}

/// Reads `len` bytes, and forgets them.
async fn skip(stream: &mut TcpStream, mut len: u64) -> io::Result<()> {
    while len > 0 {
        let shown = stream.fill_buf().await?.len();
        if shown == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let n = shown.min(usize::try_from(len).unwrap_or(usize::MAX));
        stream.consume(n);
        len -= n as u64;
    }
    Ok(())
}

/// Ends a connection so that the last answer arrives.
///
/// A socket that is closed with unread bytes is reset, and the reset may overtake the answer: so
/// this end says that it is done, and waits for the other one to say the same.
async fn linger(stream: &mut TcpStream, limits: &Limits) -> io::Result<()> {
    stream.shutdown(Shutdown::Write).await?;
    let rest = async {
        let mut left = LINGER_MAX;
        loop {
            let n = stream.fill_buf().await?.len();
            if n == 0 || n > left {
                return Ok(());
            }
            stream.consume(n);
            left -= n;
        }
    };
    timeout(limits.linger, rest).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sexton::net::TcpListener;
    use std::path::Path;

    /// Limits that a test can wait for, unless it says otherwise.
    const SHORT: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(60);
    const LIMITS: Limits = Limits { idle: LONG, request: LONG, piece: LONG, linger: LONG };

    /// A client of this repository's folder; and its server, as a task.
    async fn connect(
        limits: Limits,
        stop: &CancelToken,
    ) -> io::Result<(TcpStream, sexton::JoinHandle<io::Result<()>>)> {
        let site = Site::open(Path::new(env!("CARGO_MANIFEST_DIR"))).await?;
        let service = Rc::new(Service { site, limits, stop: stop.clone() });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _peer) = listener.accept().await?;
        Ok((client, sexton::spawn(serve(stream, service))))
    }

    /// All that comes until the end.
    async fn rest(client: &TcpStream) -> io::Result<String> {
        let mut buf = Vec::with_capacity(1 << 20);
        loop {
            let n;
            (n, buf) = client.read_owned(buf).await?;
            if n == 0 {
                return Ok(String::from_utf8_lossy(&buf).into_owned());
            }
        }
    }

    #[sexton::test]
    async fn an_idle_client_is_let_go() -> io::Result<()> {
        let limits = Limits { idle: SHORT, ..LIMITS };
        let (client, server) = connect(limits, &CancelToken::new()).await?;
        assert_eq!(rest(&client).await?, "");
        server.await?
    }

    #[sexton::test]
    async fn a_client_that_does_not_end_its_request_is_told() -> io::Result<()> {
        let limits = Limits { request: SHORT, ..LIMITS };
        let (client, server) = connect(limits, &CancelToken::new()).await?;
        client.write_all_owned("GET / HTTP/1.1\r\nHost").await?;
        assert!(rest(&client).await?.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
        drop(client);
        server.await?
    }

    #[sexton::test]
    async fn a_client_that_leaves_its_body_out_is_let_go() -> io::Result<()> {
        let limits = Limits { request: SHORT, ..LIMITS };
        let (client, server) = connect(limits, &CancelToken::new()).await?;
        client.write_all_owned("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").await?;
        assert_eq!(rest(&client).await?, "");
        assert_eq!(server.await?.unwrap_err().kind(), io::ErrorKind::TimedOut);
        Ok(())
    }

    #[sexton::test]
    async fn a_client_that_does_not_read_is_let_go() -> io::Result<()> {
        let limits = Limits { piece: SHORT, ..LIMITS };
        let (client, server) = connect(limits, &CancelToken::new()).await?;
        // Until no buffer on the way holds any more: the answers are never read.
        let request = "GET /Cargo.lock HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
        let asks = sexton::spawn(async move {
            while client.write_all_owned(request.clone()).await.is_ok() {}
            client
        });
        assert_eq!(server.await?.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(asks.await?);
        Ok(())
    }

    #[sexton::test]
    async fn a_client_that_stays_after_the_last_answer_is_let_go() -> io::Result<()> {
        let limits = Limits { linger: SHORT, ..LIMITS };
        let (client, server) = connect(limits, &CancelToken::new()).await?;
        client.write_all_owned("HEAD / HTTP/1.0\r\n\r\n").await?;
        assert!(rest(&client).await?.starts_with("HTTP/1.1 200 OK\r\n"));
        server.await??; // the client is still there
        drop(client);
        Ok(())
    }

    #[sexton::test]
    async fn a_stop_ends_who_is_idle_and_lets_a_begun_request_have_its_answer() -> io::Result<()> {
        let stop = CancelToken::new();
        let (idle, idle_server) = connect(LIMITS, &stop).await?;
        let (begun, begun_server) = connect(LIMITS, &stop).await?;
        begun.write_all_owned("HEAD / HTTP/1.1\r\n").await?;
        // Answered only after it was read so far: its server waits for the rest of the head.
        let (third, third_server) = connect(LIMITS, &stop).await?;
        third.write_all_owned("HEAD / HTTP/1.0\r\n\r\n").await?;
        assert!(rest(&third).await?.contains("200 OK"));
        drop(third);
        third_server.await??;

        stop.cancel();
        assert_eq!(rest(&idle).await?, "");
        idle_server.await??;
        begun.write_all_owned("Host: a\r\n\r\n").await?;
        let answer = rest(&begun).await?;
        assert!(answer.contains("200 OK") && answer.contains("Connection: close"), "{answer}");
        drop(begun);
        begun_server.await?
    }
}
