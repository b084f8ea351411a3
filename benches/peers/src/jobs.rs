//! All jobs: every workload with every configuration and everybody who can do it.

mod growth;

pub use growth::growth;

use crate::files::SMALL;
use crate::matrix::{Config, Entrant, How, Http, Job, Load, Role};
use crate::variants::{BORROWED, VARIANTS};

/// Programs on a runtime: their names, their programs, and whether they read files, and wake across
/// threads.
const RUNTIMES: &[(&str, &str, Role, bool, bool)] = &[
    ("bare", "bare", Role::Hand, false, false),
    ("tokio", "on_tokio", Role::Peer, false, true),
    ("monoio", "on_monoio", Role::Peer, true, true),
    ("compio", "on_compio", Role::Peer, true, true),
    ("glommio", "on_glommio", Role::Peer, true, true),
    ("kimojio", "on_kimojio", Role::Peer, true, false),
    ("tokio-uring", "on_tokio_uring", Role::Peer, true, true),
    ("sexton", "on_sexton", Role::Sexton, true, true),
];

/// kimojio numbers its tasks with 16 bits.
const KIMOJIO_TASKS: u64 = 50_000;
/// glommio counts the wakers of a task with 15 bits.
const GLOMMIO_WAKERS: u64 = 30_000;
/// The file of reads that stay in the page cache, and that of reads that go past it.
const CACHED: (&str, u64) = ("cached.data", 256 << 20);
const DIRECT: (&str, u64) = ("direct.data", 1 << 30);
/// The folder of small files, the file that is overwritten, and the one that grows.
const FOLDER: (&str, u64) = ("small/", SMALL);
const FILLED: (&str, u64) = ("filled.data", 64 << 20);
const LOG: &str = "log.data";
/// Bytes of a server's buffer for a stream: all are better with it than with 16 KiB.
const STREAM_READ: usize = 64 << 10;
/// A ring by hand, and system calls that block.
const BOTH: &[&str] = &["by-hand", "blocking"];
/// Files that are served.
const SERVED: &[(&str, u64)] =
    &[("1k.bin", 1 << 10), ("100k.bin", 100 << 10), ("10m.bin", 10 << 20)];

/// Turns of servers in a round: each is long enough for a few requests of a thousand connections,
/// and short enough that everybody has one before the machine changes its pace.
const TURNS: usize = 5;

/// One server on one core and on both, with the load on both.
fn cores() -> [Job; 2] {
    let on = |program, how: &dyn Fn(usize) -> How| {
        [("sexton-1-core", 1), ("sexton-2-cores", 2)].map(|(name, cores)| Entrant {
            name,
            role: Role::Sexton,
            program,
            how: how(cores),
        })
    };
    let echo = on("echo", &|cores| How::Cores { cores }).to_vec();
    let files = on("files", &|cores| {
        let server = Http::Files { cores, shared: true };
        How::Http { server, file: SERVED[0].0 }
    });
    let job = |name: &str, entrants| Job {
        entrants,
        quick: false,
        ..job("cores", name.to_owned(), "request")
    };
    [
        job("echo, 64 x 64 B", echo),
        Job { files: SERVED.to_vec(), ..job("files, 1k", files.to_vec()) },
    ]
}

