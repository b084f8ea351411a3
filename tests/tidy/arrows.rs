//! The rule about arrows: which of our packages a package may build on.

use crate::Complaints;
use crate::text::numbered;

/// A manifest names, of our packages, only those that it may build on.
///
/// `may` holds names without `sexton-`. Dependencies of tests point where they like.
pub(crate) fn allowed(path: &str, manifest: &str, may: &[&str]) -> Complaints {
    let mut complaints = Vec::new();
    let mut section = "";
    for (number, line) in numbered(manifest) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        for ours in packages(section, line) {
            if !may.contains(&ours) {
                complaints.push(format!("{path}:{number}: an arrow to `{ours}`"));
            }
        }
    }
    complaints
}

/// Our packages that a line of a section makes a dependency, by key or by `package = "…"`.
fn packages<'a>(section: &'a str, line: &'a str) -> impl Iterator<Item = &'a str> {
    let table = section.split('.').next_back().unwrap_or_default();
    let owner = section.rsplit_once('.').map_or("", |(owner, _)| owner);
    let lists = ["dependencies", "build-dependencies"];
    let listed = lists.contains(&table) && !section.starts_with("workspace.");
    // `[dependencies.sexton-io]`: the header itself is the key.
    let header = lists.iter().any(|list| owner.ends_with(list)) && !owner.starts_with("workspace");
    let applies = match line.starts_with('[') {
        true => header && !owner.ends_with("dev-dependencies"),
        false => (listed || header) && !line.starts_with('#'),
    };
    line.split(['"', '\'', '.', '[', ']', '=', ' ', ','])
        .filter(move |_| applies)
        .filter_map(|word| word.strip_prefix("sexton-"))
}

/// The packages of the workspace, the root one left out.
pub(crate) fn members(manifest: &str) -> Vec<String> {
    let list = manifest.lines().find_map(|line| line.strip_prefix("members = ["));
    let list = list.and_then(|list| list.strip_suffix(']')).unwrap_or_default();
    let names = list.split(',').map(|name| name.trim().trim_matches('"'));
    names.filter(|name| !name.is_empty() && *name != ".").map(str::to_owned).collect()
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    let bad = [
        "[dependencies]\nsexton-net.workspace = true\n",
        "[dependencies]\nsexton-net = { workspace = true }\n",
        "[build-dependencies]\nsexton-net = \"0.1\"\n",
        "[dependencies.sexton-net]\nversion = \"0.1\"\n",
        "[target.\"cfg(unix)\".dependencies]\nsexton-net = \"0.1\"\n",
        "[dependencies]\nother = { package = \"sexton-net\", version = \"0.1\" }\n",
    ];
    for manifest in bad {
        assert!(!allowed("Cargo.toml", manifest, &["buffers"]).is_empty(), "{manifest}");
        assert!(allowed("Cargo.toml", manifest, &["net"]).is_empty(), "{manifest}");
    }
    let good = [
        "[dev-dependencies]\nsexton-net.workspace = true\n",
        "[workspace.dependencies]\nsexton-net = { path = \"net\" }\n",
        "[dependencies]\n# sexton-net does this better\nslab = \"1\"\n",
        "[package]\nname = \"sexton-net\"\n",
        "[features]\nbytes = [\"sexton-net/bytes\"]\n",
    ];
    for manifest in good {
        assert!(allowed("Cargo.toml", manifest, &[]).is_empty(), "{manifest}");
    }
}

#[test]
fn the_members_are_read_from_the_workspace() {
    assert_eq!(members("[workspace]\nmembers = [\"net\", \"fs\"]\n"), ["net", "fs"]);
}
