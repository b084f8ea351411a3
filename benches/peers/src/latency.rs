//! How long requests take, counted in classes whose width is 1.6 % of
//! their place: what HDR histograms do.

/// Classes per power of two.
const FINE: u32 = 64;

/// Counts of durations.
#[derive(Debug)]
pub struct Latency {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { counts: vec![0; (64 * FINE) as usize], total: 0 }
    }
}

impl Latency {
    /// Counts one duration.
    pub fn add(&mut self, ns: u64) {
        self.counts[class(ns)] += 1;
        self.total += 1;
    }

    /// The duration that `percent` of all durations don't exceed, its class rounded up.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let wanted = (self.total as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper(index as u32);
            }
        }
        0
    }
}

fn class(ns: u64) -> usize {
    let ns = ns.max(u64::from(FINE));
    let power = ns.ilog2();
    let fine = (ns >> (power - FINE.ilog2())) as u32 - FINE;
    (power * FINE + fine) as usize
}

fn upper(class: u32) -> u64 {
    let (power, fine) = (class / FINE, class % FINE);
    u64::from(FINE + fine + 1) << power.saturating_sub(FINE.ilog2())
}

#[cfg(test)]
mod tests {
    use super::{Latency, class, upper};

    #[test]
    fn every_duration_is_below_its_class_end_by_at_most_a_sixty_fourth() {
        for ns in (64..10_000).chain([1 << 30, (1 << 40) + 12_345]) {
            let end = upper(class(ns) as u32);
            assert!(end > ns && end - ns <= ns / 64 + 1, "{ns} ns in a class that ends at {end}");
        }
    }

    #[test]
    fn percentiles_are_in_order() {
        let mut latency = Latency::default();
        for ns in 1..=1000 {
            latency.add(ns * 1000);
        }
        assert!((500_000..510_000).contains(&latency.percentile_ns(50.0)));
        assert!((990_000..1_010_000).contains(&latency.percentile_ns(99.0)));
    }
}
