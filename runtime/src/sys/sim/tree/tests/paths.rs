//! Paths over a handful of names, for programs that a seed writes.

use super::Rng;

const NAMES: &[&str] = &["a", "b", "c", "d"];

/// A path below `root`, most often a plain one. `..` only stands behind a name, so it stays there.
pub(super) fn path(rng: &mut Rng, root: &str) -> Vec<u8> {
    let mut path = root.to_owned();
    for _ in 0..1 + rng.below(3) {
        path.push_str(if rng.one_in(20) { "//" } else { "/" });
        path.push_str(rng.one_of(NAMES));
        match rng.below(60) {
            0 => path.push_str("/."),
            1 => path.push_str("/.."),
            2 => path.push_str(&"n".repeat(260)),
            3 => path.push_str(&"/a".repeat(2500)),
            _ => {}
        }
    }
    if rng.one_in(15) {
        path.push('/');
    }
    path.into_bytes()
}

/// What a link leads to: below `root`, or below the link's own directory.
pub(super) fn target(rng: &mut Rng, root: &str) -> Vec<u8> {
    let names: Vec<&str> = (0..1 + rng.below(2)).map(|_| rng.one_of(NAMES)).collect();
    let mut target = names.join("/");
    if rng.one_in(2) {
        target = format!("{root}/{target}");
    }
    if rng.one_in(8) {
        target.push('/');
    }
    target.into_bytes()
}
