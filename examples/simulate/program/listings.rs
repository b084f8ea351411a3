//! A folder that is listed while names come and go: what is there all the time is listed once, and
//! what never was there is not.

use super::dice::Dice;
use super::reads::is_harmless;
use super::risk::Risk;
use super::rules::{Rules, joined};
use sexton::fs;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

/// Some listings of one folder.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let root = format!("/tmp/listing-{:x}", dice.next());
    rules.insist(|| fs::create_dir_all(&root)).await;
    // Several batches of the kernel's, now and then.
    let stay: Vec<String> = (0..dice.size(400)).map(|n| format!("stays-{n:060}")).collect();
    for name in &stay {
        rules.insist(|| fs::write(format!("{root}/{name}"), "")).await;
    }
    let over = Rc::new(Cell::new(false));
    let changes = sexton::spawn(changes(root.clone(), dice.fork(), rules, Rc::clone(&over)));
    let risk = Risk::new(dice.fork(), rules);
    for _ in 0..dice.size(6) {
        let Some(listed) = rules.allow(listed(&root, &risk).await) else { continue };
        let known = |name: &String| name.starts_with("comes-") || stay.contains(name);
        assert!(listed.keys().all(known), "a name that was never there: {listed:?}");
        for name in &stay {
            assert_eq!(listed.get(name), Some(&1), "{name}, which is there all the time");
        }
    }
    over.set(true);
    joined(changes).await;
    rules.insist(|| fs::remove_dir_all(&root)).await;
}

/// Names come, are others, and go.
async fn changes(root: String, dice: Dice, rules: Rules, over: Rc<Cell<bool>>) {
    let path = |number: usize| format!("{root}/comes-{number}");
    while !over.get() {
        let (one, other) = (path(dice.below(20)), path(dice.below(20)));
        let outcome = match dice.below(3) {
            0 => fs::write(one, "").await,
            1 => fs::remove_file(one).await,
            _ => fs::rename(one, other).await,
        };
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => drop(rules.allow(outcome)),
        }
        sexton::yield_now().await;
    }
}

/// How often each name is listed.
async fn listed(root: &str, risk: &Risk) -> io::Result<BTreeMap<String, usize>> {
    let mut entries = fs::read_dir(root).await?;
    let mut found = BTreeMap::new();
    loop {
        match risk.take(entries.next_entry()).await {
            Some(Ok(Some(entry))) => {
                let name = entry.file_name().to_string_lossy().into_owned();
                *found.entry(name).or_default() += 1;
            }
            Some(Ok(None)) => return Ok(found),
            Some(Err(error)) if !is_harmless(&error) => return Err(error),
            // It was given up: what it would have given comes next.
            _ => {}
        }
    }
}
