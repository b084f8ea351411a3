//! Names in a folder: made, removed, renamed, listed, against a map of paths.

use super::dice::Dice;
use super::log::content;
use super::reads::is_harmless;
use super::risk::Risk;
use super::rules::Rules;
use sexton::fs;
use sexton::time::{Duration, sleep};
use std::collections::BTreeMap;
use std::io;

/// When what was dropped has ended.
const SETTLED: Duration = Duration::from_secs(600);

/// Paths below the folder, each with a file's bytes, or none for a folder.
type Paths = BTreeMap<String, Option<Vec<u8>>>;

/// What is done.
#[derive(Clone, Debug)]
enum Deed {
    MakeDir(String),
    MakeDirs(String),
    RemoveFile(String),
    RemoveDir(String),
    RemoveDirs(String),
    Rename(String, String),
    Copy(String, String),
    Write(String, Vec<u8>),
}

/// A folder, from its making to its end.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let root = format!("/tmp/folder-{:x}", dice.next());
    rules.insist(|| made(&root)).await;
    let risk = Risk::new(dice.fork(), rules);
    let mut paths = Paths::new();
    for number in 0..10 + dice.size(60) {
        let deed = drawn(&dice, number);
        let after = paths.clone().with(&deed);
        match risk.take(deed.does(&root)).await {
            Some(Ok(())) => {
                assert!(after.is_some(), "{deed:?} should have failed: {paths:?}");
                paths = after.unwrap_or_default();
            }
            Some(Err(error)) if after.is_none() && !rules.errors && !is_harmless(&error) => {}
            outcome => {
                let failed = matches!(outcome, Some(Err(ref error)) if !is_harmless(error));
                assert!(!failed || rules.errors, "{deed:?}: {outcome:?}: {paths:?}");
                sleep(SETTLED).await;
                let found = listed(&root, rules).await;
                let whole = !deed.is_of_steps();
                let known = found == paths || after.as_ref() == Some(&found);
                assert!(known || !whole, "{deed:?} made {found:?} of {paths:?}");
                paths = found;
            }
        }
        if dice.percent(20) {
            assert_eq!(listed(&root, rules).await, paths, "after {deed:?}");
        }
    }
    rules.insist(|| fs::remove_dir_all(&root)).await;
    assert!(!rules.insist(|| fs::exists(&root)).await, "what was removed is there");
}

