//! What the hot paths cost in instructions: counted by callgrind, compared with what is kept.
//!
//! ```text
//! cargo bench --bench counts                (fails beyond 3 %)
//! cargo bench --bench counts -- --accept    (keeps what was counted: say why in the commit)
//! ```
//!
//! An instruction count is the same on a busy machine, and on the next day. It tells nothing of
//! caches, nor of the kernel: what the processor does in system calls is not counted. Each case
//! runs twice, with few and with many operations, and the difference is what the operations cost.

mod cases;
mod gate;
#[path = "../shared/steps.rs"]
mod steps;

use gate::{Kept, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["run", name, operations] => {
            let case = cases::CASES.iter().find(|case| case.name == name);
            let name = case.expect("the gate knows the cases").name;
            cases::run(name, operations.parse().expect("the gate writes numbers"));
            ExitCode::SUCCESS
        }
        [] => gate(false),
        ["--accept"] => gate(true),
        _ => {
            eprintln!("cargo bench --bench counts -- [--accept]");
            ExitCode::from(2)
        }
    }
}

fn gate(accept: bool) -> ExitCode {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/counts/kept.txt");
    let counted = match gate::count(cases::CASES) {
        Ok(counted) => counted,
        Err(why) => {
            println!("SKIPPED: counts: {why}");
            return ExitCode::SUCCESS;
        }
    };
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let outcomes = gate::compare(&Kept::parse(&kept), &counted);
    println!("| instructions per operation | kept | counted | |\n|---|---|---|---|");
    for (name, kept, counted, outcome) in &outcomes {
        let kept = kept.map_or_else(|| "-".to_string(), |kept| format!("{kept:.1}"));
        println!("| {name} | {kept} | {counted:.1} | {outcome} |");
    }
    if accept {
        std::fs::write(&path, gate::write(&counted)).expect("the repository can be written");
        println!("\nkept in {}", path.display());
        return ExitCode::SUCCESS;
    }
    if outcomes.iter().all(|(.., outcome)| *outcome == Outcome::Same) {
        return ExitCode::SUCCESS;
    }
    println!(
        "\nMore than {:.0} % away from what is kept. If that is meant:\n\
         \n    cargo bench --bench counts -- --accept\n\
         \nand the commit says why.",
        gate::TOLERANCE * 100.0
    );
    ExitCode::FAILURE
}
