//! The file server of the examples: started as a process, asked by clients over TCP.
//!
//! The example itself is included too, for the tests that stand in its files.

#[allow(dead_code, reason = "its tests run here; the program that runs is the example itself")]
#[path = "../examples/files/main.rs"]
mod program;

#[path = "files/client.rs"]
mod client;
#[path = "files/server.rs"]
mod server;

use client::Client;
use server::{Folder, Server, command};
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

#[test]
fn a_file_is_served_with_its_type_length_and_date() {
    let folder = Folder::new("file");
    folder.write("a b/grüße.html", "<p>hi");
    folder.write("empty", "");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    let answer = client.get("/a%20b/gr%C3%BC%c3%9fe.html?query");
    assert_eq!((answer.status, answer.text()), (200, "<p>hi"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("content-length"), Some("5"));
    assert!(answer.header("last-modified").is_some_and(|date| date.ends_with(" GMT")));
    assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")));
    let answer = client.get("/empty");
    assert_eq!((answer.status, answer.len()), (200, 0));
    assert_eq!(client.get("http://elsewhere/empty").status, 200);
}

#[test]
fn a_folder_is_listed_unless_it_has_an_index() {
    let folder = Folder::new("listing");
    folder.write("with/index.html", "the index");
    folder.write("without/<b>&.txt", "12345");
    folder.write("without/below/x", "");
    folder.write("tricky/index.html/x", "");
    folder.link("../outside.txt", "without/out");
    std::fs::write(folder.path("without").join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    assert_eq!(client.get("/with/").text(), "the index");
    let listing = client.get("/without/");
    assert_eq!(listing.status, 200);
    assert_eq!(listing.header("content-type"), Some("text/html; charset=utf-8"));
    for part in [
        "<h1>/without/</h1>",
        "<a href=\"../\">",
        "<a href=\"below/\">below/</a>",
        "<a href=\"%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a></td><td>5 B</td>",
        "<a href=\"%FF\">",
    ] {
        assert!(listing.text().contains(part), "{part} is not in {}", listing.text());
    }
    assert!(!listing.text().contains("\"out\""), "what cannot be had is listed");
    assert_eq!(client.get("/without/%FF").status, 200);
    // A folder that is called like an index is none.
    assert!(client.get("/tricky/").text().contains("index.html/</a>"));
}

#[test]
fn a_folder_without_its_slash_is_redirected_and_never_elsewhere() {
    let folder = Folder::new("redirect");
    folder.write("a b/c/x", "");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    for (target, location) in [
        ("/a%20b", "/a%20b/"),
        ("/a%20b/c?q=1", "/a%20b/c/?q=1"),
        ("//a%20b//c", "/a%20b/c/"),
        ("http://elsewhere/a%20b", "/a%20b/"),
    ] {
        let answer = client.get(target);
        assert_eq!((answer.status, answer.header("location")), (301, Some(location)), "{target}");
    }
    assert_eq!(client.get("/a%20b/c/x/").status, 404);
}

#[test]
fn a_part_of_a_file_is_served() {
    let folder = Folder::new("range");
    folder.write("digits", "0123456789");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    let whole = client.get("/digits");
    let date = whole.header("last-modified").unwrap();
    for (range, expected, part) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-1", "9", "bytes 9-9/10"),
        ("bytes=0-99", "0123456789", "bytes 0-9/10"),
    ] {
        for condition in [String::new(), format!("If-Range: {date}\r\n")] {
            let answer = client.get_with("/digits", &format!("Range: {range}\r\n{condition}"));
            assert_eq!((answer.status, answer.text()), (206, expected), "{range}");
            assert_eq!(answer.header("content-range"), Some(part));
        }
    }
    let answer = client.get_with("/digits", "Range: bytes=10-\r\n");
    assert_eq!((answer.status, answer.header("content-range")), (416, Some("bytes */10")));
    // Several parts, what is no range, and a part of what has changed since: the whole.
    for headers in [
        "Range: bytes=1-2,4-5\r\n",
        "Range: bytes=5-1\r\n",
        "Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "Range: bytes=1-2\r\nIf-Range: \"tag\"\r\n",
    ] {
        let answer = client.get_with("/digits", headers);
        assert_eq!((answer.status, answer.text()), (200, "0123456789"), "{headers}");
    }
}

#[test]
fn what_the_client_has_already_is_not_sent_again() {
    let folder = Folder::new("modified");
    folder.write("x", "body");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    let answer = client.get("/x");
    let date = answer.header("last-modified").unwrap();
    let unchanged = client.get_with("/x", &format!("If-Modified-Since: {date}\r\n"));
    assert_eq!((unchanged.status, unchanged.header("content-length")), (304, None));
    let old = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    assert_eq!(client.get_with("/x", old).text(), "body");
    assert_eq!(client.get_with("/x", "If-Modified-Since: yesterday\r\n").text(), "body");
}

#[test]
fn a_head_is_the_same_without_the_body() {
    let folder = Folder::new("head");
    folder.write("x", "body");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    for target in ["/x", "/", "/missing"] {
        client.ask("HEAD", target, "");
        let head = client.head(); // a body would be taken for the next answer
        let answer = client.get(target);
        assert_eq!((head.status, head.len()), (answer.status, answer.len()), "{target}");
        assert_eq!(head.header("content-type"), answer.header("content-type"));
    }
    client.ask("HEAD", "/x", "Range: bytes=1-2\r\n");
    assert_eq!(client.head().status, 200);
}

#[test]
fn nothing_outside_the_folder_can_be_had() {
    let folder = Folder::new("outside");
    folder.write("inside.txt", "public");
    folder.write("below/x", "");
    folder.link("inside.txt", "good");
    folder.link("../outside.txt", "bad");
    folder.link("..", "up");
    folder.link("/", "root");
    folder.link("circle", "circle");
    folder.link("/nowhere", "nowhere");
    folder.link("../..", "below/up");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    assert_eq!(client.get("/good").text(), "public");
    for target in ["/bad", "/up/", "/up/outside.txt", "/up/site/inside.txt/x", "/root/etc/passwd"] {
        assert_eq!(client.get(target).status, 404, "{target}");
    }
    for target in ["/circle", "/nowhere", "/below/up/outside.txt", "/%252e%252e/outside.txt"] {
        assert_eq!(client.get(target).status, 404, "{target}");
    }
    for target in ["/../outside.txt", "/below/../../outside.txt", "/%2e%2E/outside.txt", "/.."] {
        assert_eq!(client.get(target).status, 400, "{target}");
    }
    for target in ["/..%2foutside.txt", "/%2fetc/passwd", "/good%00", "/%zz"] {
        assert_eq!(client.get(target).status, 400, "{target}");
    }
    // A link that leads out and in again ends inside.
    assert_eq!(client.get("/up/site/inside.txt").text(), "public");
}

#[test]
fn what_is_no_file_is_not_served() {
    let folder = Folder::new("pipe");
    let pipe = folder.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("s")).unwrap();
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    assert_eq!(client.get("/pipe").status, 403);
    assert_eq!(client.get("/s").status, 403);
    assert!(!client.get("/").text().contains("pipe"));
}

