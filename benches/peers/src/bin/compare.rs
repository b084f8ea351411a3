//! Compares the echo servers: each under each load, in interleaved rounds, into `benches/results/`.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use peers::args::Args;
use peers::cpu_time::CpuTime;
use peers::matrix::{CONFIGS, Config, VARIANTS, Variant};
use peers::report::{self, Report};
use peers::session::{Setting, measure};
use peers::summary::Series;

const USAGE: &str = "compare [--quick] [--dry] [--rounds R] [--ms T] [--warm-ms W]
        [--server-core N] [--load-core N] [--pause-ms P] [--only A,B] [--loads CxS,CxS]
        [--out DIR] [--label NAME]
     --quick    fewer loads and rounds: under a minute
     --dry      print the tables, write no files
     --only     servers by name, e.g. raw-best,tokio
     --loads    connections and bytes, e.g. 64x64,1024x64
     --label    becomes part of the files' names";

const OPTIONS: &[&str] = &[
    "rounds",
    "ms",
    "warm-ms",
    "server-core",
    "load-core",
    "pause-ms",
    "only",
    "loads",
    "out",
    "label",
];

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::read(USAGE, &["quick", "dry"], OPTIONS);
    let quick = args.flag("quick");
    let setting = Setting {
        programs: programs()?,
        server_core: args.number("server-core", 1),
        load_core: args.number("load-core", 1),
        warm_ms: args.number("warm-ms", if quick { 100 } else { 200 }),
        ms: args.number("ms", if quick { 500 } else { 1000 }),
    };
    let variants = chosen(&args);
    let configs = loads(&args, quick);
    let rounds = args.number("rounds", if quick { 3 } else { 7 });
    let pause = Duration::from_millis(args.number("pause-ms", 0));
    let load_before = report::load_average();
    let results = run(&setting, &variants, &configs, rounds, pause)?;
    let days = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / 86_400;
    let command: Vec<String> = std::env::args().skip(1).collect();
    let report = Report {
        date: report::date(days as i64),
        command: format!("compare {}", command.join(" ")).trim_end().to_owned(),
        rounds,
        setting,
        variants,
        results,
        load_before,
        refusal: CpuTime::of(std::process::id()).refusal().map(ToString::to_string),
    };
    println!("{}", report.markdown());
    if !args.flag("dry") {
        write(&args, &report)?;
    }
    Ok(())
}

/// The programs lie beside this one.
fn programs() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    Ok(this.parent().unwrap_or(Path::new(".")).to_owned())
}

fn chosen(args: &Args) -> Vec<Variant> {
    let Some(only) = args.text("only") else { return VARIANTS.to_vec() };
    let by_name = |name| VARIANTS.iter().find(|variant| variant.name == name).copied();
    only.split(',').map(|name| by_name(name).unwrap_or_else(|| args.refuse(name))).collect()
}

fn loads(args: &Args, quick: bool) -> Vec<Config> {
    let Some(loads) = args.text("loads") else {
        return CONFIGS.iter().filter(|config| config.quick || !quick).copied().collect();
    };
    let parse = |load: &str| {
        let (connections, bytes) = load.split_once('x')?;
        let (connections, bytes) = (connections.parse().ok()?, bytes.parse().ok()?);
        Some(Config { connections, bytes, quick })
    };
    loads.split(',').map(|load| parse(load).unwrap_or_else(|| args.refuse(load))).collect()
}

/// Runs all rounds. In each, every server gets every load; who comes first rotates.
fn run(
    setting: &Setting,
    variants: &[Variant],
    configs: &[Config],
    rounds: usize,
    pause: Duration,
) -> io::Result<Vec<(Config, Vec<Series>)>> {
    let series = || variants.iter().map(|_| Series::default()).collect::<Vec<_>>();
    let mut results: Vec<_> = configs.iter().map(|config| (*config, series())).collect();
    let begin = Instant::now();
    for round in 0..rounds {
        for (config, series) in &mut results {
            for place in 0..variants.len() {
                let index = (place + round) % variants.len();
                if !variants[index].takes(config) {
                    continue;
                }
                let sample = measure(setting, &variants[index], config);
                if let Err(error) = &sample {
                    eprintln!("\n{}, {}: {error}", variants[index].name, config.name());
                }
                series[index].add(round, sample);
                std::thread::sleep(pause);
            }
        }
        let seconds = begin.elapsed().as_secs();
        eprint!("\rround {} of {rounds}, {seconds} s", round + 1);
        io::stderr().flush()?;
    }
    eprintln!();
    for (_, series) in &mut results {
        series.iter_mut().for_each(Series::settle);
    }
    Ok(results)
}

fn write(args: &Args, report: &Report) -> io::Result<()> {
    let beside_sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let folder = args.text("out").map_or(beside_sources, PathBuf::from);
    let label = args.text("label").map_or_else(String::new, |label| format!("-{label}"));
    for (end, text) in [("md", report.markdown()), ("json", report.json())] {
        let path = folder.join(format!("{}-echo{label}.{end}", report.date));
        std::fs::write(&path, text)?;
        eprintln!("{}", path.display());
    }
    Ok(())
}
