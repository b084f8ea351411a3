//! An array as a buffer: its bytes would move away from the kernel.

async fn read(stream: sexton::net::TcpStream) {
    drop(stream.read_owned([0_u8; 16]).await);
}

fn main() {
    drop(read);
}