/// Made, now or by a call that failed.
async fn made(path: &str) -> io::Result<()> {
    match fs::create_dir(path).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

fn drawn(dice: &Dice, number: usize) -> Deed {
    let path = || {
        let depth = 1 + dice.below(3);
        let names: Vec<_> = (0..depth).map(|_| ["a", "b", "c"][dice.below(3)]).collect();
        names.join("/")
    };
    match dice.below(10) {
        0 | 1 => Deed::MakeDir(path()),
        2 => Deed::MakeDirs(path()),
        3 => Deed::RemoveFile(path()),
        4 => Deed::RemoveDir(path()),
        5 if dice.percent(50) => Deed::RemoveDirs(path()),
        5 | 6 => Deed::Rename(path(), path()),
        7 => Deed::Copy(path(), path()),
        _ => Deed::Write(path(), content(3, number, dice.size(500))),
    }
}

impl Deed {
    async fn does(&self, root: &str) -> io::Result<()> {
        let at = |path: &String| format!("{root}/{path}");
        match self {
            Self::MakeDir(path) => fs::create_dir(at(path)).await,
            Self::MakeDirs(path) => fs::create_dir_all(at(path)).await,
            Self::RemoveFile(path) => fs::remove_file(at(path)).await,
            Self::RemoveDir(path) => fs::remove_dir(at(path)).await,
            Self::RemoveDirs(path) => fs::remove_dir_all(at(path)).await,
            Self::Rename(from, to) => fs::rename(at(from), at(to)).await,
            Self::Copy(from, to) => fs::copy(at(from), at(to)).await.map(drop),
            Self::Write(path, bytes) => fs::write(at(path), bytes.clone()).await,
        }
    }

    /// A part of it may be done.
    fn is_of_steps(&self) -> bool {
        matches!(self, Self::MakeDirs(_) | Self::RemoveDirs(_) | Self::Copy(..) | Self::Write(..))
    }
}

/// What a deed makes of paths; none if it fails.
trait With: Sized {
    fn with(self, deed: &Deed) -> Option<Self>;
}

impl With for Paths {
    fn with(mut self, deed: &Deed) -> Option<Self> {
        match deed {
            Deed::MakeDir(path) => {
                let able = has_parent(&self, path) && !self.contains_key(path);
                able.then(|| self.insert(path.clone(), None))?;
            }
            Deed::MakeDirs(path) => {
                let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
                for end in ends {
                    let node = self.entry(path[..end].to_owned()).or_default();
                    node.is_none().then_some(())?;
                }
            }
            Deed::RemoveFile(path) => {
                self.remove(path)??;
            }
            Deed::RemoveDir(path) => {
                let able = self.get(path)?.is_none() && below(&self, path).is_empty();
                able.then(|| self.remove(path))?;
            }
            Deed::RemoveDirs(path) => {
                self.get(path)?.is_none().then_some(())?;
                for inner in below(&self, path) {
                    self.remove(&inner);
                }
                self.remove(path);
            }
            Deed::Rename(from, to) => return renamed(self, from, to),
            Deed::Copy(from, to) => {
                let bytes = self.get(from)?.clone()?;
                // Onto itself it is emptied first.
                let bytes = if from == to { Vec::new() } else { bytes };
                return self.with(&Deed::Write(to.clone(), bytes));
            }
            Deed::Write(path, bytes) => {
                let able = has_parent(&self, path) && self.get(path) != Some(&None);
                able.then(|| self.insert(path.clone(), Some(bytes.clone())))?;
            }
        }
        Some(self)
    }
}

fn renamed(mut paths: Paths, from: &str, to: &str) -> Option<Paths> {
    let moved = paths.get(from)?.clone();
    (has_parent(&paths, to) && !to.starts_with(&format!("{from}/"))).then_some(())?;
    if from == to {
        return Some(paths);
    }
    if let Some(there) = paths.get(to) {
        let fits = there.is_some() == moved.is_some() && below(&paths, to).is_empty();
        fits.then_some(())?;
    }
    for inner in below(&paths, from) {
        let node = paths.remove(&inner)?;
        paths.insert(format!("{to}{}", &inner[from.len()..]), node);
    }
    paths.remove(from);
    paths.insert(to.to_owned(), moved);
    Some(paths)
}

fn has_parent(paths: &Paths, path: &str) -> bool {
    path.rsplit_once('/').is_none_or(|(parent, _)| paths.get(parent) == Some(&None))
}

/// What is in a folder, at any depth.
fn below(paths: &Paths, path: &str) -> Vec<String> {
    let prefix = format!("{path}/");
    paths.keys().filter(|inner| inner.starts_with(&prefix)).cloned().collect()
}

/// What is there.
async fn listed(root: &str, rules: Rules) -> Paths {
    let (mut found, mut rest) = (Paths::new(), vec![String::new()]);
    while let Some(dir) = rest.pop() {
        for (name, is_dir) in rules.insist(|| entries(format!("{root}/{dir}"))).await {
            let path = format!("{dir}{name}");
            if is_dir {
                found.insert(path.clone(), None);
                rest.push(format!("{path}/"));
            } else {
                let bytes = rules.insist(|| fs::read(format!("{root}/{path}"))).await;
                found.insert(path, Some(bytes));
            }
        }
    }
    found
}

async fn entries(dir: String) -> io::Result<Vec<(String, bool)>> {
    let (mut entries, mut found) = (fs::read_dir(dir).await?, Vec::new());
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.file_type().await?.is_dir()));
    }
    Ok(found)
}
