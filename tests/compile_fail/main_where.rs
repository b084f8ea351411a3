//! A main with a where clause.

use sexton_macros as sexton;

#[sexton::main]
async fn main()
where
    u8: Copy,
{
}
