//! No byte is zeroed twice: what is initialised is remembered from turn to turn.
use sexton_buffers::{Fill, IoBuf, IoBufMut, OwnedBuf, ReadBuf, ReadCursor, Tail, VecTail};

const MARK: u8 = 0xAB;

/// A reader that wants `&mut [u8]`, scribbles over all of it, and reads one byte.
fn scribble(mut into: ReadCursor<'_>) -> usize {
    let room = into.ensure_init();
    let fresh = room.iter().filter(|&&byte| byte != MARK).count();
    room.fill(MARK);
    into.advance(1);
    fresh
}

#[test]
fn a_read_buf_is_zeroed_once() {
    let mut memory = Box::<[u8]>::new_uninit_slice(8);
    let mut buf = ReadBuf::from(&mut memory[..]);
    assert_eq!(scribble(buf.unfilled().at_most(3)), 3);
    assert_eq!(scribble(buf.unfilled()), 5);
    assert_eq!(scribble(buf.unfilled()), 0);
    buf.clear();
    assert_eq!(scribble(buf.unfilled()), 0);
    assert_eq!((buf.init_len(), buf.filled()), (8, &[MARK][..]));
}

#[test]
fn initialised_memory_is_not_zeroed_at_all() {
    let mut memory = [MARK; 8];
    assert_eq!(scribble(ReadBuf::from(&mut memory[..]).unfilled()), 0);

    let mut buf = Fill::new(Box::new([MARK; 8]));
    assert_eq!(buf.init_unfilled(), [MARK; 8]);

    let mut window = vec![MARK; 8].slice_mut(2..4);
    assert_eq!(window.init_unfilled(), [MARK; 2]);
}

/// Zeroes once by hand, then never again, whatever happens between.
fn is_zeroed_once<B: IoBufMut>(mut buf: B) -> B {
    assert_eq!(buf.fill_from(b"ab"), 2);
    assert_eq!(buf.init_unfilled(), [0; 6]);
    buf.init_unfilled().fill(MARK);
    assert_eq!(buf.init_len(), 6);
    assert_eq!(buf.fill_from(b"c"), 1);
    assert_eq!(buf.init_unfilled(), [MARK; 5]);
    buf.clear();
    assert_eq!(buf.init_len(), 8, "what was filled stays initialised");
    assert_eq!(buf.init_unfilled(), [b'a', b'b', b'c', MARK, MARK, MARK, MARK, MARK]);
    buf
}

#[test]
fn buffers_that_remember_are_zeroed_once() {
    is_zeroed_once(Fill::new(Box::<[u8]>::new_uninit_slice(8)));
    is_zeroed_once(OwnedBuf::new(Vec::with_capacity(8)));
    is_zeroed_once(OwnedBuf::new(Fill::new(Box::<[u8]>::new_uninit_slice(8))));
    is_zeroed_once(OwnedBuf::with_capacity(8).at_most(8));
}

#[test]
fn what_is_known_survives_erasing_and_the_way_back() {
    let mut buf = Fill::new(Box::<[u8]>::new_uninit_slice(8));
    Tail::new(&mut buf).unfilled().at_most(3).ensure_init();
    let mut erased = OwnedBuf::new(buf);
    assert_eq!(erased.init_len(), 3);
    erased.init_unfilled().fill(MARK);
    let mut buf = erased.try_into_inner::<Fill<Box<[std::mem::MaybeUninit<u8>]>>>().unwrap();
    assert_eq!(buf.init_unfilled(), [MARK; 8]);
}

#[test]
fn a_tail_remembers_for_buffers_that_cannot() {
    let mut vec = Vec::with_capacity(8);
    let room = vec.capacity();
    {
        let mut tail = Tail::new(&mut vec);
        assert_eq!(scribble(tail.unfilled()), room);
        assert_eq!(scribble(tail.unfilled()), 0);
        assert_eq!(tail.commit(), 1);
        assert_eq!(scribble(tail.unfilled()), 0);
    }
    assert_eq!(vec, [MARK; 3]);
    // The next tail over a `Vec` knows nothing any more.
    assert_eq!(Tail::new(&mut vec).unfilled().init_len(), 0);
}

#[test]
fn a_tail_that_grew_forgets_what_was_initialised() {
    let mut vec = Vec::with_capacity(4);
    let mut tail = VecTail::new(&mut vec);
    scribble(tail.unfilled());
    tail.reserve(4096); // moves to new memory, of which nothing is known
    let room = tail.room();
    assert!(room >= 4096);
    assert_eq!(tail.unfilled().init_len(), 0);
    assert_eq!(scribble(tail.unfilled()), room);
    tail.reserve(16); // has room
    assert_eq!(tail.unfilled().init_len(), room - 1);
    assert_eq!(tail.buf().filled(), [MARK; 2]);
}
