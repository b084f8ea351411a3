//! A main with arguments.

use sexton_macros as sexton;

#[sexton::main]
async fn main(arguments: Vec<String>) {
    drop(arguments);
}
