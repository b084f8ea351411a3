//! Compares everything: each entrant in each job, in interleaved rounds, into `benches/results/`.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use peers::again::Earlier;
use peers::args::Args;
use peers::cpu_time::CpuTime;
use peers::matrix::{Config, How, Job};
use peers::outcome::Outcome;
use peers::report::Report;
use peers::sample::Sample;
use peers::session::{Ready, Setting, prepare};
use peers::summary::Series;
use peers::{facts, jobs, plot};

const USAGE: &str = "compare [--quick] [--dry] [--growth] [--rounds R] [--ms T] [--warm-ms W]
        [--server-core N] [--load-core N] [--other-core N] [--pause-ms P]
        [--workload A,B] [--only A,B] [--loads CxS,CxS] [--no-counts] [--out DIR] [--label NAME]
compare --again FILE [--dry] [--out DIR] [--label NAME]
     --quick     fewer jobs and rounds: two minutes
     --growth    cost against size instead, with its plots
     --dry       print the tables, write no files
     --workload  workloads by name: echo, pipeline, up, down, datagrams, storm, reads, open, scan,
                 fill, log, spawn, yield, timeout-ready, timeout-armed, sleepers, ping, fan-in,
                 proxy, idle, files, cores; growth-tasks, growth-timers, growth-operations,
                 growth-connections, growth-graveyard
     --only      entrants by name, e.g. raw-best,tokio,sexton,sexton-managed
     --loads     echoes alone, by connections and bytes, e.g. 64x64,1024x64
     --no-counts no round that counts allocations and system calls
     --label     becomes part of the files' names
     --again     the report of an earlier run, from the JSON that it wrote";

const FLAGS: &[&str] = &["quick", "dry", "growth", "no-counts"];
const OPTIONS: &[&str] = &[
    "rounds",
    "ms",
    "warm-ms",
    "server-core",
    "load-core",
    "other-core",
    "pause-ms",
    "workload",
    "only",
    "loads",
    "out",
    "label",
    "again",
];

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::read(USAGE, FLAGS, OPTIONS);
    if let Some(path) = args.text("again") {
        return again(&args, path);
    }
    let quick = args.flag("quick");
    let programs = programs()?;
    let setting = Setting {
        data: programs.join("data"),
        programs,
        server_core: args.number("server-core", 1),
        load_core: args.number("load-core", 1),
        other_core: args.number("other-core", 0),
        warm_ms: args.number("warm-ms", if quick { 100 } else { 150 }),
        ms: args.number("ms", if quick { 250 } else { 500 }),
        counts: false,
    };
    let (jobs, missing) = chosen(&args, &setting.programs);
    prepare(&setting.data, &jobs)?;
    let rounds = args.number(
        "rounds",
        if quick {
            1
        } else if args.flag("growth") {
            3
        } else {
            5
        },
    );
    let pause = Duration::from_millis(args.number("pause-ms", 0));
    let load_before = facts::load_average();
    let counts = !args.flag("no-counts") && !quick && !args.flag("growth");
    let outcomes = run(&setting, jobs, rounds, pause, counts);
    let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / 86_400;
    let date = facts::date(days as i64);
    let words: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("compare {}", words.join(" ")).trim_end().to_owned();
    let refusal = CpuTime::of(std::process::id()).refusal().map(ToString::to_string);
    let facts = facts::facts(&date, &command, &setting, rounds, &load_before, refusal.as_deref());
    Ok(show(&args, Report { facts, outcomes, missing, plots: Vec::new() }, &date)?)
}

fn show(args: &Args, mut report: Report, date: &str) -> io::Result<()> {
    if !args.flag("dry") {
        write(args, &mut report, date)?;
    }
    println!("{}", report.markdown());
    Ok(())
}

/// The report of an earlier run, as it is written now.
fn again(args: &Args, path: &str) -> Result<(), Box<dyn Error>> {
    let earlier = Earlier::parse(&std::fs::read_to_string(path)?)?;
    let outcomes = earlier.outcomes();
    if outcomes.is_empty() {
        args.refuse("a file without a job that there is");
    }
    let facts =
        facts::NAMES.iter().filter_map(|name| Some((*name, earlier.fact(name)?.to_owned())));
    let date = earlier.fact("date").unwrap_or("undated").to_owned();
    let report = Report { facts: facts.collect(), outcomes, missing: vec![], plots: vec![] };
    Ok(show(args, report, &date)?)
}

/// The programs lie beside this one.
fn programs() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    Ok(this.parent().unwrap_or(Path::new(".")).to_owned())
}

