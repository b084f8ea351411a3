//! What a client sends to the file server of `examples/files`, whole and in pieces.
//!
//! Once past the server: its functions, each by its promise. Then to it, on the simulated kernel:
//! the first byte is the seed and so decides the pieces; what comes back must be whole answers, as
//! many as requests at most, and nothing from outside the served folder.
#![no_main]

#[path = "../../examples/files/connection.rs"]
mod connection;
#[path = "../../examples/files/date.rs"]
mod date;
#[path = "../../examples/files/listing.rs"]
mod listing;
#[path = "../../examples/files/mime.rs"]
mod mime;
#[path = "../../examples/files/path.rs"]
mod path;
#[path = "../../examples/files/range.rs"]
mod range;
#[path = "../../examples/files/request.rs"]
mod request;
#[path = "../../examples/files/response.rs"]
mod response;
#[path = "../../examples/files/send.rs"]
mod send;
#[path = "../../examples/files/site.rs"]
#[allow(dead_code, reason = "its root is for the line that the program prints")]
mod site;
#[path = "../../examples/files/status.rs"]
mod status;

use connection::{Limits, Service, serve};
use libfuzzer_sys::fuzz_target;
use request::{Head, Method};
use sexton::fs;
use sexton::io::{OwnedRead, OwnedWrite, Write};
use sexton::net::{TcpListener, TcpStream};
use sexton::sim::{Faults, Sim};
use sexton::{Builder, CancelToken};
use site::Site;
use std::path::{Component, Path};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What no client may see.
const SECRET: &str = "outside the folder";

fuzz_target!(|bytes: &[u8]| {
    let Some((&seed, bytes)) = bytes.split_first() else { return };
    for line in bytes.split(|&byte| byte == b'\n') {
        a_header_is_understood_or_not(line);
        if let Ok(text) = std::str::from_utf8(line) {
            a_target_leads_down_or_nowhere(text);
        }
    }
    let methods = methods(bytes);
    let sim = Sim::new(seed.into()).faults(Faults::scheduling());
    // Little memory to set up: there are many runs.
    let builder = Builder::new().entries(16).config(|config| {
        (config.recv_buffers, config.recv_buffers_max, config.recv_buffer_len) = (8, 16, 1024);
    });
    match sim.try_run_on(builder, || exchange(bytes.to_vec())) {
        Ok((answers, _)) => answers_are_whole(&answers, &methods),
        Err(failure) => panic!("{failure}"),
    }
});

/// What is asked for, as the parser tells it: none for what is refused, which is the last one.
fn methods(mut bytes: &[u8]) -> Vec<Option<Method>> {
    let mut methods = Vec::new();
    loop {
        match request::parse(bytes) {
            Head::Partial => return methods,
            Head::Refused(status) => {
                assert!((400..600).contains(&status.code));
                methods.push(None);
                return methods;
            }
            Head::Whole(len, request) => {
                assert!(len <= bytes.len() && len <= request::HEAD_MAX);
                assert_eq!(request::parse(&bytes[..len - 1]), Head::Partial);
                a_target_leads_down_or_nowhere(&request.target);
                methods.push(Some(request.method));
                let body = usize::try_from(request.body_len).unwrap_or(usize::MAX);
                bytes = bytes[len..].get(body..).unwrap_or_default();
            }
        }
    }
}

fn a_target_leads_down_or_nowhere(target: &str) {
    let Some(target) = path::Target::parse(target) else { return };
    assert!(target.path.components().all(|part| matches!(part, Component::Normal(_))));
    let folder = target.as_folder();
    let (location, query) = folder.split_once('?').map_or((&*folder, None), |(l, q)| (l, Some(q)));
    assert_eq!(query, target.query);
    assert!(location.starts_with('/') && !location.starts_with("//"));
    let again = path::Target::parse(&folder).expect("what is sent is understood");
    assert_eq!((&again.path, again.is_folder), (&target.path, true));
    let page = listing::page(&target.title(), false, Vec::new(), false);
    assert!(page.matches("<script").count() == 0, "{page}");
    assert!(!mime::of(&target.path).contains(['\r', '\n']));
}

