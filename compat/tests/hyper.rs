//! hyper serves, and asks, over Sexton.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton_compat::{HyperExecutor, HyperIo, HyperTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Echoes the body.
async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => Bytes::from(error.to_string()),
    };
    Ok(Response::new(Full::new(body)))
}

/// Serves connections one after the other.
async fn serve(listener: TcpListener, header_timeout: Duration) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        sexton::spawn(async move {
            hyper::server::conn::http1::Builder::new()
                .timer(HyperTimer)
                .header_read_timeout(header_timeout)
                .serve_connection(HyperIo::new(stream), service_fn(echo))
                .await
        });
    }
}

async fn server(header_timeout: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    sexton::spawn(serve(listener, header_timeout));
    addr
}

#[test]
fn curl_uploads_a_stream_and_gets_it_back() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: there is no curl");
        return;
    }
    sexton::block_on(async {
        let addr = server(Duration::from_secs(30)).await;
        let asked = sexton::spawn_blocking(move || {
            // Chunked, and longer than every buffer on the way.
            let script = format!(
                "seq 1 400000 | curl -sS -T - http://{addr}/ | cksum; seq 1 400000 | cksum"
            );
            let out = Command::new("sh").arg("-c").arg(script).stderr(Stdio::inherit()).output();
            String::from_utf8(out.unwrap().stdout).unwrap()
        });
        let sums = asked.await.unwrap();
        let (got, expected) = sums.trim_end().split_once('\n').unwrap();
        assert_eq!(got, expected);
    });
}

#[test]
fn a_client_that_sends_no_head_is_let_go() {
    sexton::block_on(async {
        let addr = server(Duration::from_millis(50)).await;
        let slow = TcpStream::connect(addr).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        // The end of the stream, though nobody closed this side.
        let mut end = vec![0; 0];
        loop {
            end.reserve(256);
            let (n, buf) = slow.read_owned(end).await.unwrap();
            end = buf;
            if n == 0 {
                break;
            }
        }
        // A fast one beside it is served.
        let fast = TcpStream::connect(addr).await.unwrap();
        fast.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let (_, answer) = fast.read_owned(Vec::with_capacity(512)).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    });
}

#[test]
fn many_requests_of_http_2_run_beside_each_other_on_one_connection() {
    sexton::block_on(async {
        let (near, far) = UnixStream::pair().unwrap();
        sexton::spawn(async move {
            hyper::server::conn::http2::Builder::new(HyperExecutor)
                .timer(HyperTimer)
                .serve_connection(HyperIo::new(far), service_fn(echo))
                .await
        });
        let (client, connection) = hyper::client::conn::http2::Builder::new(HyperExecutor)
            .timer(HyperTimer)
            .handshake(HyperIo::new(near))
            .await
            .unwrap();
        sexton::spawn(connection);
        let mut all = sexton::JoinSet::new();
        for n in 0..50_u8 {
            let mut client = client.clone();
            all.spawn(async move {
                let body = Full::new(Bytes::from(vec![n; 50_000]));
                let request = Request::post("http://x/").body(body).unwrap();
                let response = client.send_request(request).await.unwrap();
                let back = response.into_body().collect().await.unwrap().to_bytes();
                assert!(back.len() == 50_000 && back.iter().all(|&byte| byte == n));
            });
        }
        while let Some(done) = all.join_next().await {
            done.unwrap();
        }
    });
}
