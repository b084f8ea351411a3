//! One measurement: a fresh process, or a server and a load between whose two rests the server's
//! CPU time is read.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::child::Program;
use crate::counter::{Counter, What};
use crate::cpu_time::CpuTime;
use crate::foreign;
use crate::matrix::{Config, Entrant, How, Job, Load};
use crate::process::status_bytes;
use crate::sample::{Sample, unexpected};
use crate::variants::{SHORT, Sized, Variant};

/// Where and how long is measured.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The folder of the programs.
    pub programs: PathBuf,
    /// The folder of what they read.
    pub data: PathBuf,
    /// The server's core.
    pub server_core: usize,
    /// The load's core, for loads on the same core.
    pub load_core: usize,
    /// The load's core, for loads that are to have their own.
    pub other_core: usize,
    /// The part that is not measured.
    pub warm_ms: u64,
    /// The part that is.
    pub ms: u64,
    /// Whether allocations and system calls are counted instead of time.
    pub counts: bool,
}

/// An entrant that is ready to be measured.
#[derive(Debug)]
pub struct Ready<'a> {
    setting: &'a Setting,
    entrant: &'a Entrant,
    load_core: usize,
    /// A server with its load, if that is what is measured.
    pair: Option<Pair>,
}

impl<'a> Ready<'a> {
    /// Starts what is there for all turns: a server and its load, and lets them warm up.
    pub fn start(setting: &'a Setting, job: &Job, entrant: &'a Entrant) -> io::Result<Self> {
        let load_core = if job.apart { setting.other_core } else { setting.load_core };
        let pair = match &entrant.how {
            How::Served { variant, config, load } => {
                let server = server(setting, variant, Some(config), *load)?;
                let ms = setting.ms / job.turns as u64;
                Some(Pair::start(setting, load_core, server, config, *load, ms)?)
            }
            _ => None,
        };
        Ok(Self { setting, entrant, load_core, pair })
    }

    /// Measures one turn.
    pub fn turn(&mut self) -> io::Result<Sample> {
        match &mut self.pair {
            Some(pair) => pair.turn(),
            None => fresh(self.setting, self.load_core, self.entrant),
        }
    }
}

/// Measures what begins and ends with its processes.
fn fresh(setting: &Setting, load_core: usize, entrant: &Entrant) -> io::Result<Sample> {
    match &entrant.how {
        How::Inside { program, options } => inside(setting, program, options),
        How::Served { .. } => Err(io::ErrorKind::Unsupported.into()),
        How::Idle { variant, connections } => idle(setting, load_core, variant, *connections),
        How::Cores { cores } => crate::cores::echo(setting, *cores),
        How::Proxy { program, config } => proxy(setting, program, config),
        How::Fio { options, operations } => foreign::fio(setting, options, *operations),
        How::Http { server, file } => foreign::http(setting, *server, file),
    }
}

/// A program of ours, pinned.
fn own(setting: &Setting, name: &str, core: usize) -> Command {
    let mut command = Command::new(setting.programs.join(name));
    command.arg("--core").arg(core.to_string());
    command
}

/// Seconds that work without a load may take.
const PATIENCE: &str = "60";

fn inside(setting: &Setting, program: &str, options: &[String]) -> io::Result<Sample> {
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(setting.programs.join(program)).current_dir(&setting.data);
    command.args(options).args(["--core", &setting.server_core.to_string()]);
    command.args(setting.counts.then_some("--counts"));
    Sample::parse(&Program::start(&mut command)?.line()?)
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) clock: CpuTime,
    pub(crate) port: String,
    /// Whether it tells how often it allocated.
    pub(crate) counts: bool,
}

/// One of our servers.
fn server(
    setting: &Setting,
    variant: &Variant,
    config: Option<&Config>,
    load: Load,
) -> io::Result<Server> {
    let mut command = Command::new(setting.programs.join(variant.program));
    command.arg(load.work()).args(variant.options);
    command.args(config.map(|config| server_options(variant, config)).unwrap_or_default());
    command.args(["--core", &setting.server_core.to_string()]);
    command.args(setting.counts.then_some("--counts"));
    listening(&mut command, setting.counts)
}

/// Starts a server of ours.
fn listening(command: &mut Command, counts: bool) -> io::Result<Server> {
    let mut program = Program::start(command)?;
    // Before it starts threads.
    let clock = CpuTime::of(program.id());
    let line = program.line()?;
    let port = line.trim().strip_prefix("port ").ok_or_else(|| unexpected(&line))?.to_owned();
    Ok(Server { program, clock, port, counts })
}

