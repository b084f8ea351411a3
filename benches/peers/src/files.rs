//! What every program does with files beside random reads: many small ones that are opened, read
//! and closed; one that is read or written from its begin to its end, again and again; one that
//! grows by a block and is synchronised.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::program::Program;
use crate::reads::{BLOCK, check};

/// Small files, of a block each.
pub const SMALL: u64 = 1_000;
/// Bytes of a sequential read or write.
pub const PIECE: usize = 64 << 10;

/// What to do, and how often.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file, or the folder of the small ones.
    pub path: PathBuf,
    /// Tasks that do it at once.
    pub tasks: u64,
    /// Operations altogether.
    pub n: u64,
    /// Bytes of the file; of one that grows, none.
    len: u64,
    /// What the blocks of this run have, and those of no other.
    salt: u64,
}

impl Plan {
    /// As the options say: `--path`, `--tasks`, `--n`.
    pub fn of(args: &Args) -> io::Result<Self> {
        let path: PathBuf = args.required("path");
        let len = std::fs::metadata(&path).map_or(0, |found| found.len());
        let (tasks, n) = (args.number("tasks", 1), args.number("n", 1_000));
        Ok(Self { path, tasks, n, len, salt: u64::from(std::process::id()) << 40 })
    }

    /// A part of it, to warm up.
    pub fn tenth(&self) -> Self {
        Self { n: (self.n / 10).max(self.tasks), ..self.clone() }
    }

    /// Operations that really happen: the same number in each task.
    pub fn operations(&self) -> u64 {
        self.n / self.tasks * self.tasks
    }

    /// The numbers of one task's operations.
    pub fn numbers(&self, task: u64) -> impl Iterator<Item = u64> + use<> {
        (task..self.operations()).step_by(self.tasks as usize)
    }

    /// The small file of an operation.
    pub fn small(&self, number: u64) -> PathBuf {
        self.path.join(name(number % SMALL))
    }

    /// Where an operation reads or writes a piece.
    pub fn place(&self, number: u64) -> u64 {
        number * PIECE as u64 % (self.len / PIECE as u64 * PIECE as u64)
    }

    /// Marks the bytes that are to be written at `place` as those of this run.
    #[inline]
    pub fn mark(&self, bytes: &mut [u8], place: u64) {
        bytes[..8].copy_from_slice(&(place ^ self.salt).to_ne_bytes());
    }

    /// An error unless the file has what this work wrote, and nothing else if it grew by that.
    fn verify(&self, work: &str) -> io::Result<()> {
        let (part, grew) = match work {
            "fill" => (PIECE, false),
            "log" => (BLOCK, true),
            _ => return Ok(()),
        };
        let mut file = File::open(&self.path)?;
        let whole = file.metadata()?.len();
        let written = self.operations() * part as u64;
        let wanted = if grew { written } else { whole.min(written) };
        let mut bytes = vec![0; part];
        for place in (0..wanted).step_by(part) {
            file.read_exact(&mut bytes)?;
            if bytes[..8] != (place ^ self.salt).to_ne_bytes() {
                return Err(io::Error::other(format!("wrong bytes at {place}")));
            }
        }
        if grew && whole != wanted {
            return Err(io::Error::other(format!("{whole} bytes, {wanted} were written")));
        }
        Ok(())
    }
}

/// Panics unless these bytes are a small file's.
#[inline]
pub fn check_small(bytes: &[u8], number: u64) {
    check(bytes, number % SMALL * BLOCK as u64);
}

/// Panics unless these bytes are the piece at `place` of a file of numbered blocks.
#[inline]
pub fn check_piece(bytes: &[u8], place: u64) {
    assert!(bytes.len() == PIECE, "a short piece");
    let last = PIECE - BLOCK;
    check(&bytes[..BLOCK], place);
    check(&bytes[last..], place + last as u64);
}

/// Does a tenth of the plan to warm up, then all of it, checks what was written, and prints what it
/// cost.
pub async fn measured<F: Future<Output = io::Result<()>>>(
    program: Program,
    work: impl Fn(Plan) -> F,
) -> io::Result<()> {
    let Program { work: name, args, mut meter } = program;
    let plan = Plan::of(&args)?;
    work(plan.tenth()).await?;
    meter.begin()?;
    work(plan.clone()).await?;
    meter.end(plan.operations())?;
    plan.verify(&name)?;
    meter.print()
}

/// The same for work that blocks.
pub fn measured_now(program: Program, work: impl Fn(&Plan) -> io::Result<()>) -> io::Result<()> {
    let Program { work: name, args, mut meter } = program;
    let plan = Plan::of(&args)?;
    work(&plan.tenth())?;
    meter.begin()?;
    work(&plan)?;
    meter.end(plan.operations())?;
    plan.verify(&name)?;
    meter.print()
}

/// Makes a folder of so many small files, unless it is there, and brings them into the page cache.
pub fn make_small(folder: &Path, count: u64) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for number in 0..count {
        let path = folder.join(name(number));
        let mut block = [0x5a; BLOCK];
        block[..8].copy_from_slice(&(number * BLOCK as u64).to_ne_bytes());
        if std::fs::read(&path).ok().as_deref() != Some(&block) {
            std::fs::write(&path, block)?;
        }
    }
    Ok(())
}

fn name(number: u64) -> String {
    format!("{number:04}")
}

#[cfg(test)]
mod tests {
    use super::{PIECE, Plan};
    use crate::reads::BLOCK;

    /// A file of so many parts of a length, marked as a run of its own would.
    fn written(name: &str, parts: u64, part: usize) -> Plan {
        let path = std::env::temp_dir().join(format!("peers-{name}-{}", std::process::id()));
        let plan = Plan { path, tasks: 2, n: 4, len: 0, salt: 7 << 40 };
        let mut bytes = vec![0; parts as usize * part];
        for place in (0..bytes.len()).step_by(part) {
            plan.mark(&mut bytes[place..], place as u64);
        }
        std::fs::write(&plan.path, bytes).expect("there is room");
        plan
    }

    #[test]
    fn a_log_has_each_block_once_and_nothing_else() {
        for (parts, is_right) in [(4, true), (3, false), (5, false)] {
            let plan = written("log", parts, BLOCK);
            assert_eq!(plan.verify("log").is_ok(), is_right, "{parts} blocks");
        }
        let plan = written("log", 4, BLOCK);
        let of_another_run = Plan { salt: 8 << 40, ..plan.clone() };
        assert!(of_another_run.verify("log").is_err());
        std::fs::remove_file(plan.path).expect("it was made");
    }

    #[test]
    fn a_file_that_is_overwritten_again_and_again_has_this_run_everywhere() {
        let plan = written("fill", 3, PIECE);
        assert!(plan.verify("fill").is_ok(), "shorter than all that was written");
        std::fs::write(&plan.path, vec![0; 3 * PIECE]).expect("there is room");
        assert!(plan.verify("fill").is_err(), "nothing was written");
        std::fs::remove_file(plan.path).expect("it was made");
    }
}
