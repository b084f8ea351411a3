//! runtime

#[allow(dead_code, reason = "used by the executor")]
mod affinity;
#[allow(dead_code, reason = "used by the executor")]
mod blocking;
#[allow(dead_code, reason = "used by the executor")]
mod mailbox;
#[allow(dead_code, reason = "used by the executor")]
mod sync;
#[allow(dead_code, reason = "used by the executor")]
mod time {
    pub(crate) mod wheel;
}
