//! A future dropped wherever it waits loses nothing, where the docs say so.

use std::future::poll_fn;
use std::io::{Cursor, ErrorKind, IoSlice, SeekFrom};
use std::mem::MaybeUninit;
use std::task::Poll;

use sexton_buffers::{ReadBuf, ReadBufVec};
use sexton_io::{
    BufRead, BufWrite, BufWriter, ManagedRead, Memory, OwnedRead, OwnedWrite, Read, Ready, Seek,
    Write, copy, duplex, pump,
};

use crate::support::{Script, Sink, Step, Take, block_on, poll_times};

const TEXT: &[u8] = b"one\ntwo two\n\nthree\nfour, the last";

/// How the text comes: byte by byte, in odd chunks, in one; always with waits and interruptions.
fn streams() -> impl Iterator<Item = Script> {
    [1, 2, 3, 5, 8, TEXT.len()].into_iter().map(|len| {
        Script::new(TEXT.chunks(len).flat_map(|chunk| {
            [
                Step::Block,
                Step::Fail(ErrorKind::Interrupted),
                Step::Block,
                Step::Block,
                Step::Bytes(chunk.to_vec()),
            ]
        }))
    })
}

/// Calls `attempt` again and again; each time its future is dropped after so many polls.
fn until_some<T>(mut attempt: impl FnMut(usize) -> Option<T>) -> T {
    for round in 0..10_000 {
        if let Some(output) = attempt(1 + round % 3) {
            return output;
        }
    }
    panic!("cancelling keeps it from making progress");
}

#[test]
fn lines_cancelled_at_every_wait_are_all_there() {
    for reader in streams() {
        let mut lines = reader.lines();
        let mut all = Vec::new();
        while let Some(line) = until_some(|polls| poll_times(polls, lines.next_line())).unwrap() {
            all.push(line);
        }
        assert_eq!(all, ["one", "two two", "", "three", "four, the last"]);
    }
}

#[test]
fn segments_cancelled_at_every_wait_are_all_there() {
    for reader in streams() {
        let mut segments = reader.split(b' ');
        let mut all = Vec::new();
        while let Some(segment) =
            until_some(|polls| poll_times(polls, segments.next_segment())).unwrap()
        {
            all.push(segment);
        }
        assert_eq!(all.join(&b' '), TEXT);
        assert_eq!(all.len(), 4);
    }
}

#[test]
fn reading_until_resumes_with_the_same_buffer() {
    for mut reader in streams() {
        let mut buf = Vec::new();
        until_some(|polls| poll_times(polls, reader.read_until(b',', &mut buf))).unwrap();
        assert_eq!(buf, b"one\ntwo two\n\nthree\nfour,");
        assert_eq!(reader.rest(), b" the last");
    }
}

#[test]
fn reading_to_the_end_resumes_with_the_same_buffer() {
    for mut reader in streams() {
        let mut buf = Vec::new();
        until_some(|polls| poll_times(polls, reader.read_to_end(&mut buf))).unwrap();
        assert_eq!(buf, TEXT);
    }
}

#[test]
fn an_exact_read_resumes_with_the_same_counted_buffer() {
    for mut reader in streams() {
        let mut memory = [MaybeUninit::uninit(); 20];
        let mut buf = ReadBuf::from(&mut memory[..]);
        until_some(|polls| poll_times(polls, reader.read_buf_exact(buf.unfilled()))).unwrap();
        assert_eq!(buf.filled(), &TEXT[..20]);
        assert_eq!(reader.rest(), &TEXT[20..]);
    }
}

/// Single steps, each of another kind, cancelled at every wait.
#[test]
fn reads_of_all_kinds_lose_nothing_and_mix() {
    for reader in streams() {
        let mut reader = reader.take(1000).owned();
        let mut all = Vec::new();
        for kind in 0.. {
            let before = all.len();
            let step = |polls: usize| step(kind, polls, &mut reader, &mut all);
            match until_some(step) {
                Ok(()) if all.len() == before => break,
                Ok(()) => {}
                Err(e) => assert_eq!(e.kind(), ErrorKind::Interrupted),
            }
        }
        assert_eq!(all, TEXT);
    }
}

type Reader = sexton_io::Owned<sexton_io::Take<Script>>;