/// Everything but growth, in the order of the report.
pub fn all() -> Vec<Job> {
    let mut jobs = Vec::new();
    for (connections, bytes, quick) in
        [(1, 64, true), (64, 64, true), (1024, 64, true), (64, 1024, false), (64, 16 << 10, true)]
    {
        jobs.push(Job { quick, ..echo(Config { connections, bytes }) });
    }
    let own_core = |connections, bytes| {
        let job = echo(Config { connections, bytes });
        let config = job.config.clone() + ", load on a core of its own";
        (false, Job { apart: true, config, ..job })
    };
    jobs.extend(once_or_thrice(vec![
        (false, echo(Config { connections: 1, bytes: 16 << 10 })),
        (false, echo(Config { connections: 1024, bytes: 1024 })),
        own_core(64, 64),
        own_core(1024, 64),
        own_core(64, 16 << 10),
        (false, pipeline(Config { connections: 64, bytes: 64 }, 16)),
        (true, stream(Load::Up, 16)),
        (false, stream(Load::Down, 16)),
        (true, datagrams(Config { connections: 64, bytes: 64 })),
    ]));
    for (direct, depth, n, quick) in [
        (false, 1, 70_000, false),
        (false, 32, 100_000, false),
        (false, 128, 100_000, true),
        (true, 1, 1_500, false),
        (true, 32, 20_000, false),
        (true, 128, 30_000, true),
    ] {
        jobs.push(Job { quick, turns: 3, ..reads(direct, depth, n) });
    }
    jobs.extend(once_or_thrice(vec![
        (true, small_files(1, 20_000)),
        (false, small_files(32, 20_000)),
        (false, whole_file("scan", CACHED, 16_384)),
        (false, whole_file("fill", FILLED, 4_096)),
        (false, log(16, 1_600)),
    ]));
    for (work, config, unit) in [
        ("spawn", "one at a time, joined", "task"),
        ("yield", "64 tasks", "yield"),
        ("timeout-ready", "around a ready future", "timeout"),
        ("timeout-armed", "armed, then cancelled", "timeout"),
    ] {
        jobs.push(Job { turns: 3, ..tasks(work, config.to_owned(), unit, None) });
    }
    jobs.push(tasks("sleepers", "1 M tasks, 1 to 1000 ms".to_owned(), "task", Some(1_000_000)));
    jobs.push(Job { turns: 3, ..ping() });
    jobs.extend(once_or_thrice(vec![
        (false, fan_in()),
        (false, storm(64)),
        (false, proxy(Config { connections: 64, bytes: 64 })),
        (false, proxy(Config { connections: 64, bytes: 16 << 10 })),
        (true, idle(9_500)),
        // A process may have 20,000 descriptors where this is measured.
        (false, idle(19_500)),
    ]));
    jobs.extend(SERVED.iter().map(|&(file, _)| files(file)));
    jobs.extend(cores());
    jobs
}

/// Jobs of which three rounds say enough, and whether they are part of `--quick`.
fn once_or_thrice(jobs: Vec<(bool, Job)>) -> impl Iterator<Item = Job> {
    jobs.into_iter().map(|(quick, job)| Job { quick, enough: Some(3), ..job })
}

/// All echo servers under one load.
pub fn echo(config: Config) -> Job {
    let entrants = servers(config, Load::Echo);
    Job { entrants, turns: TURNS, ..job("echo", config.name(), "request") }
}

/// Several requests in flight on each connection.
fn pipeline(config: Config, depth: usize) -> Job {
    let entrants = servers(config, Load::Pipeline(depth));
    let config = format!("{}, {depth} in flight", config.name());
    Job { entrants, turns: TURNS, ..job("pipeline", config, "request") }
}

/// A connection for each request.
fn storm(connections: usize) -> Job {
    let entrants = servers(Config { connections, bytes: 64 }, Load::Storm);
    let config = format!("{connections} at a time, 64 B each");
    Job { entrants, turns: TURNS, ..job("storm", config, "connection") }
}

/// Bytes in one direction, the load on a core of its own.
fn stream(load: Load, connections: usize) -> Job {
    // For the server: how much it reads at once, at most.
    let entrants = servers(Config { connections, bytes: STREAM_READ }, load);
    let config = format!("{connections} connections");
    Job { entrants, turns: TURNS, apart: true, ..job(load.work(), config, "16 KiB") }
}

fn datagrams(config: Config) -> Job {
    let entrants = servers(config, Load::Datagrams);
    Job { entrants, turns: TURNS, ..job("datagrams", config.name(), "request") }
}

fn servers(config: Config, load: Load) -> Vec<Entrant> {
    let able = VARIANTS.iter().filter(|variant| variant.takes(load, &config));
    let entrants = able.map(|variant| {
        let (name, role, program) = (variant.name, variant.role, variant.program);
        Entrant { name, role, program, how: How::Served { variant: *variant, config, load } }
    });
    entrants.collect()
}

