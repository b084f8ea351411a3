//! One file through several handles: it holds what was acknowledged, and what was dropped wholly,
//! partly or not at all, in the order of its start. Some of the memory is registered.

use super::bytes::Bytes;
use super::dice::Dice;
use super::log::content;
use super::memory::Memory;
use super::reads::is_harmless;
use super::risk::{Risk, both};
use super::rules::Rules;
use sexton::buf::{IoBuf, IoBufMut};
use sexton::fs::{self, File};
use sexton::io::BufRead;
use std::io::{self, ErrorKind, SeekFrom};

/// The most bytes that a file gets, about.
const LONGEST: usize = 40_000;

/// A file, its handles, and what it should hold.
struct Tried {
    path: String,
    rules: Rules,
    risk: Risk,
    /// The first one and its clones, which share a cursor.
    handles: Vec<File>,
    model: Bytes,
    cursor: usize,
    writes: usize,
    memory: Memory,
}

/// A file, from its making to its end.
pub(crate) async fn run(dice: Dice, rules: Rules) {
    let path = format!("/tmp/file-{:x}", dice.next());
    let mut options = File::options();
    options.read(true).write(true).create(true);
    let first = rules.insist(|| options.open(&path)).await;
    let risk = Risk::new(dice.fork(), rules);
    let steps = 10 + dice.size(200);
    let mut tried = Tried {
        path: path.clone(),
        rules,
        risk,
        handles: vec![first],
        model: Bytes::default(),
        cursor: 0,
        writes: 0,
        memory: Memory::default(),
    };
    for _ in 0..steps {
        tried.step().await;
    }
    // What was dropped has ended before this has.
    tried.settle().await;
    let Tried { handles, mut model, .. } = tried;
    drop(handles);
    let all = rules.insist(|| fs::read(&path)).await;
    assert_eq!(all.len(), model.len(), "the length in the end");
    model.saw(0, &all);
    if dice.percent(50) {
        rules.allow(fs::remove_file(&path).await);
    }
}

impl Tried {
    /// One of the handles; not always the first.
    fn pick(&mut self) -> usize {
        self.risk.dice.below(self.handles.len())
    }

    fn place(&self) -> usize {
        let most = if self.risk.dice.percent(90) { self.model.len() } else { LONGEST };
        self.risk.dice.below(most + 1)
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.writes += 1;
        content(7, self.writes, self.risk.dice.size(5_000))
    }

    async fn step(&mut self) {
        match self.risk.dice.below(20) {
            0..4 => self.write().await,
            4..6 => self.write_here().await,
            6 => self.write_two().await,
            7..9 => self.read().await,
            9..12 => self.read_here().await,
            12 => self.set_len().await,
            13 => {
                let handle = self.pick();
                let handle = &self.handles[handle];
                let synced = match self.risk.dice.below(2) {
                    0 => self.risk.take(handle.sync_all()).await,
                    _ => self.risk.take(handle.sync_data()).await,
                };
                self.expect(synced.transpose());
            }
            14 if self.handles.len() < 4 => {
                let handle = self.pick();
                if let Some(clone) = self.rules.allow(self.handles[handle].try_clone()) {
                    self.handles.push(clone);
                }
            }
            14 => drop(self.handles.pop()),
            15 => self.open().await,
            16 => self.append().await,
            17 | 18 => self.memory.change(&self.risk.dice),
            _ => self.settle().await,
        }
    }

    /// The value of an operation; none if it was dropped or cancelled, or a fault is to blame.
    fn expect<T>(&self, outcome: io::Result<Option<T>>) -> Option<T> {
        match outcome {
            Err(error) if is_harmless(&error) => None,
            outcome => self.rules.allow(outcome).flatten(),
        }
    }

    /// How a write ended: what it took at least, and whether that is all of it.
    async fn wrote(&mut self, at: usize, bytes: &[u8], outcome: io::Result<Option<usize>>) {
        match self.expect(outcome) {
            Some(count) => {
                assert!(count <= bytes.len(), "a write of {} took {count}", bytes.len());
                self.model.write(at, &bytes[..count]);
            }
            None => {
                self.model.may_write(at, bytes);
                self.settle().await;
            }
        }
    }

