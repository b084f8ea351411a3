//! `BufReader`: all kinds of reads mix, what was read ahead comes first, and nothing gets lost.

use std::any::Any;
use std::io::ErrorKind;

use sexton_buffers::{
    BufError, BufResult, Fill, IoBuf, IoBufMut, IoVecBufMut, OwnedBuf, ReadBuf, ReadBufVec,
};
use sexton_io::{
    BufRead, BufReader, Interest, NonBlocking, OwnedRead, Read, Ready, continue_on_block,
};

use crate::support::{Bump, Bumpy, Script, Step, block_on, poll_times};

const TEXT: &[u8] = b"0123456789abcdefghij";

#[test]
fn all_kinds_of_reads_mix_in_order() {
    block_on(async {
        let mut reader = BufReader::with_capacity(Bumpy::new(TEXT, [Bump::AtMost(7)]), 8);
        assert_eq!(reader.fill_buf().await.unwrap(), b"0123456");
        reader.consume(1);
        let mut two = [0; 2];
        reader.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"12");
        let (n, buf) = reader.read_owned(Vec::with_capacity(64)).await.unwrap();
        assert_eq!((n, &buf[..]), (4, &b"3456"[..]));
        let (_, buf) = reader.read_owned(buf.at_most(2)).await.unwrap();
        assert_eq!(buf.into_inner(), b"345678");
        let parts = (Vec::with_capacity(1).at_most(1), Vec::with_capacity(9));
        let (n, (a, b)) = reader.read_vectored_owned(parts).await.unwrap();
        assert_eq!((n, a.filled(), &b[..]), (5, &b"9"[..], &b"abcd"[..]));
        assert_eq!(reader.fill_at_least(6).await.unwrap(), b"efghij");
        assert_eq!(reader.next_byte().await.unwrap(), Some(b'e'));
        let mut rest = String::new();
        reader.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "fghij");
        assert_eq!(reader.read_owned(Vec::with_capacity(4).at_most(4)).await.unwrap().0, 0);
    });
}

#[test]
fn small_reads_are_gathered_and_large_ones_go_by_the_memory() {
    block_on(async {
        let mut reader = BufReader::with_capacity(Bumpy::new(TEXT, []), 8);
        for _ in 0..3 {
            reader.read_owned(Vec::with_capacity(2).at_most(2)).await.unwrap();
        }
        assert_eq!(reader.get_ref().rooms, [8]);
        reader.read_owned(Vec::with_capacity(9).at_most(9)).await.unwrap(); // the two left
        assert_eq!(reader.get_ref().rooms, [8]);
        reader.read_owned(Vec::with_capacity(9).at_most(8)).await.unwrap();
        reader.read_vectored_owned([Vec::with_capacity(99).at_most(99)]).await.unwrap();
        assert_eq!(reader.get_ref().rooms, [8, 8, 99]);
        assert!(reader.is_read_vectored_owned() && reader.is_read_vectored());
        let plain = BufReader::new(Script::new([]).owned());
        assert!(!plain.is_read_vectored_owned());
    });
}

#[test]
fn vectored_reads_fill_every_buffer() {
    let mut reader = BufReader::with_capacity(TEXT, 5);
    for (n, x, y) in [(4, "01", "23"), (1, "4", ""), (4, "56", "78")] {
        let (mut a, mut b) = ([0; 2], [0; 2]);
        let mut bufs = [ReadBuf::from(&mut a[..]), ReadBuf::from(&mut b[..])];
        let mut bufs_vec = ReadBufVec::new(&mut bufs);
        assert_eq!(block_on(reader.read_buf_vectored(bufs_vec.cursor())).unwrap(), n);
        assert_eq!((bufs[0].filled(), bufs[1].filled()), (x.as_bytes(), y.as_bytes()));
    }
    let (n, _) = block_on(reader.read_vectored_owned([Vec::with_capacity(2)])).unwrap();
    assert_eq!(n, 1);
}

