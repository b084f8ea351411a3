//! The rule about variants: which program is read must not depend on conditions spread over it.

use crate::Complaints;
use crate::mask::code;

/// Conditions that any file may ask for, and the names that combine them.
const PLAIN: &[&str] = &["test", "miri", "doc", "docsrs", "doctest", "not", "all", "any"];

/// A condition other than tests, documentation and features, in an attribute or in `cfg!`.
pub(crate) fn chosen(path: &str, text: &str) -> Complaints {
    let masked = code(text);
    let mut complaints = Vec::new();
    for opening in ["#[cfg(", "#![cfg(", "cfg_attr(", "cfg!("] {
        for (at, _) in masked.match_indices(opening) {
            let condition = condition(&masked[at + opening.len()..], opening == "cfg_attr(");
            let asked = names(condition).find(|name| !PLAIN.contains(&&**name));
            // What tests alone see is no variant of the program.
            if let Some(name) = asked.filter(|_| !condition.trim_start().starts_with("all(test,")) {
                let number = masked[..at].matches('\n').count() + 1;
                complaints.push(format!("{path}:{number}: a variant by `{name}`"));
            }
        }
    }
    complaints
}

/// The text up to the parenthesis that closes the condition, or to the comma that ends it.
fn condition(text: &str, ends_at_comma: bool) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return &text[..at],
            ')' => depth -= 1,
            ',' if depth == 0 && ends_at_comma => return &text[..at],
            _ => {}
        }
    }
    text
}

/// The names that a condition asks for; `feature = "…"` is no name.
fn names(condition: &str) -> impl Iterator<Item = String> {
    condition
        .split(['(', ')', ','])
        .map(|part| part.split('=').next().unwrap_or_default().trim().to_owned())
        .filter(|name| !name.is_empty() && name != "feature")
}

#[test]
fn a_variant_by_anything_but_tests_documentation_and_features_is_seen() {
    let bad = [
        "#[cfg(target_arch = \"x86_64\")]",
        "#[cfg(not(loom))]",
        "#[cfg(all(not(test), loom))]",
        "#![cfg(target_os = \"linux\")]",
        "if cfg!(debug_assertions) {}",
        "#[cfg_attr(loom, allow(dead_code))]",
        "#[cfg(any(feature = \"sim\", sexton_break = \"x\"))]",
        "#[cfg(any(\n    test,\n    loom,\n))]",
    ];
    for text in bad {
        assert_eq!(chosen("a.rs", text).len(), 1, "{text}");
    }
    let good = [
        "#[cfg(test)]",
        "#[cfg(all(test, loom))]",
        "#[cfg(all(test, not(loom)))]",
        "#[cfg(feature = \"sim\")]",
        "#[cfg(not(any(miri, feature = \"bytes\")))]",
        "#[cfg_attr(miri, ignore = \"needs a ring\")]",
        "#[cfg_attr(docsrs, doc(cfg(feature = \"bytes\")))]",
        "if cfg!(miri) { 10 } else { 1000 }",
        "// #[cfg(loom)]",
    ];
    for text in good {
        assert!(chosen("a.rs", text).is_empty(), "{text}");
    }
}
