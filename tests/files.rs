//! The file server of the examples, asked by clients.

#[allow(dead_code, reason = "included for its own tests; what runs is the example itself")]
#[path = "../examples/files/main.rs"]
mod program;
