//! The bytes of requests: different for each connection and each request, at no cost.

/// Different places where a request may begin.
const PLACES: usize = 4096;

/// Random bytes; each request is a window of them, so that an answer with bytes of another
/// connection, another request, or in another order differs.
#[derive(Debug)]
pub struct Pattern {
    bytes: Vec<u8>,
    request_len: usize,
}

impl Pattern {
    /// A pattern for requests of `request_len` bytes.
    pub fn new(request_len: usize) -> Self {
        // xorshift64
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let bytes = (0..PLACES + request_len).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        });
        Self { bytes: bytes.collect(), request_len }
    }

    /// Bytes of one request.
    pub fn request_len(&self) -> usize {
        self.request_len
    }

    /// The bytes of a connection's request number `number`.
    pub fn request(&self, connection: usize, number: u64) -> &[u8] {
        let place = (connection * 31 + number as usize * 7) % PLACES;
        &self.bytes[place..place + self.request_len]
    }

    /// What is left of the request to which byte number `byte` of a connection belongs.
    pub fn rest(&self, connection: usize, byte: u64) -> &[u8] {
        let len = self.request_len as u64;
        &self.request(connection, byte / len)[(byte % len) as usize..]
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn requests_are_one_stream_of_bytes() {
        let pattern = Pattern::new(64);
        assert_eq!(pattern.rest(3, 0), pattern.request(3, 0));
        assert_eq!(pattern.rest(3, 64 * 5 + 60), &pattern.request(3, 5)[60..]);
    }

    #[test]
    fn requests_of_neighbours_and_successors_differ() {
        let pattern = Pattern::new(64);
        for connection in 0..1024 {
            for number in 0..8 {
                let this = pattern.request(connection, number);
                assert_ne!(this, pattern.request(connection, number + 1));
                assert_ne!(this, pattern.request(connection + 1, number));
            }
        }
    }
}
