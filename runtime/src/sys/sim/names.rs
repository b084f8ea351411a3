//! Names of sockets, as the kernel's structs have them, and what else sockets are told.

use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr as UnixAddr;

use super::objects::{Id, Name, Object};
use super::world::State;

const LEN_FAMILY: usize = size_of::<libc::sa_family_t>();

/// As `struct sockaddr_in`, `sockaddr_in6` or `sockaddr_un`.
pub(super) fn encode(name: &Name) -> Vec<u8> {
    let family = |family: i32| (family as libc::sa_family_t).to_ne_bytes().to_vec();
    match name {
        Name::Internet(SocketAddr::V4(addr)) => {
            let mut bytes = family(libc::AF_INET);
            bytes.extend(addr.port().to_be_bytes());
            bytes.extend(addr.ip().octets());
            bytes.resize(size_of::<libc::sockaddr_in>(), 0);
            bytes
        }
        Name::Internet(SocketAddr::V6(addr)) => {
            let mut bytes = family(libc::AF_INET6);
            bytes.extend(addr.port().to_be_bytes());
            bytes.extend(addr.flowinfo().to_ne_bytes());
            bytes.extend(addr.ip().octets());
            bytes.extend(addr.scope_id().to_ne_bytes());
            bytes
        }
        Name::Local(path) => {
            let mut bytes = family(libc::AF_UNIX);
            bytes.extend(path);
            bytes
        }
    }
}

/// The name in such a struct; none if it is no name of a kind that is known.
pub(super) fn decode(bytes: &[u8]) -> Option<Name> {
    let (family, rest) = bytes.split_first_chunk::<LEN_FAMILY>()?;
    let family = i32::from(libc::sa_family_t::from_ne_bytes(*family));
    if family == libc::AF_UNIX {
        // A path ends at its null byte, an abstract name with the struct.
        let len = match rest.first() {
            Some(0) | None => rest.len(),
            Some(_) => rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len()),
        };
        return Some(Name::Local(rest[..len].to_vec()));
    }
    let (port, rest) = rest.split_first_chunk::<2>()?;
    let port = u16::from_be_bytes(*port);
    if family == libc::AF_INET {
        let ip: [u8; 4] = *rest.first_chunk()?;
        return Some(Name::Internet(SocketAddrV4::new(Ipv4Addr::from(ip), port).into()));
    }
    if family != libc::AF_INET6 {
        return None;
    }
    let (flowinfo, rest) = rest.split_first_chunk::<4>()?;
    let (ip, rest) = rest.split_first_chunk::<16>()?;
    let scope = rest.first_chunk::<4>()?;
    let (flowinfo, scope) = (u32::from_ne_bytes(*flowinfo), u32::from_ne_bytes(*scope));
    Some(Name::Internet(SocketAddrV6::new(Ipv6Addr::from(*ip), port, flowinfo, scope).into()))
}

/// `sun_path` of an address.
pub(super) fn of_local(addr: &UnixAddr) -> Vec<u8> {
    match (addr.as_pathname(), addr.as_abstract_name()) {
        (Some(path), _) => path.as_os_str().as_bytes().to_vec(),
        (None, Some(name)) => [&[0], name].concat(),
        (None, None) => Vec::new(),
    }
}

/// As [`shutdown`], in std's words.
pub(super) fn how(how: Shutdown) -> i32 {
    match how {
        Shutdown::Read => libc::SHUT_RD,
        Shutdown::Write => libc::SHUT_WR,
        Shutdown::Both => libc::SHUT_RDWR,
    }
}

/// Ends one direction of a connection, or both.
pub(super) fn shutdown(state: &mut State, socket: Id, how: i32) -> Result<(), i32> {
    let object = state.objects.get(socket).ok_or(libc::EBADF)?;
    object.socket().ok_or(libc::ENOTSOCK)?;
    let (inbox, outbox) = (object.inbox(), object.outbox());
    let (Some(inbox), Some(outbox)) = (inbox, outbox) else { return Err(libc::ENOTCONN) };
    if ![libc::SHUT_RD, libc::SHUT_WR, libc::SHUT_RDWR].contains(&how) {
        return Err(libc::EINVAL);
    }
    if how == libc::SHUT_RD || how == libc::SHUT_RDWR {
        if let Some(inbox) = state.objects.channels.get_mut(&inbox) {
            inbox.reader_gone = true;
            inbox.ended = true;
        }
        state.touch();
    }
    if how == libc::SHUT_WR || how == libc::SHUT_RDWR {
        state.finish(outbox);
    }
    Ok(())
}

/// The object of a descriptor's number, for plain calls.
pub(super) fn find(state: &State, number: std::os::fd::RawFd) -> Result<Id, i32> {
    state.objects.find(number).ok_or(libc::EBADF)
}

/// The socket of a descriptor's number.
pub(super) fn socket(
    state: &mut State,
    number: std::os::fd::RawFd,
) -> Result<(Id, &mut super::objects::Socket), i32> {
    let id = find(state, number)?;
    let object = state.objects.get_mut(id).ok_or(libc::EBADF)?;
    Object::socket_mut(object).map(|socket| (id, socket)).ok_or(libc::ENOTSOCK)
}

#[cfg(test)]
mod tests {
    use super::{Name, decode, encode};

    #[test]
    fn names_survive_the_kernels_structs() {
        for addr in ["10.0.0.7:80", "[::1]:65535", "[fe80::1%3]:9"] {
            let name = Name::Internet(addr.parse().expect("an address"));
            assert_eq!(decode(&encode(&name)), Some(name));
        }
        for path in [&b"/tmp/s"[..], b"\0abstract", b""] {
            let name = Name::Local(path.to_vec());
            assert_eq!(decode(&encode(&name)), Some(name));
        }
        assert_eq!(decode(&[1]), None);
    }
}
