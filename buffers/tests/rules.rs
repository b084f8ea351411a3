//! Every kind of buffer beside one plain model: append, limit, overwrite, clear, initialise once.
#![allow(unsafe_code, reason = "looks at bytes that a buffer says are initialised")]

mod support;

use proptest::{collection::vec, prelude::*};
use sexton_buffers::{Fill, FixedPool, IoBufMut, OwnedBuf, ProvidedPool, Tail};
use support::{Slot, Watched, moved, received};

#[derive(Clone, Debug)]
enum Step {
    /// The kernel reads so many bytes.
    Read(Vec<u8>),
    /// Somebody copies.
    FillFrom(Vec<u8>),
    /// A reader that wants `&mut [u8]` scribbles over all of it, and fills so many bytes.
    Fallback(usize),
    Clear,
    Change(u8),
    Move,
    /// Its type is erased, and found again.
    Erase,
}

fn step() -> impl Strategy<Value = Step> {
    let data = || vec(any::<u8>(), 0..12);
    prop_oneof![
        3 => data().prop_map(Step::Read),
        2 => data().prop_map(Step::FillFrom),
        2 => (0_usize..12).prop_map(Step::Fallback),
        1 => Just(Step::Clear),
        1 => any::<u8>().prop_map(Step::Change),
        1 => Just(Step::Move),
        1 => Just(Step::Erase),
    ]
}

/// What every buffer is: some bytes, and room for so many more.
struct Model {
    filled: Vec<u8>,
    room: usize,
}

impl Model {
    fn append(&mut self, data: &[u8]) -> usize {
        let n = data.len().min(self.room);
        self.filled.extend(&data[..n]);
        self.room -= n;
        n
    }
}

fn check<B: IoBufMut>(buf: &mut B, model: &Model) {
    assert_eq!(buf.filled(), model.filled);
    assert_eq!(buf.filled_mut(), model.filled);
    assert_eq!(buf.unfilled().len(), model.room);
    let init = buf.init_len();
    assert!(init <= model.room, "more initialised bytes than there are");
    let raw = buf.unfilled().cast::<u8>();
    for at in 0..init {
        // SAFETY: rule 7, which is what is tested: Miri knows which bytes are initialised.
        std::hint::black_box(unsafe { raw.wrapping_add(at).read() });
    }
}

/// Runs the steps on `buf`, whose filled bytes start out as they are.
fn obeys<B: IoBufMut>(mut buf: B, steps: &[Step]) {
    let mut model = Model { filled: buf.filled().to_vec(), room: buf.unfilled().len() };
    check(&mut buf, &model);
    for step in steps {
        match step {
            Step::Read(data) => {
                let (n, back) = Slot::new(buf).read(data);
                buf = back;
                assert_eq!(n, model.append(data));
            }
            Step::FillFrom(data) => assert_eq!(buf.fill_from(data), model.append(data)),
            Step::Fallback(n) => {
                let mut tail = Tail::new(&mut buf);
                let mut cursor = tail.unfilled();
                let room = cursor.ensure_init();
                let n = room.len().min(*n);
                room.fill(0xAB);
                cursor.advance(n);
                assert_eq!(tail.commit(), n);
                model.append(&[0xAB].repeat(n));
            }
            Step::Clear => {
                buf.clear();
                model.room += model.filled.len();
                model.filled.clear();
            }
            Step::Change(to) => {
                buf.filled_mut().fill(*to);
                model.filled.fill(*to);
            }
            Step::Move => buf = moved(buf),
            Step::Erase => {
                let erased = OwnedBuf::new(buf);
                buf = moved(erased).try_into_inner().expect("its own type");
            }
        }
        check(&mut buf, &model);
    }
}

fn prefilled() -> Vec<u8> {
    let mut vec = Vec::with_capacity(20);
    vec.extend(b"abcdefgh");
    vec
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 6 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_kind_of_buffer_obeys_the_rules(steps in vec(step(), 0..20)) {
        obeys(Vec::with_capacity(20), &steps);
        obeys(prefilled(), &steps);
        obeys(prefilled().at_most(5), &steps);
        obeys(prefilled().at_most(500), &steps);
        obeys(prefilled().slice_mut(2..7), &steps);
        obeys(prefilled().slice_mut(2..7).at_most(3), &steps);
        obeys(Fill::new(Box::<[u8]>::new_uninit_slice(20)), &steps);
        obeys(Fill::new(Box::new([0; 20])), &steps);
        obeys(Fill::full(Box::new([0; 20])), &steps);
        obeys(OwnedBuf::new(prefilled()), &steps);
        obeys(OwnedBuf::new(prefilled()).at_most(7), &steps);
        obeys(OwnedBuf::new(prefilled()).slice_mut(3..), &steps);
        obeys(OwnedBuf::new(Fill::new(Box::<[u8]>::new_uninit_slice(20))), &steps);
        obeys(OwnedBuf::new(Watched::<0>::with_capacity(20).0), &steps);
        obeys(OwnedBuf::new(Watched::<9>::with_capacity(20).0), &steps);
        let pool = ProvidedPool::new(0, 2, 20).unwrap();
        obeys(received(&pool, b""), &steps);
        obeys(OwnedBuf::new(received(&pool, b"abcdefgh")), &steps);
        pool.assert_valid();
        let pool = FixedPool::new(2, 20).unwrap();
        obeys(pool.take().unwrap(), &steps);
        // What an earlier user left is initialised, and not filled.
        obeys(OwnedBuf::new(pool.take().unwrap()), &steps);
        obeys(pool.take().unwrap().at_most(7), &steps);
        assert_eq!(pool.available(), 2);
    }
}
