//! All that the attribute lets through: a result, attributes, a number of cores, a body that stays.

use std::rc::Rc;

/// What a program says of its `main` is kept.
#[sexton::main(cores = 2)]
#[allow(clippy::needless_return, reason = "an attribute of the user's own")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let not_send = Rc::new(2);
    sexton::yield_now().await;
    assert_eq!(sexton::cores(), *not_send);
    return Ok(());
}
