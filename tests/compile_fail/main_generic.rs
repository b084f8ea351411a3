//! A generic main.

#[sexton::main]
async fn main<T: Default>() {
    T::default();
}
