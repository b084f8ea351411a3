//! hyper on every core: `GET /`, and an upload that is read as it comes.
//!
//! ```text
//! cargo run --release -p sexton-compat --features hyper --example hyper -- 127.0.0.1:3000
//! curl http://127.0.0.1:3000/
//! curl -T large-file http://127.0.0.1:3000/upload
//! ```

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use sexton::net::{TcpListener, TcpStream};
use sexton_compat::{HyperIo, HyperTimer};
use std::net::SocketAddr;
use std::time::Duration;

/// A client that takes longer for a request's head is not served.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

#[sexton::main]
async fn main() -> std::io::Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let addr: SocketAddr = addr.parse().map_err(std::io::Error::other)?;
    println!("http://{addr}/ on {} cores", sexton::cores());
    sexton::spawn_per_core(move || serve(addr)).try_join().await?;
    Ok(())
}

async fn serve(addr: SocketAddr) -> std::io::Result<()> {
    let listener = TcpListener::bind(addr).await?; // one listener a core
    loop {
        let (stream, peer) = listener.accept().await?;
        sexton::spawn(async move {
            if let Err(error) = connection(stream).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn connection(stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    stream.set_nodelay(true)?;
    http1::Builder::new()
        .timer(HyperTimer)
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(HyperIo::new(stream), service_fn(answer))
        .await?;
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Ok(Response::new(Full::from("Hello from Sexton.\n"))),
        (&Method::PUT | &Method::POST, "/upload") => {
            let (mut body, mut bytes, mut sum) = (request.into_body(), 0_u64, 0_u64);
            // Frame after frame: the upload is never in memory as a whole.
            while let Some(frame) = body.frame().await {
                if let Ok(data) = frame?.into_data() {
                    bytes += data.len() as u64;
                    sum = data.iter().fold(sum, |sum, &byte| sum.wrapping_add(u64::from(byte)));
                }
            }
            Ok(Response::new(Full::from(format!("{bytes} bytes, sum {sum}\n"))))
        }
        _ => {
            let mut response = Response::new(Full::from("not found\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    }
}