/// The jobs that were asked for, with the entrants that are there; and those that are not.
fn chosen(args: &Args, programs: &Path) -> (Vec<Job>, Vec<&'static str>) {
    let quick = args.flag("quick");
    let named = |option: &str, name: &str| {
        args.text(option).is_none_or(|names| names.split(',').any(|word| word == name))
    };
    let by_workload = args.text("workload").is_some();
    let mut jobs = if args.flag("growth") { jobs::growth() } else { jobs::all() };
    if by_workload {
        jobs = jobs::all().into_iter().chain(jobs::growth()).collect();
        jobs.retain(|job| named("workload", job.workload));
    }
    if let Some(loads) = args.text("loads") {
        let load = |load: &str| {
            let (connections, bytes) = load.split_once('x')?;
            let (connections, bytes) = (connections.parse().ok()?, bytes.parse().ok()?);
            Some(jobs::echo(Config { connections, bytes }))
        };
        let job = |text: &str| load(text).unwrap_or_else(|| args.refuse(text));
        jobs = loads.split(',').map(job).collect();
    } else if quick {
        jobs.retain(|job| job.quick);
    }
    let mut missing = Vec::new();
    for job in &mut jobs {
        job.entrants.retain(|entrant| {
            let there = entrant.program.is_empty() || programs.join(entrant.program).exists();
            if !there && !missing.contains(&entrant.program) {
                missing.push(entrant.program);
            }
            there && named("only", entrant.name)
        });
    }
    jobs.retain(|job| !job.entrants.is_empty());
    if args.text("rounds").is_some() {
        jobs.iter_mut().for_each(|job| job.enough = None);
    }
    if jobs.is_empty() {
        args.refuse("nothing to do");
    }
    (jobs, missing)
}

/// Runs all rounds. In each, everybody does every job; who comes first rotates.
fn run(
    setting: &Setting,
    jobs: Vec<Job>,
    rounds: usize,
    pause: Duration,
    counts: bool,
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = jobs.into_iter().map(Outcome::new).collect();
    let begin = Instant::now();
    for round in 0..rounds {
        for Outcome { job, series, .. } in &mut outcomes {
            if job.enough.is_some_and(|enough| round >= enough) {
                continue;
            }
            tell(&format!(
                "round {} of {rounds}, {} s, {}",
                round + 1,
                begin.elapsed().as_secs(),
                job.name()
            ));
            for (index, turn, sample) in by_turns(setting, job, round, pause) {
                if let Err(error) = &sample {
                    tell(&format!("{}, {}: {error}\n", job.entrants[index].name, job.name()));
                }
                series[index].add(round * job.turns + turn, sample);
            }
        }
    }
    let counting = Setting { counts: true, ms: 200, warm_ms: 100, ..setting.clone() };
    for Outcome { job, series, counts: found } in &mut outcomes {
        series.iter_mut().for_each(Series::settle);
        let able = |how: &How| matches!(how, How::Inside { .. } | How::Served { .. });
        for (entrant, found) in job.entrants.iter().zip(found) {
            if counts && able(&entrant.how) {
                tell(&format!("counting, {} s, {}", begin.elapsed().as_secs(), job.name()));
                let once = Job { turns: 1, ..job.clone() };
                let ready = Ready::start(&counting, &once, entrant);
                *found = ready.and_then(|mut ready| ready.turn()).ok();
            }
        }
    }
    tell(&format!("{} s\n", begin.elapsed().as_secs()));
    outcomes
}

/// One round of a job: each entrant as often as there are turns, one after the other; who comes
/// first rotates. Who fails has no further turns.
fn by_turns(
    setting: &Setting,
    job: &Job,
    round: usize,
    pause: Duration,
) -> Vec<(usize, usize, io::Result<Sample>)> {
    let mut samples = Vec::new();
    // Where there is one turn, nothing waits beside what is measured.
    let mut waiting: Vec<Option<Ready<'_>>> = job.entrants.iter().map(|_| None).collect();
    let mut failed = vec![false; job.entrants.len()];
    for turn in 0..job.turns {
        for place in 0..job.entrants.len() {
            let index = (place + round + turn) % job.entrants.len();
            if failed[index] {
                continue;
            }
            let ready = match waiting[index].take() {
                None => Ready::start(setting, job, &job.entrants[index]),
                Some(ready) => Ok(ready),
            };
            let measured = ready.and_then(|mut ready| Ok((ready.turn()?, ready)));
            failed[index] = measured.is_err();
            let sample = measured.map(|(sample, ready)| {
                waiting[index] = (turn + 1 < job.turns).then_some(ready);
                sample
            });
            samples.push((index, turn, sample));
            std::thread::sleep(pause);
        }
    }
    samples
}

/// Shows what is going on.
fn tell(what: &str) {
    // Nobody has to watch.
    let _ = write!(io::stderr(), "\r\x1b[K{what}");
}

fn write(args: &Args, report: &mut Report, date: &str) -> io::Result<()> {
    let beside_sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let folder = args.text("out").map_or(beside_sources, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let label = args.text("label").unwrap_or(if args.flag("growth") { "growth" } else { "peers" });
    let name = format!("{date}-{label}");
    let (grown, compared): (Vec<_>, Vec<_>) =
        report.outcomes.iter().partition(|outcome| outcome.job.x.is_some());
    let mut files = Vec::new();
    if !grown.is_empty() {
        files.push((format!("{name}-lines.svg"), plot::lines(&grown)));
    }
    if !compared.is_empty() {
        files.push((format!("{name}.svg"), plot::bars(&compared)));
    }
    report.plots = files.iter().map(|(name, _)| name.clone()).collect();
    files.push((format!("{name}.md"), report.markdown()));
    files.push((format!("{name}.json"), report.json()));
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        tell(&format!("{}\n", path.display()));
    }
    Ok(())
}
