//! A slice of a local vector to write from: shared, it must live for ever; unique, it never does.

use sexton::io::{Memory, OwnedWrite};

async fn shared<W: OwnedWrite>(writer: &mut W) {
    let local = vec![7_u8; 16];
    drop(writer.write_owned(local.as_slice()).await);
}

async fn unique<W: OwnedWrite>(writer: &mut W) {
    let mut local = vec![7_u8; 16];
    drop(writer.write_owned(local.as_mut_slice()).await);
}

fn main() {
    drop(shared::<Memory<Vec<u8>>>);
    drop(unique::<Memory<Vec<u8>>>);
}
