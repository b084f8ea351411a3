//! All jobs: every workload with every configuration and everybody who can do it.

use crate::matrix::{Config, Entrant, How, Http, Job, Role, VARIANTS};

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
/// Files that are served.
const SERVED: &[(&str, u64)] =
    &[("1k.bin", 1 << 10), ("100k.bin", 100 << 10), ("10m.bin", 10 << 20)];

/// Everything but growth, in the order of the report.
pub fn all() -> Vec<Job> {
    let mut jobs = Vec::new();
    for (connections, bytes, apart, quick) in [
        (1, 64, false, true),
        (64, 64, false, true),
        (1024, 64, false, true),
        (64, 1024, false, false),
        (64, 16 << 10, false, true),
        (1, 16 << 10, false, false),
        (1024, 1024, false, false),
        (64, 64, true, false),
        (1024, 64, true, false),
        (64, 16 << 10, true, false),
    ] {
        let job = echo(Config { connections, bytes });
        let cores = if apart { ", load on a core of its own" } else { "" };
        jobs.push(Job { apart, quick, config: job.config.clone() + cores, ..job });
    }
    for (direct, depth, n, quick) in [
        (false, 1, 200_000, false),
        (false, 32, 300_000, false),
        (false, 128, 300_000, true),
        (true, 1, 4_000, false),
        (true, 32, 50_000, false),
        (true, 128, 80_000, true),
    ] {
        jobs.push(Job { quick, ..reads(direct, depth, n) });
    }
    for (work, config, unit) in [
        ("spawn", "one at a time, joined", "task"),
        ("yield", "64 tasks", "yield"),
        ("timeout-ready", "around a ready future", "timeout"),
        ("timeout-armed", "armed, then cancelled", "timeout"),
    ] {
        jobs.push(tasks(work, config.to_owned(), unit, None));
    }
    jobs.push(tasks("sleepers", "1 M tasks, 1 to 1000 ms".to_owned(), "task", Some(1_000_000)));
    jobs.push(ping());
    jobs.push(Job { quick: false, ..storm(64) });
    jobs.push(proxy(Config { connections: 64, bytes: 64 }));
    jobs.push(proxy(Config { connections: 64, bytes: 16 << 10 }));
    jobs.push(idle(9_500, true));
    jobs.push(idle(20_000, false));
    jobs.extend(SERVED.iter().map(|&(file, _)| files(file)));
    jobs
}

/// Cost against size: one job for each point of a plot.
pub fn growth() -> Vec<Job> {
    let mut jobs = Vec::new();
    for n in [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        let job = tasks("tasks", format!("{n} at once"), "task", Some(n));
        jobs.push(Job { workload: "growth-tasks", x: Some(n as f64), quick: n <= 100_000, ..job });
        let job = tasks("timers", format!("{n} armed"), "timer", Some(n));
        jobs.push(Job { workload: "growth-timers", x: Some(n as f64), quick: n <= 100_000, ..job });
    }
    for depth in [1, 8, 64, 512, 4096, 16_384, 65_536] {
        let job = reads(false, depth, (depth * 4).max(200_000));
        let (x, quick) = (Some(depth as f64), depth <= 4096);
        jobs.push(Job { workload: "growth-operations", x, quick, ..job });
    }
    for n in [1, 10, 100, 1_000, 10_000, 50_000, 100_000] {
        let options = ["graveyard".to_owned(), "--n".to_owned(), n.to_string()];
        let entrants = vec![inside("sexton", Role::Sexton, "on_sexton", &options)];
        let job = job("growth-graveyard", format!("{n} reads given up"), "read");
        jobs.push(Job { entrants, x: Some(f64::from(n)), quick: n <= 10_000, ..job });
    }
    for connections in [1, 10, 100, 1_000, 5_000, 20_000] {
        let job = echo(Config { connections, bytes: 64 });
        let (x, quick) = (Some(connections as f64), connections <= 1_000);
        jobs.push(Job { workload: "growth-connections", x, quick, ..job });
    }
    jobs
}

/// All echo servers under one load.
pub fn echo(config: Config) -> Job {
    let entrants = servers(config, false);
    Job { entrants, ..job("echo", config.name(), "request") }
}

/// A connection for each request.
fn storm(connections: usize) -> Job {
    let entrants = servers(Config { connections, bytes: 64 }, true);
    let config = format!("{connections} at a time, 64 B each");
    Job { entrants, ..job("storm", config, "connection") }
}

fn servers(config: Config, storm: bool) -> Vec<Entrant> {
    let entrants = VARIANTS.iter().filter(|variant| variant.takes(&config)).map(|variant| {
        let (name, role, program) = (variant.name, variant.role, variant.program);
        Entrant { name, role, program, how: How::Echo { variant: *variant, config, storm } }
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
    Job { entrants: entrants.to_vec(), apart: true, quick: false, ..job }
}

fn idle(connections: usize, quick: bool) -> Job {
    let chosen = VARIANTS.iter().filter(|variant| {
        !variant.large_only && !matches!(variant.name, "raw-plain-fds" | "sexton-owned")
    });
    let entrants = chosen.map(|variant| {
        let (name, role, program) = (variant.name, variant.role, variant.program);
        Entrant { name, role, program, how: How::Idle { variant: *variant, connections } }
    });
    let entrants = entrants.collect();
    Job { entrants, quick, ..job("idle", format!("{connections} connections"), "connection") }
}

fn job(workload: &'static str, config: String, unit: &'static str) -> Job {
    let (x, quick, apart) = (None, true, false);
    Job { workload, config, x, quick, apart, unit, files: Vec::new(), entrants: Vec::new() }
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
    let fio = fio_options(file.0, direct, depth);
    let how = How::Fio { options: fio, operations: n };
    entrants.push(Entrant { name: "fio", role: Role::Program, program: "", how });
    let config = format!("{} 4 KiB, depth {depth}", if direct { "direct" } else { "cached" });
    Job { entrants, files: vec![file], ..job("reads", config, "read") }
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
        ("sexton", Role::Sexton, "files", Http::Files),
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
