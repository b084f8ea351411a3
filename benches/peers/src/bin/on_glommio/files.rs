//! Files on glommio: each operation by the ring.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use glommio::io::{BufferedFile, DmaFile, OpenOptions};
use peers::files::{PIECE, check_piece, check_small};
use peers::reads::{BLOCK, check};
use peers::{files, reads};

pub(crate) async fn read(plan: reads::Plan) -> io::Result<()> {
    let mut readers = Vec::new();
    if plan.direct {
        let file = Rc::new(DmaFile::open(&plan.path).await?);
        readers.extend((0..plan.depth).map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            glommio::spawn_local(async move {
                for place in places {
                    check(&file.read_at_aligned(place, BLOCK).await?, place);
                }
                io::Result::Ok(())
            })
        }));
    } else {
        let file = Rc::new(BufferedFile::open(&plan.path).await?);
        readers.extend((0..plan.depth).map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            glommio::spawn_local(async move {
                for place in places {
                    check(&file.read_at(place, BLOCK).await?, place);
                }
                io::Result::Ok(())
            })
        }));
    }
    for reader in readers {
        reader.await?;
    }
    Ok(())
}

/// The small files: opened, read by one read, closed.
pub(crate) async fn open(plan: files::Plan) -> io::Result<()> {
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let plan = plan.clone();
            glommio::spawn_local(async move {
                for number in plan.numbers(task) {
                    let file = BufferedFile::open(plan.small(number)).await?;
                    check_small(&file.read_at(0, BLOCK).await?, number);
                    file.close().await?;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    Ok(())
}

pub(crate) async fn scan(plan: files::Plan) -> io::Result<()> {
    let file = BufferedFile::open(&plan.path).await?;
    for number in 0..plan.operations() {
        let place = plan.place(number);
        check_piece(&file.read_at(place, PIECE).await?, place);
    }
    Ok(file.close().await?)
}

/// It takes a vector, and does not give it back.
pub(crate) async fn fill(plan: files::Plan) -> io::Result<()> {
    let file = OpenOptions::new().write(true).buffered_open(&plan.path).await?;
    for number in 0..plan.operations() {
        let place = plan.place(number);
        let mut piece = vec![0; PIECE];
        plan.mark(&mut piece, place);
        whole(file.write_at(piece, place).await?, PIECE)?;
    }
    Ok(file.close().await?)
}

pub(crate) async fn log(plan: files::Plan) -> io::Result<()> {
    let file = Rc::new(BufferedFile::create(&plan.path).await?);
    let next = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let (plan, file, next) = (plan.clone(), Rc::clone(&file), Rc::clone(&next));
            glommio::spawn_local(async move {
                for _ in plan.numbers(task) {
                    let place = next.replace(next.get() + BLOCK as u64);
                    let mut block = vec![0; BLOCK];
                    plan.mark(&mut block, place);
                    whole(file.write_at(block, place).await?, BLOCK)?;
                    file.fdatasync().await?;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    Ok(())
}

fn whole(written: usize, wanted: usize) -> io::Result<()> {
    if written == wanted { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}
