//! A method as main.

struct Server;

impl Server {
    #[sexton::main]
    async fn main(&self) {}
}

fn main() {}
