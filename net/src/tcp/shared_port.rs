//! One address, several cores: who bound it first, and who may join.

use sexton_runtime::{calls, current_core, runtime_id};
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An address that listeners of one runtime share.
struct Bound {
    runtime: u64,
    asked: SocketAddr,
    got: SocketAddr,
    cores: Vec<usize>,
}

static BOUND: Mutex<Vec<Bound>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<Bound>> {
    BOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The membership of one core's listener; dropped with it.
#[derive(Debug)]
pub(super) struct Membership {
    runtime: u64,
    got: SocketAddr,
    core: usize,
}

/// Binds `asked` for this core: the first core of a runtime binds it for itself, the others join.
/// The same core asking twice is an address in use, as everywhere. With port 0 all cores get the
/// first one's port.
pub(super) fn bind(asked: SocketAddr) -> io::Result<(OwnedFd, Option<Membership>)> {
    let Some(runtime) = runtime_id() else {
        return calls::socket::tcp_listener(&asked, false).map(|fd| (fd, None));
    };
    let core = current_core();
    let mut all = lock();
    let joinable = |bound: &&mut Bound| {
        bound.runtime == runtime && bound.asked == asked && !bound.cores.contains(&core)
    };
    if let Some(bound) = all.iter_mut().find(joinable) {
        let fd = calls::socket::tcp_listener(&bound.got, true)?;
        bound.cores.push(core);
        let got = bound.got;
        return Ok((fd, Some(Membership { runtime, got, core })));
    }
    let fd = calls::socket::tcp_listener(&asked, false)?;
    let got = calls::socket::local_addr(&fd)?;
    all.push(Bound { runtime, asked, got, cores: vec![core] });
    Ok((fd, Some(Membership { runtime, got, core })))
}

impl Membership {
    /// The address that was bound.
    pub(super) fn got(&self) -> SocketAddr {
        self.got
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        lock().retain_mut(|bound| {
            if bound.runtime == self.runtime && bound.got == self.got {
                bound.cores.retain(|core| *core != self.core);
            }
            !bound.cores.is_empty()
        });
    }
}