    /// Asks for the length: later than every write that was dropped.
    async fn settle(&mut self) {
        let handle = self.pick();
        let handle = &self.handles[handle];
        let len = self.rules.insist(|| handle.metadata()).await.len();
        self.model.settle(len as usize);
    }

    async fn write(&mut self) {
        let (handle, at, mut bytes) = (self.pick(), self.place(), self.bytes());
        let (handle, pos) = (&self.handles[handle], at as u64);
        let outcome = match self.risk.dice.below(3) {
            0 => {
                let (given, count) = self.memory.holding(&bytes, &self.risk.dice);
                bytes.truncate(count);
                let wrote = self.risk.take(handle.write_at(given, pos)).await.transpose();
                wrote.map(|done| done.map(|(count, _)| count)).map_err(io::Error::from)
            }
            1 => {
                let mut first = bytes.clone();
                let second = first.split_off(self.risk.dice.below(first.len() + 1));
                let write = handle.write_vectored_at([first, second], pos);
                let wrote = self.risk.take(write).await.transpose();
                wrote.map(|done| done.map(|(count, _)| count)).map_err(io::Error::from)
            }
            _ => {
                let (given, count) = self.memory.holding(&bytes, &self.risk.dice);
                bytes.truncate(count);
                let wrote = self.risk.take(handle.write_all_at(given, pos)).await.transpose();
                wrote.map(|done| done.map(|buf| buf.filled().len())).map_err(io::Error::from)
            }
        };
        self.wrote(at, &bytes, outcome).await;
    }

    /// At the cursor, which moves when a write is seen to be done.
    async fn write_here(&mut self) {
        let (handle, at, mut bytes) = (self.pick(), self.cursor, self.bytes());
        let (given, count) = self.memory.holding(&bytes, &self.risk.dice);
        bytes.truncate(count);
        let handle = &mut self.handles[handle];
        let wrote = self.risk.take(handle.write_owned(given)).await.transpose();
        let outcome = wrote.map(|done| done.map(|(count, _)| count)).map_err(io::Error::from);
        if let Ok(Some(count)) = outcome {
            self.cursor += count;
        }
        self.wrote(at, &bytes, outcome).await;
    }

    /// Writes that overlap, begun at once, at risk: each begins when those before it have ended,
    /// with all of their steps, and one that is given up while it waits holds nobody up.
    async fn write_two(&mut self) {
        let (one, two, at) = (self.pick(), self.pick(), self.place());
        let (first, second) = (self.bytes(), self.bytes());
        let later = at + self.risk.dice.below(first.len());
        let whole = self.risk.dice.percent(50);
        let (a, b) = both(
            self.risk.take(wrote(&self.handles[one], whole, first.clone(), at as u64)),
            self.risk.take(wrote(&self.handles[two], whole, second.clone(), later as u64)),
        )
        .await;
        let (a, b) = (self.expect(a.transpose()), b.transpose());
        let Some(count) = a else {
            // What the first one did is unknown, and so is what the second did to it.
            self.model.may_write(at, &first);
            self.model.may_write(later, &second);
            self.expect(b);
            return self.settle().await;
        };
        self.model.write(at, &first[..count]);
        self.wrote(later, &second, b).await;
    }

