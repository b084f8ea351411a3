//! Reads that are dropped or forgotten anywhere lose no byte and move no cursor.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use sexton_fs::File;
use sexton_io::{BufRead, Read};
use std::io::SeekFrom;
use support::{Place, Rng, drop_after, forget_after, open_descriptors, pipe};

const LEN: usize = 4 << 20;

/// One read of a random kind, dropped or forgotten after a random time; what it gave, if anything.
async fn one_read(file: &mut File, rng: &mut Rng) -> Option<Vec<u8>> {
    let (len, turns) = (1 + rng.below(150_000) as usize, rng.below(4));
    match rng.below(6) {
        0 => {
            let read = file.read_owned(Vec::with_capacity(len));
            Some(drop_after(read, turns).await?.unwrap().1)
        }
        1 => {
            let read = file.read_owned(Vec::with_capacity(len));
            Some(forget_after(read, turns).await?.unwrap().1)
        }
        2 => {
            let read = file.read_vectored_owned((Vec::with_capacity(9), Vec::with_capacity(len)));
            let (_, (a, b)) = drop_after(read, turns).await?.unwrap();
            Some([a, b].concat())
        }
        3 => {
            let mut buf = vec![0; len];
            let n = forget_after(file.read(&mut buf), turns).await?.unwrap();
            buf.truncate(n);
            Some(buf)
        }
        4 => {
            let shown = drop_after(file.fill_at_least(len.min(100_000)), turns).await?.unwrap();
            let taken = shown[..shown.len().min(len)].to_vec();
            file.consume(taken.len());
            Some(taken)
        }
        _ => {
            let shown = forget_after(file.fill_buf(), turns).await?.unwrap();
            let taken = shown[..shown.len().min(len)].to_vec();
            file.consume(taken.len());
            Some(taken)
        }
    }
}

#[test]
fn a_file_read_by_futures_that_are_dropped_anywhere_arrives_whole() {
    for place in Place::all() {
        let path = place.path("file");
        let bytes = Rng::from_seed(6).bytes(LEN);
        std::fs::write(&path, &bytes).unwrap();
        for seed in 0..8 {
            sexton_runtime::block_on(async {
                let mut rng = Rng::from_seed(seed);
                let mut file = File::open(&path).await.unwrap();
                let mut got = Vec::new();
                while got.len() < LEN {
                    if let Some(more) = one_read(&mut file, &mut rng).await {
                        got.extend_from_slice(&more);
                    }
                    assert_eq!(file.stream_position().await.unwrap(), got.len() as u64);
                }
                assert!(got == bytes, "seed {seed}");
            });
        }
    }
}

#[test]
fn a_pipe_read_by_futures_that_are_dropped_anywhere_arrives_whole() {
    let bytes = Rng::from_seed(7).bytes(LEN);
    for seed in 0..8 {
        let bytes = bytes.clone();
        sexton_runtime::block_on(async move {
            let (mut reader, mut writer) = pipe();
            let sent = bytes.clone();
            let task = sexton_runtime::spawn(async move {
                let mut rng = Rng::from_seed(!seed);
                let mut at = 0;
                while at < sent.len() {
                    let len = 1 + rng.below(200_000) as usize;
                    let part = sent[at..sent.len().min(at + len)].to_vec();
                    at += part.len();
                    writer.write_all_owned(part).await.unwrap();
                }
            });
            let mut rng = Rng::from_seed(seed);
            let mut got = Vec::new();
            loop {
                match one_read(&mut reader, &mut rng).await {
                    Some(more) if more.is_empty() => break,
                    Some(more) => got.extend_from_slice(&more),
                    None => {}
                }
            }
            task.await.unwrap();
            assert!(got == bytes, "seed {seed}: {} of {} bytes", got.len(), bytes.len());
        });
    }
}

