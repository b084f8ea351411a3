//! A method as main.

use sexton_macros as sexton;

struct Server;

impl Server {
    #[sexton::main]
    async fn main(&self) {}
}

fn main() {}
