//! Files on monoio: each operation by the ring.

use std::cell::Cell;
use std::fs::File as StdFile;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;

use monoio::buf::IoBufMut;
use monoio::fs::{File, OpenOptions};
use peers::files::{PIECE, check_piece, check_small};
use peers::reads::{BLOCK, aligned, check};
use peers::{files, reads};

pub(crate) async fn read(plan: reads::Plan) -> io::Result<()> {
    let file = StdFile::options().read(true).custom_flags(plan.flags()).open(&plan.path)?;
    let file = Rc::new(File::from_std(file)?);
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            monoio::spawn(async move {
                let (bytes, block) = aligned();
                let mut window = bytes.slice_mut(block.clone());
                for place in places {
                    let n;
                    (n, window) = file.read_at(window, place).await;
                    check(&window.get_ref()[block.clone()][..n?], place);
                }
                io::Result::Ok(())
            })
        })
        .collect();
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
            monoio::spawn(async move {
                let mut buf = Vec::with_capacity(BLOCK);
                for number in plan.numbers(task) {
                    let file = File::open(plan.small(number)).await?;
                    let n;
                    (n, buf) = file.read_at(buf, 0).await;
                    check_small(&buf[..n?], number);
                    file.close().await?;
                    buf.clear();
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
    let file = File::open(&plan.path).await?;
    let mut piece = Vec::with_capacity(PIECE);
    for number in 0..plan.operations() {
        let place = plan.place(number);
        let n;
        (n, piece) = file.read_at(piece, place).await;
        check_piece(&piece[..n?], place);
        piece.clear();
    }
    file.close().await
}

pub(crate) async fn fill(plan: files::Plan) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(&plan.path).await?;
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        plan.mark(&mut piece, place);
        let written;
        (written, piece) = file.write_all_at(piece, place).await;
        written?;
    }
    file.close().await
}

pub(crate) async fn log(plan: files::Plan) -> io::Result<()> {
    let file = Rc::new(File::create(&plan.path).await?);
    let next = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let (plan, file, next) = (plan.clone(), Rc::clone(&file), Rc::clone(&next));
            monoio::spawn(async move {
                let mut block = vec![0; BLOCK];
                for _ in plan.numbers(task) {
                    let place = next.replace(next.get() + BLOCK as u64);
                    plan.mark(&mut block, place);
                    let written;
                    (written, block) = file.write_all_at(block, place).await;
                    written?;
                    file.sync_data().await?;
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
