//! One file whose bytes are known, sought and read through a buffer, appended to through another,
//! and copied: the position is where it was moved to, and what is there is what was written.

use super::dice::Dice;
use super::log::content;
use super::reads::is_harmless;
use super::risk::Risk;
use super::rules::Rules;
use sexton::fs::{self, File, Permissions};
use sexton::io::{BufRead, BufReader, BufWrite, BufWriter, OwnedRead, Read, Seek, Write};
use std::io::{self, ErrorKind, SeekFrom};
use std::os::unix::fs::PermissionsExt;

/// The most bytes that are appended at once.
const LONGEST: usize = 9_000;
/// A file of so many bytes is long enough.
const ENOUGH: usize = 60_000;

struct Sought {
    path: String,
    rules: Rules,
    risk: Risk,
    reader: BufReader<File>,
    bytes: Vec<u8>,
    /// Where the reader is.
    at: u64,
    /// It was told of an end that is none any more, perhaps.
    stale: bool,
    appended: usize,
}

/// A file, from its making to its end.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let path = format!("/tmp/sought-{:x}", dice.next());
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    let made = options.open(&path).await;
    // A call that failed may have made it.
    let Some(file) = rules.allow(made) else { return };
    let again = options.open(&path).await;
    assert!(again.is_err(), "a file was made twice");
    let reader = BufReader::with_capacity(file, dice.size(5_000));
    let risk = Risk::new(dice.fork(), rules);
    let (bytes, steps) = (Vec::new(), 10 + dice.size(150));
    let mut sought = Sought { path, rules, risk, reader, bytes, at: 0, stale: false, appended: 0 };
    for _ in 0..steps {
        sought.step().await;
    }
    rules.allow(fs::remove_file(&sought.path).await);
}

impl Sought {
    async fn step(&mut self) {
        match self.risk.dice.below(12) {
            0..3 => self.seek().await,
            3 => self.ask().await,
            4..7 => self.read().await,
            7 => self.read_all().await,
            8 | 9 if self.bytes.len() < ENOUGH => self.append().await,
            8..11 => self.copy().await,
            _ => self.rights().await,
        }
    }

    /// The value of an operation; none if it was dropped or cancelled, or a fault is to blame.
    fn expect<T>(&self, outcome: io::Result<Option<T>>) -> Option<T> {
        match outcome {
            Err(error) if is_harmless(&error) => None,
            outcome => self.rules.allow(outcome).flatten(),
        }
    }

    /// A place, mostly in the file, and the way to it.
    fn target(&self) -> (i64, SeekFrom) {
        let (len, at) = (self.bytes.len() as i64, self.at as i64);
        let target = self.risk.dice.below(self.bytes.len() + 200) as i64 - 100;
        let way = match self.risk.dice.below(3) {
            0 if target >= 0 => SeekFrom::Start(target as u64),
            1 => SeekFrom::End(target - len),
            _ => SeekFrom::Current(target - at),
        };
        (target, way)
    }

    async fn seek(&mut self) {
        let (target, way) = self.target();
        let moved = match (self.risk.dice.below(3), way) {
            (0, SeekFrom::Current(by)) => {
                let done = self.risk.take(self.reader.seek_relative(by)).await.transpose();
                done.map(|done| done.map(|()| target as u64))
            }
            (1, _) if self.risk.dice.percent(20) => {
                let done = self.risk.take(self.reader.rewind()).await.transpose();
                if let Some(()) = self.expect(done) {
                    self.at = 0;
                }
                return;
            }
            _ => self.risk.take(self.reader.seek(way)).await.transpose(),
        };
        if target < 0 {
            let refused = moved.as_ref().is_err_and(|error| {
                error.kind() == ErrorKind::InvalidInput || is_harmless(error) || self.rules.errors
            });
            assert!(refused || matches!(moved, Ok(None)), "sought to {target}: {moved:?}");
            return;
        }
        if let Some(at) = self.expect(moved) {
            assert_eq!(at, target as u64, "where it was sought by {way:?}");
            self.at = at;
        }
    }

    /// Where it is, and how long.
    async fn ask(&mut self) {
        let at = self.rules.allow(self.reader.stream_position().await);
        assert!(at.is_none_or(|at| at == self.at), "it is at {at:?}, not {}", self.at);
        let len = self.risk.take(self.reader.stream_len()).await.transpose();
        let len = self.expect(len);
        assert!(len.is_none_or(|len| len == self.bytes.len() as u64), "a length of {len:?}");
    }

    /// These were read at the position. Nothing is the end.
    fn got(&mut self, bytes: &[u8]) {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let is_end = at >= self.bytes.len();
        assert!(!bytes.is_empty() || is_end || self.stale, "an end at {at}");
        let expected = self.bytes.get(at..at + bytes.len());
        assert!(bytes.is_empty() || expected == Some(bytes), "other bytes at {at}");
        self.stale &= bytes.is_empty();
        self.at += bytes.len() as u64;
    }

