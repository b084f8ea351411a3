//! A generic main.

use sexton_macros as sexton;

#[sexton::main]
async fn main<T: Default>() {
    T::default();
}
