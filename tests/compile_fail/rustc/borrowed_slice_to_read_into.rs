//! A borrowed slice to read into: its owner may be gone before the kernel is done.

async fn read(stream: sexton::net::TcpStream) {
    let mut local = vec![0_u8; 16];
    drop(stream.read_owned(&mut local[..]).await);
}

fn main() {
    drop(read);
}
