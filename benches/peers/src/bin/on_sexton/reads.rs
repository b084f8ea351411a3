//! Random reads on Sexton: a task for each read in flight, with a buffer of its own; or with one of
//! a registered pool.

use std::io;
use std::rc::Rc;

use peers::program::Program;
use peers::reads::{BLOCK, Plan, aligned, check, measured};
use sexton::JoinHandle;
use sexton::buf::{FixedPool, IoBufMut};
use sexton::fs::File;

pub(crate) fn run(program: Program) -> io::Result<()> {
    let runtime = sexton::Builder::new().build()?;
    if program.args.flag("fixed") {
        runtime.block_on(measured(program, read_fixed))
    } else {
        runtime.block_on(measured(program, read))
    }
}

async fn open(plan: &Plan) -> io::Result<Rc<File>> {
    let options = File::options().read(true).custom_flags(plan.flags()).clone();
    Ok(Rc::new(options.open(&plan.path).await?))
}

async fn read(plan: Plan) -> io::Result<()> {
    let file = open(&plan).await?;
    let readers = (0..plan.depth).map(|task| {
        let (file, places) = (Rc::clone(&file), plan.places(task));
        sexton::spawn(async move {
            let (mut bytes, block) = aligned();
            for place in places {
                let (n, window) = file.read_at(bytes.slice_mut(block.clone()), place).await?;
                bytes = window.into_inner();
                check(&bytes[block.clone()][..n], place);
            }
            io::Result::Ok(())
        })
    });
    all(readers.collect()).await
}

async fn read_fixed(plan: Plan) -> io::Result<()> {
    let file = open(&plan).await?;
    let depth = u16::try_from(plan.depth).map_err(io::Error::other)?;
    let pool = FixedPool::new(depth, BLOCK as u32)?;
    sexton::register_buffers(&pool)?;
    let readers = (0..plan.depth).map(|task| {
        let (file, places) = (Rc::clone(&file), plan.places(task));
        let mut buf = pool.take().expect("there is one for each task");
        sexton::spawn(async move {
            for place in places {
                buf.clear();
                let n;
                (n, buf) = file.read_at(buf, place).await?;
                check(&buf[..n], place);
            }
            io::Result::Ok(())
        })
    });
    all(readers.collect()).await
}

async fn all(readers: Vec<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    for reader in readers {
        reader.await.map_err(io::Error::other)??;
    }
    Ok(())
}
