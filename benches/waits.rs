//! What it brings and costs to look for work before sleeping (`spin`), and to sleep for several
//! answers (`min_wait`): medians of interleaved rounds.
//!
//! ```text
//! cargo bench --bench waits -- [--quick] [ping|echo|idle]...
//! ```
//!
//! Cores and load have a processor each. CPU time is the process's for `ping`, the server thread's
//! for `echo`, the core thread's for `idle`.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use sexton::Builder;
use sexton::net::{TcpListener, TcpStream};
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How cores are set up.
#[derive(Clone, Copy)]
struct Setting {
    name: &'static str,
    spin_us: u64,
    min_wait_us: u64,
}

const fn setting(name: &'static str, spin_us: u64, min_wait_us: u64) -> Setting {
    Setting { name, spin_us, min_wait_us }
}

const SPINS: &[Setting] =
    &[setting("neither", 0, 0), setting("`spin` 20 µs", 20, 0), setting("`spin` 100 µs", 100, 0)];
const ALL: &[Setting] = &[
    setting("neither", 0, 0),
    setting("`spin` 20 µs", 20, 0),
    setting("`spin` 100 µs", 100, 0),
    setting("`min_wait` 10 µs", 0, 10),
    setting("`min_wait` 50 µs", 0, 50),
    setting("`min_wait` 200 µs", 0, 200),
];

impl Setting {
    fn builder(self) -> Builder {
        let micros = Duration::from_micros;
        Builder::new().spin(micros(self.spin_us)).min_wait(micros(self.min_wait_us))
    }
}

/// Figures of one round.
type Figures = io::Result<Vec<f64>>;

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let quick = words.iter().any(|word| word == "--quick");
    let (rounds, scale) = if quick { (3, 4) } else { (9, 1) };
    let named: Vec<&String> = words.iter().filter(|word| !word.starts_with("--")).collect();
    let wants = |name: &str| named.is_empty() || named.iter().any(|word| *word == name);

    println!("{rounds} rounds: median (min-max)");
    if wants("ping") {
        println!("\n## A task on another core, and its answer\n");
        let heads = ["µs", "CPU µs"];
        table(&heads, SPINS, rounds, |setting| ping(setting, 10_000 / scale))?;
    }
    if wants("echo") {
        let heads = ["CPU µs per request", "requests per s", "p50 µs", "p99 µs"];
        for clients in [1, 64, 512] {
            println!("\n## Echo of 64 B, {clients} connections, the load on another processor\n");
            let count = if clients == 1 { 5_000 } else { 40_000 } / scale / clients;
            table(&heads, ALL, rounds, |setting| echo(setting, clients, count))?;
        }
    }
    if wants("idle") {
        println!("\n## A core with a timer every 2 ms\n");
        table(&["CPU ms per s"], SPINS, rounds, |setting| idle(setting, 1))?;
    }
    Ok(())
}

fn table(
    heads: &[&str],
    settings: &[Setting],
    rounds: usize,
    measure: impl Fn(Setting) -> Figures,
) -> io::Result<()> {
    println!("| | {} |\n|---|{}", heads.join(" | "), "---|".repeat(heads.len()));
    let mut columns = vec![vec![Vec::new(); heads.len()]; settings.len()];
    for round in 0..=rounds {
        for turn in 0..settings.len() {
            // Who comes first rotates, and the first round warms up.
            let at = (round + turn) % settings.len();
            let figures = measure(settings[at])?;
            if round > 0 {
                columns[at].iter_mut().zip(figures).for_each(|(all, figure)| all.push(figure));
            }
        }
    }
    for (setting, columns) in settings.iter().zip(columns) {
        let cells: Vec<String> = columns.into_iter().map(spread).collect();
        println!("| {} | {} |", setting.name, cells.join(" | "));
    }
    Ok(())
}

fn spread(mut all: Vec<f64>) -> String {
    all.sort_by(f64::total_cmp);
    let last = all.len() - 1;
    let digits = if all[last] < 1000.0 { 2 } else { 0 };
    format!("**{:.digits$}** ({:.digits$}-{:.digits$})", all[last / 2], all[0], all[last])
}

