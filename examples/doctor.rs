//! What this machine offers to Sexton, and what to do about the rest.
//!
//! `cargo run --example doctor` prints the kernel, what a ring was granted and refused, the
//! operations that are missing, the limit of locked memory and what is used of it, what forbids
//! io_uring if something does, and a remedy for each. It ends with an error if no ring can be had,
//! so that a script can ask.

use std::process::ExitCode;

fn main() -> ExitCode {
    let report = sexton::doctor();
    println!("{report}");
    if report.ring().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
