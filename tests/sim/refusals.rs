//! Programs where the kernel refuses: each fall-back path is taken, and nothing is lost.

use super::network::conversation;
use sexton::io::BufRead;
use sexton::net::{TcpListener, TcpStream, UnixStream};
use sexton::sim::{Fault, Faults, Kernel, Sim};
use std::future::Future;

/// So many seeds of each.
const SEEDS: u64 = 20;

fn told<F: Future<Output = ()>>(faults: Faults, cores: usize, fault: Fault, body: fn() -> F) {
    let mut count = 0;
    for kernel in Kernel::ALL {
        for seed in 0..SEEDS {
            let sim = Sim::new(seed).profile(*kernel).faults(faults).cores(cores);
            match sim.try_run(body) {
                Ok(((), report)) => count += report.faults.get(fault),
                Err(failure) => failure.raise(),
            }
        }
    }
    assert!(count >= SEEDS, "{} occurred {count} times", fault.name());
}

#[test]
fn every_set_up_flag_can_be_done_without() {
    told(Faults::scheduling().refused_flags(1.0), 2, Fault::RefusedFlag, conversation);
}

#[test]
fn a_ring_that_finds_no_memory_for_a_while_is_smaller_and_does_the_same() {
    told(Faults::scheduling().scarce_memory(1.0), 2, Fault::ScarceMemory, conversation);
}

/// Of several cores some have started when one can't: they end, and all of them start again.
#[test]
fn a_runtime_of_which_a_core_can_not_start_ends_the_others_and_may_be_asked_for_again() {
    told(Faults::scheduling().start_errors(0.4), 3, Fault::StartError, conversation);
}

#[test]
fn a_runtime_that_never_starts_says_why() {
    let failure = Sim::new(5).faults(Faults::none().start_errors(1.0)).try_run(|| async {});
    let reason = failure.unwrap_err().reasons()[0].clone();
    assert!(reason.contains("could not be built"), "{reason}");
}

/// The pool for all connections of a core is not to be had: each has memory of its own.
#[test]
fn streams_read_into_their_own_buffers_where_provided_ones_are_refused() {
    told(Faults::scheduling().register_errors(1.0), 1, Fault::RegisterError, || async {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
        let bytes = sent.clone();
        let writes = sexton::spawn(async move { writer.write_all_owned(bytes).await.map(drop) });
        let mut got = Vec::new();
        loop {
            let some = reader.fill_buf().await.unwrap().len();
            got.extend_from_slice(&reader.fill_buf().await.unwrap()[..some]);
            reader.consume(some);
            match reader.read_managed(1000).await.unwrap() {
                Some(chunk) => got.extend_from_slice(&chunk),
                None => break,
            }
        }
        writes.await.unwrap().unwrap();
        assert_eq!(got, sent);
    });
}

/// `accept(2)` asks to treat what the network reports as what is to be tried again.
#[test]
fn an_accept_that_is_to_be_tried_again_is() {
    Sim::new(1).run(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        sexton::sim::hand::fail_next(&listener, 11).unwrap();
        let addr = listener.local_addr().unwrap();
        let client = sexton::spawn(TcpStream::connect(addr));
        listener.accept().await.unwrap();
        client.await.unwrap().unwrap();
    });
}