/// Starts a load, which says so when it has warmed up.
pub(crate) fn start_load(
    setting: &Setting,
    core: usize,
    port: &str,
    config: &Config,
    load: Load,
    ms: u64,
) -> io::Result<Program> {
    let mut command = own(setting, "load", core);
    command.args(["--port", port, "--connections", &config.connections.to_string()]);
    command.args(["--bytes", &config.bytes.to_string(), "--ms", &ms.to_string()]);
    command.args(["--warm-ms", &setting.warm_ms.to_string()]);
    Program::start(command.args(load.options()))
}

/// A server and its load, which rest between measurements.
#[derive(Debug)]
struct Pair {
    // The load ends first.
    load: Program,
    server: Server,
    calls: Option<Counter>,
}

impl Pair {
    /// Starts the load of a server, which rests after a warm-up.
    fn start(
        setting: &Setting,
        load_core: usize,
        server: Server,
        config: &Config,
        load: Load,
        ms: u64,
    ) -> io::Result<Self> {
        let id = server.program.id();
        let calls = if server.counts { Counter::of(id, What::SystemCalls).ok() } else { None };
        let mut load = start_load(setting, load_core, &server.port, config, load, ms)?;
        load.line()?;
        Ok(Self { load, server, calls })
    }

    /// What the server takes between two rests of the load.
    fn turn(&mut self) -> io::Result<Sample> {
        let Self { load, server: Server { program, clock, counts, .. }, calls } = self;
        let allocations_before = if *counts { Some(allocations(program)?) } else { None };
        let calls_before = calls.as_ref().map(Counter::read).transpose()?;
        let before = clock.read()?.ns();
        load.tell("go")?;
        let figures = load.line()?;
        let after = clock.read()?.ns();
        let mut sample = Sample::parse(&figures)?;
        sample.set("cpu_ns", (after - before) as f64);
        if let Some((before, counter)) = calls_before.zip(calls.as_ref()) {
            sample.set("calls", (counter.read()? - before) as f64);
        }
        if let Some(before) = allocations_before {
            sample.set("allocations", (allocations(program)? - before) as f64);
        }
        Ok(sample)
    }
}

/// A proxy between the load and the echo by hand, which share the other core.
fn proxy(setting: &Setting, program: &str, config: &Config) -> io::Result<Sample> {
    let mut command = Command::new(setting.programs.join("echo_raw"));
    command.args(["echo", "--direct", "--core", &setting.other_core.to_string()]);
    let backend = listening(&mut command, false)?;
    let server = if program.is_empty() {
        foreign::haproxy(setting, &backend.port)?
    } else {
        let mut command = Command::new(setting.programs.join(program));
        command.args(["proxy", "--to", &backend.port]);
        command.args(["--core", &setting.server_core.to_string()]);
        listening(&mut command, false)?
    };
    Pair::start(setting, setting.other_core, server, config, Load::Echo, setting.ms)?.turn()
}

fn allocations(server: &mut Program) -> io::Result<u64> {
    server.tell("")?;
    let line = server.line()?;
    line.trim().parse().map_err(|_| unexpected(&line))
}

/// How long a server may take until its memory is at rest.
const SETTLE: Duration = Duration::from_millis(100);

/// Connections that wait for data: what each holds of the server's memory.
fn idle(
    setting: &Setting,
    load_core: usize,
    variant: &Variant,
    connections: usize,
) -> io::Result<Sample> {
    let Server { program, clock, port, .. } = server(setting, variant, None, Load::Echo)?;
    let resident = || status_bytes(program.id(), "VmRSS:");
    let (before, cpu_before) = (resident()?, clock.read()?.ns());
    let mut command = own(setting, "load", load_core);
    command.args(["--idle", "--port", &port, "--connections", &connections.to_string()]);
    let begin = Instant::now();
    let mut load = Program::start(&mut command)?;
    load.line()?;
    let wall = begin.elapsed();
    let mut after = resident()?;
    loop {
        std::thread::sleep(SETTLE);
        let now = resident()?;
        if std::mem::replace(&mut after, now) == now {
            break;
        }
    }
    let mut sample = Sample::default();
    sample.set("ops", connections as f64);
    sample.set("cpu_ns", (clock.read()?.ns() - cpu_before) as f64);
    sample.set("wall_ns", wall.as_nanos() as f64);
    sample.set("bytes_each", after.saturating_sub(before) as f64 / connections as f64);
    load.tell("")?;
    Ok(sample)
}

fn server_options(variant: &Variant, config: &Config) -> Vec<String> {
    let mut options = Vec::new();
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

/// Makes the files that jobs read.
pub fn prepare(data: &Path, jobs: &[Job]) -> io::Result<()> {
    std::fs::create_dir_all(data)?;
    for job in jobs {
        for (name, bytes) in &job.files {
            let path = data.join(name);
            if name.ends_with('/') {
                crate::files::make_small(&path, *bytes)?;
                continue;
            }
            crate::reads::make(&path, *bytes)?;
            crate::reads::warm(&path)?;
        }
    }
    Ok(())
}