#[test]
fn a_buffer_without_room_is_an_error_and_a_read_of_nothing_asks_nothing() {
    let mut reader = BufReader::new(Bumpy::new(TEXT, []));
    let error = block_on(reader.read_owned(Vec::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let error = block_on(reader.read_vectored_owned((Vec::new(), Vec::new()))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(block_on(reader.read(&mut [])).unwrap(), 0);
    assert!(reader.get_ref().rooms.is_empty());
}

#[test]
fn the_end_is_a_level() {
    let empty = || ReadBuf::from(&mut [][..] as &mut [u8]);
    let mut reader = BufReader::new(Bumpy::new(b"a", [Bump::Wait, Bump::AtMost(1)]));
    let mut memory = [0; 4];
    for wanted in [&b"a"[..], b"", b"", b""] {
        let mut buf = ReadBuf::from(&mut memory[..]);
        block_on(async {
            loop {
                assert!(reader.ready(Interest::READ).await.unwrap().read());
                continue_on_block!(reader.non_blocking_read_buf(buf.unfilled()).unwrap());
                break;
            }
        });
        assert_eq!(buf.filled(), wanted);
    }
    // Without asking once more, too.
    let mut buf = ReadBuf::from(&mut memory[..]);
    assert_eq!(reader.non_blocking_read_buf(buf.unfilled()).unwrap(), NonBlocking::Ready(()));
    assert_eq!(reader.non_blocking_read_buf(empty().unfilled()).unwrap(), NonBlocking::Ready(()));
    for _ in 0..3 {
        assert_eq!(block_on(reader.fill_buf()).unwrap(), b"");
        assert_eq!(block_on(reader.fill_at_least(9)).unwrap(), b"");
        assert_eq!(block_on(reader.read(&mut memory)).unwrap(), 0);
        assert_eq!(block_on(reader.read_owned(Vec::with_capacity(9))).unwrap().0, 0);
    }
    // And it is no more than a level: files grow.
    reader.get_mut().append(b"b");
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"b");
}

/// A terminal: each end comes once, and a wait after it.
#[test]
fn an_end_that_ready_saw_is_told_before_anything_is_read_again() {
    type Reader = BufReader<Bumpy>;
    let reads: [fn(&mut Reader) -> Option<bool>; 4] = [
        |r| poll_times(1, r.fill_buf()).map(|b| b.unwrap().is_empty()),
        |r| poll_times(1, r.fill_at_least(3)).map(|b| b.unwrap().is_empty()),
        |r| poll_times(1, r.read(&mut [0; 3])).map(|n| n.unwrap() == 0),
        |r| poll_times(1, r.read_owned(Vec::with_capacity(9_000))).map(|r| r.unwrap().0 == 0),
    ];
    for read in reads {
        let mut reader = BufReader::new(Bumpy::new(b"", [Bump::AtMost(1), Bump::Wait]));
        assert!(poll_times(1, reader.ready(Interest::READ)).unwrap().unwrap().read());
        assert_eq!(read(&mut reader), Some(true));
        assert_eq!(read(&mut reader), None, "asks again");
    }
}

#[test]
fn without_bytes_a_read_that_may_not_wait_would_block() {
    let mut reader = BufReader::new(TEXT);
    let mut memory = [0; 4];
    let mut buf = ReadBuf::from(&mut memory[..]);
    assert_eq!(reader.non_blocking_read_buf(buf.unfilled()).unwrap(), NonBlocking::WouldBlock);
    block_on(reader.ready(Interest::READ_WRITE)).unwrap();
    assert_eq!(reader.non_blocking_read_buf(buf.unfilled()).unwrap(), NonBlocking::Ready(()));
    assert_eq!(buf.filled(), b"0123");
    let error = block_on(reader.ready(Interest::WRITE)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn errors_pass_and_cost_no_byte() {
    let steps = [
        Step::Bytes(b"ab".to_vec()),
        Step::Fail(ErrorKind::TimedOut),
        Step::Bytes(b"cd".to_vec()),
        Step::Fail(ErrorKind::ConnectionReset),
    ];
    let mut reader = BufReader::new(Script::new(steps).owned());
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"ab");
    let error = block_on(reader.fill_at_least(9)).unwrap_err();
    assert_eq!((error.kind(), reader.buffer()), (ErrorKind::TimedOut, &b"ab"[..]));
    assert_eq!(block_on(reader.fill_at_least(4)).unwrap(), b"abcd");
    reader.consume(4);
    assert_eq!(block_on(reader.fill_buf()).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"");
}

#[test]
fn a_head_in_many_pieces_is_shown_whole_however_often_it_was_cancelled() {
    for capacity in [1, 2, 7, 20, 64] {
        let stream = Script::new(TEXT.iter().flat_map(|&byte| {
            [Step::Block, Step::Fail(ErrorKind::Interrupted), Step::Bytes(vec![byte])]
        }));
        let mut reader = BufReader::with_capacity(stream.owned(), capacity);
        let mut rounds = 0;
        while reader.buffer().len() < TEXT.len() {
            let before = reader.buffer().to_vec();
            drop(poll_times(1 + rounds % 3, reader.fill_at_least(TEXT.len())));
            assert!(reader.buffer().starts_with(&before), "nothing shown is taken back");
            rounds += 1;
            assert!(rounds < 500, "cancelling keeps it from making progress");
        }
        assert_eq!(reader.buffer(), TEXT);
        reader.consume(TEXT.len());
        assert_eq!(block_on(reader.fill_at_least(2)).unwrap(), b"");
    }
}

#[test]
fn one_more_byte_each_time_moves_few_bytes_twice() {
    let text: Vec<u8> =
        (0..if cfg!(miri) { 300 } else { 2000_u16 }).map(|n| (n % 251) as u8).collect();
    let mut reader = BufReader::with_capacity(Bumpy::new(&text, [Bump::AtMost(3)]), 16);
    let mut len = 0;
    while len < text.len() {
        len = block_on(reader.fill_at_least(len + 1)).unwrap().len();
        assert!(reader.buffer() == &text[..len]);
    }
    // The reads have the room of memory that doubles, not a byte each.
    assert!(reader.get_ref().rooms.iter().filter(|&&room| room < 8).count() < 60);
}

#[test]
fn what_is_asked_for_and_cannot_be_had_is_an_error_that_costs_no_byte() {
    let mut reader = BufReader::new(TEXT);
    let error = block_on(reader.fill_at_least(usize::MAX)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfMemory);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), TEXT);
    reader.consume(3);
    let error = block_on(reader.fill_at_least(usize::MAX)).unwrap_err();
    assert_eq!((error.kind(), reader.buffer()), (ErrorKind::OutOfMemory, &TEXT[3..]));
}

#[test]
#[should_panic(expected = "consumed 21 bytes of 20")]
fn consuming_more_than_was_shown_panics() {
    let mut reader = BufReader::new(TEXT);
    block_on(reader.fill_buf()).unwrap();
    reader.consume(21);
}

#[test]
fn its_parts_are_the_reader_and_the_unread_bytes() {
    let mut reader = BufReader::with_capacity(TEXT, 8);
    block_on(reader.fill_buf()).unwrap();
    reader.consume(3);
    let (rest, ahead) = reader.into_parts();
    assert_eq!((&ahead[..], rest), (&b"34567"[..], &TEXT[8..]));
}

/// A safe implementation may lie about its counts.
struct Liar {
    claims: usize,
    gives: &'static [u8],
    fails: bool,
}

impl OwnedRead for Liar {
    async fn read_owned<B: IoBufMut>(&mut self, mut buf: B) -> BufResult<usize, B> {
        buf.fill_from(std::mem::take(&mut self.gives));
        if self.fails {
            return Err(BufError::new(ErrorKind::ConnectionReset, buf));
        }
        Ok((self.claims, buf))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((self.claims, bufs))
    }
}

#[test]
fn a_reader_that_lies_about_its_count_is_not_believed() {
    for claims in [0, 1, 5, usize::MAX] {
        let liar = |gives| BufReader::with_capacity(Liar { claims, gives, fails: false }, 8);
        for gives in [&b""[..], b"abc"] {
            assert_eq!(block_on(liar(gives).fill_buf()).unwrap(), gives);
            assert_eq!(block_on(liar(gives).fill_at_least(6)).unwrap(), gives);
            for room in [4, 64] {
                let buf = Fill::new(vec![0; room].into_boxed_slice());
                let (n, buf) = block_on(liar(gives).read_owned(buf)).unwrap();
                assert_eq!((n, buf.filled()), (gives.len(), gives));
            }
        }
        let (n, _) = block_on(liar(b"").read_vectored_owned([Vec::with_capacity(99)])).unwrap();
        assert_eq!(n, 0);
    }
}

#[test]
fn bytes_that_come_with_an_error_are_read_next() {
    let mut reader = BufReader::new(Liar { claims: 0, gives: b"abc", fails: true });
    assert_eq!(block_on(reader.fill_buf()).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"abc");
}

/// Keeps the memory it is lent, and gives back some of its own.
struct Swapper(Vec<OwnedBuf>);

impl OwnedRead for Swapper {
    async fn read_owned<B: IoBufMut>(&mut self, buf: B) -> BufResult<usize, B> {
        let mut buf: Box<dyn Any> = Box::new(buf);
        if let Some(lent) = buf.downcast_mut::<OwnedBuf>() {
            *lent = self.0.pop().unwrap();
        }
        Ok((1, *buf.downcast().unwrap()))
    }

    async fn read_vectored_owned<V: IoVecBufMut>(&mut self, bufs: V) -> BufResult<usize, V> {
        Ok((1, bufs))
    }
}

#[test]
fn a_reader_that_gives_back_another_buffer_is_read_from_that() {
    let swapper = Swapper(vec![b"cd".to_vec().into(), b"ab".to_vec().into()]);
    let mut reader = BufReader::new(swapper);
    assert_eq!(block_on(reader.fill_buf()).unwrap(), b"ab");
    reader.consume(1);
    assert_eq!(block_on(reader.fill_at_least(2)).unwrap(), b"b", "no byte came behind it");
    reader.consume(1);
    assert_eq!(block_on(reader.read_owned(Vec::with_capacity(1).at_most(1))).unwrap().0, 1);
    assert_eq!(reader.buffer(), b"d");
}
