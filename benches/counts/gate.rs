//! Counts the cases, and compares them with what is kept in `kept.txt`.

use std::fmt;
use std::process::Command;

/// What a change may be off without a word.
pub(crate) const TOLERANCE: f64 = 0.03;

/// One case by name, with how many operations are few and how many are many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) few: u64,
    pub(crate) many: u64,
}

/// Instructions per operation of one case.
pub(crate) type Counted = (&'static str, f64);

/// Counts every case; or why it cannot be done.
pub(crate) fn count(cases: &[Case]) -> Result<Vec<Counted>, String> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind
        .map_err(|error| format!("no valgrind to be had ({error}); apt-get install valgrind"))?;
    cases.iter().map(|case| Ok((case.name, per_operation(case)?))).collect()
}

fn per_operation(case: &Case) -> Result<f64, String> {
    let few = instructions(case.name, case.few)?;
    let many = instructions(case.name, case.many)?;
    Ok((many as f64 - few as f64) / (case.many - case.few) as f64)
}

/// All instructions of a process that does `operations` of the case.
fn instructions(case: &str, operations: u64) -> Result<u64, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        // As many digits in both runs, and no variables of this machine's: the libraries look
        // through both.
        .args(["run", case, &format!("{operations:08}")])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // libc would choose its copying by the processor.
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-ERMS,-FSRM")
        .output()
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case} fails under valgrind:\n{said}");
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    Ok(count.expect("callgrind says how many instructions it has collected"))
}

/// What the repository keeps: a name and a count a line.
#[derive(Debug)]
pub(crate) struct Kept(Vec<(String, f64)>);

impl Kept {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| {
            let (name, count) = line.rsplit_once(' ')?;
            Some((name.trim().to_string(), count.parse().ok()?))
        });
        Self(pairs.collect())
    }

    fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(kept, _)| kept == name).map(|(_, count)| *count)
    }
}

/// How a count stands beside the one that is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Within the tolerance.
    Same,
    /// Beyond it, by this part of what is kept.
    Changed(f64),
    /// Nothing is kept.
    New,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("as kept"),
            Self::Changed(by) => write!(f, "**{:+.1} %**", by * 100.0),
            Self::New => f.write_str("**nothing is kept**"),
        }
    }
}

/// Every case with what is kept, what was counted, and how they compare.
pub(crate) fn compare(
    kept: &Kept,
    counted: &[Counted],
) -> Vec<(&'static str, Option<f64>, f64, Outcome)> {
    let beside = |&(name, counted): &Counted| {
        let kept = kept.get(name);
        let outcome = kept.map_or(Outcome::New, |kept| {
            let by = counted / kept - 1.0;
            if by.abs() <= TOLERANCE { Outcome::Same } else { Outcome::Changed(by) }
        });
        (name, kept, counted, outcome)
    };
    counted.iter().map(beside).collect()
}

/// The text to keep.
pub(crate) fn write(counted: &[Counted]) -> String {
    let compiler = Command::new("rustc").arg("--version").output().ok();
    let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let compiler = compiler.unwrap_or_default();
    let version = compiler.split(' ').nth(1).unwrap_or("unknown");
    let mut text = format!(
        "# Instructions per operation: `cargo bench --bench counts` compares, `-- --accept` writes.\n\
         # Counted on x86_64, glibc, compiled by\n\
         # rustc {version}\n"
    );
    for (name, count) in counted {
        text.push_str(&format!("{name:<40} {count:.1}\n"));
    }
    text
}
