//! Files on kimojio: each operation by the ring.

use std::cell::Cell;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::rc::Rc;

use kimojio::operations::{self, OFlags};
use peers::files::{PIECE, check_piece, check_small};
use peers::reads::{BLOCK, aligned, check};
use peers::{files, reads};

pub(crate) async fn read(plan: reads::Plan) -> io::Result<()> {
    let file = File::options().read(true).custom_flags(plan.flags()).open(&plan.path)?;
    let file = Rc::new(OwnedFd::from(file));
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
            let (file, places) = (Rc::clone(&file), plan.places(task));
            operations::spawn_task(async move {
                let (mut bytes, block) = aligned();
                let block = &mut bytes[block];
                for place in places {
                    let n = operations::pread(&*file, block, place).await?;
                    check(&block[..n], place);
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for reader in readers {
        let Ok(read) = reader.await else { panic!("a task panicked") };
        read?;
    }
    Ok(())
}

/// The small files: opened, read by one read, closed.
pub(crate) async fn open(plan: files::Plan) -> io::Result<()> {
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let plan = plan.clone();
            operations::spawn_task(async move {
                let mut buf = vec![0; BLOCK];
                for number in plan.numbers(task) {
                    let path = CString::new(plan.small(number).into_os_string().into_vec())?;
                    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                    let file = operations::open(&path, flags, 0.into()).await?;
                    let n = operations::pread(&file, &mut buf, 0).await?;
                    check_small(&buf[..n], number);
                    operations::close(file).await?;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        let Ok(done) = task.await else { panic!("a task panicked") };
        done?;
    }
    Ok(())
}

pub(crate) async fn scan(plan: files::Plan) -> io::Result<()> {
    let file = OwnedFd::from(File::open(&plan.path)?);
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        let n = operations::pread(&file, &mut piece, place).await?;
        check_piece(&piece[..n], place);
    }
    Ok(operations::close(file).await?)
}

pub(crate) async fn fill(plan: files::Plan) -> io::Result<()> {
    let file = OwnedFd::from(File::options().write(true).open(&plan.path)?);
    let mut piece = vec![0; PIECE];
    for number in 0..plan.operations() {
        let place = plan.place(number);
        plan.mark(&mut piece, place);
        write_all_at(&file, &piece, place).await?;
    }
    Ok(operations::close(file).await?)
}

/// It has `fsync` alone; for a file that has grown, that is nearly the same.
pub(crate) async fn log(plan: files::Plan) -> io::Result<()> {
    let file = Rc::new(OwnedFd::from(File::create(&plan.path)?));
    let next = Rc::new(Cell::new(0));
    let tasks: Vec<_> = (0..plan.tasks)
        .map(|task| {
            let (plan, file, next) = (plan.clone(), Rc::clone(&file), Rc::clone(&next));
            operations::spawn_task(async move {
                let mut block = vec![0; BLOCK];
                for _ in plan.numbers(task) {
                    let place = next.replace(next.get() + BLOCK as u64);
                    plan.mark(&mut block, place);
                    write_all_at(&file, &block, place).await?;
                    operations::fsync(&*file).await?;
                }
                io::Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        let Ok(done) = task.await else { panic!("a task panicked") };
        done?;
    }
    Ok(())
}

async fn write_all_at(file: &OwnedFd, bytes: &[u8], place: u64) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        let rest = &bytes[written..];
        written += operations::pwrite(file, rest, place + written as u64).await?;
    }
    Ok(())
}
