//! A result that cannot travel back from the core where it was made.

use std::rc::Rc;

#[sexton::main]
async fn main() -> std::io::Result<()> {
    let there = sexton::spawn_on(0, || async { Rc::new(7) });
    drop(there.await?);
    Ok(())
}
