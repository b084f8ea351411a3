//! Connections that live for one request: connect, send, receive, close.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use peers::latency::Latency;
use peers::pattern::Pattern;

use crate::Counts;
use crate::connect::connect;

/// So many connections at a time, for `length`; all of them rest at the end.
pub(crate) fn run(
    port: u16,
    connections: usize,
    pattern: &Pattern,
    length: Duration,
    first: u64,
) -> io::Result<Counts> {
    let begin = Instant::now();
    let (mut requests, mut latency) = (0, Latency::default());
    let mut answer = vec![0; pattern.request_len()];
    let mut begun = Vec::with_capacity(connections);
    while begin.elapsed() < length {
        for index in 0..connections {
            let at = Instant::now();
            let mut stream = connect(port, first + requests + index as u64)?;
            stream.write_all(pattern.request(index, requests))?;
            begun.push((stream, at));
        }
        for (index, (mut stream, at)) in begun.drain(..).enumerate() {
            stream.read_exact(&mut answer)?;
            if answer != pattern.request(index, requests) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "wrong bytes"));
            }
            drop(stream);
            latency.add(at.elapsed().as_nanos() as u64);
        }
        requests += connections as u64;
    }
    Ok(Counts { requests, wall: begin.elapsed(), latency })
}