fn step(
    kind: usize,
    polls: usize,
    reader: &mut Reader,
    all: &mut Vec<u8>,
) -> Option<std::io::Result<()>> {
    match kind % 5 {
        0 => {
            let mut buf = [0; 3];
            let n = poll_times(polls, reader.get_mut().read(&mut buf))?;
            Some(n.map(|n| all.extend_from_slice(&buf[..n])))
        }
        1 => {
            let shown = poll_times(polls, reader.get_mut().fill_buf())?.map(<[u8]>::to_vec);
            Some(shown.map(|shown| {
                let n = shown.len().min(4);
                reader.get_mut().consume(n);
                all.extend_from_slice(&shown[..n]);
            }))
        }
        2 => {
            let result = poll_times(polls, reader.read_owned(Vec::with_capacity(2)))?;
            Some(result.map(|(_, buf)| all.extend_from_slice(&buf)).map_err(Into::into))
        }
        3 => {
            let bufs = (Vec::with_capacity(1), Vec::with_capacity(2));
            let result = poll_times(polls, reader.read_vectored_owned(bufs))?;
            Some(result.map(|(_, (a, b))| all.extend(a.into_iter().chain(b))).map_err(Into::into))
        }
        _ => {
            let (mut a, mut b) = ([0; 2], [0; 2]);
            let mut bufs = [ReadBuf::from(&mut a[..]), ReadBuf::from(&mut b[..])];
            let cursor = &mut ReadBufVec::new(&mut bufs);
            let n = poll_times(polls, reader.get_mut().read_buf_vectored(cursor.cursor()))?;
            all.extend(bufs.iter().flat_map(|buf| buf.filled().to_vec()));
            Some(n.map(drop))
        }
    }
}

#[test]
fn what_is_documented_as_lossy_leaves_the_string_alone() {
    let mut reader = Script::slow(["half a", " line\n"]);
    let mut line = String::from("unchanged");
    assert!(poll_times(2, reader.read_line(&mut line)).is_none());
    assert_eq!(line, "unchanged");
    assert!(poll_times(1, Script::slow(["x"]).read_to_string(&mut line)).is_none());
    assert_eq!(line, "unchanged");
}

