//! Connections: what is sent arrives, in order, whatever the seed does.

use sexton::net::{TcpListener, TcpStream};
use sexton::sim::{Faults, Kernel, Report, Sim};

async fn echo(stream: TcpStream) -> std::io::Result<()> {
    let mut buf = Vec::with_capacity(64);
    loop {
        let n;
        (n, buf) = stream.read_owned(buf).await?;
        if n == 0 {
            return Ok(());
        }
        buf = stream.write_all_owned(buf).await?;
        buf.clear();
    }
}

pub(super) async fn conversation() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = sexton::spawn(async move {
        for _ in 0..4 {
            let (stream, _) = listener.accept().await.unwrap();
            sexton::spawn(echo(stream));
        }
    });
    let clients: Vec<_> = (0..4_u8)
        .map(|client| {
            sexton::spawn(async move {
                let stream = TcpStream::connect(addr).await.unwrap();
                for round in 0..20_u8 {
                    let sent = vec![client ^ round; 1 + usize::from(round) * 17];
                    let sent = stream.write_all_owned(sent).await.unwrap();
                    let got = Vec::with_capacity(sent.len());
                    let got = stream.read_exact_owned(got).await.unwrap();
                    assert_eq!(got, sent);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    server.await.unwrap();
}

fn run(seed: u64, kernel: Kernel, faults: Faults) -> Report {
    let sim = Sim::new(seed).profile(kernel).faults(faults);
    match sim.try_run(conversation) {
        Ok(((), report)) => report,
        Err(failure) => failure.raise(),
    }
}

#[test]
fn an_echo_is_what_was_sent_on_every_kernel() {
    for kernel in Kernel::ALL {
        for seed in 0..25 {
            let report = run(seed, *kernel, Faults::scheduling());
            assert_eq!(report, run(seed, *kernel, Faults::scheduling()), "seed {seed}");
        }
    }
}
