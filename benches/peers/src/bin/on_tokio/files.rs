//! Files on tokio: each call blocks a thread of its pool.

use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use peers::files::{PIECE, Plan, check_piece, check_small};
use peers::reads::BLOCK;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::task::JoinSet;

/// The small files, each by one trip to the pool.
pub(crate) async fn open(plan: Plan) -> io::Result<()> {
    let mut tasks = JoinSet::new();
    for task in 0..plan.tasks {
        let plan = plan.clone();
        tasks.spawn_local(async move {
            for number in plan.numbers(task) {
                check_small(&tokio::fs::read(plan.small(number)).await?, number);
            }
            io::Result::Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect()
}

pub(crate) async fn scan(plan: Plan) -> io::Result<()> {
    let mut file = File::open(&plan.path).await?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        if place == 0 {
            file.rewind().await?;
        }
        file.read_exact(&mut piece).await?;
        check_piece(&piece, place);
    }
    Ok(())
}

pub(crate) async fn fill(plan: Plan) -> io::Result<()> {
    let mut file = File::options().write(true).open(&plan.path).await?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        if place == 0 {
            file.rewind().await?;
        }
        plan.mark(&mut piece, place);
        file.write_all(&piece).await?;
    }
    file.flush().await
}

/// Both calls in one trip to the pool.
pub(crate) async fn log(plan: Plan) -> io::Result<()> {
    let file = Arc::new(StdFile::create(&plan.path)?);
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for task in 0..plan.tasks {
        let (plan, file, next) = (plan.clone(), Arc::clone(&file), Arc::clone(&next));
        tasks.spawn_local(async move {
            let mut block = vec![0; BLOCK];
            for _ in plan.numbers(task) {
                let place = next.fetch_add(BLOCK as u64, Ordering::Relaxed);
                plan.mark(&mut block, place);
                let file = Arc::clone(&file);
                let write = move || {
                    file.write_all_at(&block, place)?;
                    file.sync_data()?;
                    io::Result::Ok(block)
                };
                block = tokio::task::spawn_blocking(write).await??;
            }
            io::Result::Ok(())
        });
    }
    tasks.join_all().await.into_iter().collect()
}