/// A forgotten future never runs its destructor: what it had may be lost, nothing may be wrong.
#[test]
fn a_forgotten_future_leaves_valid_text_and_a_valid_vector() {
    let mut reader = Script::slow(["half\u{e4}", "rest"]);
    let mut text = String::from("text");
    let mut bytes = b"bytes".to_vec();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let mut future = Box::pin(reader.read_to_string(&mut text));
    for _ in 0..2 {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    std::mem::forget(future);
    assert_eq!(text, "text");
    let mut reader = Script::slow(["half", "rest"]);
    let mut future = Box::pin(reader.read_to_end(&mut bytes));
    for _ in 0..2 {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    std::mem::forget(future);
    assert!(bytes.starts_with(b"bytes"));
}

#[test]
fn a_write_dropped_while_it_waits_has_written_nothing() {
    let mut sink = Sink::new([Take::Block, Take::Block]);
    assert!(poll_times(1, sink.write(b"once")).is_none());
    assert!(poll_times(1, sink.write_vectored(&[IoSlice::new(b"once")])).is_none());
    assert_eq!(block_on(sink.write(b"once")).unwrap(), 4);
    assert_eq!(sink.taken, b"once");
}

#[test]
fn waiting_is_cancelled_without_a_trace() {
    let mut reader = Script::slow(["a"]);
    assert!(poll_times(1, reader.ready(sexton_io::Interest::READ)).is_none());
    assert_eq!(reader.rest(), b"a");
}

#[test]
fn a_look_for_more_that_is_dropped_takes_nothing() {
    for mut reader in streams() {
        let left = until_some(|polls| poll_times(polls, reader.has_data_left()).and_then(ok));
        assert!(left, "and nothing of it was taken");
        let mut all = Vec::new();
        while let Some(byte) =
            until_some(|polls| poll_times(polls, reader.next_byte()).and_then(ok))
        {
            all.push(byte);
        }
        assert_eq!(all, TEXT);
        assert!(!until_some(|polls| poll_times(polls, reader.has_data_left()).and_then(ok)));
    }
}

/// What came, unless it was an interruption.
fn ok<T>(result: std::io::Result<T>) -> Option<T> {
    result.map_err(|e| assert_eq!(e.kind(), ErrorKind::Interrupted)).ok()
}

/// Not lossless: the bytes are in the slice, but nobody knows how many.
#[test]
fn an_exact_read_into_a_slice_loses_its_count() {
    let mut reader = Script::slow(["half", "rest"]);
    let mut buf = [b'.'; 8];
    assert!(poll_times(2, reader.read_exact(&mut buf)).is_none());
    assert_eq!(&buf, b"half....");
    assert_eq!(reader.rest(), b"rest");
}

/// Not lossless: the buffer is gone, and the bytes with it. One read at a time loses nothing.
#[test]
fn owned_reads_of_several_steps_drop_what_they_gathered() {
    let mut reader = Script::slow(["half", "rest", "last"]).owned();
    assert!(poll_times(2, reader.read_exact_owned(Vec::with_capacity(8))).is_none());
    assert_eq!(reader.get_ref().rest(), b"restlast");
    assert!(poll_times(1, reader.read_to_end_owned(Vec::new())).is_none());
    assert_eq!(reader.get_ref().rest(), b"last");
}

fn slow() -> Sink {
    Sink::new([Take::AtMost(3), Take::Block])
}

/// Not lossless: some of it is written, and who repeats it writes that twice.
#[test]
fn writes_of_several_steps_have_written_a_part() {
    let mut sinks = [slow(), slow(), slow(), slow()];
    let [all, vectored, text, owned] = &mut sinks;
    assert!(poll_times(1, all.write_all(b"a line")).is_none());
    let mut bufs = [IoSlice::new(b"a "), IoSlice::new(b"line")];
    assert!(poll_times(1, vectored.write_all_vectored(&mut bufs)).is_none());
    assert!(poll_times(1, text.write_fmt(format_args!("a {}", "line"))).is_none());
    assert!(poll_times(1, owned.write_all_owned(b"a line".to_vec())).is_none());
    for sink in sinks {
        assert!(b"a line".starts_with(&sink.taken[..]) && sink.taken.len() >= 2, "{sink:?}");
    }
}

/// Not lossless: what the copy has read and not written is in memory of its own.
#[test]
fn copies_that_are_dropped_lose_what_they_hold() {
    let (mut reader, mut sink) = (Memory::new("a line"), slow());
    assert!(poll_times(1, copy(&mut reader, &mut sink)).is_none());
    assert_eq!((reader.rest(), &sink.taken[..]), (&b""[..], &b"a l"[..]));
    let mut sink = slow();
    assert!(poll_times(1, pump(&mut Whole(Some(b"a line".to_vec())), &mut sink)).is_none());
    assert_eq!(sink.taken, b"a l");
}

/// Gives its bytes away at once.
struct Whole(Option<Vec<u8>>);

impl ManagedRead for Whole {
    type Buf = Vec<u8>;

    async fn read_managed(&mut self, _max: usize) -> std::io::Result<Option<Vec<u8>>> {
        Ok(self.0.take())
    }
}

/// Not lossless: what had room is committed, and who repeats it commits that twice.
#[test]
fn a_put_that_is_dropped_has_committed_a_part() {
    let (mut one, mut other) = duplex(4);
    let mut writer = BufWriter::with_capacity(&mut one, 4);
    assert!(poll_times(1, writer.put(b"0123456789")).is_none());
    let mut all = [0; 4];
    block_on(other.read_exact(&mut all)).unwrap();
    assert_eq!(&all, b"0123");
}

/// Waits once before each seek.
struct SlowSeeker(Cursor<&'static [u8]>);

impl Seek for SlowSeeker {
    async fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let mut waited = false;
        poll_fn(
            |_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending },
        )
        .await;
        Seek::seek(&mut self.0, to).await
    }
}

#[test]
fn a_seek_that_is_dropped_has_not_moved() {
    let mut file = SlowSeeker(Cursor::new(TEXT));
    assert_eq!(block_on(file.seek(SeekFrom::Start(4))).unwrap(), 4);
    assert!(poll_times(1, file.seek(SeekFrom::End(0))).is_none());
    assert!(poll_times(1, file.seek_relative(3)).is_none());
    assert!(poll_times(1, file.rewind()).is_none());
    assert!(poll_times(1, file.stream_position()).is_none());
    assert_eq!(block_on(file.stream_position()).unwrap(), 4);
    // The length by three seeks moves there and back: dropped in between, it stays at the end.
    assert!(poll_times(3, file.stream_len()).is_none());
    assert_eq!(block_on(file.stream_position()).unwrap(), TEXT.len() as u64);
}

/// What spawns futures on other threads needs this; the traits themselves ask for nothing.
#[test]
fn futures_of_readers_that_are_send_are_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let mut reader = Memory::new(TEXT.to_vec()).take(9).chain(Memory::new("x"));
    let (mut buf, mut text) = (Vec::new(), String::new());
    drop(is_send(reader.read(&mut [0])));
    drop(is_send(reader.read_to_end(&mut buf)));
    drop(is_send(reader.read_to_string(&mut text)));
    drop(is_send(reader.read_until(b'x', &mut buf)));
    drop(is_send(reader.by_ref().lines().next_line()));
    drop(is_send(reader.owned().read_exact_owned(Vec::new())));
    drop(is_send(Memory::new(Vec::new()).write_all(b"x")));
}
