//! Rules about the tables that say where each thing is shown: what they name is there.

use crate::Complaints;
use crate::text::numbered;

/// Every row of every table ends in a cell that names a file or a test, or says `not yet: ...`.
pub(crate) fn rows(page: &str, text: &str) -> Complaints {
    let lines: Vec<(usize, &str)> = numbered(text).collect();
    let mut complaints = Complaints::new();
    let mut seen = 0;
    for (at, &(number, line)) in lines.iter().enumerate() {
        let head = lines.get(at + 1).is_some_and(|(_, next)| next.starts_with("|--"));
        if !line.starts_with('|') || line.starts_with("|--") || head {
            continue;
        }
        seen += 1;
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
        let [_, middle @ .., last] = &cells[..] else {
            complaints.push(format!("{page}:{number}: a row of one cell"));
            continue;
        };
        if middle.is_empty() || cells.iter().any(|cell| cell.trim().is_empty()) {
            complaints.push(format!("{page}:{number}: an empty cell"));
        }
        if words(last).next().is_none() && !last.contains("not yet: ") {
            complaints.push(format!("{page}:{number}: shown by nothing, and not called open"));
        }
    }
    if seen == 0 {
        complaints.push(format!("{page}: no row of a table was found"));
    }
    complaints
}

/// Every file that is named is there, and every test that is named is a test in its file.
pub(crate) fn names<'t>(
    page: &str,
    text: &str,
    exists: impl Fn(&str) -> bool,
    source: impl Fn(&str) -> Option<&'t str>,
) -> Complaints {
    let check = |word: &str| match word.split_once("::") {
        None if exists(word.trim_end_matches('/')) => None,
        None => Some(format!("`{word}` is not there")),
        Some((path, test)) => match source(path) {
            None => Some(format!("`{path}` is not there")),
            Some(source) if is_test(source, test) => None,
            Some(_) => Some(format!("`{path}` has no test `{test}`")),
        },
    };
    numbered(text)
        .flat_map(|(number, line)| words(line).map(move |word| (number, word)))
        .filter_map(|(number, word)| check(word).map(|what| format!("{page}:{number}: {what}")))
        .collect()
}

/// The words in backticks that are a path or a page, or a path and a test in it.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|word| word.contains('/') || word.ends_with(".md"));
    paths.filter(|word| !word.contains([' ', '(', '<', '*']))
}

/// Whether `source` has a function of this name right under an attribute that makes it a test.
fn is_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(at, line)| {
        let begins = line.trim_start_matches("async ").starts_with(&head);
        let above = lines[..at].iter().rev().take_while(|above| above.starts_with("#["));
        begins && above.into_iter().any(|above| *above == "#[test]" || above.ends_with("::test]"))
    })
}

#[test]
fn what_is_named_and_not_there_is_seen() {
    let exists = |path: &str| path == "docs/a.md" || path == "io/tests";
    let source = |path: &str| {
        let text = "#[test]\n#[cfg_attr(miri, ignore)]\nfn one() {}\nfn no_test() {}\n";
        (path == "io/tests/a.rs").then_some(text)
    };
    let good = "| a | `docs/a.md`, `io/tests/`, `io/tests/a.rs::one`; `Ok(a / b)` and `Op` |";
    assert!(names("M", good, exists, source).is_empty());
    let bad = "`docs/b.md`\n`io/tests/a.rs::no_test` `io/tests/a.rs::on`\n`io/tests/b.rs::one`";
    let complaints = [
        "M:1: `docs/b.md` is not there",
        "M:2: `io/tests/a.rs` has no test `no_test`",
        "M:2: `io/tests/a.rs` has no test `on`",
        "M:3: `io/tests/b.rs` is not there",
    ];
    assert_eq!(names("M", bad, exists, source), complaints);
}

#[test]
fn a_row_that_shows_nothing_is_seen() {
    let table = "| asked | here | shown |\n|---|---|---|\n";
    let row = |row: &str| rows("M", &format!("text\n\n{table}{row}\n"));
    assert!(row("| a | b | `io/tests/a.rs::one` |\n| a | b | not yet: no test |").is_empty());
    assert_eq!(row("| a | b | certainly |").len(), 1);
    assert_eq!(row("| a |  | `docs/a.md` |").len(), 1);
    assert_eq!(row("| a | `docs/a.md` |").len(), 1);
    assert_eq!(rows("M", table).len(), 1);
}
