//! What one measurement found: figures by name.

use std::collections::BTreeMap;
use std::io;

/// Figures by name; `ops`, `cpu_ns` and `wall_ns` are always there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample(BTreeMap<String, f64>);

impl Sample {
    /// Reads a line of names and values, as programs print it.
    pub fn parse(line: &str) -> io::Result<Self> {
        let mut sample = Self::default();
        let mut words = line.split_whitespace();
        while let Some(name) = words.next() {
            let value = words.next().and_then(|value| value.parse().ok());
            sample.set(name, value.ok_or_else(|| unexpected(line))?);
        }
        if sample.get("ops").is_some() { Ok(sample) } else { Err(unexpected(line)) }
    }

    /// A figure.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Notes a figure.
    pub fn set(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value);
    }

    /// All figures.
    pub fn figures(&self) -> &BTreeMap<String, f64> {
        &self.0
    }

    /// Operations that were done.
    pub fn operations(&self) -> f64 {
        self.get("ops").unwrap_or_default()
    }

    /// CPU time of an operation.
    pub fn ns_per_op(&self) -> f64 {
        self.get("cpu_ns").unwrap_or_default() / self.operations()
    }

    /// Operations in a second of real time.
    pub fn per_second(&self) -> f64 {
        self.operations() * 1e9 / self.get("wall_ns").unwrap_or_default()
    }
}

/// A line that no program of ours prints.
pub fn unexpected(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("unexpected line: {line:?}"))
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_line_becomes_figures_and_a_torn_one_an_error() {
        let sample = Sample::parse("ops 4 cpu_ns 100 wall_ns 2000000000").expect("it is whole");
        assert_eq!((sample.ns_per_op(), sample.per_second()), (25.0, 2.0));
        assert!(Sample::parse("ops 4 cpu_ns").is_err());
        assert!(Sample::parse("cpu_ns 4").is_err());
        assert!(Sample::parse("").is_err());
    }
}
