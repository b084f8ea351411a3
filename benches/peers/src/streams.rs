//! What goes one way over a connection, and how both ends know that all of it came: shares of
//! 1 MiB, the same piece of 16 KiB over and over.
//!
//! Up, the load sends a share, and the server answers with the count of all bytes so far. Down, the
//! load asks for a share by one byte. So both ends can rest, and nothing is counted that was not
//! taken.

use std::sync::OnceLock;

use crate::pattern::Pattern;

/// What is written at once, and one operation of the tables.
pub const PIECE: usize = 16 << 10;
/// Pieces of a share.
pub const PIECES: usize = 64;
/// Bytes that are asked for, or answered, at once.
pub const SHARE: u64 = (PIECE * PIECES) as u64;
/// Bytes of an answer.
pub const ANSWER: usize = size_of::<u64>();

/// The bytes of every piece.
pub fn piece() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| Pattern::new(PIECE).request(0, 0).to_vec())
}

/// What a server has taken from one connection.
#[derive(Debug)]
pub struct Taken {
    total: u64,
    piece: &'static [u8],
}

impl Default for Taken {
    fn default() -> Self {
        Self { total: 0, piece: piece() }
    }
}

impl Taken {
    /// Takes what came, and says what to answer if a share is complete.
    ///
    /// Panics if its first or its last byte is not what was sent there.
    #[inline]
    pub fn take(&mut self, bytes: &[u8]) -> Option<[u8; ANSWER]> {
        for (at, byte) in [(0, bytes.first()), (bytes.len().max(1) - 1, bytes.last())] {
            let place = (self.total as usize + at) % PIECE;
            assert!(byte.is_none_or(|byte| *byte == self.piece[place]), "wrong bytes");
        }
        self.total += bytes.len() as u64;
        (!bytes.is_empty() && self.total.is_multiple_of(SHARE)).then(|| self.total.to_ne_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, PIECES, SHARE, Taken, piece};

    #[test]
    fn a_share_is_answered_when_its_last_byte_came() {
        let mut taken = Taken::default();
        for number in 1..2 * PIECES {
            let answer = taken.take(piece());
            assert_eq!(answer.is_some(), number == PIECES, "piece {number}");
        }
        assert_eq!(taken.take(&piece()[..100]), None);
        assert_eq!(taken.take(&[]), None);
        assert_eq!(taken.take(&piece()[100..]), Some((2 * SHARE).to_ne_bytes()));
    }

    #[test]
    #[should_panic(expected = "wrong bytes")]
    fn a_byte_that_is_missing_is_seen() {
        Taken::default().take(&piece()[1..PIECE]);
    }
}