#[test]
fn other_methods_are_refused_and_the_connection_goes_on() {
    let folder = Folder::new("methods");
    folder.write("x", "body");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        client.ask(method, "/x", "Content-Length: 5\r\n");
        client.send("hello");
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(client.get("/x").text(), "body");
}

#[test]
fn a_small_body_is_passed_over_and_a_large_one_ends_the_connection() {
    let folder = Folder::new("bodies");
    folder.write("x", "body");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    client.ask("GET", "/x", "Content-Length: 60000\r\n");
    client.send(vec![b'x'; 60_000]);
    assert_eq!(client.answer().text(), "body");
    client.ask("GET", "/x", "Content-Length: 3\r\nExpect: 100-continue\r\n");
    assert_eq!(client.head().status, 100);
    client.send("abc");
    assert_eq!(client.answer().text(), "body");
    for (method, status) in [("GET", 413), ("PUT", 405)] {
        let mut client = Client::connect(server.addr);
        client.ask(method, "/x", "Content-Length: 99999999999\r\n");
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
        // What is on its way already does not reset the connection: the answer must arrive.
        for _ in 0..9 {
            client.send(vec![b'x'; 100_000]);
        }
        assert!(client.is_at_end());
    }
}

#[test]
fn what_is_not_understood_is_refused_and_ends_the_connection() {
    let folder = Folder::new("refusals");
    let server = Server::start(&folder);
    let long = "a".repeat(9000);
    for (request, status) in [
        ("\r\n\r\nhello\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 501),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(), 505),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 414),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(100)), 431),
    ] {
        let mut client = Client::connect(server.addr);
        client.send(&request);
        // Behind it comes what must not be taken for a request.
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let answer = client.answer();
        let what = &request[..request.len().min(60)];
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{what}");
        assert!(client.is_at_end());
    }
}

#[test]
fn requests_in_a_pipeline_are_answered_in_order() {
    let folder = Folder::new("pipeline");
    for n in 0..10 {
        folder.write(&format!("{n}"), format!("number {n}").repeat(1 + 1000 * n));
    }
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    for n in 0..100 {
        client.ask("GET", &format!("/{}", n % 10), "");
    }
    for n in 0..100 {
        let answer = client.answer();
        assert_eq!(answer.text(), format!("number {}", n % 10).repeat(1 + 1000 * (n % 10)));
    }
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let folder = Folder::new("slowly");
    folder.write("x", "body");
    let server = Server::start(&folder);
    let mut client = Client::connect(server.addr);
    client.0.get_ref().set_nodelay(true).unwrap();
    for _ in 0..2 {
        for byte in b"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" {
            client.send([*byte]);
        }
        assert_eq!(client.answer().text(), "body");
    }
}

#[test]
fn a_connection_ends_when_the_client_wants_it() {
    let folder = Folder::new("close");
    folder.write("x", "body");
    let server = Server::start(&folder);
    for request in
        ["GET /x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"]
    {
        let mut client = Client::connect(server.addr);
        client.send(request);
        let answer = client.answer();
        assert_eq!((answer.text(), answer.header("connection")), ("body", Some("close")));
        assert!(client.is_at_end());
    }
}

/// Bytes without a pattern that a mistake in offsets could hide behind.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(word).take(len / 8).flatten().collect()
}

