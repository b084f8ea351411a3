//! Files and the disk: what is acknowledged is there, also after a loss of power.

use sexton::fs::{self, File, OpenOptions};
use sexton::sim::{Faults, Host, Kernel, Sim};
use std::io::{self, ErrorKind};

/// Replaces a file as a database does: whole, or not at all.
async fn replace(path: &str, content: &str, careful: bool) -> io::Result<()> {
    let new = format!("{path}.new");
    let file = File::create(&new).await?;
    file.write_all_at(content.as_bytes().to_vec(), 0).await?;
    if careful {
        file.sync_all().await?;
    }
    fs::rename(&new, path).await?;
    if careful {
        File::open("/tmp").await?.sync_all().await?;
    }
    Ok(())
}

/// What lies in the file after the power was lost.
fn after_a_crash(seed: u64, careful: bool) -> Option<String> {
    Sim::new(seed).run(|| async move {
        let host = Host::new([10, 0, 0, 2]);
        host.run(move || async move {
            replace("/tmp/state", "old", true).await?;
            replace("/tmp/state", "new", careful).await
        })
        .await
        .unwrap()
        .unwrap();
        host.lose_power();
        let read = host.run(|| fs::read("/tmp/state")).await.unwrap();
        read.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    })
}

#[test]
fn a_careful_program_loses_nothing_and_a_careless_one_does() {
    let careful: Vec<_> = (0..50).map(|seed| after_a_crash(seed, true)).collect();
    assert!(careful.iter().all(|state| state.as_deref() == Some("new")), "{careful:?}");
    let careless: Vec<_> = (0..50).map(|seed| after_a_crash(seed, false)).collect();
    assert!(careless.iter().any(|state| state.as_deref() == Some("old")), "{careless:?}");
    let torn = |state: &Option<String>| !matches!(state.as_deref(), Some("old" | "new"));
    assert!(careless.iter().any(torn), "renamed, but never written: {careless:?}");
}

#[test]
fn files_are_files_on_every_kernel() {
    for seed in 0..40 {
        let kernel = Kernel::ALL[seed as usize % 4];
        Sim::new(seed).profile(kernel).faults(Faults::scheduling()).run(|| async {
            fs::create_dir_all("/var/lib/a").await.unwrap();
            let all: Vec<u8> = (0..20_000_u32).map(|n| n as u8).collect();
            fs::write("/var/lib/a/data", all.clone()).await.unwrap();
            assert_eq!(fs::read("/var/lib/a/data").await.unwrap(), all);
            assert_eq!(fs::metadata("/var/lib/a/data").await.unwrap().len(), 20_000);
            let mut log =
                OpenOptions::new().append(true).create(true).open("/var/log").await.unwrap();
            for line in ["one\n", "two\n"] {
                log.write_all_owned(line.as_bytes().to_vec()).await.unwrap();
            }
            assert_eq!(fs::read_to_string("/var/log").await.unwrap(), "one\ntwo\n");
            fs::rename("/var/log", "/var/lib/a/log").await.unwrap();
            let mut names = Vec::new();
            let mut dir = fs::read_dir("/var/lib/a").await.unwrap();
            while let Some(entry) = dir.next_entry().await.unwrap() {
                names.push(entry.file_name().into_string().unwrap());
            }
            names.sort();
            assert_eq!(names, ["data", "log"]);
            assert_eq!(fs::remove_dir("/var/lib").await.unwrap_err().kind(), NOT_EMPTY);
            fs::remove_dir_all("/var").await.unwrap();
            assert_eq!(fs::metadata("/var").await.unwrap_err().kind(), ErrorKind::NotFound);
        });
    }
}

const NOT_EMPTY: ErrorKind = ErrorKind::DirectoryNotEmpty;

#[test]
fn a_snapshot_is_put_back_and_a_full_disk_says_so() {
    Sim::new(5).run(|| async {
        let host = Host::current();
        fs::write("/tmp/kept", b"kept".to_vec()).await.unwrap();
        let snapshot = host.snapshot();
        fs::remove_file("/tmp/kept").await.unwrap();
        host.disk_size(1000);
        let error = fs::write("/tmp/large", vec![0; 2000]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        host.restore(&snapshot);
        assert_eq!(fs::read("/tmp/kept").await.unwrap(), b"kept");
        assert!(fs::metadata("/tmp/large").await.is_err());
    });
}