    async fn read(&mut self) {
        let size = self.risk.dice.size(8_000);
        let reader = &mut self.reader;
        let outcome = match self.risk.dice.below(5) {
            0 => {
                let mut buf = vec![0; size];
                let read = self.risk.take(Read::read(reader, &mut buf)).await.transpose();
                read.map(|done| done.map(|count| buf[..count].to_vec()))
            }
            1 => {
                let read = self.risk.take(reader.read_owned(Vec::with_capacity(size))).await;
                let read = read.transpose().map_err(io::Error::from);
                read.map(|done| done.map(|(_, buf)| buf))
            }
            2 => match self.risk.take(reader.fill_buf()).await.transpose() {
                Ok(Some(shown)) => {
                    let part = shown[..shown.len().min(size)].to_vec();
                    reader.consume(part.len());
                    Ok(Some(part))
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            },
            3 => {
                let byte = self.risk.take(reader.next_byte()).await.transpose();
                byte.map(|done| done.map(|byte| byte.into_iter().collect()))
            }
            _ => {
                let (byte, mut part) = (self.risk.dice.below(128) as u8, Vec::new());
                let read = self.risk.take(reader.read_until(byte, &mut part)).await.transpose();
                let told = self.expect(read);
                // What was taken is there, dropped or not.
                (!part.is_empty() || told.is_some()).then(|| self.got(&part));
                return;
            }
        };
        if let Some(bytes) = self.expect(outcome) {
            self.got(&bytes);
        }
    }

    /// Up to the end, through the buffer or without it.
    async fn read_all(&mut self) {
        let mut all = Vec::new();
        if self.risk.dice.percent(50) {
            let read = self.risk.take(self.reader.read_to_end(&mut all)).await.transpose();
            let told = self.expect(read);
            (!all.is_empty() || told.is_some()).then(|| self.got(&all));
            return;
        }
        // Another reader of the same file: its position is its own.
        let Some(mut file) = self.rules.allow(File::open(&self.path).await) else { return };
        let from = self.risk.dice.below(self.bytes.len() + 1);
        let Some(_) = self.rules.allow(file.seek(SeekFrom::Start(from as u64)).await) else {
            return;
        };
        let text = match self.risk.dice.below(3) {
            0 => {
                let mut text = String::new();
                let read = self.risk.take(file.read_to_string(&mut text)).await.transpose();
                let told = self.expect(read);
                assert!(told.is_some() || text.is_empty(), "a dropped read leaves the text");
                told.map(|_| text.into_bytes())
            }
            1 => {
                let read = self.risk.take(file.read_to_end_owned(Vec::new())).await.transpose();
                self.expect(read.map_err(io::Error::from)).map(|(_, buf)| buf)
            }
            _ => {
                let mut buf = vec![0; self.bytes.len() - from];
                let read = self.risk.take(file.read_exact(&mut buf)).await.transpose();
                self.expect(read).map(|()| buf)
            }
        };
        assert!(text.is_none_or(|text| text == self.bytes[from..]), "all from {from} on");
    }

    /// Behind all, by a buffer that is flushed.
    async fn append(&mut self) {
        let opened = File::options().append(true).open(&self.path).await;
        let Some(file) = self.rules.allow(opened) else { return };
        let mut writer = BufWriter::with_capacity(file, self.risk.dice.size(5_000));
        let mut done = Ok(());
        for _ in 0..self.risk.dice.size(6) {
            self.appended += 1;
            let bytes = content(11, self.appended, self.risk.dice.size(LONGEST));
            self.bytes.extend_from_slice(&bytes);
            done = match self.risk.dice.below(3) {
                0 => writer.write_all(&bytes).await,
                1 => writer.put(&bytes).await,
                _ => write!(writer, "{}", String::from_utf8_lossy(&bytes)).await,
            };
            if done.is_err() {
                break;
            }
        }
        let done = match done {
            Ok(()) => writer.flush().await,
            failed => failed,
        };
        self.stale = true;
        if self.rules.allow(done).is_none() {
            let all = self.rules.insist(|| fs::read(&self.path)).await;
            assert!(self.bytes.starts_with(&all), "what was appended, up to the error");
            self.bytes = all;
        }
    }

    /// Copies the file; a copy that was dropped may go on.
    async fn copy(&mut self) {
        let to = format!("{}-{}", self.path, self.risk.dice.below(3));
        let copied = self.risk.take(fs::copy(&self.path, &to)).await.transpose();
        let Some(count) = self.expect(copied) else { return };
        assert_eq!(count, self.bytes.len() as u64, "so many were copied");
        let read = self.risk.take(fs::read_to_string(&to)).await.transpose();
        let text = self.expect(read);
        assert!(text.is_none_or(|text| text.as_bytes() == self.bytes), "another copy");
        let Some(from) = self.rules.allow(fs::metadata(&self.path).await) else { return };
        let Some(to) = self.rules.allow(fs::metadata(&to).await) else { return };
        assert_eq!(from.permissions().mode(), to.permissions().mode(), "the rights of a copy");
    }

    /// What is known of it by its path, and what may be done with it.
    async fn rights(&mut self) {
        let mode = 0o600 | self.risk.dice.below(0o100) as u32;
        let rights = Permissions::from_mode(mode);
        let set = match self.risk.dice.below(2) {
            0 => fs::set_permissions(&self.path, rights).await,
            _ => self.reader.get_ref().set_permissions(rights).await,
        };
        let Some(()) = self.rules.allow(set) else { return };
        let Some(found) = self.rules.allow(fs::symlink_metadata(&self.path).await) else { return };
        assert_eq!(found.permissions().mode() & 0o7777, mode, "what may be done with it");
        assert!(found.is_file() && found.len() == self.bytes.len() as u64, "a file: {found:?}");
        let whole = self.rules.allow(fs::canonicalize(&self.path).await);
        assert!(whole.is_none_or(|whole| whole.as_os_str() == &self.path[..]), "its whole path");
    }
}
