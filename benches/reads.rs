//! What the ways to read cost: into borrowed memory by two roads, and into fresh memory that is
//! zeroed or not. CPU time per message, medians of interleaved rounds.
//!
//! ```text
//! cargo bench --bench reads -- [--quick]
//! ```
//!
//! A message goes over a loopback connection from one task to another on the same core, and one
//! byte goes back. What differs between the cases of a table is the read alone.

use rustix::time::{ClockId, clock_gettime};
use sexton::buf::IoBufMut;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream};
use std::io;
use std::pin::Pin;

type Cost = Pin<Box<dyn Future<Output = io::Result<u64>>>>;

/// One way to read messages of a length, so many times.
struct Case {
    name: &'static str,
    run: fn(usize, usize) -> Cost,
}

const BORROWED: &[Case] = &[
    Case {
        name: "`recv`, then poll (`read`)",
        run: |len, n| Box::pin(messages(len, n, Way::Recv)),
    },
    Case { name: "shown, then copied", run: |len, n| Box::pin(messages(len, n, Way::Shown)) },
    Case { name: "`read_owned`", run: |len, n| Box::pin(messages(len, n, Way::Owned)) },
];

/// 64 bytes into a fresh buffer of some capacity.
const FRESH: &[Case] = &[
    Case { name: "`Vec::with_capacity`", run: |cap, n| Box::pin(messages(64, n, Way::Fresh(cap))) },
    Case { name: "`vec![0; n]`", run: |cap, n| Box::pin(messages(64, n, Way::Zeroed(cap))) },
];

#[derive(Clone, Copy)]
enum Way {
    Recv,
    Shown,
    Owned,
    Fresh(usize),
    Zeroed(usize),
}

fn main() -> io::Result<()> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let rounds = if quick { 3 } else { 11 };
    sexton::block_on(async move {
        sexton::spawn(async move {
            println!("CPU µs per message and its answer, {rounds} rounds: median (min-max)\n");
            println!("## Into borrowed memory\n");
            table(BORROWED, &[64, 1 << 10, 4 << 10, 16 << 10, 64 << 10], rounds, 2_000).await?;
            println!("\n## 64 bytes into a fresh buffer\n");
            table(FRESH, &[4 << 10, 64 << 10, 16 << 20], rounds, 200).await?;
            println!("\n## Resident memory of 16 buffers of 16 MiB with a byte each\n");
            println!("| | KiB |\n|---|---|");
            println!("| `Vec::with_capacity` | {} |", resident(Way::Fresh(16 << 20)).await?);
            println!("| `vec![0; n]`, written once | {} |", resident(Way::Zeroed(16 << 20)).await?);
            Ok(())
        })
        .await?
    })
}

async fn table(cases: &[Case], lens: &[usize], rounds: usize, count: usize) -> io::Result<()> {
    let heads: Vec<String> = lens.iter().map(|len| format!(" {len} B |")).collect();
    println!("| |{}\n|---|{}", heads.concat(), "---|".repeat(lens.len()));
    let mut costs = vec![vec![Vec::new(); lens.len()]; cases.len()];
    for round in 0..=rounds {
        for (of_case, case) in costs.iter_mut().zip(cases) {
            for (of_len, &len) in of_case.iter_mut().zip(lens) {
                let cost = (case.run)(len, count).await?;
                // The first round warms up.
                if round > 0 {
                    of_len.push(cost as f64 / count as f64 / 1000.0);
                }
            }
        }
    }
    for (case, of_case) in cases.iter().zip(&mut costs) {
        let cells: Vec<String> = of_case.iter_mut().map(|costs| spread(costs)).collect();
        println!("| {} |{}", case.name, cells.concat());
    }
    Ok(())
}

fn spread(costs: &mut [f64]) -> String {
    costs.sort_by(f64::total_cmp);
    let last = costs.len() - 1;
    format!(" **{:.2}** ({:.2}-{:.2}) |", costs[last / 2], costs[0], costs[last])
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let client = TcpStream::connect(listener.local_addr()?).await?;
    client.set_nodelay(true)?;
    let (server, _) = listener.accept().await?;
    server.set_nodelay(true)?;
    Ok((client, server))
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// CPU time of so many messages.
async fn messages(len: usize, count: usize, way: Way) -> io::Result<u64> {
    let (client, mut server) = pair().await?;
    let sender = sexton::spawn(async move {
        let mut message = vec![1; len];
        for _ in 0..count {
            message = client.write_all_owned(message).await?;
            client.read_exact_owned(Vec::with_capacity(1)).await?;
        }
        io::Result::Ok(())
    });
    let mut own = vec![0; len];
    let before = cpu_ns();
    for _ in 0..count {
        own = receive(&mut server, own, len, way).await?;
        server.write(b"!").await?;
    }
    sender.await??;
    Ok(cpu_ns() - before)
}

async fn receive(
    stream: &mut TcpStream,
    mut own: Vec<u8>,
    len: usize,
    way: Way,
) -> io::Result<Vec<u8>> {
    let mut got = 0;
    while got < len {
        got += match way {
            Way::Recv => stream.read(&mut own[got..]).await?,
            Way::Shown => {
                let shown = stream.fill_buf().await?;
                let n = shown.len();
                own[got..got + n].copy_from_slice(shown);
                stream.consume(n);
                n
            }
            Way::Owned => {
                let (n, window) = stream.read_owned(own.slice_mut(got..)).await?;
                own = window.into_inner();
                n
            }
            Way::Fresh(cap) => stream.read_owned(Vec::with_capacity(cap)).await?.0,
            Way::Zeroed(cap) => stream.read_owned(zeroed(cap).slice_mut(..)).await?.0,
        };
    }
    Ok(own)
}

/// As a reader would that needs initialised memory: the allocator's zeroed pages would hide it.
fn zeroed(cap: usize) -> Vec<u8> {
    let mut buf = Vec::with_capacity(cap);
    buf.resize(cap, std::hint::black_box(0));
    buf
}

/// Resident memory that 16 buffers cost that got one byte each, in KiB.
async fn resident(way: Way) -> io::Result<u64> {
    let (client, server) = pair().await?;
    let before = resident_kib()?;
    let mut all: Vec<Vec<u8>> = Vec::new();
    for _ in 0..16 {
        client.write_all(b"x").await?;
        all.push(match way {
            Way::Zeroed(cap) => server.read_owned(zeroed(cap).slice_mut(..)).await?.1.into_inner(),
            Way::Fresh(cap) => server.read_owned(Vec::with_capacity(cap)).await?.1,
            _ => Vec::new(),
        });
    }
    let after = resident_kib()?;
    std::hint::black_box(&all);
    Ok(after.saturating_sub(before))
}

fn resident_kib() -> io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.map(|pages| pages * 4).ok_or_else(|| io::ErrorKind::InvalidData.into())
}
