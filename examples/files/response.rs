//! What is sent back: a status, header lines, and a body that may be a part of a file.

use super::date;
use super::status::{self, Status};
use sexton::fs::File;
use std::fmt::{Display, Write};
use std::ops::Range;
use std::time::SystemTime;

/// An answer, before anything of it is sent.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: Status,
    /// Whole lines, without those that `head` adds.
    headers: String,
    pub(crate) body: Body,
}

/// What follows the head.
#[derive(Debug)]
pub(crate) enum Body {
    Text(String),
    /// These bytes of the file. They are read while they are sent.
    File(File, Range<u64>),
}

impl Body {
    fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::File(_, bytes) => bytes.end - bytes.start,
        }
    }
}

impl Response {
    pub(crate) fn new(status: Status, body: Body) -> Self {
        Self { status, headers: String::new(), body }
    }

    /// No more than the head says.
    pub(crate) fn empty(status: Status) -> Self {
        Self::new(status, Body::Text(String::new()))
    }

    /// A page of HTML.
    pub(crate) fn page(page: String) -> Self {
        Self::new(status::OK, Body::Text(page)).header("Content-Type", "text/html; charset=utf-8")
    }

    /// A refusal, which says so in its body too.
    pub(crate) fn refusal(status: Status) -> Self {
        let response = Self::new(status, Body::Text(format!("{status}\n")))
            .header("Content-Type", "text/plain; charset=utf-8");
        if status == status::METHOD_NOT_ALLOWED {
            return response.header("Allow", "GET, HEAD");
        }
        response
    }

    /// The same with one more line. No value that is given here can hold the end of a line: it is a
    /// number, a date, an encoded path, or what `httparse` let through.
    pub(crate) fn header(mut self, name: &str, value: impl Display) -> Self {
        write!(self.headers, "{name}: {value}\r\n").expect("a string takes all that is written");
        self
    }

    /// All that is sent before the body.
    pub(crate) fn head(&self, keep_alive: bool, now: SystemTime) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\nDate: {}\r\n", self.status, date::format(now));
        head.push_str(&self.headers);
        // What has not changed has no body, and this would be the length of the body that it had.
        if self.status != status::NOT_MODIFIED {
            write!(head, "Content-Length: {}\r\n", self.body.len())
                .expect("a string takes all that is written");
        }
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(response: &Response, keep_alive: bool) -> String {
        String::from_utf8(response.head(keep_alive, SystemTime::UNIX_EPOCH)).unwrap()
    }

    #[test]
    fn a_head_says_what_follows() {
        let response = Response::page("grüße".to_owned()).header("A", 1);
        assert_eq!(
            head(&response, true),
            "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             Content-Type: text/html; charset=utf-8\r\nA: 1\r\nContent-Length: 7\r\n\r\n"
        );
    }

    #[test]
    fn the_end_of_a_connection_is_announced() {
        assert!(head(&Response::empty(status::OK), false).contains("\r\nConnection: close\r\n"));
        assert!(!head(&Response::empty(status::OK), true).contains("Connection"));
    }

    #[test]
    fn what_has_not_changed_has_no_length() {
        assert!(!head(&Response::empty(status::NOT_MODIFIED), true).contains("Length"));
        assert!(head(&Response::empty(status::OK), true).contains("Content-Length: 0\r\n"));
    }

    #[test]
    fn a_refused_method_hears_which_are_not() {
        let refusal = Response::refusal(status::METHOD_NOT_ALLOWED);
        assert!(head(&refusal, true).contains("\r\nAllow: GET, HEAD\r\n"));
        assert!(!head(&Response::refusal(status::NOT_FOUND), true).contains("Allow"));
    }
}
