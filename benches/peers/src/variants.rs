//! Every server of ours, and which loads it is measured under.

use crate::matrix::{Config, Load, Role};

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
    /// Whose it is.
    pub role: Role,
    /// What it does.
    pub about: &'static str,
}

impl Variant {
    /// Whether it is measured under this load.
    pub fn takes(&self, load: Load, config: &Config) -> bool {
        let is_one_of = |names: &[&str]| names.contains(&self.name);
        match load {
            Load::Echo => !self.large_only || config.bytes > SHORT,
            Load::Pipeline(_) | Load::Storm => self.name != BORROWED && !self.large_only,
            Load::Up => {
                let ours = [RAW_BEST, "sexton-managed", "sexton-owned", "sexton-fill"];
                self.role == Role::Peer || is_one_of(&ours)
            }
            Load::Down => self.role == Role::Peer || is_one_of(&[RAW_BEST, "sexton-owned"]),
            Load::Datagrams => {
                // kimojio has `recvmsg` with a header that its user has to build, unsafely.
                let able = self.role == Role::Peer && self.name != "kimojio";
                able || is_one_of(&[RAW_BEST, "sexton-owned", BORROWED])
            }
        }
    }
}

/// Bytes that a provided buffer, or a connection's own, has room for by default.
pub const SHORT: usize = 4096;

/// The hand-written loop that echoes are measured against.
pub const RAW_BEST: &str = "raw-best";
/// Plain calls first: echoes and datagrams show what they cost.
pub const BORROWED: &str = "sexton-borrowed";

/// Every server of ours.
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
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "tokio on one thread: `read` and `write_all`, a buffer per connection",
    },
    Variant {
        name: "monoio",
        program: "on_monoio",
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "monoio, io_uring driver: `read` and `write_all` of the connection's own buffer",
    },
    Variant {
        name: "compio",
        program: "on_compio",
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "compio: the same",
    },
    Variant {
        name: "glommio",
        program: "on_glommio",
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "glommio: `read` and `write_all` on a borrowed buffer",
    },
    Variant {
        name: "kimojio",
        program: "on_kimojio",
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "kimojio: `read` and `write` on a borrowed buffer",
    },
    Variant {
        name: "tokio-uring",
        program: "on_tokio_uring",
        options: &[],
        sized: Sized::Own,
        large_only: false,
        role: Role::Peer,
        about: "tokio-uring: `read` and `write_all` of the connection's own buffer",
    },
    Variant {
        name: "sexton-managed",
        program: "on_sexton",
        options: &["--managed"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `read_managed`, and the chunk itself written",
    },
    Variant {
        name: "sexton-managed-whole",
        program: "on_sexton",
        options: &["--managed", "--consumption", "whole"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "the same with a provided buffer for each receive, as before Linux 6.10",
    },
    Variant {
        name: "sexton-managed-bundle",
        program: "on_sexton",
        options: &["--managed", "--consumption", "bundle"],
        sized: Sized::No,
        large_only: false,
        role: Role::Sexton,
        about: "the same with receives that take several provided buffers, as on Linux 6.10",
    },
    Variant {
        name: "sexton-managed-long-bufs",
        program: "on_sexton",
        options: &["--managed", "--consumption", "whole"],
        sized: Sized::Provided,
        large_only: true,
        role: Role::Sexton,
        about: "the same with provided buffers as long as the request, as raw-best has them",
    },
    Variant {
        name: "sexton-owned",
        program: "on_sexton",
        options: &["--owned"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `read_owned` into the connection's own buffer",
    },
    Variant {
        name: "sexton-fill",
        program: "on_sexton",
        options: &["--fill"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core: `fill_buf`, a copy into the connection's own buffer",
    },
    Variant {
        name: BORROWED,
        program: "on_sexton",
        options: &["--borrowed"],
        sized: Sized::Own,
        large_only: false,
        role: Role::Sexton,
        about: "Sexton on one core, memory that is borrowed, so each receive tries a plain call \
                first: `read` and `write_all`; of datagrams, `recv_from` and `send_to`",
    },
];
