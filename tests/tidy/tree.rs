//! The repository's files, as far as rules look at them.

use std::fs;
use std::path::{Path, PathBuf};

/// A file that some rule may look at.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path from the root, with slashes.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

/// All sources, manifests and pages, in the order of their paths.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<File>,
}

/// The endings of files that rules look at.
const READ: &[&str] = &["rs", "toml", "md"];

impl Tree {
    /// Reads the repository that this test belongs to.
    pub(crate) fn read() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        walk(&root, &mut paths);
        paths.sort();
        let files = paths
            .into_iter()
            .map(|path| {
                let text = fs::read_to_string(&path)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let path = path.strip_prefix(&root).expect("the walk began at the root");
                File { path: path.to_str().expect("our paths are UTF-8").to_owned(), text }
            })
            .collect();
        Self { root, files }
    }

    /// Every Rust file.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// Every file in a folder.
    pub(crate) fn under(&self, folder: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.starts_with(folder))
    }

    /// What a file says, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| &*file.text)
    }

    /// Whether a file or a folder of any kind is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

/// Gathers what lies under `folder`, build outputs and hidden folders left out.
fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder of ours can be read"));
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_str().expect("our names are UTF-8");
        let kind = entry.file_type().expect("a file of ours has a type");
        if kind.is_dir() && name != "target" && !name.starts_with('.') {
            walk(&entry.path(), paths);
        } else if kind.is_file() && READ.iter().any(|end| name.ends_with(&format!(".{end}"))) {
            paths.push(entry.path());
        }
    }
}

#[test]
fn the_walk_finds_this_file_and_no_build_output() {
    let tree = Tree::read();
    assert!(tree.text("tests/tidy/tree.rs").is_some_and(|text| text.contains("fn walk")));
    assert!(tree.files.iter().all(|file| !file.path.starts_with("target/")));
    assert!(tree.has("tests/tidy") && !tree.has("tests/tidiness"));
}
