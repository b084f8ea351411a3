//! Several hosts: names, latency, partitions, a loss of power.

use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream};
use sexton::sim::{Faults, Host, Sim};
use sexton::time::{Duration, Instant, sleep, timeout};
use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::task::Poll;

/// Answers each line with itself, in capitals.
async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        sexton::spawn(async move {
            let mut line = String::new();
            while stream.read_line(&mut line).await? > 0 {
                stream.write_all_owned(line.to_uppercase().into_bytes()).await?;
                line.clear();
            }
            std::io::Result::Ok(())
        });
    }
}

/// A server on a host of its own, which has a name.
fn server() -> Host {
    let host = Host::new([10, 0, 0, 2]);
    host.name("server");
    drop(host.run(|| serve(80)));
    host
}

async fn connect() -> TcpStream {
    loop {
        match TcpStream::connect("server:80").await {
            Ok(stream) => return stream,
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}"),
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn ask(stream: &mut TcpStream, question: &str) -> String {
    stream.write_all_owned(format!("{question}\n").into_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_line(&mut answer).await.unwrap();
    answer
}

#[test]
fn a_client_finds_a_server_by_its_name_and_the_way_takes_time() {
    Sim::new(3).run(|| async {
        let host = server();
        let mut stream = connect().await;
        assert_eq!(stream.peer_addr().unwrap().ip(), host.addr());
        assert_eq!(stream.local_addr().unwrap().ip(), Host::current().addr());
        let start = Instant::now();
        assert_eq!(ask(&mut stream, "who").await, "WHO\n");
        assert!(start.elapsed() >= Duration::from_micros(100), "there and back");
    });
}

#[test]
fn what_is_sent_into_a_partition_arrives_when_it_heals() {
    for seed in 0..20 {
        Sim::new(seed).faults(Faults::scheduling()).run(|| async {
            let (host, ours) = (server(), Host::current());
            let mut stream = connect().await;
            ours.cut_from(host);
            let (start, mut answer) = (Instant::now(), None);
            let healed = sexton::spawn(async move {
                sleep(Duration::from_secs(60)).await;
                ours.heal(host);
            });
            let asked = timeout(Duration::from_secs(30), ask(&mut stream, "there")).await;
            assert!(asked.is_err(), "nothing comes through");
            assert!(
                timeout(Duration::from_secs(10), TcpStream::connect("server:80")).await.is_err(),
                "nobody answers"
            );
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() > 0 {
                answer = Some(line);
            }
            assert_eq!(answer.as_deref(), Some("THERE\n"));
            assert!(start.elapsed() >= Duration::from_secs(60));
            healed.await.unwrap();
        });
    }
}

#[test]
fn a_connect_gives_up_on_a_host_that_does_not_answer() {
    Sim::new(1).run(|| async {
        let host = server();
        Host::current().cut_from(host);
        let start = Instant::now();
        let error = TcpStream::connect("10.0.0.2:80").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_secs(127));
        let error = TcpStream::connect("10.0.0.9:80").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
    });
}

#[test]
fn a_program_on_a_host_that_loses_its_power_is_gone_and_its_peers_hear_of_it() {
    for seed in 0..20 {
        Sim::new(seed).faults(Faults::scheduling()).run(|| async {
            let host = Host::new([10, 0, 0, 2]);
            host.name("server");
            let running = host.run(|| serve(80));
            let mut stream = connect().await;
            assert_eq!(ask(&mut stream, "before").await, "BEFORE\n");
            host.lose_power();
            assert_eq!(running.await.unwrap_err().kind(), ErrorKind::ConnectionAborted);
            let silent = timeout(Duration::from_secs(5), stream.write_all_owned(b"now\n".to_vec()));
            drop(silent.await);
            drop(host.run(|| serve(80)));
            // It has power again, and knows nothing of the connection.
            let mut rest = String::new();
            let ended = stream.read_line(&mut rest).await;
            assert!(ended.is_err() || rest.is_empty(), "{rest}");
            assert_eq!(ask(&mut connect().await, "after").await, "AFTER\n");
        });
    }
}

/// Both ends at once: the program on the other host is over, and its runtime waits for the answer
/// to a cancel, when the simulation's own program ends.
#[test]
fn a_host_whose_runtime_is_ending_may_end_with_the_simulation() {
    for seed in 0..200 {
        let sim = Sim::new(seed).faults(Faults::scheduling());
        let ends = || async move {
            let (own, other) = (Host::current(), Host::new([10, 0, 0, 7]));
            own.cut_from(other);
            let addr = std::net::SocketAddr::new(own.addr(), 7);
            let connects = move || async move {
                let mut connect = Box::pin(TcpStream::connect(addr));
                poll_fn(|cx| Poll::Ready(connect.as_mut().poll(cx).is_pending())).await;
                sexton::yield_now().await;
            };
            drop(other.run(connects));
            for _ in 0..seed % 20 {
                sexton::yield_now().await;
            }
        };
        match sim.try_run(ends) {
            Ok(((), report)) => assert_eq!(report.descriptors, 0, "seed {seed}"),
            Err(failure) => failure.raise(),
        }
    }
}
