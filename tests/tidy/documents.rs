//! Rules about the pages: they name what exists, and they are whole.

use crate::Complaints;
use crate::text::numbered;

/// The commands that must do on a fresh machine.
const COMMANDS: &[&str] = &["cargo run --release --example files", "cargo test"];
/// The parts of a decision record.
const PARTS: &[&str] =
    &["## Context", "## Choice", "## What we gave up", "## How we would know that it was wrong"];

/// Every path in backticks, which is a word with a slash in it, exists.
pub(crate) fn paths(page: &str, text: &str, exists: impl Fn(&str) -> bool) -> Complaints {
    numbered(text)
        .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |w| (number, w)))
        .filter(|(_, word)| word.contains('/') && !word.contains([' ', '(', '<', '*']))
        .filter(|(_, word)| !exists(word.trim_end_matches('/')))
        .map(|(number, word)| format!("{page}:{number}: `{word}` is not there"))
        .collect()
}

/// Each of the two commands stands on a line of its own.
pub(crate) fn commands(page: &str, text: &str) -> Complaints {
    COMMANDS
        .iter()
        .filter(|command| {
            !text.lines().any(|line| {
                let line = line.trim();
                line == **command || line.starts_with(&format!("{command} "))
            })
        })
        .map(|command| format!("{page}: does not name `{command}`"))
        .collect()
}

/// Decision records count up from 0000.
pub(crate) fn numbers(paths: &[&str]) -> Complaints {
    let names = paths.iter().map(|path| path.rsplit('/').next().unwrap_or(path));
    let wrong =
        names.enumerate().filter(|(index, name)| !name.starts_with(&format!("{index:04}-")));
    let mut complaints: Complaints =
        wrong.map(|(index, name)| format!("{name}: expected the number {index:04}")).collect();
    if paths.is_empty() {
        complaints.push("there are no decision records".to_owned());
    }
    complaints
}

/// A decision record has every part, in order, and fits a page.
pub(crate) fn decision(path: &str, text: &str) -> Complaints {
    let parts: Vec<&str> = text.lines().filter(|line| line.starts_with("## ")).collect();
    let mut complaints = Vec::new();
    if parts != PARTS {
        complaints.push(format!("{path}: its parts are {parts:?}, not {PARTS:?}"));
    }
    if text.lines().count() > 80 {
        complaints.push(format!("{path}: more than a page"));
    }
    complaints
}

#[test]
fn a_path_that_is_not_there_is_seen() {
    let exists = |path: &str| path == "runtime/src" || path == "net/src/lib.rs";
    let text =
        "In `runtime/src/` and `net/src/lib.rs`, not in\n`net/src/gone.rs`; `Op` is `a / b`.";
    assert_eq!(paths("A.md", text, exists), ["A.md:2: `net/src/gone.rs` is not there"]);
}

#[test]
fn a_missing_command_is_seen() {
    assert!(commands("R", "cargo run --release --example files -- DIR\n  cargo test\n").is_empty());
    assert_eq!(commands("R", "cargo run --example files\ncargo testing\n").len(), 2);
}

#[test]
fn a_gap_in_the_decisions_is_seen() {
    assert!(numbers(&["d/0000-template.md", "d/0001-a.md"]).is_empty());
    assert_eq!(numbers(&["d/0000-template.md", "d/0002-a.md"]).len(), 1);
    assert_eq!(numbers(&[]).len(), 1);
}

#[test]
fn a_decision_without_a_part_is_seen() {
    let whole = PARTS.join("\n\ntext\n\n");
    assert!(decision("d", &whole).is_empty());
    assert_eq!(decision("d", &PARTS[1..].join("\n")).len(), 1);
    assert_eq!(decision("d", &format!("{whole}{}", "\n".repeat(80))).len(), 1);
}
