//! temp
use std::time::Duration;
#[derive(Debug)] pub(crate) struct BlockingPool;
pub(crate) struct BlockingConfig { pub(crate) max_threads: usize, pub(crate) idle: Duration }
#[derive(Debug)] pub(crate) struct Refused;
impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("r") } }
impl BlockingPool { pub(crate) fn new(_: BlockingConfig) -> Self { Self }
 pub(crate) fn execute(&self, j: Box<dyn FnOnce() + Send>) -> Result<(), Refused> { std::thread::spawn(j); Ok(()) }
 pub(crate) fn shutdown(&self, _: Duration) -> usize { 0 } }
