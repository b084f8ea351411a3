//! The rule about documentation: what waits says when it is done, what a drop leaves, and more.

use crate::Complaints;
use crate::mask::library;

/// Public functions that wait have the sections of the house, and an example.
///
/// `kernel`: they also say which operation it is; a trait leaves that to its implementors, and its
/// required methods are shown by the example of the trait.
pub(crate) fn complete(path: &str, text: &str, kernel: bool) -> Complaints {
    let lines: Vec<&str> = library(path, text).lines().map(str::trim_start).collect();
    let mut complaints = Complaints::new();
    for (at, line) in lines.iter().enumerate() {
        let signature = signature(&lines[at..]);
        let waits = line.starts_with("pub async fn ")
            || line.starts_with("fn ") && signature.contains("impl Future<") && !kernel;
        let docs = docs(&lines[..at]);
        if !waits || docs.is_empty() {
            continue;
        }
        let has = |what: &str| docs.iter().any(|line| line.contains(what));
        let mut complain = |what: &str| complaints.push(format!("{path}:{}: {what}", at + 1));
        if !["# Completes", "Waits", "Until", "until"].into_iter().any(has) {
            complain("does not say when it completes");
        }
        if !has("# If dropped") {
            complain("does not say what a drop leaves");
        }
        if signature.contains("Result<") && !has("# Errors") {
            complain("does not say what it fails with");
        }
        if kernel && !has("# Kernel") {
            complain("does not say which operation it is");
        }
        if !has("```") && line.starts_with("pub ") {
            complain("has no example");
        }
    }
    complaints
}

/// A function's lines up to its body, or to the end of its declaration.
fn signature(lines: &[&str]) -> String {
    let mut signature = String::new();
    for line in lines {
        signature.push_str(line);
        if line.ends_with(['{', ';', '}']) {
            break;
        }
    }
    signature
}

/// The documentation above a line, its attributes between.
fn docs<'t>(above: &[&'t str]) -> Vec<&'t str> {
    let above = above.iter().rev().skip_while(|line| line.starts_with("#["));
    above.take_while(|line| line.starts_with("///")).copied().collect()
}

#[test]
fn what_is_missing_in_the_documentation_is_seen() {
    let whole = "/// Until it is there.\n/// # If dropped\n/// # Kernel\n/// # Errors\n/// ```\n\
                 #[inline]\npub async fn a() -> Result<()> {";
    assert!(complete("net/src/a.rs", whole, true).is_empty());
    for part in ["Until", "# If dropped", "# Kernel", "# Errors", "```"] {
        let less = whole.replace(part, "");
        assert_eq!(complete("net/src/a.rs", &less, true).len(), 1, "{part}");
    }
    let of_a_trait = "/// Waits.\n/// # Errors\nfn a() -> impl Future<Output = Result<()>>;";
    assert_eq!(complete("io/src/a.rs", of_a_trait, false).len(), 1);
    assert!(complete("net/src/a.rs", "pub(crate) async fn a() {}", true).is_empty());
}