#[test]
fn a_large_file_arrives_whole_in_little_memory_while_another_client_does_not_read() {
    const LEN: usize = 64 << 20;
    let folder = Folder::new("large");
    let bytes = noise(LEN);
    folder.write("large.bin", &bytes);
    let mut expected = DefaultHasher::new();
    expected.write(&bytes);
    drop(bytes);
    let server = Server::start_with(&folder, &["--cores", "1"]);
    let mut idle = Client::connect(server.addr);
    idle.ask("GET", "/large.bin", ""); // and never reads
    let mut client = Client::connect(server.addr);
    client.ask("GET", "/large.bin", "");
    assert_eq!(client.head().len(), LEN as u64);
    let (mut hash, mut left, mut buf) = (DefaultHasher::new(), LEN, vec![0; 1 << 16]);
    while left > 0 {
        let part = left.min(buf.len());
        client.0.read_exact(&mut buf[..part]).unwrap();
        hash.write(&buf[..part]);
        left -= part;
    }
    assert_eq!(hash.finish(), expected.finish());
    assert_eq!(client.get("/").status, 200);
    let peak = server.peak_kib();
    assert!(peak < 32 * 1024, "{peak} KiB were resident for a file of {} KiB", LEN >> 10);
}

#[test]
fn ctrl_c_lets_the_answer_in_flight_finish_and_nothing_else() {
    stop_lets_the_answer_in_flight_finish("INT");
}

