//! The rule that keeps the buffers ready for `no_std`: what is not in core or alloc is listed.

use crate::Complaints;
use crate::mask::{code, library};
use crate::text::numbered;

/// Names nothing of std; a listed file names `std::io`, and nothing else of it.
pub(crate) fn free(path: &str, text: &str, listed: &[&str]) -> Complaints {
    let masked = code(library(path, text));
    let (mut complaints, mut needed) = (Complaints::new(), false);
    for (number, line) in numbered(&masked) {
        for (at, _) in line.match_indices("std::") {
            let word = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let io = line[at..].starts_with("std::io");
            needed |= io && !word;
            if !(word || io && listed.contains(&path)) {
                complaints.push(format!("{path}:{number}: names `std`: core or alloc have it"));
            }
        }
    }
    if listed.contains(&path) && !needed {
        complaints.push(format!("{path}: listed for `std::io`, but does not name it"));
    }
    complaints
}

#[test]
fn std_is_seen_outside_of_tests_and_beyond_io_anywhere() {
    let listed = &["buffers/src/a.rs"];
    assert_eq!(free("buffers/src/b.rs", "use std::io;", listed).len(), 1);
    assert_eq!(free("buffers/src/a.rs", "use std::io;\nuse std::fs;", listed).len(), 1);
    assert_eq!(free("buffers/src/a.rs", "use core::fmt;", listed).len(), 1);
    let good = "use std::io;\nuse nostd::io; // std::fs\n#[cfg(test)]\nmod tests { use std::fs; }";
    assert!(free("buffers/src/a.rs", good, listed).is_empty());
    assert!(free("buffers/src/tests/b.rs", "use std::fs;", listed).is_empty());
}
