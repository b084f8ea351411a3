//! A main with arguments.

#[sexton::main]
async fn main(arguments: Vec<String>) {
    drop(arguments);
}
