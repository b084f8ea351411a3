//! A main with a where clause.

#[sexton::main]
async fn main()
where
    u8: Copy,
{
}
