//! A host that loses its power: what was synced is there afterwards.

use super::dice::Dice;
use super::log::content;
use super::rules::Rules;
use sexton::fs::{self, File};
use sexton::sim::Host;
use sexton::time::{Duration, sleep};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A file that was synced.
#[derive(Clone, Debug)]
struct Kept {
    path: String,
    /// What it may hold: what was synced, or what was put in its place later.
    versions: Vec<Vec<u8>>,
    /// Bytes that were written into it and not synced.
    patches: Vec<(usize, Vec<u8>)>,
}

type Shelf = Arc<Mutex<Vec<Kept>>>;

fn with<R>(shelf: &Shelf, act: impl FnOnce(&mut Vec<Kept>) -> R) -> R {
    act(&mut shelf.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A host that writes until it loses its power, some times.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let host = Host::new([10, 2, dice.below(250) as u8, dice.below(250) as u8]);
    let shelf = Shelf::default();
    for round in 0..1 + dice.below(3) {
        let (ours, seed) = (shelf.clone(), dice.next());
        let running = host.run(move || work(Dice::new(seed), ours, rules, round));
        sleep(Duration::from_nanos(dice.size(300_000_000) as u64)).await;
        host.lose_power();
        // It had ended already, or is cut off.
        if let Err(error) = running.await {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted, "how a host ends");
        }
        let ours = shelf.clone();
        let checked = host.run(move || check(ours, rules));
        assert!(checked.await.is_ok() || rules.abandoned, "a host with power runs its program");
    }
}

async fn work(dice: Dice, shelf: Shelf, rules: Rules, round: usize) {
    for number in 0..1 + dice.below(30) {
        let known = with(&shelf, |kept| kept.len());
        let salt = dice.next();
        let done = match dice.below(4) {
            0 if known > 0 => patch(&dice, &shelf, dice.below(known)).await,
            1 if known > 0 => replace(&dice, &shelf, dice.below(known), salt).await,
            _ => {
                let path = format!("/tmp/kept-{round}-{number}");
                let bytes = content(salt, number, dice.size(20_000));
                let written = write_and_sync(&path, &bytes).await;
                if written.is_ok() {
                    let versions = vec![bytes];
                    with(&shelf, |all| all.push(Kept { path, versions, patches: Vec::new() }));
                }
                written
            }
        };
        rules.allow(done);
    }
}

async fn write_and_sync(path: &str, bytes: &[u8]) -> io::Result<()> {
    let file = File::create(path).await?;
    file.write_all_at(bytes.to_vec(), 0).await?;
    file.sync_all().await
}

/// Writes into a file, without a sync, or with one.
async fn patch(dice: &Dice, shelf: &Shelf, which: usize) -> io::Result<()> {
    let (path, len) = with(shelf, |all| {
        let least = all[which].versions.iter().map(Vec::len).min();
        (all[which].path.clone(), least.unwrap_or(0))
    });
    let at = dice.below(len);
    let bytes = content(dice.next(), 0, dice.size(len - at));
    with(shelf, |all| all[which].patches.push((at, bytes.clone())));
    let file = File::options().write(true).open(&path).await?;
    let wrote = file.write_all_at(bytes, at as u64);
    if dice.percent(30) {
        drop(sexton::time::timeout(Duration::from_micros(dice.size(500) as u64), wrote).await);
        return Ok(());
    }
    wrote.await?;
    if dice.percent(50) { file.sync_data().await } else { Ok(()) }
}

/// Puts another file in its place, whole: it is the old one or the new one.
async fn replace(dice: &Dice, shelf: &Shelf, which: usize, salt: u64) -> io::Result<()> {
    let path = with(shelf, |all| all[which].path.clone());
    let (bytes, new) = (content(salt, 0, dice.size(10_000)), format!("{path}.new"));
    write_and_sync(&new, &bytes).await?;
    with(shelf, |all| all[which].versions.push(bytes));
    fs::rename(&new, &path).await
}

async fn check(shelf: Shelf, rules: Rules) {
    for kept in with(&shelf, |all| all.clone()) {
        let found = rules.insist(|| fs::read(&kept.path)).await;
        let known = kept.versions.iter().any(|version| fits(&found, version, &kept.patches));
        assert!(known, "what was synced is gone: {} of {} bytes", kept.path, found.len());
    }
}

/// Whether each byte is the version's, or of a patch.
fn fits(found: &[u8], version: &[u8], patches: &[(usize, Vec<u8>)]) -> bool {
    let patched = |place: usize, byte: u8| {
        patches.iter().any(|(at, bytes)| {
            place.checked_sub(*at).and_then(|at| bytes.get(at)).is_some_and(|other| *other == byte)
        })
    };
    let mut both = found.iter().zip(version).enumerate();
    found.len() == version.len() && both.all(|(at, (one, two))| one == two || patched(at, *one))
}
