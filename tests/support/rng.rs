//! Random numbers from a seed that a failing test prints.

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    seed: u64,
    state: u64,
}

impl Rng {
    /// A fresh seed, or the one in `SEED`.
    pub(crate) fn new() -> Self {
        let fresh = || std::time::UNIX_EPOCH.elapsed().map_or(1, |now| now.as_nanos() as u64);
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        Self::from_seed(seed.unwrap_or_else(fresh))
    }

    pub(crate) fn from_seed(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// A length of bytes: small ones more often.
    pub(crate) fn length(&mut self) -> usize {
        let end = if self.below(4) == 0 { 65_536 } else { 2_048 };
        1 + self.below(end)
    }
}

impl Drop for Rng {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat it with SEED={}", self.seed);
        }
    }
}
