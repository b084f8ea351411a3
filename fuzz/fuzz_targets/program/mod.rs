//! The random programs of `examples/simulate`, with dice that look at the fuzzer's bytes.

pub(crate) mod dice;
#[path = "../../../examples/simulate/program/draw.rs"]
mod draw;
#[path = "../../../examples/simulate/program/accepts.rs"]
mod accepts;
#[path = "../../../examples/simulate/program/buffered.rs"]
mod buffered;
#[path = "../../../examples/simulate/program/bytes.rs"]
mod bytes;
#[path = "../../../examples/simulate/program/crowd.rs"]
mod crowd;
#[path = "../../../examples/simulate/program/datagrams.rs"]
mod datagrams;
#[path = "../../../examples/simulate/program/files.rs"]
mod files;
#[path = "../../../examples/simulate/program/folders.rs"]
mod folders;
#[path = "../../../examples/simulate/program/listings.rs"]
mod listings;
#[path = "../../../examples/simulate/program/lives.rs"]
mod lives;
#[path = "../../../examples/simulate/program/log.rs"]
mod log;
#[path = "../../../examples/simulate/program/many.rs"]
mod many;
#[path = "../../../examples/simulate/program/memory.rs"]
mod memory;
#[path = "../../../examples/simulate/program/own.rs"]
mod own;
#[path = "../../../examples/simulate/program/peeks.rs"]
mod peeks;
#[path = "../../../examples/simulate/program/pieces.rs"]
mod pieces;
#[path = "../../../examples/simulate/program/plan.rs"]
#[allow(dead_code, reason = "what the command line of the example chooses is left to the bytes")]
mod plan;
#[path = "../../../examples/simulate/program/polled.rs"]
mod polled;
#[path = "../../../examples/simulate/program/power.rs"]
mod power;
#[path = "../../../examples/simulate/program/reads.rs"]
mod reads;
#[path = "../../../examples/simulate/program/relays.rs"]
mod relays;
#[path = "../../../examples/simulate/program/risk.rs"]
mod risk;
#[path = "../../../examples/simulate/program/rules.rs"]
mod rules;
#[path = "../../../examples/simulate/program/shared.rs"]
mod shared;
#[path = "../../../examples/simulate/program/sought.rs"]
mod sought;
#[path = "../../../examples/simulate/program/streams.rs"]
mod streams;
#[path = "../../../examples/simulate/program/tape.rs"]
mod tape;
#[path = "../../../examples/simulate/program/tasks.rs"]
mod tasks;
#[path = "../../../examples/simulate/program/timers.rs"]
mod timers;
#[path = "../../../examples/simulate/program/writes.rs"]
mod writes;
#[path = "../../../examples/simulate/program/zero_copy.rs"]
mod zero_copy;

pub(crate) use plan::Plan;
