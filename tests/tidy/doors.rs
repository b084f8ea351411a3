//! The rule about the one door: sockets and files call the kernel by the runtime alone.

use crate::Complaints;
use crate::mask::{code, library, words};
use crate::text::numbered;

/// Crates that call the kernel themselves.
const CRATES: &[&str] = &["socket2", "rustix", "libc", "nix", "io_uring"];
/// Calls of std that ask the machine something, beside descriptors and paths.
const CALLS: &[&str] = &["Instant::now", "SystemTime::now", "thread::spawn", "thread::sleep"];
/// Modules of std with calls in them, and their types that only describe.
const MODULES: &[(&str, &[&str])] = &[
    ("std::net::", &ADDRESSES),
    ("std::os::unix::net::", &["SocketAddr"]),
    ("std::os::linux::net::", &[]),
    ("std::fs::", &["FileTimes", "FileType", "Metadata", "Permissions"]),
    ("std::os::unix::fs::", &["FileTypeExt", "MetadataExt", "PermissionsExt"]),
    ("std::os::linux::fs::", &["MetadataExt"]),
];
const ADDRESSES: [&str; 9] = [
    "AddrParseError",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "Shutdown",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "Incoming",
];
/// Types that own a descriptor. Conversions name them in full, so that a call on one can be seen.
const LIVE: &[&str] = &[
    "File",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "UnixDatagram",
    "UnixListener",
    "UnixStream",
];

/// Names no crate that calls the kernel, and no call of std on a descriptor or a path.
///
/// Unit tests may: their peers are std's.
pub(crate) fn one(path: &str, text: &str) -> Complaints {
    let masked = code(library(path, text));
    let mut complaints = Vec::new();
    for (number, line) in numbered(&masked) {
        let mut complain = |what: &str| complaints.push(format!("{path}:{number}: {what}"));
        if let Some(name) = words(line).find(|word| CRATES.contains(word)) {
            complain(&format!("names `{name}`: ask `runtime::sys`"));
        }
        if let Some(call) = CALLS.iter().find(|call| line.contains(**call)) {
            complain(&format!("calls `{call}`: ask the runtime"));
        }
        if hides_a_module(line) {
            complain("a module that has calls in it is imported whole or in a nested group");
        }
    }
    for (prefix, describing) in MODULES {
        for (at, _) in masked.match_indices(prefix) {
            // `std::fs::` is no part of `std::os::unix::fs::`, so a match is always its own.
            let number = masked[..at].matches('\n').count() + 1;
            let imports = masked[..at].rsplit([';', '}', '\n']).next().unwrap_or_default();
            let imports = words(imports).any(|word| word == "use");
            for (name, calls) in names(&masked[at + prefix.len()..]) {
                let live = LIVE.contains(&name) && !imports && !calls;
                if !live && !describing.contains(&name) {
                    complaints.push(format!("{path}:{number}: `{prefix}{name}`: ask the runtime"));
                }
            }
        }
    }
    complaints
}

/// `use std::{fs, io}`, `use std::net;`: what is called by it later cannot be seen.
fn hides_a_module(line: &str) -> bool {
    let import = words(line).any(|word| word == "use");
    let nested = line.contains("std::{") && words(line).any(|word| word == "net" || word == "fs");
    let whole = ["std::net", "std::fs", "unix::net", "unix::fs"].iter().any(|module| {
        line.match_indices(module).any(|(at, _)| {
            let rest = line[at + module.len()..].trim_start();
            rest.starts_with(';') || rest.starts_with("as ")
        })
    });
    import && (nested || whole)
}

/// The names behind `std::net::`, one or a group, each with whether something of it is called.
fn names(rest: &str) -> Vec<(&str, bool)> {
    let group = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    if let Some((group, _)) = group {
        return words(group).filter(|word| *word != "as").map(|name| (name, false)).collect();
    }
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let after = after.trim_start();
    vec![(name, after.starts_with("::") || after.starts_with('('))]
}

#[test]
fn a_second_door_is_seen() {
    let bad = [
        "use socket2::Socket;",
        "rustix::fs::fstat(fd)",
        "let x: libc::c_int = 0;",
        "use std::net::ToSocketAddrs;",
        "use std::net::{SocketAddr, TcpStream};",
        "std::net::TcpStream::connect(a)",
        "use std::fs::File;",
        "std::fs::read(path)",
        "use std::fs;",
        "use std::fs as files;",
        "use std::{fs, io};",
        "use std::os::unix::fs::FileExt;",
        "let now = Instant::now();",
        "use std::net::{\n    TcpListener,\n    SocketAddr,\n};",
    ];
    for text in bad {
        assert_eq!(one("net/src/a.rs", text).len(), 1, "{text}: {:?}", one("net/src/a.rs", text));
    }
}

#[test]
fn descriptions_conversions_and_tests_pass() {
    let good = [
        "use std::net::{IpAddr, SocketAddr};",
        "use std::net::Shutdown;",
        "pub fn from_std(stream: std::net::TcpStream) -> Self {",
        "impl From<std::fs::File> for File {",
        "fn metadata() -> std::fs::Permissions {",
        "// std::fs::read would block",
        "#[cfg(test)]\nmod tests { use std::net::TcpStream; }",
    ];
    for text in good {
        assert!(one("net/src/a.rs", text).is_empty(), "{text}: {:?}", one("net/src/a.rs", text));
    }
    assert!(one("net/src/tcp/tests.rs", "use std::net::TcpStream;").is_empty());
}
