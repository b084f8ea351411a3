//! What a table of figures has to say about itself: machine, versions, command.

use std::process::Command;

use crate::session::Setting;

/// The names of all facts, in the order of the report.
pub const NAMES: &[&str] = &[
    "date",
    "command",
    "commit",
    "kernel",
    "processor",
    "compiler",
    "sexton",
    "tokio",
    "monoio",
    "compio",
    "glommio",
    "kimojio",
    "tokio-uring",
    "io-uring",
    "fio",
    "nginx",
    "profile",
    "clock",
    "cores",
    "load average",
    "niceness",
    "rounds",
];

/// The facts of a run, in the order of the report.
pub fn facts(
    date: &str,
    command: &str,
    setting: &Setting,
    rounds: usize,
    load_before: &str,
    refusal: Option<&str>,
) -> Vec<(&'static str, String)> {
    let Setting { server_core, load_core, other_core, warm_ms, ms, .. } = setting;
    let uname = rustix::system::uname();
    let clock = match refusal {
        None => "perf event task-clock of the process, threads included".to_owned(),
        Some(why) => format!("schedstat of the process's threads (perf event: {why})"),
    };
    let cores =
        format!("measured on {server_core}, load on {load_core}, its own core {other_core}");
    let mut facts = vec![
        ("date", date.to_owned()),
        ("command", command.to_owned()),
        ("commit", output("git", &["describe", "--always", "--dirty", "--exclude", "*"])),
        ("kernel", format!("{} {}", text(uname.release()), text(uname.machine()))),
        ("processor", processor()),
        ("compiler", output("rustc", &["--version"])),
    ];
    facts.extend(PACKAGES.iter().map(|name| (*name, version(name))));
    facts.extend([
        ("fio", output("fio", &["--version"])),
        ("nginx", nginx()),
        ("profile", "release: opt-level 3, fat LTO, one codegen unit, for all".to_owned()),
        ("clock", clock),
        ("cores", cores),
        ("load average", format!("{load_before} before, {} after", load_average())),
        ("niceness", niceness()),
        (
            "rounds",
            format!(
                "{rounds}, interleaved; loads of {warm_ms} ms warm-up and {ms} ms, which servers of \
                 echoes and streams take by turns"
            ),
        ),
    ]);
    facts
}

/// Packages whose versions matter.
const PACKAGES: &[&str] =
    &["sexton", "tokio", "monoio", "compio", "glommio", "kimojio", "tokio-uring", "io-uring"];

fn text(of: &std::ffi::CStr) -> String {
    of.to_string_lossy().into_owned()
}

/// What a program prints, in one line.
fn output(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let stdout = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    stdout.map_or_else(
        || "unknown".to_owned(),
        |stdout| String::from_utf8_lossy(&stdout).trim().to_owned(),
    )
}

/// nginx tells its version on stderr.
fn nginx() -> String {
    let output = Command::new("nginx").arg("-v").output();
    let stderr = output.map(|output| String::from_utf8_lossy(&output.stderr).trim().to_owned());
    stderr.unwrap_or_else(|_| "not here".to_owned())
}

fn processor() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |rest| rest.trim_start_matches(['\t', ':', ' ']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{model}, {cores} cores")
}

/// How many threads want to run, over one minute; ours are one or two of them.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// The niceness of all programs of a run: they inherit it.
fn niceness() -> String {
    let niceness = rustix::process::getpriority_process(None);
    niceness.map_or_else(|error| error.to_string(), |niceness| niceness.to_string())
}

/// The version of a package in our lock file.
fn version(package: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    let found = lock.split(&name).last().and_then(|rest| rest.split('"').next());
    found.filter(|found| found.len() < 20).unwrap_or("unknown").to_owned()
}

/// A day since 1970, as 2026-01-31.
pub fn date(days: i64) -> String {
    // Years begin in March, so that a leap day is the last of its year; eras have 400 years.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let day = day - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_become_dates_across_leap_years() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_088, "2024-12-31"),
            (20_089, "2025-01-01"),
        ] {
            assert_eq!(super::date(days), date);
        }
    }

    #[test]
    fn every_fact_has_its_name_in_the_list() {
        let setting = crate::session::Setting {
            programs: "".into(),
            data: "".into(),
            server_core: 0,
            load_core: 0,
            other_core: 0,
            warm_ms: 0,
            ms: 0,
            counts: false,
        };
        let facts = super::facts("", "", &setting, 1, "", None);
        assert!(facts.iter().map(|(name, _)| name).eq(super::NAMES));
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(super::version("tokio").starts_with("1."));
        assert_eq!(super::version("no-such-package"), "unknown");
    }
}
