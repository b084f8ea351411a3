//! Names and addresses: what `bind` and `connect` take.

use sexton_runtime::{calls, spawn_blocking};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What stands for one or more socket addresses: an address, several, or a name with a port.
///
/// Names are looked up on a blocking thread.
pub trait ToSocketAddrs {
    /// The addresses, or the name to look up.
    #[doc(hidden)]
    fn target(&self) -> io::Result<Target>;
}

/// What is to be tried.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub enum Target {
    /// This address.
    Addr(SocketAddr),
    /// These addresses, in order.
    Addrs(Vec<SocketAddr>),
    /// All addresses of this name, with this port.
    Name(String, u16),
}

/// The addresses to try, in order; at least one.
pub(crate) async fn resolve(addr: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    let addrs = match addr.target()? {
        Target::Addr(addr) => vec![addr],
        Target::Addrs(addrs) => addrs,
        Target::Name(host, port) => {
            spawn_blocking(move || calls::socket::resolve(&host, port)).await??
        }
    };
    if addrs.is_empty() {
        return Err(no_address());
    }
    Ok(addrs)
}

/// The first address: where a datagram goes. One that is known costs no memory.
pub(crate) async fn resolve_first(addr: impl ToSocketAddrs) -> io::Result<SocketAddr> {
    match addr.target()? {
        Target::Addr(addr) => Ok(addr),
        Target::Addrs(addrs) => addrs.first().copied().ok_or_else(no_address),
        Target::Name(host, port) => {
            let found = spawn_blocking(move || calls::socket::resolve(&host, port)).await??;
            found.first().copied().ok_or_else(no_address)
        }
    }
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no address to try")
}

fn one(addr: impl Into<SocketAddr>) -> io::Result<Target> {
    Ok(Target::Addr(addr.into()))
}

impl ToSocketAddrs for SocketAddr {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for SocketAddrV4 {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for SocketAddrV6 {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for (IpAddr, u16) {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for (Ipv4Addr, u16) {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for (Ipv6Addr, u16) {
    fn target(&self) -> io::Result<Target> {
        one(*self)
    }
}

impl ToSocketAddrs for [SocketAddr] {
    fn target(&self) -> io::Result<Target> {
        Ok(Target::Addrs(self.to_vec()))
    }
}

impl ToSocketAddrs for (&str, u16) {
    fn target(&self) -> io::Result<Target> {
        match self.0.parse::<IpAddr>() {
            Ok(ip) => one((ip, self.1)),
            Err(_) => Ok(Target::Name(self.0.to_owned(), self.1)),
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    fn target(&self) -> io::Result<Target> {
        (self.0.as_str(), self.1).target()
    }
}

impl ToSocketAddrs for str {
    fn target(&self) -> io::Result<Target> {
        if let Ok(addr) = self.parse::<SocketAddr>() {
            return one(addr);
        }
        let bad = || {
            let what = format!("`{self}` is no socket address: `host:port` is wanted");
            io::Error::new(io::ErrorKind::InvalidInput, what)
        };
        let (host, port) = self.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().map_err(|_| bad())?;
        if host.is_empty() || host.contains('\0') {
            return Err(bad());
        }
        Ok(Target::Name(host.to_owned(), port))
    }
}

impl ToSocketAddrs for String {
    fn target(&self) -> io::Result<Target> {
        self.as_str().target()
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    fn target(&self) -> io::Result<Target> {
        (**self).target()
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, ToSocketAddrs};

    #[test]
    fn literals_need_no_resolver_and_nonsense_is_refused() {
        assert!(matches!("127.0.0.1:80".target(), Ok(Target::Addr(_))));
        assert!(matches!(("::1", 80).target(), Ok(Target::Addr(_))));
        assert!(matches!("localhost:80".target(), Ok(Target::Name(h, 80)) if h == "localhost"));
        for bad in ["", "nothing", ":80", "host:99999", "host:", "a\0b:80"] {
            let error = bad.target().unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{bad:?}");
        }
    }
}
