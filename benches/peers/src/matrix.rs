//! What is compared: jobs, who does them, and how that is measured.

use crate::variants::Variant;

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

/// What a load asks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// A request at a time on each connection, and its echo.
    Echo,
    /// So many requests at a time on each connection.
    Pipeline(usize),
    /// A connection for each request.
    Storm,
    /// Bytes for the server.
    Up,
    /// Bytes from the server.
    Down,
    /// A datagram at a time from each socket, and its echo.
    Datagrams,
}

impl Load {
    /// The work of a server that it asks for.
    pub fn work(self) -> &'static str {
        match self {
            Self::Echo | Self::Pipeline(_) | Self::Storm => "echo",
            Self::Up => "up",
            Self::Down => "down",
            Self::Datagrams => "datagrams",
        }
    }

    /// The options of `load` for it.
    pub fn options(self) -> Vec<String> {
        match self {
            Self::Echo => Vec::new(),
            Self::Pipeline(depth) => vec!["--depth".to_owned(), depth.to_string()],
            Self::Storm => vec!["--storm".to_owned()],
            Self::Up => vec!["--up".to_owned()],
            Self::Down => vec!["--down".to_owned()],
            Self::Datagrams => vec!["--datagrams".to_owned()],
        }
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
    /// Rounds that say enough, if fewer than all do; `--rounds` has the last word.
    pub enough: Option<usize>,
    /// How often in a round everybody does it, by turns. Servers and their loads stay for all
    /// turns, which share the time of the round.
    pub turns: usize,
    /// Whether the load has a core of its own.
    pub apart: bool,
    /// What one operation is.
    pub unit: &'static str,
    /// Files that it needs, with their lengths; or, with a `/` at the end, a folder of so many
    /// small ones.
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
    /// A server under our load.
    Served {
        /// The server.
        variant: Variant,
        /// How much.
        config: Config,
        /// What the load does.
        load: Load,
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
    /// `examples/echo` on so many cores, with a load on both.
    Cores {
        /// How many.
        cores: usize,
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
    Files {
        /// On so many.
        cores: usize,
        /// Whether the load has the same cores, and not one of its own.
        shared: bool,
    },
    /// nginx.
    Nginx {
        /// Whether it keeps files open.
        cache: bool,
    },
}
