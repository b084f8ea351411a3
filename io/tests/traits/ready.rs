//! The loop of `ready` and a non-blocking call makes progress, whatever the readiness.

use sexton_buffers::ReadBuf;
use sexton_io::{Interest, NonBlocking, Read, Readiness, continue_on_block};

use crate::support::{Script, Step, block_on};

async fn ready_loop<R: Read>(reader: &mut R) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        reader.ready(Interest::READ).await?;
        let mut bytes = [0; 4];
        let mut buf = ReadBuf::from(&mut bytes[..]);
        continue_on_block!(reader.non_blocking_read_buf(buf.unfilled())?);
        if buf.filled().is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(buf.filled());
    }
}

#[test]
fn a_ready_loop_reads_all_through_waits_and_false_alarms() {
    let mut reader = Script::new([
        Step::Block,
        Step::Bytes(b"first".to_vec()),
        Step::Spurious,
        Step::Spurious,
        Step::Bytes(b"second".to_vec()),
        Step::Block,
    ]);
    assert_eq!(block_on(ready_loop(&mut reader)).unwrap(), b"firstsecond");
    assert_eq!(reader.would_block, 2, "it waited for readiness, or was told a false alarm");
}

#[test]
fn the_end_is_a_level_that_every_adaptor_keeps() {
    let two = || Script::slow(["ab", "c"]);
    let mut plain = two();
    let mut short = two().take(2);
    let mut both = two().chain(two());
    let mut nested = two().take(0).chain(two().take(1)).take(9);
    for _ in 0..3 {
        let _again = block_on(ready_loop(&mut plain)).unwrap();
        let _again = block_on(ready_loop(&mut short)).unwrap();
        let _again = block_on(ready_loop(&mut both)).unwrap();
        let _again = block_on(ready_loop(&mut nested)).unwrap();
    }
    assert_eq!(block_on(ready_loop(&mut two())).unwrap(), b"abc");
    assert_eq!(block_on(ready_loop(&mut two().take(2))).unwrap(), b"ab");
    assert_eq!(block_on(ready_loop(&mut two().chain(two()))).unwrap(), b"abcabc");
    let mut nested = two().take(0).chain(two().take(1)).take(9);
    assert_eq!(block_on(ready_loop(&mut nested)).unwrap(), b"a");
}

#[test]
fn an_interest_is_a_set() {
    assert!(Interest::READ_WRITE.contains(Interest::READ));
    assert!(!Interest::READ.contains(Interest::READ_WRITE));
    assert_eq!(format!("{:?}", Interest::READ | Interest::WRITE), "Interest(0b11)");
    for bits in 0..8 {
        let (read, write, hup) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
        let readiness = Readiness::new(read, write, hup);
        assert_eq!((readiness.read(), readiness.write(), readiness.hup()), (read, write, hup));
        assert_eq!(format!("{readiness:?}"), format!("Readiness({bits:#b})"));
    }
}

#[test]
fn what_would_block_has_no_value() {
    assert_eq!(NonBlocking::<u8>::WouldBlock.map(u16::from), NonBlocking::WouldBlock);
}
