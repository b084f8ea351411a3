//! What every program reads in the same way: a file whose blocks know their places.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::program::Program;

/// Bytes of a block: one read.
pub const BLOCK: usize = 4096;

/// What to read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file.
    pub path: PathBuf,
    /// Past the page cache.
    pub direct: bool,
    /// Reads in flight.
    pub depth: u64,
    /// Reads altogether.
    pub reads: u64,
    blocks: u64,
}

impl Plan {
    /// As the options say: `--path`, `--direct`, `--depth`, `--n`.
    pub fn of(args: &Args) -> io::Result<Self> {
        let path: PathBuf = args.required("path");
        let blocks = std::fs::metadata(&path)?.len() / BLOCK as u64;
        let (depth, reads) = (args.number("depth", 128), args.number("n", 200_000));
        Ok(Self { path, direct: args.flag("direct"), depth, reads, blocks })
    }

    /// A part of it, to warm up.
    pub fn tenth(&self) -> Self {
        Self { reads: self.reads / 10, ..self.clone() }
    }

    /// The flags to open the file with.
    pub fn flags(&self) -> i32 {
        if self.direct { libc::O_DIRECT } else { 0 }
    }

    /// Reads that really happen: the same number in each task.
    pub fn operations(&self) -> u64 {
        self.reads / self.depth * self.depth
    }

    /// Where one of `depth` tasks reads.
    pub fn places(&self, task: u64) -> impl Iterator<Item = u64> + use<> {
        let blocks = self.blocks;
        let mut state = 0x9e37_79b9_7f4a_7c15 ^ (task + 1).wrapping_mul(0xd134_2543_de82_ef95);
        (0..self.reads / self.depth).map(move |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % blocks * BLOCK as u64
        })
    }
}

/// Reads a tenth of the plan to warm up, then all of it, and prints what that cost.
pub async fn measured<F: Future<Output = io::Result<()>>>(
    program: Program,
    read: impl Fn(Plan) -> F,
) -> io::Result<()> {
    let Program { args, mut meter, .. } = program;
    let plan = Plan::of(&args)?;
    read(plan.tenth()).await?;
    meter.begin()?;
    read(plan.clone()).await?;
    meter.end(plan.operations())?;
    meter.print()
}

/// Makes the file, unless it is there in this length.
pub fn make(path: &Path, bytes: u64) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() == bytes) {
        return Ok(());
    }
    let mut file = io::BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut block = [0x5a; BLOCK];
    for place in (0..bytes).step_by(BLOCK) {
        block[..8].copy_from_slice(&place.to_ne_bytes());
        file.write_all(&block[..BLOCK.min((bytes - place) as usize)])?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// Brings the file into the page cache.
pub fn warm(path: &Path) -> io::Result<()> {
    io::copy(&mut File::open(path)?, &mut io::sink()).map(drop)
}

/// Panics unless these bytes are the block at `place`.
#[inline]
pub fn check(bytes: &[u8], place: u64) {
    assert!(bytes.len() == BLOCK && bytes[..8] == place.to_ne_bytes(), "a wrong block");
}

/// A vector with room for an aligned block, and where in it the block is: what O_DIRECT wants, by
/// safe means.
pub fn aligned() -> (Vec<u8>, Range<usize>) {
    let bytes = vec![0; 2 * BLOCK];
    let begin = bytes.as_ptr().align_offset(BLOCK);
    (bytes, begin..begin + BLOCK)
}
