//! Files on compio: each operation by the ring.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use compio::buf::{BufResult, IoBuf};
use compio::fs::{File, OpenOptions};
use compio::io::{AsyncReadAt, AsyncWriteAtExt};
use peers::files::{PIECE, check_piece, check_small};
use peers::reads::{BLOCK, aligned, check};
use peers::{files, reads};

pub(crate) async fn read(plan: reads::Plan) -> io::Result<()> {
    let file: File =
        OpenOptions::new().read(true).custom_flags(plan.flags()).open(&plan.path).await?;
    let file = Rc::new(file);
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            compio::runtime::spawn(async move {
                let (bytes, block) = aligned();
                let mut window = bytes.slice(block);
                for place in places {
                    let BufResult(n, read) = file.read_at(window, place).await;
                    check(&read[..n?], place);
                    window = read;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        reader.await.expect("no task panics")?;
    }
    Ok(())
}

/// The small files: opened, read by one read, closed.
pub(crate) async fn open(plan: files::Plan) -> io::Result<()> {
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let plan = plan.clone();
            compio::runtime::spawn(async move {
                let mut buf = Vec::with_capacity(BLOCK);
                for number in plan.numbers(task) {
                    let file = File::open(plan.small(number)).await?;
                    let BufResult(n, read) = file.read_at(buf, 0).await;
                    check_small(&read[..n?], number);
                    file.close().await?;
                    buf = read;
                    buf.clear();
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics")?;
    }
    Ok(())
}

pub(crate) async fn scan(plan: files::Plan) -> io::Result<()> {
    let file = File::open(&plan.path).await?;
    let mut piece = Vec::with_capacity(PIECE);
    for number in 0..plan.operations() {
        let place = plan.place(number);
        let BufResult(n, read) = file.read_at(piece, place).await;
        check_piece(&read[..n?], place);
        piece = read;
        piece.clear();
    }
    file.close().await
}

pub(crate) async fn fill(plan: files::Plan) -> io::Result<()> {
    let file: File = OpenOptions::new().write(true).open(&plan.path).await?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        plan.mark(&mut piece, place);
        let BufResult(written, back) = (&file).write_all_at(piece, place).await;
        written?;
        piece = back;
    }
    file.close().await
}

pub(crate) async fn log(plan: files::Plan) -> io::Result<()> {
    let file = Rc::new(File::create(&plan.path).await?);
    let next = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let (plan, file, next) = (plan.clone(), Rc::clone(&file), Rc::clone(&next));
            compio::runtime::spawn(async move {
                let mut block = vec![0; BLOCK];
                for _ in plan.numbers(task) {
                    let place = next.replace(next.get() + BLOCK as u64);
                    plan.mark(&mut block, place);
                    let BufResult(written, back) = (&*file).write_all_at(block, place).await;
                    written?;
                    block = back;
                    file.sync_data().await?;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics")?;
    }
    Ok(())
}