fn a_header_is_understood_or_not(value: &[u8]) {
    for len in [0, 1, 10, u64::MAX] {
        if let range::Part::Bytes(bytes) = range::of(value, len) {
            assert!(bytes.start < bytes.end && bytes.end <= len);
        }
    }
    let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
    if date::is_of(now, value) {
        assert!(date::not_modified_since(now, value), "the same is no newer");
    }
}

/// Sends the bytes to a server, then ends; all that comes back.
async fn exchange(bytes: Vec<u8>) -> Vec<u8> {
    fs::write("/tmp/secret.txt", SECRET.as_bytes().to_vec()).await.expect("there is room");
    for folder in ["/tmp/site", "/tmp/site/folder", "/tmp/site/index"] {
        fs::create_dir(folder).await.expect("there is room");
    }
    let files = ["a.txt", "folder/b c.html", "index/index.html"];
    for (number, file) in files.into_iter().enumerate() {
        let content = vec![b'0' + number as u8; 100 * number];
        fs::write(Path::new("/tmp/site").join(file), content).await.expect("there is room");
    }
    let site = Site::open(Path::new("/tmp/site")).await.expect("it was made");
    let service = Rc::new(Service { site, limits: Limits::default(), stop: CancelToken::new() });
    let listener = TcpListener::bind("127.0.0.1:80").await.expect("nobody else listens");
    let client = TcpStream::connect("127.0.0.1:80").await.expect("it listens");
    let (stream, _) = listener.accept().await.expect("one has come");
    let server = sexton::spawn(serve(stream, service));
    let (mut from, mut to) = client.into_split();
    let sender = sexton::spawn(async move {
        // Refused before the end of all this is no fault.
        let sent = to.write_all_owned(bytes).await.is_ok();
        let ended = Write::shutdown(&mut to).await.is_ok();
        (sent && ended, to)
    });
    let mut answers = Vec::with_capacity(4096);
    loop {
        let (n, buf) = from.read_owned(answers).await.expect("answers arrive before the end");
        answers = buf;
        if n == 0 {
            break;
        }
        answers.reserve(4096);
    }
    drop(sender.await.expect("it does not panic"));
    // A client that leaves in the middle of its request's body is an error of the client's.
    drop(server.await.expect("it does not panic"));
    answers
}

fn answers_are_whole(mut answers: &[u8], methods: &[Option<Method>]) {
    let text = String::from_utf8_lossy(answers);
    assert!(!text.contains(SECRET), "{text}");
    let mut methods = methods.iter();
    while !answers.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut answer = httparse::Response::new(&mut headers);
        let parsed = answer.parse(answers).expect("an answer is HTTP");
        let httparse::Status::Complete(head) = parsed else { panic!("half an answer: {text}") };
        let code = answer.code.expect("it is complete");
        answers = &answers[head..];
        if code == 100 {
            continue;
        }
        let method = methods.next().expect("one answer a request");
        assert!(method.is_some() || code >= 400, "{code} for what was refused");
        let of = |name: &str| {
            let header = answer.headers.iter().find(|header| header.name == name)?;
            Some(std::str::from_utf8(header.value).expect("our headers are text").to_owned())
        };
        assert!(of("Date").is_some_and(|date| date::is_of(parse(&date), date.as_bytes())));
        let len = of("Content-Length").map(|len| len.parse::<usize>().expect("a number"));
        assert_eq!(len.is_none(), code == 304);
        if *method != Some(Method::Head) {
            let body = answers.split_at_checked(len.unwrap_or(0));
            answers = body.unwrap_or_else(|| panic!("half a body: {text}")).1;
        }
    }
}

fn parse(date: &str) -> SystemTime {
    httpdate::parse_http_date(date).expect("a date as headers have it")
}