#[test]
fn a_read_of_many_steps_that_is_dropped_goes_back_to_where_it_began() {
    for place in Place::all() {
        let path = place.path("file");
        let text = "a line of text\n".repeat(100_000);
        std::fs::write(&path, &text).unwrap();
        sexton_runtime::block_on(async {
            let mut file = File::open(&path).await.unwrap();
            let mut undone = 0;
            for round in 0..200 {
                let (start, turns) = (round * 15, round / 5 % 4);
                file.seek(SeekFrom::Start(start)).await.unwrap();
                let (mut line, mut all, mut bytes) =
                    (String::new(), String::new(), vec![0; 900_000]);
                let finished = match round % 5 {
                    0 => drop_after(file.read_line(&mut line), turns).await.is_some(),
                    1 => drop_after(file.read_to_string(&mut all), turns).await.is_some(),
                    2 => drop_after(file.read_exact(&mut bytes), turns).await.is_some(),
                    3 => {
                        let buf = Vec::with_capacity(900_000);
                        drop_after(file.read_exact_owned(buf), turns).await.is_some()
                    }
                    _ => drop_after(file.read_to_end_owned(Vec::new()), turns).await.is_some(),
                };
                let position = file.stream_position().await.unwrap();
                assert_eq!(finished, position != start, "{round}");
                undone += u32::from(!finished);
                if !finished {
                    file.read_line(&mut line).await.unwrap();
                    assert_eq!(line, "a line of text\n");
                }
            }
            assert!(undone > 10, "some were dropped halfway: {undone}");
        });
    }
}

#[test]
fn an_open_that_nobody_waits_for_closes_its_file() {
    let place = Place::on_disk();
    let (old, new) = (place.path("old"), place.path("new"));
    std::fs::write(&old, "here").unwrap();
    sexton_runtime::block_on(async {
        for turns in 0..400 {
            drop(drop_after(File::open(&old), turns % 3).await);
            drop(drop_after(File::create(&new), turns % 5).await);
        }
    });
    // The runtime's end has waited for the late ones.
    assert_eq!(open_descriptors(place.root()), 0);
    let _open = std::fs::File::open(&old).unwrap();
    assert_eq!(open_descriptors(place.root()), 1, "they can be counted");
}

#[test]
fn a_reader_that_only_wants_readiness_gets_all_of_the_file() {
    for place in Place::all() {
        let path = place.path("file");
        let bytes = Rng::from_seed(8).bytes(300_000);
        std::fs::write(&path, &bytes).unwrap();
        sexton_runtime::block_on(async {
            let mut file = File::open(&path).await.unwrap();
            assert!(read_when_ready(&mut file).await == bytes);
            // The end is a level: it is told again, and again.
            assert!(read_when_ready(&mut file).await.is_empty());
            // And it is no memory: what is there now counts.
            std::fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
            assert_eq!(read_when_ready(&mut file).await, b"more");
        });
    }
}

/// Generic code: waits without a buffer, then reads what is there.
async fn read_when_ready(reader: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        assert!(reader.ready(sexton_io::Interest::READ).await.unwrap().read());
        let mut memory = [0; 5000];
        let mut buf = sexton_buffers::ReadBuf::from(&mut memory[..]);
        let read = reader.non_blocking_read_buf(buf.unfilled()).unwrap();
        sexton_io::continue_on_block!(read);
        if buf.filled().is_empty() {
            return all;
        }
        all.extend_from_slice(buf.filled());
    }
}

#[test]
fn a_pipe_gives_up_no_more_than_was_asked_for() {
    sexton_runtime::block_on(async {
        let (mut reader, mut writer) = pipe();
        let mut clone = reader.try_clone().unwrap();
        writer.write_all_owned(b"one, two").await.unwrap();
        assert_eq!(reader.read_owned(Vec::with_capacity(5)).await.unwrap().1, b"one, ");
        assert_eq!(clone.read_owned(Vec::with_capacity(9)).await.unwrap().1, b"two");

        // What was read ahead would be lost on the way to std: it says so.
        writer.write_all_owned(b"unread").await.unwrap();
        assert_eq!(reader.fill_buf().await.unwrap(), b"unread");
        assert!(reader.into_std().await.unwrap_err().to_string().contains("6 bytes"));
    });
}
