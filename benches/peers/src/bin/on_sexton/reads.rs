//! Random reads on Sexton: a task for each read in flight, with a buffer of its own.

use std::io;
use std::rc::Rc;

use peers::program::Program;
use peers::reads::{Plan, aligned, check, measured};
use sexton::buf::IoBufMut;
use sexton::fs::File;

pub(crate) fn run(program: Program) -> io::Result<()> {
    sexton::Builder::new().build()?.block_on(measured(program, read))
}

async fn read(plan: Plan) -> io::Result<()> {
    let options = File::options().read(true).custom_flags(plan.flags()).clone();
    let file = Rc::new(options.open(&plan.path).await?);
    let readers: Vec<_> = (0..plan.depth)
        .map(|task| {
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
        })
        .collect();
    for reader in readers {
        reader.await.map_err(io::Error::other)??;
    }
    Ok(())
}
