//! What registered memory spares random reads of a file: reads of the fixed kind beside plain ones,
//! past the page cache and from it. CPU time per read, medians of interleaved rounds.
//!
//! ```text
//! cargo bench --bench registered -- [--quick]
//! ```
//!
//! Both have the same aligned buffers of 4 KiB, one for each read in flight, and differ in
//! `register_buffers` alone. The time is the process's: the kernel's workers are in it.

use rustix::time::{ClockId, clock_gettime};
use sexton::buf::{FixedPool, IoBufMut};
use sexton::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;

const BLOCK: u64 = 4096;
const BLOCKS: u64 = 64 << 10;
const O_DIRECT: i32 = 0o40000;

/// A job, and what its rounds cost per read in µs: plain, fixed.
struct Job {
    direct: bool,
    depth: u16,
    costs: [Vec<f64>; 2],
}

fn main() -> io::Result<()> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (rounds, reads) = if quick { (3, 5_000) } else { (15, 40_000) };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registered");
    make(&path)?;
    let mut jobs = Vec::new();
    for direct in [true, false] {
        jobs.extend([1, 32, 128].map(|depth| Job { direct, depth, costs: Default::default() }));
    }
    let jobs = sexton::block_on(async move {
        let measured = sexton::spawn(async move {
            for round in 0..=rounds {
                for job in &mut jobs {
                    measure(&path, job, round, reads).await?;
                }
            }
            io::Result::Ok(jobs)
        });
        measured.await?
    })?;
    println!("CPU µs per read of 4 KiB, {rounds} rounds of {reads}: median (min-max)\n");
    println!("| | plain | fixed | fixed / plain |\n|---|---|---|---|");
    for Job { direct, depth, costs: [plain, fixed] } in jobs {
        let ratios = plain.iter().zip(&fixed).map(|(plain, fixed)| fixed / plain).collect();
        let name = if direct { "direct" } else { "cached" };
        let cells = [spread(plain), spread(fixed), spread(ratios)];
        println!("| {name}, depth {depth} | {} |", cells.join(" | "));
    }
    Ok(())
}

/// Once each kind; which comes first changes from round to round. The first round warms up.
async fn measure(path: &Path, job: &mut Job, round: usize, reads: u64) -> io::Result<()> {
    let flags = if job.direct { O_DIRECT } else { 0 };
    let file = Rc::new(File::options().read(true).custom_flags(flags).open(path).await?);
    // One at a time a disk is slow, and a read costs the most.
    let reads = if job.direct && job.depth == 1 { reads / 8 } else { reads };
    for turn in 0..2 {
        let fixed = (round + turn) % 2;
        let pool = FixedPool::new(job.depth, BLOCK as u32)?;
        if fixed == 1 {
            sexton::register_buffers(&pool)?;
        }
        let before = cpu_ns();
        read(&file, &pool, reads).await?;
        let cost = (cpu_ns() - before) as f64 / reads as f64 / 1000.0;
        if round > 0 {
            job.costs[fixed].push(cost);
        }
        drop(pool);
        // That the memory is unregistered, and when, is nobody's cost.
        sexton::yield_now().await;
    }
    Ok(())
}

/// A task for each buffer reads at random places.
async fn read(file: &Rc<File>, pool: &FixedPool, reads: u64) -> io::Result<()> {
    let depth = u64::from(pool.count());
    let tasks: Vec<_> = (1..=depth)
        .map(|task| {
            let (file, buf) = (Rc::clone(file), pool.take());
            let mut buf = buf.expect("as many tasks as buffers");
            sexton::spawn(async move {
                let mut place = task.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                for _ in 0..reads / depth {
                    place ^= place << 13;
                    place ^= place >> 7;
                    place ^= place << 17;
                    buf.clear();
                    let n;
                    (n, buf) = file.read_at(buf, place % BLOCKS * BLOCK).await?;
                    assert_eq!(n as u64, BLOCK);
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// The file, all of it in the page cache.
fn make(path: &Path) -> io::Result<()> {
    let mut file = io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    for block in 0..BLOCKS {
        file.write_all(&[block as u8; BLOCK as usize])?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    io::copy(&mut std::fs::File::open(path)?, &mut io::sink()).map(drop)
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    format!("**{:.2}** ({:.2}-{:.2})", values[last / 2], values[0], values[last])
}
