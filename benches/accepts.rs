//! What a connection costs a server that accepts one after the other: CPU time of its thread per
//! connection, medians of interleaved rounds.
//!
//! ```text
//! cargo bench --bench accepts -- [--quick]
//! ```

use futures_core::Stream;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use sexton::net::{TcpListener, TcpStream};
use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
struct Job {
    name: &'static str,
    clients: u64,
    echo: bool,
    one_core: bool,
    count: u64,
}

const MODES: &[(&str, usize, bool)] = &[
    ("one", 1, false),
    ("many", 0, false),
    ("many, incoming", 0, true),
    ("one, hinted", 100, false),
    ("4 ahead", 4, false),
    ("4 ahead, hinted", 103, false),
];

fn main() -> io::Result<()> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (rounds, scale) = if quick { (3, 4) } else { (15, 1) };
    let mut jobs = Vec::new();
    for one_core in [true, false] {
        for (name, clients, echo) in [
            ("close", 64, false),
            ("close", 1, false),
            ("echo", 64, true),
            ("echo", 512, true),
            ("echo", 1, true),
        ] {
            let count = if clients == 1 { 4_096 } else { 16_384 } / scale;
            jobs.push(Job { name, clients, echo, one_core, count });
        }
    }
    let cpus = sched_getaffinity(None)?;
    let mut server = CpuSet::new();
    server.set((0..CpuSet::MAX_CPU).rev().find(|&cpu| cpus.is_set(cpu)).unwrap_or(0));
    let mut other = CpuSet::new();
    other.set((0..CpuSet::MAX_CPU).find(|&cpu| cpus.is_set(cpu)).unwrap_or(0));
    sched_setaffinity(None, &server)?;
    sexton::block_on(async move {
        sexton::spawn(async move {
            for job in jobs {
                let mut costs = vec![Vec::new(); MODES.len()];
                for round in 0..=rounds {
                    for turn in 0..MODES.len() {
                        let at = (turn + round) % MODES.len();
                        let (_, mode, incoming) = MODES[at];
                        sexton_net::MODE.store(mode, Ordering::Relaxed);
                        let cpu = if job.one_core { server } else { other };
                        let ns = storm(job, incoming, cpu).await?;
                        if round > 0 {
                            costs[at].push(ns as f64 / job.count as f64 / 1000.0);
                        }
                    }
                }
                println!("\n## {job:?}\n");
                let base = costs[0].clone();
                for ((name, ..), costs) in MODES.iter().zip(costs) {
                    let ratios = costs.iter().zip(&base).map(|(cost, base)| cost / base).collect();
                    println!("| {name} | {} | {} |", spread(costs), spread(ratios));
                }
            }
            io::Result::Ok(())
        })
        .await
        .expect("no panic")
    })
}

fn spread(mut costs: Vec<f64>) -> String {
    costs.sort_by(f64::total_cmp);
    let last = costs.len() - 1;
    format!("**{:.3}** ({:.2}-{:.2})", costs[last / 2], costs[0], costs[last])
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

async fn storm(job: Job, incoming: bool, cpu: CpuSet) -> io::Result<u64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let load = thread::spawn(move || {
        sched_setaffinity(None, &cpu)?;
        sexton::block_on(load(job, addr))
    });
    let before = cpu_ns();
    let served = Rc::new(Cell::new(0));
    let mut connections = pin!(listener.incoming());
    for _ in 0..job.count {
        let stream = if incoming {
            poll_fn(|cx| connections.as_mut().poll_next(cx)).await.expect("endless")?
        } else {
            listener.accept().await?.0
        };
        if !job.echo {
            drop(stream);
            continue;
        }
        let served = Rc::clone(&served);
        drop(sexton::spawn(async move {
            let bytes = stream.read_exact_owned(Vec::with_capacity(64)).await?;
            stream.write_all_owned(bytes).await?;
            served.set(served.get() + 1);
            io::Result::Ok(())
        }));
    }
    while job.echo && served.get() < job.count {
        sexton::time::sleep(Duration::from_millis(1)).await;
    }
    let cost = cpu_ns() - before;
    load.join().expect("no panic")?;
    Ok(cost)
}

async fn load(job: Job, addr: SocketAddr) -> io::Result<()> {
    let mut clients = Vec::new();
    for _ in 0..job.clients {
        clients.push(sexton::spawn(async move {
            for _ in 0..job.count / job.clients {
                let stream = TcpStream::connect(addr).await?;
                stream.set_linger(Some(Duration::ZERO))?;
                if job.echo {
                    stream.write_all_owned(vec![7; 64]).await?;
                    stream.read_exact_owned(Vec::with_capacity(64)).await?;
                } else {
                    stream.read_owned(Vec::with_capacity(64)).await?;
                }
            }
            io::Result::Ok(())
        }));
    }
    for client in clients {
        client.await.expect("no panic")?;
    }
    Ok(())
}
