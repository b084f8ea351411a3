//! One measurement: a fresh server, a load, and the server's CPU time between the load's two rests.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::cpu_time::CpuTime;
use crate::matrix::{Config, SHORT, Sized, Variant};

/// Where and how long is measured.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The folder of the programs.
    pub programs: PathBuf,
    /// The server's core.
    pub server_core: usize,
    /// The load's core.
    pub load_core: usize,
    /// The part that is not measured.
    pub warm_ms: u64,
    /// The part that is.
    pub ms: u64,
}

/// What one measurement found.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Echoes that were counted and checked.
    pub requests: u64,
    /// The server's CPU time for them, by the perf event, else by `schedstat`.
    pub cpu_ns: u64,
    /// The same by `schedstat`.
    pub schedstat_ns: u64,
    /// Whether the perf event was there.
    pub by_event: bool,
    /// How long it took.
    pub wall_ns: u64,
    /// The time of a request that half of all requests don't exceed.
    pub p50_ns: u64,
    /// The time of a request that 99 % of all requests don't exceed.
    pub p99_ns: u64,
}

impl Sample {
    /// CPU time of the server for one request.
    pub fn ns_per_request(&self) -> f64 {
        self.cpu_ns as f64 / self.requests as f64
    }

    /// Requests in a second of real time.
    pub fn requests_per_second(&self) -> f64 {
        self.requests as f64 * 1e9 / self.wall_ns as f64
    }
}

/// A program that we started; it ends with this value.
struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    fn start(programs: &Path, name: &str, options: &[String]) -> io::Result<Self> {
        let mut command = Command::new(programs.join(name));
        command.args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            let what = format!("{name}: {error}; `cargo build --release` makes the programs");
            io::Error::new(error.kind(), what)
        })?;
        let stdout = child.stdout.take().expect("it was asked for");
        Ok(Self { child, stdout: BufReader::new(stdout) })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        if line.is_empty() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
    }

    fn go(&mut self) -> io::Result<()> {
        let mut stdin = self.child.stdin.take().expect("a load goes once");
        stdin.write_all(b"go\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // An error says that it has ended by itself, and so does an unsuccessful wait.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Measures one variant under one load.
pub fn measure(setting: &Setting, variant: &Variant, config: &Config) -> io::Result<Sample> {
    let mut options = server_options(variant, config);
    options.extend(["--core".to_owned(), setting.server_core.to_string()]);
    let mut server = Program::start(&setting.programs, variant.program, &options)?;
    let clock = CpuTime::of(server.child.id());
    let port = server.line()?;
    let port = port.trim().strip_prefix("port ").ok_or_else(|| unexpected(&port))?;
    let mut load = Program::start(&setting.programs, "load", &load_options(setting, config, port))?;
    load.line()?;
    let before = clock.read()?;
    load.go()?;
    let counts = load.line()?;
    let after = clock.read()?;

    let parsed = counts.split_whitespace().map(str::parse::<u64>).collect::<Result<Vec<_>, _>>();
    let Ok([requests, wall_ns, p50_ns, p99_ns]) = parsed.as_deref() else {
        return Err(unexpected(&counts));
    };
    let schedstat_ns = after.schedstat_ns - before.schedstat_ns;
    let by_event = after.task_clock_ns.zip(before.task_clock_ns);
    Ok(Sample {
        requests: *requests,
        cpu_ns: by_event.map_or(schedstat_ns, |(after, before)| after - before),
        schedstat_ns,
        by_event: by_event.is_some(),
        wall_ns: *wall_ns,
        p50_ns: *p50_ns,
        p99_ns: *p99_ns,
    })
}

fn server_options(variant: &Variant, config: &Config) -> Vec<String> {
    let mut options: Vec<String> = variant.options.iter().map(ToString::to_string).collect();
    if config.bytes > SHORT && variant.sized != Sized::No {
        let own = variant.sized == Sized::Own || variant.program == "echo_raw";
        let name = if own { "--buf-len" } else { "--recv-len" };
        options.extend([name.to_owned(), config.bytes.to_string()]);
    }
    if config.bytes > SHORT && variant.sized == Sized::Provided {
        // As much memory as with short buffers: more does not fit the cache.
        let bufs = (256 * SHORT / config.bytes).next_power_of_two();
        options.extend(["--bufs".to_owned(), bufs.to_string()]);
    }
    options
}

fn load_options(setting: &Setting, config: &Config, port: &str) -> Vec<String> {
    let numbers = [
        ("--connections", config.connections as u64),
        ("--bytes", config.bytes as u64),
        ("--warm-ms", setting.warm_ms),
        ("--ms", setting.ms),
        ("--core", setting.load_core as u64),
    ];
    let numbers =
        numbers.into_iter().flat_map(|(name, value)| [name.to_owned(), value.to_string()]);
    numbers.chain(["--port".to_owned(), port.to_owned()]).collect()
}

fn unexpected(line: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("unexpected line: {line}"))
}
