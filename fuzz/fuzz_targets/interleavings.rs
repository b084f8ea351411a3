//! Programs and their interleavings from bytes, on the simulated kernel.
//!
//! The first two bytes are the seed: which programs, which kernel, which faults, and what the
//! kernel does. The others turn single choices of the programs: what is read and written, what
//! becomes of each future, when. The programs check themselves against their models, and the kernel
//! checks what it is asked for.
#![no_main]

mod program;

use libfuzzer_sys::fuzz_target;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::abort;

fuzz_target!(
    // Some programs panic on purpose; a failure is told below.
    init: set_hook(Box::new(|_| ())),
    |bytes: &[u8]| {
        let Some((&[low, high], tape)) = bytes.split_first_chunk::<2>() else { return };
        program::dice::load(tape);
        let plan = program::Plan::new(u64::from(low) | u64::from(high) << 8, None, None, None);
        match catch_unwind(AssertUnwindSafe(|| plan.run())) {
            Ok(Ok(_)) => {}
            Ok(Err(failure)) => fail(&format!("{plan}\n{failure}")),
            Err(panic) => fail(&format!("{plan}\nwhat it left was wrong: {}", said(&*panic))),
        }
    }
);

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("something else than a text")
}

fn fail(why: &str) -> ! {
    eprintln!("{why}");
    abort()
}
