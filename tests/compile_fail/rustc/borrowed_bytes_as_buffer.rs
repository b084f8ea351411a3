//! A reference to an array: the kernel may read it after its owner is gone.

async fn write(stream: sexton::net::TcpStream) {
    let local = [7_u8; 16];
    drop(stream.write_all_owned(&local[..]).await);
}

fn main() {
    drop(write);
}
