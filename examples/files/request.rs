//! The head of a request: what a client sends up to the empty line.

use super::status::{self, Status};
use httparse::{EMPTY_HEADER, Error, Header};

/// Bytes that a head may have.
pub(crate) const HEAD_MAX: usize = 8 * 1024;

/// Header lines that a head may have.
const HEADERS_MAX: usize = 64;

/// What a client asks for, as far as this server looks at it.
///
/// It owns its parts, so that the bytes it was made from can be given back to the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// As it stands in the request line.
    pub(crate) target: String,
    /// Whether the client would like to ask again on this connection.
    pub(crate) keep_alive: bool,
    /// Bytes of the body that follows.
    pub(crate) body_len: u64,
    /// Whether the client waits with its body until it is told to go on.
    pub(crate) expects_continue: bool,
    pub(crate) range: Option<Vec<u8>>,
    pub(crate) if_range: Option<Vec<u8>>,
    pub(crate) if_modified_since: Option<Vec<u8>>,
}

/// The methods that this server tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Other,
}

/// What the bytes at hand are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// The beginning of a head, or nothing yet.
    Partial,
    /// A head of so many bytes.
    Whole(usize, Request),
    /// No head at all, or one that is refused; where the next one would begin is unknown.
    Refused(Status),
}

/// Looks for a head at the beginning of what a client sent.
pub(crate) fn parse(bytes: &[u8]) -> Head {
    let mut headers = [EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let limited = &bytes[..bytes.len().min(HEAD_MAX)];
    match parsed.parse(limited) {
        Ok(httparse::Status::Complete(len)) => match Request::new(&parsed) {
            Ok(request) => Head::Whole(len, request),
            Err(status) => Head::Refused(status),
        },
        Ok(httparse::Status::Partial) if limited.len() < HEAD_MAX => Head::Partial,
        // Too long, and it is the first line that does not end: the target's fault.
        Ok(httparse::Status::Partial) if parsed.version.is_none() => {
            Head::Refused(status::URI_TOO_LONG)
        }
        Ok(httparse::Status::Partial) | Err(Error::TooManyHeaders) => {
            Head::Refused(status::HEADERS_TOO_LARGE)
        }
        Err(Error::Version) => Head::Refused(status::VERSION_NOT_SUPPORTED),
        Err(_) => Head::Refused(status::BAD_REQUEST),
    }
}

impl Request {
    fn new(head: &httparse::Request<'_, '_>) -> Result<Self, Status> {
        let is_newest = head.version == Some(1);
        let mut request = Self {
            method: match head.method {
                Some("GET") => Method::Get,
                Some("HEAD") => Method::Head,
                _ => Method::Other,
            },
            target: head.path.unwrap_or_default().to_owned(),
            keep_alive: is_newest,
            body_len: 0,
            expects_continue: false,
            range: None,
            if_range: None,
            if_modified_since: None,
        };
        let (mut hosts, mut lengths, mut codings) = (0, 0, 0);
        for Header { name, value } in head.headers.iter() {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("host") {
                hosts += 1;
            } else if is("connection") {
                request.keep_alive &= !has_token(value, b"close");
            } else if is("content-length") {
                lengths += 1;
                request.body_len = number(value).ok_or(status::BAD_REQUEST)?;
            } else if is("transfer-encoding") {
                codings += 1;
            } else if is("expect") {
                request.expects_continue = is_newest && value.eq_ignore_ascii_case(b"100-continue");
            } else if is("range") {
                request.range = Some(value.to_vec());
            } else if is("if-range") {
                request.if_range = Some(value.to_vec());
            } else if is("if-modified-since") {
                request.if_modified_since = Some(value.to_vec());
            }
        }
        // Where two readers could disagree about where the body ends, nobody reads on.
        if hosts > 1 || (is_newest && hosts == 0) || lengths > 1 || (codings > 0 && lengths > 0) {
            return Err(status::BAD_REQUEST);
        }
        // Files are not uploaded here, so bodies in pieces are not understood.
        if codings > 0 { Err(status::NOT_IMPLEMENTED) } else { Ok(request) }
    }
}

/// Whether a list such as `keep-alive, Upgrade` has the word.
fn has_token(list: &[u8], token: &[u8]) -> bool {
    list.split(|&byte| byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(token))
}

/// A number of digits alone; `parse` would take a `+` too.
fn number(value: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(head: &str) -> Request {
        match parse(head.as_bytes()) {
            Head::Whole(len, request) if len == head.len() => request,
            other => panic!("{head:?}: {other:?}"),
        }
    }

    fn refused(head: &str) -> u16 {
        match parse(head.as_bytes()) {
            Head::Refused(status) => status.code,
            other => panic!("{head:?}: {other:?}"),
        }
    }

    #[test]
    fn a_browsers_request_is_understood() {
        let request = whole(
            "GET /a%20b?c HTTP/1.1\r\nHost: localhost:8080\r\nConnection: keep-alive\r\n\
             User-Agent: Mozilla/5.0\r\nAccept: text/html,*/*;q=0.8\r\nRange: bytes=0-1\r\n\
             If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nif-range: \"tag\"\r\n\r\n",
        );
        assert_eq!(request.method, Method::Get);
        assert_eq!(request.target, "/a%20b?c");
        assert!(request.keep_alive && !request.expects_continue);
        assert_eq!(request.range.as_deref(), Some(&b"bytes=0-1"[..]));
        assert_eq!(request.if_range.as_deref(), Some(&b"\"tag\""[..]));
        assert!(request.if_modified_since.unwrap().starts_with(b"Sun, 06 Nov"));
    }

    #[test]
    fn the_next_request_is_left_alone() {
        let two = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n";
        let Head::Whole(len, request) = parse(two) else { panic!("there is a whole one") };
        assert_eq!(request.method, Method::Head);
        assert!(two[len..].starts_with(b"GET"));
    }

    #[test]
    fn every_part_of_a_head_is_partial() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for len in 0..head.len() {
            assert_eq!(parse(&head.as_bytes()[..len]), Head::Partial, "{len}");
        }
    }

    #[test]
    fn a_connection_stays_unless_somebody_wants_its_end() {
        assert!(whole("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
        assert!(!whole("GET / HTTP/1.0\r\n\r\n").keep_alive);
        assert!(!whole("GET / HTTP/1.1\r\nHost: a\r\nConnection: te, CLOSE\r\n\r\n").keep_alive);
        assert!(whole("GET / HTTP/1.1\r\nHost: a\r\nConnection: enclosed\r\n\r\n").keep_alive);
    }

    #[test]
    fn a_body_is_announced_once_and_in_digits() {
        let with = |headers: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n");
        assert_eq!(whole(&with("Content-Length: 12")).body_len, 12);
        assert!(whole(&with("Expect: 100-Continue")).expects_continue);
        for length in ["+1", "-1", "", "1 2", "0x1", "1,1", "99999999999999999999999"] {
            assert_eq!(refused(&with(&format!("Content-Length: {length}"))), 400, "{length}");
        }
        assert_eq!(refused(&with("Content-Length: 1\r\nContent-Length: 1")), 400);
        assert_eq!(refused(&with("Content-Length: 1\r\nTransfer-Encoding: chunked")), 400);
        assert_eq!(refused(&with("Transfer-Encoding: chunked")), 501);
    }

    #[test]
    fn what_is_no_http_is_refused() {
        assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400); // no host
        assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\n: a\r\n\r\n"), 400);
        assert_eq!(refused("\x16\x03\x01\x02\x00\x01"), 400); // TLS
        assert_eq!(refused("GET / HTTP/3.0\r\n\r\n"), 505);
        assert_eq!(refused("PRI * HTTP/2.0\r\n\r\n"), 505);
    }

    #[test]
    fn a_head_has_limits() {
        assert_eq!(refused(&format!("GET /{}", "a".repeat(HEAD_MAX))), 414);
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(HEAD_MAX));
        assert_eq!(refused(&long), 431);
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
        assert_eq!(refused(&many), 431);
        // What came behind a head does not count.
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let more = format!("{head}{}", "a".repeat(HEAD_MAX));
        assert!(matches!(parse(more.as_bytes()), Head::Whole(len, _) if len == head.len()));
    }
}
