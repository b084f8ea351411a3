//! Rules about a file as text: its size, its first line, its columns, what must not be left in it.

use crate::Complaints;
use crate::mask::{code, code_and_strings, library, words};

/// Lines of code that a file may have, tests not counted.
const CODE_LINES: usize = 300;
/// Lines that a file may have in all.
const LINES: usize = 600;
/// Columns that a line may have.
const COLUMNS: usize = 100;

/// A file has at most 300 lines of code and 600 in all.
pub(crate) fn size(path: &str, text: &str) -> Complaints {
    let all = text.lines().count();
    let masked = code(library(path, text));
    let of_code = masked.lines().filter(|line| !line.trim().is_empty()).count();
    let mut complaints = Vec::new();
    if of_code > CODE_LINES {
        complaints.push(format!("{path}: {of_code} lines of code, more than {CODE_LINES}"));
    }
    if all > LINES {
        complaints.push(format!("{path}: {all} lines in all, more than {LINES}"));
    }
    complaints
}

/// A file begins with its idea.
pub(crate) fn first_line(path: &str, text: &str) -> Complaints {
    let first = text.lines().next().unwrap_or_default();
    let said = first.strip_prefix("//! ").is_some_and(|idea| !idea.trim().is_empty());
    if said {
        Vec::new()
    } else {
        vec![format!("{path}:1: does not begin with `//! ` and an idea")]
    }
}

/// A line has at most 100 columns; the letters of a string, which cannot be broken, do not count.
pub(crate) fn columns(path: &str, text: &str) -> Complaints {
    let (strings, without) = (code_and_strings(text), code(text));
    let masked = strings.lines().zip(without.lines());
    let letters = masked.map(|(with, without)| {
        with.chars().zip(without.chars()).filter(|(with, without)| with != without).count()
    });
    numbered(text)
        .zip(letters)
        .map(|((number, line), letters)| (number, line.chars().count() - letters))
        .filter(|(_, columns)| *columns > COLUMNS)
        .map(|(number, columns)| format!("{path}:{number}: {columns} columns"))
        .collect()
}

/// Nothing is unfinished, and nothing prints for its author.
pub(crate) fn leftovers(path: &str, text: &str) -> Complaints {
    let masked = code(text);
    let calls = ["todo", "unimplemented", "dbg"];
    let in_code = numbered(&masked).filter_map(|(number, line)| {
        let call = calls.iter().find(|call| {
            line.match_indices(&format!("{call}!"))
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        })?;
        Some(format!("{path}:{number}: `{call}!`"))
    });
    // In comments, where such notes are left; strings do not count.
    let notes = ["FIXME", "XXX", "TODO"];
    let uncommented = code_and_strings(text);
    let in_comments =
        numbered(text).zip(uncommented.lines()).filter_map(|((number, line), rest)| {
            let comment = &line[rest.trim_end().len()..];
            let note = words(comment).find(|word| notes.contains(word))?;
            Some(format!("{path}:{number}: {note}"))
        });
    in_code.chain(in_comments).collect()
}

/// Tests move time or wait for what they mean, they do not sleep.
pub(crate) fn sleeps(path: &str, text: &str) -> Complaints {
    let masked = code(text);
    numbered(&masked)
        .skip(library(path, text).lines().count())
        .filter(|(_, line)| {
            let grouped = line.contains("thread::{") && words(line).any(|word| word == "sleep");
            line.contains("thread::sleep") || grouped
        })
        .map(|(number, _)| format!("{path}:{number}: a test sleeps"))
        .collect()
}

/// The lines of a text with their numbers.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

#[test]
fn a_large_file_is_seen_and_comments_are_not_code() {
    assert!(size("a.rs", &"let x = 1;\n".repeat(300)).is_empty());
    assert_eq!(size("a.rs", &"let x = 1;\n".repeat(301)).len(), 1);
    assert!(size("a.rs", &"// why\n".repeat(600)).is_empty());
    assert_eq!(size("a.rs", &"// why\n".repeat(601)).len(), 1);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "let x = 1;\n".repeat(400));
    assert!(size("a.rs", &tests).is_empty());
}

#[test]
fn a_file_without_an_idea_is_seen() {
    assert!(first_line("a.rs", "//! One idea.\n").is_empty());
    for text in ["", "\n//! Late.\n", "//!\n", "//! \n", "// One idea.\n", "use std::io;\n"] {
        assert_eq!(first_line("a.rs", text).len(), 1, "{text:?}");
    }
}

#[test]
fn a_long_line_is_seen() {
    assert!(columns("a.rs", &"é".repeat(100)).is_empty());
    assert!(columns("a.rs", &format!("note = \"{}\",", "x".repeat(200))).is_empty());
    assert_eq!(columns("a.rs", &format!("\n{}", "x".repeat(101))), ["a.rs:2: 101 columns"]);
}

#[test]
fn leftovers_are_seen_in_code_and_in_comments() {
    for text in ["todo!()", "std::dbg!(x)", "unimplemented!()", "// FIXME: soon", "x(); // TODO"] {
        assert_eq!(leftovers("a.rs", text).len(), 1, "{text}");
    }
    for text in ["my_todo!()", "\"todo!()\"", "// todo!() is banned", "\"// FIXME\"", "FIXME()"] {
        assert!(leftovers("a.rs", text).is_empty(), "{text}");
    }
}

#[test]
fn a_sleep_is_seen_in_tests_only() {
    let sleep = "use std::thread;\nfn f() { thread::sleep(d) }\n";
    assert_eq!(sleeps("tests/a.rs", sleep), ["tests/a.rs:2: a test sleeps"]);
    assert_eq!(sleeps("net/src/tcp/tests.rs", sleep).len(), 1);
    assert_eq!(sleeps("tests/a.rs", "use std::thread::{self, sleep};").len(), 1);
    assert!(sleeps("runtime/src/a.rs", sleep).is_empty());
    let unit = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{sleep}}}\n");
    assert_eq!(sleeps("runtime/src/a.rs", &unit), ["runtime/src/a.rs:5: a test sleeps"]);
}
