//! What the command line asks for.

use crate::program::Program;
use sexton::sim::Kernel;

/// How to use it.
const USAGE: &str = "simulate [--seeds N] [--from S] [--profile 6.1|6.6|6.12|6.18|all] \
    [--faults none|scheduling|network|disk|all|mixed] [--program NAME] [--threads N] [--twice] [--keep-going]";

/// The sets of faults.
const FAULTS: &[&str] = &["none", "scheduling", "network", "disk", "all"];

/// What to run. None: the seed decides.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) seeds: u64,
    pub(crate) from: u64,
    pub(crate) kernel: Option<Kernel>,
    pub(crate) faults: Option<&'static str>,
    pub(crate) program: Option<Program>,
    pub(crate) threads: usize,
    pub(crate) twice: bool,
    /// All seeds run, whichever fail.
    pub(crate) keep_going: bool,
}

impl Args {
    /// Reads the arguments, without the program's name.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            seeds: 1000,
            from: 0,
            kernel: None,
            faults: None,
            program: None,
            threads: 2,
            twice: false,
            keep_going: false,
        };
        while let Some(word) = words.next() {
            match &word[..] {
                "--twice" => {
                    args.twice = true;
                    continue;
                }
                "--keep-going" => {
                    args.keep_going = true;
                    continue;
                }
                _ => {}
            }
            let Some(value) = words.next() else { return Err(USAGE.into()) };
            let unknown = || format!("{word} {value}: unknown\n{USAGE}");
            match &word[..] {
                "--seeds" => args.seeds = value.parse().map_err(|_| unknown())?,
                "--from" => args.from = value.parse().map_err(|_| unknown())?,
                "--threads" => args.threads = value.parse().map_err(|_| unknown())?,
                "--profile" if value == "all" => args.kernel = None,
                "--profile" => args.kernel = Some(Kernel::named(&value).ok_or_else(unknown)?),
                "--faults" if value == "mixed" => args.faults = None,
                "--faults" => {
                    let named = FAULTS.iter().copied().find(|name| *name == value);
                    args.faults = Some(named.ok_or_else(unknown)?);
                }
                "--program" => args.program = Some(Program::named(&value).ok_or_else(unknown)?),
                _ => return Err(unknown()),
            }
        }
        Ok(args)
    }

    /// The command that repeats one seed.
    pub(crate) fn repeat(&self, seed: u64) -> String {
        let words = self.seeds(seed, 1).join(" ");
        format!("cargo run --release --features sim --example simulate -- {words}")
    }

    /// The arguments that run these seeds alone, as all are to be run.
    pub(crate) fn part(&self, from: u64, seeds: u64) -> Vec<String> {
        let mut words = self.seeds(from, seeds);
        words.extend(["--threads".into(), self.threads.to_string()]);
        words.extend(self.twice.then(|| "--twice".into()));
        words.extend(self.keep_going.then(|| "--keep-going".into()));
        words
    }

    fn seeds(&self, from: u64, seeds: u64) -> Vec<String> {
        let mut words =
            vec!["--seeds".into(), seeds.to_string(), "--from".into(), from.to_string()];
        if let Some(kernel) = self.kernel {
            words.extend(["--profile".into(), kernel.name().into()]);
        }
        if let Some(faults) = self.faults {
            words.extend(["--faults".into(), faults.into()]);
        }
        if let Some(program) = self.program {
            words.extend(["--program".into(), program.name().into()]);
        }
        words
    }
}