    async fn read(&mut self) {
        let (handle, at, size) = (self.pick(), self.place(), self.risk.dice.size(8_000));
        let (handle, pos) = (&self.handles[handle], at as u64);
        let outcome = match self.risk.dice.below(3) {
            0 => {
                let read = handle.read_at(self.memory.with_room(size, &self.risk.dice), pos);
                let read = self.risk.take(read).await.transpose().map_err(io::Error::from);
                read.map(|done| done.map(|(_, buf)| buf.filled().to_vec()))
            }
            1 => {
                let bufs = [Vec::with_capacity(self.risk.dice.size(32)), Vec::with_capacity(size)];
                let read = self.risk.take(handle.read_vectored_at(bufs, pos)).await;
                let read = read.transpose().map_err(io::Error::from);
                read.map(|done| done.map(|(_, bufs)| bufs.concat()))
            }
            _ => {
                let mut buf = self.memory.with_room(size, &self.risk.dice);
                let size = buf.unfilled().len();
                let read = self.risk.take(handle.read_exact_at(buf, pos)).await.transpose();
                match read.map_err(io::Error::from) {
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                        assert!(at + size > self.model.len(), "an end before the end");
                        return;
                    }
                    read => read.map(|done| done.map(|buf| buf.filled().to_vec())),
                }
            }
        };
        if let Some(bytes) = self.expect(outcome) {
            let is_end = at >= self.model.len();
            assert_eq!(bytes.is_empty(), is_end, "the end is where the file ends");
            self.model.saw(at, &bytes);
        }
    }

    /// At the cursor, which moves when a read is seen to be done.
    async fn read_here(&mut self) {
        let (handle, to, size) = (self.pick(), self.place(), self.risk.dice.size(8_000));
        let (seeks, buf) =
            (self.risk.dice.percent(60), self.memory.with_room(size, &self.risk.dice));
        let handle = &mut self.handles[handle];
        if seeks {
            let sought = self.risk.take(handle.seek(SeekFrom::Start(to as u64))).await;
            match sought {
                Some(Ok(at)) => assert_eq!(at, to as u64, "where it was sought"),
                Some(Err(error)) => drop(self.rules.allow::<()>(Err(error))),
                None => {}
            }
            let Some(at) = self.rules.allow(handle.stream_position().await) else { return };
            assert!(at == to as u64 || at == self.cursor as u64, "the cursor is at {at}");
            self.cursor = at as usize;
        }
        let at = self.cursor;
        let outcome = match self.risk.dice.below(3) {
            0 => {
                let read = self.risk.take(handle.read_owned(buf)).await.transpose();
                let read = read.map_err(io::Error::from);
                read.map(|done| done.map(|(_, buf)| buf.filled().to_vec()))
            }
            1 => {
                let mut buf = vec![0; size];
                let read = self.risk.take(handle.read(&mut buf)).await.transpose();
                read.map(|done| done.map(|count| buf[..count].to_vec()))
            }
            _ => match self.risk.take(handle.fill_buf()).await.transpose() {
                Ok(Some(shown)) => {
                    let part = shown[..shown.len().min(size)].to_vec();
                    handle.consume(part.len());
                    Ok(Some(part))
                }
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            },
        };
        if let Some(bytes) = self.expect(outcome) {
            let is_end = at >= self.model.len();
            assert_eq!(bytes.is_empty(), is_end, "the end is where the file ends");
            self.model.saw(at, &bytes);
            self.cursor += bytes.len();
        }
    }

    /// Another handle, of its own: given up late, it is closed.
    async fn open(&mut self) {
        let opened = self.risk.take(File::open(&self.path)).await.transpose();
        if let Some(file) = self.expect(opened) {
            let len = self.rules.allow(file.metadata().await).map(|found| found.len() as usize);
            // Writes that were dropped may be on their way.
            let least = self.model.len();
            assert!(len.is_none_or(|len| len >= least), "the file has {len:?} of {least} bytes");
        }
    }

    /// At the end, wherever the cursor is, by a handle of its own. The others may have read ahead,
    /// and know nothing of it: they are opened anew.
    async fn append(&mut self) {
        self.settle().await;
        let opened = File::options().append(true).open(&self.path).await;
        let Some(mut file) = self.rules.allow(opened) else { return };
        let (at, bytes) = (self.model.len(), self.bytes());
        let wrote = file.write_owned(bytes.clone()).await;
        let outcome = wrote.map(|(count, _)| Some(count)).map_err(io::Error::from);
        self.wrote(at, &bytes, outcome).await;
        let mut options = File::options();
        options.read(true).write(true);
        self.handles = vec![self.rules.insist(|| options.open(&self.path)).await];
        self.cursor = 0;
    }

    async fn set_len(&mut self) {
        let (handle, len) = (self.pick(), self.risk.dice.below(LONGEST));
        let handle = &self.handles[handle];
        let done = self.risk.take(handle.set_len(len as u64)).await.transpose();
        let done = self.expect(done).is_some();
        let now = self.rules.insist(|| handle.metadata()).await.len() as usize;
        assert!(now == len || !done && now == self.model.len(), "a length of {now}, not {len}");
        self.model.set_len(now);
    }
}

/// How much a write took: a part, or all of it.
async fn wrote(file: &File, whole: bool, bytes: Vec<u8>, pos: u64) -> io::Result<usize> {
    Ok(match whole {
        true => file.write_all_at(bytes, pos).await?.len(),
        false => file.write_at(bytes, pos).await?.0,
    })
}