fn proxy(config: Config) -> Job {
    let entrants = [
        ("haproxy", Role::Program, ""),
        ("tokio", Role::Peer, "on_tokio"),
        ("sexton", Role::Sexton, "on_sexton"),
    ];
    let entrants = entrants.map(|(name, role, program)| Entrant {
        name,
        role,
        program,
        how: How::Proxy { program, config },
    });
    let job = job("proxy", config.name(), "request");
    Job { entrants: entrants.to_vec(), apart: true, ..job }
}

fn idle(connections: usize) -> Job {
    let chosen = VARIANTS.iter().filter(|variant| {
        !variant.large_only && !matches!(variant.name, "raw-plain-fds" | "sexton-owned" | BORROWED)
    });
    let entrants = chosen.map(|variant| {
        let (name, role, program) = (variant.name, variant.role, variant.program);
        Entrant { name, role, program, how: How::Idle { variant: *variant, connections } }
    });
    let entrants = entrants.collect();
    Job { entrants, ..job("idle", format!("{connections} connections"), "connection") }
}

fn job(workload: &'static str, config: String, unit: &'static str) -> Job {
    let (x, quick, enough, turns, apart) = (None, true, None, 1, false);
    let (files, entrants) = (Vec::new(), Vec::new());
    Job { workload, config, x, quick, enough, turns, apart, unit, files, entrants }
}

fn inside(name: &'static str, role: Role, program: &'static str, options: &[String]) -> Entrant {
    Entrant { name, role, program, how: How::Inside { program, options: options.to_vec() } }
}

fn tasks(work: &'static str, config: String, unit: &'static str, n: Option<u64>) -> Job {
    let mut options = vec![work.to_owned()];
    options.extend(n.into_iter().flat_map(|n| ["--n".to_owned(), n.to_string()]));
    let able = |name: &str| match name {
        "kimojio" => n.is_none_or(|n| n <= KIMOJIO_TASKS),
        "glommio" => work != "timers" || n.is_none_or(|n| n <= GLOMMIO_WAKERS),
        _ => true,
    };
    let able = RUNTIMES.iter().filter(|(name, ..)| able(name));
    let entrants = able.map(|&(name, program, role, ..)| inside(name, role, program, &options));
    let entrants = entrants.collect();
    Job { entrants, ..job(work, config, unit) }
}

fn ping() -> Job {
    let options = ["ping".to_owned()];
    let mut entrants = vec![inside("by-hand", Role::Hand, "by_hand", &options)];
    let able = RUNTIMES.iter().filter(|(.., wakes)| *wakes);
    entrants.extend(able.map(|&(name, program, role, ..)| inside(name, role, program, &options)));
    Job { entrants, ..job("ping", "two threads on one core".to_owned(), "round trip") }
}

fn fan_in() -> Job {
    let options = ["fan-in".to_owned()];
    let able = RUNTIMES.iter().filter(|(.., wakes)| *wakes);
    let able = able.map(|&(name, program, role, ..)| inside(name, role, program, &options));
    let entrants = able.collect();
    Job { entrants, ..job("fan-in", "four threads to one, one core".to_owned(), "message") }
}

fn reads(direct: bool, depth: u64, n: u64) -> Job {
    let file = if direct { DIRECT } else { CACHED };
    let mut options = vec!["reads".to_owned()];
    let numbers = [("--path", file.0.to_owned()), ("--depth", depth.to_string())];
    let numbers = numbers.into_iter().chain([("--n", n.to_string())]);
    options.extend(numbers.flat_map(|(name, value)| [name.to_owned(), value]));
    options.extend(direct.then(|| "--direct".to_owned()));
    let plain: Vec<_> = options.iter().cloned().chain(["--plain".to_owned()]).collect();
    let mut entrants = vec![
        inside("by-hand", Role::Hand, "by_hand", &options),
        inside("by-hand-plain", Role::Hand, "by_hand", &plain),
    ];
    let able = RUNTIMES.iter().filter(|(_, _, _, reads, _)| *reads);
    entrants.extend(able.map(|&(name, program, role, ..)| inside(name, role, program, &options)));
    // Runtimes that let their users register buffers.
    for (name, program, role) in [
        ("tokio-uring-fixed", "on_tokio_uring", Role::Peer),
        ("sexton-fixed", "on_sexton", Role::Sexton),
    ] {
        let fixed: Vec<_> = options.iter().cloned().chain(["--fixed".to_owned()]).collect();
        entrants.push(inside(name, role, program, &fixed));
    }
    let fio = fio_options(file.0, direct, depth);
    let how = How::Fio { options: fio, operations: n };
    entrants.push(Entrant { name: "fio", role: Role::Program, program: "", how });
    let config = format!("{} 4 KiB, depth {depth}", if direct { "direct" } else { "cached" });
    Job { entrants, files: vec![file], ..job("reads", config, "read") }
}

