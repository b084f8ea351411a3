//! What is compared: servers, programs, and the work that each of them gets.

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

/// Whose a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Written by hand for this one purpose.
    Hand,
    /// Another runtime.
    Peer,
    /// Another program, in C.
    Program,
    /// Ours.
    Sexton,
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
    /// Whose it is.
    pub role: Role,
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
}

impl Config {
    /// Its name in tables.
    pub fn name(&self) -> String {
        format!("{} x {} B", self.connections, self.bytes)
    }
}

/// Something to do, and all who do it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name, for `--workload`.
    pub workload: &'static str,
    /// Which of several, for tables.
    pub config: String,
    /// Where it lies on the axis of a plot of growth.
    pub x: Option<f64>,
    /// Whether it is part of `--quick`.
    pub quick: bool,
    /// Whether the load has a core of its own.
    pub apart: bool,
    /// What one operation is.
    pub unit: &'static str,
    /// Files that it needs, with their lengths.
    pub files: Vec<(&'static str, u64)>,
    /// Who does it.
    pub entrants: Vec<Entrant>,
}

impl Job {
    /// Its name in tables.
    pub fn name(&self) -> String {
        format!("{}, {}", self.workload, self.config)
    }
}

/// Who does a job.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// The name in tables, for `--only`.
    pub name: &'static str,
    /// Whose it is.
    pub role: Role,
    /// The program that has to be there, if it is one of ours.
    pub program: &'static str,
    /// How it is measured.
    pub how: How,
}

/// How an entrant is measured.
#[derive(Clone, Debug)]
pub enum How {
    /// The program measures itself.
    Inside {
        /// The program.
        program: &'static str,
        /// Its options.
        options: Vec<String>,
    },
    /// An echo server under our load.
    Echo {
        /// The server.
        variant: Variant,
        /// The load.
        config: Config,
        /// Whether each request has a connection of its own.
        storm: bool,
    },
    /// An echo server with connections that say nothing.
    Idle {
        /// The server.
        variant: Variant,
        /// How many.
        connections: usize,
    },
    /// fio.
    Fio {
        /// Its options.
        options: Vec<String>,
        /// Reads.
        operations: u64,
    },
    /// A TCP proxy between our load and the echo by hand.
    Proxy {
        /// The program, or haproxy if it is none of ours.
        program: &'static str,
        /// The load.
        config: Config,
    },
    /// A server of files under wrk.
    Http {
        /// The server.
        server: Http,
        /// The file that is asked for.
        file: &'static str,
    },
}

/// A server of files.
#[derive(Clone, Copy, Debug)]
pub enum Http {
    /// `examples/files`.
    Files,
    /// nginx.
    Nginx {
        /// Whether it keeps files open.
        cache: bool,
    },
}

/// The hand-written loop that echoes are measured against.
pub const RAW_BEST: &str = "raw-best";

/// Every echo server.
pub const VARIANTS: &[Variant] = &[
    Variant {
        name: RAW_BEST,
        program: "echo_raw",
        options: &["--direct"],
        sized: Sized::Provided,
        large_only: false,
        role: Role::Hand,
        about: "io_uring by hand: multishot receives, provided buffers sent as they are, \
                direct descriptors",
    },
    Variant {
        name: "raw-plain-fds",
        program: "echo_raw",
        options: &[],
        sized: Sized::Provided,
        large_only: false,
        role: Role::Hand,
        about: "the same with plain descriptors",
    },
    Variant {
        name: "raw-short-bufs",
        program: "echo_raw",
        options: &["--direct"],
        sized: Sized::No,
        large_only: true,
        role: Role::Hand,
        about: "raw-best with provided buffers of 4 KiB for long requests, too",
    },
    Variant {
        name: "raw-oneshot",
        program: "echo_raw",
        options: &["--oneshot"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Hand,
        about: "io_uring by hand: one receive or send at a time, a buffer per connection",
    },
    Variant {
        name: "tokio",
        program: "on_tokio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "tokio on one thread: `read` and `write_all`, a buffer per connection",
    },
    Variant {
        name: "monoio",
        program: "on_monoio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "monoio, io_uring driver: `read` and `write_all` of the connection's own buffer",
    },
    Variant {
        name: "compio",
        program: "on_compio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "compio: the same",
    },
    Variant {
        name: "glommio",
        program: "on_glommio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "glommio: `read` and `write_all` on a borrowed buffer",
    },
    Variant {
        name: "kimojio",
        program: "on_kimojio",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "kimojio: `read` and `write` on a borrowed buffer",
    },
    Variant {
        name: "tokio-uring",
        program: "on_tokio_uring",
        options: &["echo"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "tokio-uring: `read` and `write_all` of the connection's own buffer",
    },
    Variant {
        name: "sexton-managed",
        program: "on_sexton",
        options: &["echo", "--managed"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `read_managed`, and the chunk itself written",
    },
    Variant {
        name: "sexton-managed-whole",
        program: "on_sexton",
        options: &["echo", "--managed", "--consumption", "whole"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "the same with a provided buffer for each receive, as before Linux 6.10",
    },
    Variant {
        name: "sexton-managed-bundle",
        program: "on_sexton",
        options: &["echo", "--managed", "--consumption", "bundle"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "the same with receives that take several provided buffers, as on Linux 6.10",
    },
    Variant {
        name: "sexton-managed-long-bufs",
        program: "on_sexton",
        options: &["echo", "--managed", "--consumption", "whole"],
        sized: Sized::Provided,
        large_only: true,
        role: Role::Sexton,
        about: "the same with provided buffers as long as the request, as raw-best has them",
    },
    Variant {
        name: "sexton-owned",
        program: "on_sexton",
        options: &["echo", "--owned"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `read_owned` into the connection's own buffer",
    },
    Variant {
        name: "sexton-fill",
        program: "on_sexton",
        options: &["echo", "--fill"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `fill_buf`, a copy into the connection's own buffer",
    },
];
