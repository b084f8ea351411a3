//! The guides in `docs/guides/`, so that their examples are compiled and run as tests.

#[doc = include_str!("../docs/guides/choosing-a-read.md")]
struct ChoosingARead;

#[doc = include_str!("../docs/guides/cancellation.md")]
struct Cancellation;

#[doc = include_str!("../docs/guides/implementing-read.md")]
struct ImplementingRead;

#[doc = include_str!("../docs/guides/implementing-owned-read.md")]
struct ImplementingOwnedRead;

#[doc = include_str!("../docs/guides/implementing-io-buf.md")]
struct ImplementingIoBuf;

#[cfg(feature = "sim")]
#[doc = include_str!("../docs/guides/simulation.md")]
struct Simulation;
