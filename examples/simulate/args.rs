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
        let mut words = format!(
            "cargo run --release --features sim --example simulate -- --seeds 1 --from {seed}"
        );
        if let Some(kernel) = self.kernel {
            words += &format!(" --profile {}", kernel.name());
        }
        if let Some(faults) = self.faults {
            words += &format!(" --faults {faults}");
        }
        if let Some(program) = self.program {
            words += &format!(" --program {}", program.name());
        }
        words
    }
}