/// Work with files that each runtime does as its users would, beside what is written by hand.
fn with_files(work: &'static str, path: &str, tasks: u64, n: u64, by_hand: &[&'static str]) -> Job {
    let mut options = vec![work.to_owned()];
    let numbers = [("--path", path.to_owned()), ("--tasks", tasks.to_string())];
    let numbers = numbers.into_iter().chain([("--n", n.to_string())]);
    options.extend(numbers.flat_map(|(name, value)| [name.to_owned(), value]));
    let blocking: Vec<_> = options.iter().cloned().chain(["--blocking".to_owned()]).collect();
    let by_hand = by_hand.iter().map(|&name| {
        let options = if name == "blocking" { &blocking } else { &options };
        inside(name, Role::Hand, "by_hand", options)
    });
    let able = RUNTIMES.iter().filter(|(name, ..)| *name != "bare");
    let able = able.map(|&(name, program, role, ..)| inside(name, role, program, &options));
    let entrants = by_hand.chain(able).collect();
    Job { entrants, ..job(work, String::new(), "piece") }
}

fn small_files(tasks: u64, n: u64) -> Job {
    let config = format!("{SMALL} files of 4 KiB, {tasks} at once");
    let job = with_files("open", FOLDER.0, tasks, n, BOTH);
    Job { config, unit: "file", files: vec![FOLDER], ..job }
}

/// One that waits for one piece after the other, in the page cache.
fn whole_file(work: &'static str, file: (&'static str, u64), n: u64) -> Job {
    let job = with_files(work, file.0, 1, n, BOTH);
    Job { config: "64 KiB at once".to_owned(), files: vec![file], ..job }
}

/// Appends, each synchronised by whoever made it.
fn log(tasks: u64, n: u64) -> Job {
    let config = format!("4 KiB and fdatasync, {tasks} at once");
    Job { config, unit: "append", ..with_files("log", LOG, tasks, n, &["by-hand"]) }
}

/// fio with what its own documentation recommends for speed.
fn fio_options(file: &str, direct: bool, depth: u64) -> Vec<String> {
    let (direct, batch) = (u8::from(direct), depth.min(32));
    [
        "--name=reads".to_owned(),
        format!("--filename={file}"),
        "--rw=randread --bs=4k --ioengine=io_uring --fixedbufs --registerfiles".to_owned(),
        format!("--direct={direct} --iodepth={depth}"),
        "--thread --norandommap --invalidate=0 --gtod_reduce=1".to_owned(),
        format!("--iodepth_batch_submit={batch} --iodepth_batch_complete_min=1"),
        format!("--iodepth_batch_complete_max={batch}"),
    ]
    .iter()
    .flat_map(|options| options.split(' ').map(str::to_owned))
    .collect()
}

fn files(file: &'static str) -> Job {
    let entrants = [
        ("nginx", Role::Program, "", Http::Nginx { cache: false }),
        ("nginx-cache", Role::Program, "", Http::Nginx { cache: true }),
        ("sexton", Role::Sexton, "files", Http::Files { cores: 1, shared: false }),
    ];
    let entrants = entrants.map(|(name, role, program, server)| Entrant {
        name,
        role,
        program,
        how: How::Http { server, file },
    });
    let (entrants, files) = (entrants.to_vec(), SERVED.to_vec());
    let job = job("files", file.trim_end_matches(".bin").to_owned(), "request");
    Job { entrants, files, apart: true, ..job }
}