#[test]
fn so_does_a_service_manager() {
    stop_lets_the_answer_in_flight_finish("TERM");
}

fn stop_lets_the_answer_in_flight_finish(signal: &str) {
    const LEN: usize = 32 << 20;
    let folder = Folder::new(signal);
    folder.write("large.bin", noise(LEN));
    let mut server = Server::start(&folder);
    let mut idle = Client::connect(server.addr);
    assert_eq!(idle.get("/").status, 200);
    let mut busy = Client::connect(server.addr);
    busy.ask("GET", "/large.bin", "");
    busy.ask("GET", "/large.bin", ""); // is not begun before the stop, and so never
    let head = busy.head();
    assert_eq!(head.status, 200);

    server.stop(signal);
    assert!(idle.is_at_end());
    while TcpStream::connect(server.addr).is_ok() {
        // The other cores stop a moment later.
    }

    let mut body = vec![0; LEN];
    busy.0.read_exact(&mut body).expect("the whole file comes");
    assert!(body == noise(LEN), "the file is not the same");
    assert!(busy.is_at_end());
    drop(busy);
    let (status, stderr) = server.wait();
    assert!(status.success(), "{status}: {stderr}");
}

#[test]
fn the_greeting_says_where_and_how() {
    let folder = Folder::new("greeting");
    let server = Server::start_with(&folder, &["--cores", "1"]);
    for part in ["/files-greeting-", "on 1 of ", " granted "] {
        assert!(server.greeting.contains(part), "{part} is not in {}", server.greeting);
    }
}

#[test]
fn what_cannot_be_served_is_told_at_the_start() {
    let folder = Folder::new("refused");
    folder.write("file", "");
    let server = Server::start(&folder);
    let taken = server.addr.to_string();
    let (site, file) = (folder.path(""), folder.path("file"));
    let (site, file) = (site.to_str().unwrap(), file.to_str().unwrap());
    for (words, code, part) in [
        (&["--help"][..], 0, ""),
        (&["--wrong"], 2, "usage:"),
        (&["/there/is/no/such/folder"], 1, "/there/is/no/such/folder: "),
        (&[file, "--addr", "127.0.0.1:0"], 1, "file: not a directory"),
        (&[site, "--addr", &taken], 1, &taken),
        (&[site, "--addr", "127.0.0.1:0", "--cores", "9999"], 1, "--cores 9999"),
    ] {
        let output = command().args(words).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
        assert!(stderr.contains(part), "{part} is not in {stderr}");
    }
}

#[test]
fn curl_is_content() {
    let folder = Folder::new("curl");
    folder.write("x.txt", "0123456789".repeat(100_000));
    let server = Server::start(&folder);
    let url = format!("http://{}/x.txt", server.addr);
    let curl = |words: &[&str]| Command::new("curl").args(["-sS", "-m", "30"]).args(words).output();
    let Ok(version) = curl(&["--version"]) else {
        println!("SKIPPED: there is no curl");
        return;
    };
    assert!(version.status.success());
    let whole = curl(&["-f", &url]).unwrap();
    assert_eq!(whole.stdout, "0123456789".repeat(100_000).as_bytes());
    let part = curl(&["-f", "-r", "999990-", &url]).unwrap();
    assert_eq!(part.stdout, b"0123456789");
    // Two requests on one connection, for what has not changed since the file's own date.
    let path = folder.path("x.txt");
    let write_out = "%{http_code} %{num_connects} ";
    let discard = ["-o", "/dev/null", "-o", "/dev/null", "-w", write_out];
    let both = curl(&[&discard[..], &["-z", path.to_str().unwrap(), &url, &url]].concat()).unwrap();
    assert_eq!(String::from_utf8_lossy(&both.stdout), "304 1 304 0 ");
}
