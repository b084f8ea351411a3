//! Wrong uses are refused with a sentence at the place of the mistake.
//!
//! Each program in `tests/compile_fail/` has the compiler's answer beside it. After a change that
//! is meant, `TRYBUILD=overwrite cargo test --test compile_fail` writes the answers anew; read
//! them.

#[test]
fn wrong_uses_are_refused_with_a_sentence() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/compile_fail/*.rs");
}
