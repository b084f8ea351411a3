//! Wrong uses are refused with a sentence at the place of the mistake.
//!
//! Each program in `tests/compile_fail/` has the answer beside it; those in `tests/compile_pass/`
//! are built and run. In `tests/compile_fail/rustc/` the words are the compiler's own, which change
//! from release to release: they are compared with the release that wrote them, and with no other.
//! After a change that is meant, `TRYBUILD=overwrite cargo test --test compile_fail` writes the
//! answers anew; read them.

use std::process::Command;

/// The release of the compiler whose words are in `tests/compile_fail/rustc/`.
const RELEASE: &str = "1.95.";

#[test]
fn wrong_uses_are_refused_with_a_sentence_and_right_ones_run() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/compile_fail/*.rs");
    let release = release();
    if release.starts_with(RELEASE) {
        programs.compile_fail("tests/compile_fail/rustc/*.rs");
    } else {
        eprintln!("the words of rustc {release} are not compared with those of {RELEASE}x");
    }
    programs.pass("tests/compile_pass/*.rs");
}

/// The release of the compiler in use: `1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn release() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("the compiler is here");
    let version = String::from_utf8(output.stdout).expect("its version is text");
    version.split_whitespace().nth(1).expect("`rustc` and its release").to_owned()
}
