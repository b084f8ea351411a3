//! A client that sends what it is told, byte by byte, and understands answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a client waits for anything. Longer than any answer takes, shorter than a test may
/// hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

/// An answer, or its head alone.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_name = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(of_name).map(|(_, value)| value.as_str())
    }

    /// How long the body is, as the head says.
    pub(crate) fn len(&self) -> u64 {
        self.header("content-length").map_or(0, |len| len.parse().expect("it is a number"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("it is text")
    }
}

impl Client {
    pub(crate) fn connect(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is not zero");
        stream.set_write_timeout(Some(PATIENCE)).expect("it is not zero");
        Self(BufReader::new(stream))
    }

    /// Sends these very bytes.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).expect("the server reads");
    }

    /// Asks for a target, with more header lines (each with its end).
    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &str) {
        self.send(format!("{method} {target} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"));
    }

    /// Asks for a file, and reads the answer.
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.get_with(target, "")
    }

    /// The same, with more header lines.
    pub(crate) fn get_with(&mut self, target: &str, headers: &str) -> Answer {
        self.ask("GET", target, headers);
        self.answer()
    }

    /// The next answer, body and all.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        answer.body = vec![0; usize::try_from(answer.len()).expect("it fits")];
        self.0.read_exact(&mut answer.body).expect("the body comes");
        answer
    }

    /// The head of the next answer.
    pub(crate) fn head(&mut self) -> Answer {
        let first = self.line();
        let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer begins with {first:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            match line.split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => assert_eq!(line, "", "no header line"),
            }
            if line.is_empty() {
                return Answer { status, headers, body: Vec::new() };
            }
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer comes");
        line.strip_suffix("\r\n").expect("a line has its end").to_owned()
    }

    /// Whether the server ends the connection, with nothing more to say.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.0.fill_buf().expect("the end comes, and no reset").is_empty()
    }
}
