//! What is compared: servers, and the loads that each of them gets.

/// How long a server's buffers are when a request has more than 4 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sized {
    /// As always.
    No,
    /// The connection's own buffer is as long as the request.
    Own,
    /// Provided buffers are as long as the request, and fewer: as much memory as otherwise.
    Provided,
}

/// A server program with its options.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name in tables.
    pub name: &'static str,
    /// The program.
    pub program: &'static str,
    /// Options that make it this variant.
    pub options: &'static [&'static str],
    /// Whether its buffers fit requests of more than 4 KiB.
    pub sized: Sized,
    /// Measured only with such requests: otherwise it is the same as another one.
    pub large_only: bool,
    /// What it does.
    pub about: &'static str,
}

impl Variant {
    /// Whether it is measured under this load.
    pub fn takes(&self, config: &Config) -> bool {
        !self.large_only || config.bytes > SHORT
    }
}

/// Bytes that a provided buffer, or a connection's own, has room for by default.
pub const SHORT: usize = 4096;

/// How many connections send how much.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Bytes of a request and of its echo.
    pub bytes: usize,
    /// Part of `--quick`.
    pub quick: bool,
}

impl Config {
    /// Its name in tables.
    pub fn name(&self) -> String {
        format!("{} x {} B", self.connections, self.bytes)
    }
}

/// The hand-written loop that the others are measured against.
pub const RAW_BEST: &str = "raw-best";
/// The runtime that the others are measured against.
pub const TOKIO: &str = "tokio";

/// Every server.
pub const VARIANTS: &[Variant] = &[
    Variant {
        name: RAW_BEST,
        program: "echo_raw",
        options: &["--direct"],
        sized: Sized::Provided,
        large_only: false,
        about: "io_uring by hand: multishot receives, provided buffers sent as they are, \
                direct descriptors",
    },
    Variant {
        name: "raw-plain-fds",
        program: "echo_raw",
        options: &[],
        sized: Sized::Provided,
        large_only: false,
        about: "the same with plain descriptors",
    },
    Variant {
        name: "raw-short-bufs",
        program: "echo_raw",
        options: &["--direct"],
        sized: Sized::No,
        large_only: true,
        about: "raw-best with provided buffers of 4 KiB for long requests, too",
    },
    Variant {
        name: "raw-oneshot",
        program: "echo_raw",
        options: &["--oneshot"],
        sized: Sized::Own,
        large_only: false,
        about: "io_uring by hand: one receive or send at a time, a buffer per connection",
    },
    Variant {
        name: TOKIO,
        program: "on_tokio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        about: "tokio on one thread: `read` and `write_all`, a buffer per connection",
    },
    Variant {
        name: "sexton-managed",
        program: "on_sexton",
        options: &["echo", "--managed"],
        sized: Sized::No,
        large_only: false,
        about: "Sexton on one core: `read_managed`, and the chunk itself written",
    },
    Variant {
        name: "sexton-managed-long-bufs",
        program: "on_sexton",
        options: &["echo", "--managed"],
        sized: Sized::Provided,
        large_only: true,
        about: "the same with provided buffers as long as the request, as raw-best has them",
    },
    Variant {
        name: "sexton-owned",
        program: "on_sexton",
        options: &["echo", "--owned"],
        sized: Sized::Own,
        large_only: false,
        about: "Sexton on one core: `read_owned` into the connection's own buffer",
    },
    Variant {
        name: "sexton-fill",
        program: "on_sexton",
        options: &["echo", "--fill"],
        sized: Sized::Own,
        large_only: false,
        about: "Sexton on one core: `fill_buf`, a copy into the connection's own buffer",
    },
];

/// Every load.
pub const CONFIGS: &[Config] = &[
    Config { connections: 1, bytes: 64, quick: false },
    Config { connections: 64, bytes: 64, quick: true },
    Config { connections: 1024, bytes: 64, quick: true },
    Config { connections: 64, bytes: 16 * 1024, quick: false },
];