fn cpu_us(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Pins this thread to the first or the last processor that it may use.
fn pin(last: bool) -> io::Result<()> {
    let all = sched_getaffinity(None)?;
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| all.is_set(cpu));
    let cpu = if last { cpus.next_back() } else { cpus.next() };
    let mut one = CpuSet::new();
    one.set(cpu.unwrap_or(0));
    Ok(sched_setaffinity(None, &one)?)
}

/// What runs on a thread of its own, so that nobody inherits its pin.
fn apart<T: Send + 'static>(run: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    thread::spawn(run).join().expect("nothing panics here")
}

fn ping(setting: Setting, rounds: u32) -> Figures {
    apart(move || {
        let runtime = setting.builder().cores(2).pin(true).build()?;
        Ok(runtime.block_on(async {
            sexton::spawn_on(1, || async {}).await.expect("it does not panic");
            let (began, cpu) = (Instant::now(), cpu_us(ClockId::ProcessCPUTime));
            for _ in 0..rounds {
                sexton::spawn_on(1, || async {}).await.expect("it does not panic");
            }
            let cpu = cpu_us(ClockId::ProcessCPUTime) - cpu;
            vec![us(began.elapsed()) / f64::from(rounds), cpu / f64::from(rounds)]
        }))
    })
}

fn echo(setting: Setting, clients: u32, requests: u32) -> Figures {
    let (tell, told) = channel();
    let server = thread::spawn(move || {
        pin(true)?;
        setting.builder().build()?.block_on(serve(tell, clients))
    });
    let addr = told.recv().map_err(io::Error::other)?;
    let began = Instant::now();
    let mut latencies = apart(move || {
        pin(false)?;
        sexton::block_on(load(addr, clients, requests))
    })?;
    let took = began.elapsed();
    let cpu = server.join().expect("nothing panics here")?;
    let all = f64::from(clients * requests);
    latencies.sort_by(f64::total_cmp);
    let quantile = |of: f64| latencies[((latencies.len() - 1) as f64 * of) as usize];
    Ok(vec![cpu / all, all / took.as_secs_f64(), quantile(0.5), quantile(0.99)])
}

/// Its CPU time.
async fn serve(tell: Sender<SocketAddr>, clients: u32) -> io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    tell.send(listener.local_addr()?).map_err(io::Error::other)?;
    let mut talks = Vec::new();
    for _ in 0..clients {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        talks.push(sexton::spawn(async move {
            while let Some(chunk) = stream.read_managed(usize::MAX).await? {
                stream.write_all_owned(chunk).await?;
            }
            io::Result::Ok(())
        }));
    }
    let begin = cpu_us(ClockId::ThreadCPUTime);
    for talk in talks {
        talk.await.expect("nothing panics here")?;
    }
    Ok(cpu_us(ClockId::ThreadCPUTime) - begin)
}

/// The latencies of all requests, in microseconds.
async fn load(addr: SocketAddr, clients: u32, requests: u32) -> io::Result<Vec<f64>> {
    let mut talks = Vec::new();
    for _ in 0..clients {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        talks.push(sexton::spawn(async move {
            let (mut latencies, mut buf) = (Vec::new(), Vec::with_capacity(64));
            let mut message = vec![7; 64];
            for _ in 0..requests {
                let began = Instant::now();
                message = stream.write_all_owned(message).await?;
                buf = stream.read_exact_owned(buf).await?;
                buf.clear();
                latencies.push(us(began.elapsed()));
            }
            io::Result::Ok(latencies)
        }));
    }
    let mut all = Vec::new();
    for talk in talks {
        all.extend(talk.await.expect("nothing panics here")?);
    }
    Ok(all)
}

fn idle(setting: Setting, seconds: u64) -> Figures {
    apart(move || {
        pin(true)?;
        let runtime = setting.builder().build()?;
        Ok(runtime.block_on(async {
            let (began, cpu) = (Instant::now(), cpu_us(ClockId::ThreadCPUTime));
            while began.elapsed() < Duration::from_secs(seconds) {
                sexton::time::sleep(Duration::from_millis(2)).await;
            }
            let cpu = cpu_us(ClockId::ThreadCPUTime) - cpu;
            vec![cpu / 1e3 / seconds as f64]
        }))
    })
}
