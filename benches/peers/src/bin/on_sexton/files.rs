//! Files on Sexton: each operation by the ring.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use peers::files::{PIECE, Plan, check_piece, check_small};
use peers::reads::BLOCK;
use sexton::fs::File;

/// The small files: opened, read by one read, closed.
pub(crate) async fn open(plan: Plan) -> io::Result<()> {
    let tasks = (0..plan.tasks).map(|task| {
        let plan = plan.clone();
        sexton::spawn(async move {
            let mut buf = Vec::with_capacity(BLOCK);
            for number in plan.numbers(task) {
                let file = File::open(plan.small(number)).await?;
                (_, buf) = file.read_at(buf, 0).await?;
                check_small(&buf, number);
                buf.clear();
            }
            io::Result::Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.map_err(io::Error::other)??;
    }
    Ok(())
}

pub(crate) async fn scan(plan: Plan) -> io::Result<()> {
    let file = File::open(&plan.path).await?;
    let mut piece = Vec::with_capacity(PIECE);
    for number in 0..plan.operations() {
        let place = plan.place(number);
        (_, piece) = file.read_at(piece, place).await?;
        check_piece(&piece, place);
        piece.clear();
    }
    Ok(())
}

pub(crate) async fn fill(plan: Plan) -> io::Result<()> {
    let file = File::options().write(true).open(&plan.path).await?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        plan.mark(&mut piece, place);
        piece = file.write_all_at(piece, place).await?;
    }
    Ok(())
}

pub(crate) async fn log(plan: Plan) -> io::Result<()> {
    let file = Rc::new(File::create(&plan.path).await?);
    let next = Rc::new(Cell::new(0));
    let tasks = (0..plan.tasks).map(|task| {
        let (plan, file, next) = (plan.clone(), Rc::clone(&file), Rc::clone(&next));
        sexton::spawn(async move {
            let mut block = vec![0; BLOCK];
            for _ in plan.numbers(task) {
                let place = next.replace(next.get() + BLOCK as u64);
                plan.mark(&mut block, place);
                block = file.write_all_at(block, place).await?;
                file.sync_data().await?;
            }
            io::Result::Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.map_err(io::Error::other)??;
    }
    Ok(())
}
