//! Rules about `unsafe`: where it may stand, and that the invariants it leans on are stated.

use crate::Complaints;
use crate::mask::{code, is_test, words};
use crate::text::numbered;

/// Packages whose sources may hold `unsafe`; beside them only tests and benches may be listed.
const HOMES: &[&str] = &["buffers/src/", "runtime/src/"];

/// `unsafe` stands in listed files only.
pub(crate) fn place(path: &str, text: &str, list: &[&str]) -> Complaints {
    if list.contains(&path) {
        return Vec::new();
    }
    let masked = code(text);
    let mut lines = numbered(&masked).filter(|(_, line)| words(line).any(|word| word == "unsafe"));
    let Some((first, _)) = lines.next() else { return Vec::new() };
    let all = 1 + lines.count();
    vec![format!("{path}:{first}: `unsafe` in {all} lines of a file that is not listed for it")]
}

/// A listed file is in a package that may have `unsafe`, has some, and states its invariants.
pub(crate) fn listed(path: &str, text: &str) -> Complaints {
    let mut complaints = Vec::new();
    let program = is_test(path) || path.starts_with("benches/");
    if !program && !HOMES.iter().any(|home| path.starts_with(home)) {
        complaints.push(format!("{path}: this package has no `unsafe`"));
    }
    if place(path, text, &[]).is_empty() {
        complaints.push(format!("{path}: listed for `unsafe`, but has none"));
    }
    if !program && !text.lines().any(|line| line.trim() == "//! # Invariants") {
        complaints.push(format!("{path}: has `unsafe` but no section `//! # Invariants`"));
    }
    complaints
}

/// What a SAFETY comment cites as `I3` is stated in its file as `**I3**`.
pub(crate) fn citations(path: &str, text: &str) -> Complaints {
    let mut complaints = Vec::new();
    let mut in_safety = false;
    for (number, line) in numbered(text) {
        let line = line.trim_start();
        in_safety = line.starts_with("//") && (in_safety || line.starts_with("// SAFETY:"));
        if !in_safety {
            continue;
        }
        for cited in words(line).filter(|word| is_invariant(word)) {
            if !text.contains(&format!("**{cited}**")) {
                complaints.push(format!("{path}:{number}: cites {cited}, which it does not state"));
            }
        }
    }
    complaints
}

/// The root of a package without `unsafe` forbids it.
pub(crate) fn forbids(path: &str, text: &str) -> Complaints {
    let forbids = code(text).lines().any(|line| line.trim() == "#![forbid(unsafe_code)]");
    if forbids { Vec::new() } else { vec![format!("{path}: lacks `#![forbid(unsafe_code)]`")] }
}

/// `I` and a number.
fn is_invariant(word: &str) -> bool {
    word.strip_prefix('I').is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[test]
fn unsafe_in_an_unlisted_file_is_seen() {
    let text = "//! Idea.\nfn f() { unsafe { g() } }\n";
    let complaint = "runtime/src/a.rs:2: `unsafe` in 1 lines of a file that is not listed for it";
    assert_eq!(place("runtime/src/a.rs", text, &[]), [complaint]);
    assert!(place("runtime/src/a.rs", text, &["runtime/src/a.rs"]).is_empty());
    assert_eq!(place("a.rs", "unsafe impl Send for A {}", &["b.rs"]).len(), 1);
    assert!(place("a.rs", "#![forbid(unsafe_code)]\n// unsafe\n", &[]).is_empty());
}

#[test]
fn a_listed_file_must_be_in_the_right_place_and_state_its_invariants() {
    let good = "//! Idea.\n//!\n//! # Invariants\n//!\n//! - **I1** x\nunsafe fn f() {}\n";
    assert!(listed("buffers/src/a.rs", good).is_empty());
    assert_eq!(listed("net/src/a.rs", good).len(), 1);
    assert_eq!(listed("buffers/src/a.rs", "//! Idea.\nunsafe fn f() {}\n").len(), 1);
    assert_eq!(listed("buffers/src/a.rs", "//! # Invariants\nfn f() {}\n").len(), 1);
    assert!(listed("tests/lifetime/a.rs", "unsafe fn f() {}\n").is_empty());
}

#[test]
fn a_cited_invariant_that_is_not_stated_is_seen() {
    let text = "//! - **I1** x\n// SAFETY: I1, and\n// also I2.\nunsafe {}\n// I3 is no citation\n";
    assert_eq!(citations("a.rs", text), ["a.rs:3: cites I2, which it does not state"]);
}

#[test]
fn a_package_that_does_not_forbid_unsafe_is_seen() {
    assert!(forbids("a.rs", "//! Idea.\n#![forbid(unsafe_code)]\n").is_empty());
    assert_eq!(forbids("a.rs", "//! Idea.\n// #![forbid(unsafe_code)]\n").len(), 1);
}
