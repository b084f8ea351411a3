//! The provided methods of `Read`.

use std::io::ErrorKind;
use std::mem::MaybeUninit;

use sexton_buffers::{ReadBuf, ReadBufVec, ReadCursor};
use sexton_io::{Interest, Memory, NonBlocking, Read, Readiness, Ready};

use crate::support::{Script, Step, block_on};

#[test]
fn a_read_brings_what_is_there_and_nothing_at_the_end() {
    let mut reader = Script::slow(["hello", "you"]);
    let mut buf = [0; 4];
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 4);
    assert_eq!(&buf, b"hell");
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 1);
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 3);
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 0);
    assert_eq!(block_on(reader.read(&mut buf)).unwrap(), 0);
}

#[test]
fn a_read_without_room_does_not_wait() {
    let mut reader = Script::slow(["never asked for"]);
    assert_eq!(block_on(reader.read(&mut [])).unwrap(), 0);
    let mut full = [ReadBuf::from(&mut [][..] as &mut [u8])];
    assert_eq!(block_on(reader.read_buf_vectored(ReadBufVec::new(&mut full).cursor())).unwrap(), 0);
    assert_eq!(reader.would_block, 0);
}

#[test]
fn an_error_ends_a_single_read_and_only_that() {
    let mut reader = Script::new([Step::Fail(ErrorKind::Interrupted), Step::Bytes(b"x".to_vec())]);
    let error = block_on(reader.read(&mut [0])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(block_on(reader.read(&mut [0])).unwrap(), 1);
}

#[test]
fn an_exact_read_goes_on_through_short_reads_and_interruptions() {
    let mut reader = Script::new([
        Step::Bytes(b"ab".to_vec()),
        Step::Fail(ErrorKind::Interrupted),
        Step::Block,
        Step::Bytes(b"cdef".to_vec()),
    ]);
    let mut buf = [0; 5];
    block_on(reader.read_exact(&mut buf)).unwrap();
    assert_eq!(&buf, b"abcde");
    assert_eq!(reader.rest(), b"f");
}

#[test]
fn an_exact_read_that_ends_early_says_so_and_keeps_what_came() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::from(&mut memory[..]);
    let mut reader = Script::slow(["abc"]);
    let error = block_on(reader.read_buf_exact(buf.unfilled())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert!(error.to_string().contains("before the buffer was full"), "{error}");
    assert_eq!(buf.filled(), b"abc");
}

#[test]
fn an_exact_read_of_nothing_asks_nothing() {
    let mut reader = Script::new([Step::Fail(ErrorKind::ConnectionReset)]);
    block_on(reader.read_exact(&mut [])).unwrap();
}

#[test]
fn a_read_to_the_end_appends_through_growth_and_interruptions() {
    let len = if cfg!(miri) { 2_000 } else { 20_000_u32 };
    let bytes: Vec<u8> = (0..len).flat_map(u32::to_le_bytes).collect();
    let mut steps = Vec::new();
    for chunk in bytes.chunks(700) {
        steps.extend([
            Step::Block,
            Step::Fail(ErrorKind::Interrupted),
            Step::Bytes(chunk.to_vec()),
        ]);
    }
    let mut all = b"before".to_vec();
    let n = block_on(Script::new(steps).read_to_end(&mut all)).unwrap();
    assert_eq!(n, bytes.len());
    assert!(all.strip_prefix(b"before").unwrap() == bytes);
}

#[test]
fn a_read_to_the_end_that_fails_keeps_what_came() {
    let mut reader = Script::new([
        Step::Bytes(b"abc".to_vec()),
        Step::Fail(ErrorKind::ConnectionReset),
        Step::Bytes(b"def".to_vec()),
    ]);
    let mut all = Vec::new();
    let error = block_on(reader.read_to_end(&mut all)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(all, b"abc");
    assert_eq!(block_on(reader.read_to_end(&mut all)).unwrap(), 3);
    assert_eq!(all, b"abcdef");
}

/// A reader that knows `&mut [u8]` only, and watches how much is zeroed for it.
struct OldStyle {
    left: usize,
    zeroed: usize,
}

impl Ready for OldStyle {
    async fn ready(&mut self, _: Interest) -> std::io::Result<Readiness> {
        Ok(Readiness::new(true, false, false))
    }
}

impl Read for OldStyle {
    fn non_blocking_read_buf(
        &mut self,
        mut buf: ReadCursor<'_>,
    ) -> std::io::Result<NonBlocking<()>> {
        self.zeroed += buf.capacity() - buf.init_len();
        let n = buf.ensure_init().len().min(self.left).min(10);
        buf.advance(n);
        self.left -= n;
        Ok(NonBlocking::Ready(()))
    }
}

#[test]
fn a_read_to_the_end_zeroes_no_byte_twice() {
    let mut reader = OldStyle { left: 4000, zeroed: 0 };
    let mut all = Vec::with_capacity(5000);
    block_on(reader.read_to_end(&mut all)).unwrap();
    assert_eq!((all.len(), reader.zeroed), (4000, all.capacity()));
}

#[test]
fn text_may_be_split_anywhere_in_a_character() {
    let text = "größer als 日本 🦀";
    let mut all = String::from("> ");
    let n = block_on(Script::byte_by_byte(text.as_bytes()).read_to_string(&mut all)).unwrap();
    assert_eq!((n, &all[2..]), (text.len(), text));
    let mut all = String::new();
    block_on(Script::byte_by_byte(text.as_bytes()).read_to_string(&mut all)).unwrap();
    assert_eq!(all, text);
}

#[test]
fn what_is_no_text_is_an_error_that_has_the_bytes() {
    let mut all = String::from("unchanged");
    let error = block_on(Memory::new(b"ok \xff").read_to_string(&mut all)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let inner = error.into_inner().unwrap().downcast::<std::string::FromUtf8Error>().unwrap();
    assert_eq!(inner.into_bytes(), b"ok \xff");
    assert_eq!(all, "unchanged");
}

#[test]
fn a_vectored_read_fills_in_order_what_the_reader_can() {
    for vectored in [false, true] {
        let mut reader = Script::slow(["abcde", "fg"]);
        reader.vectored = vectored;
        let (mut a, mut b, mut c) = ([0; 2], [0; 1], [0; 4]);
        let mut bufs = [
            ReadBuf::from(&mut a[..]),
            ReadBuf::from(&mut [][..] as &mut [u8]),
            ReadBuf::from(&mut b[..]),
            ReadBuf::from(&mut c[..]),
        ];
        let mut bufs = ReadBufVec::new(&mut bufs);
        let mut counts = Vec::new();
        while bufs.cursor().remaining() > 0 {
            counts.push(block_on(reader.read_buf_vectored(bufs.cursor())).unwrap());
        }
        assert_eq!(counts, if vectored { [5, 2].to_vec() } else { [2, 1, 2, 2].to_vec() });
        assert_eq!((&a, &b, &c), (b"ab", b"c", b"defg"));
    }
}
