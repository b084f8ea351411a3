//! How seldom a call is tried that may find nothing, where an operation would wait for it.
//!
//! A try that fails costs about as much as one that succeeds gains. So the next one is made at
//! once, and the more of them fail one after the other, the longer it takes until there is another.

use std::cell::Cell;

/// At most so many go by without a try.
const LONGEST: u16 = 255;

/// Whether to try, of one file or socket.
#[derive(Clone, Debug, Default)]
pub struct Pause {
    left: Cell<u16>,
    last: Cell<u16>,
    /// There were tries in vain since the last success.
    missed: Cell<bool>,
}

impl Pause {
    /// Whether this one is to be tried.
    pub fn is_over(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left == 0
    }

    /// A try has found something.
    pub fn hit(&self) {
        self.last.set(0);
        self.missed.set(false);
    }

    /// A try has found nothing.
    pub fn miss(&self) {
        let next = if self.missed.replace(true) { 2 * self.last.get() + 1 } else { 0 };
        self.last.set(next.min(LONGEST));
        self.left.set(self.last.get());
    }
}

#[cfg(test)]
mod tests {
    use super::Pause;

    #[test]
    fn pauses_grow_with_each_try_in_vain_until_one_succeeds() {
        let pause = Pause::default();
        let mut passed = Vec::new();
        for _ in 0..11 {
            let before = (0..).take_while(|_| !pause.is_over()).count();
            passed.push(before);
            pause.miss();
        }
        assert_eq!(passed, [0, 0, 1, 3, 7, 15, 31, 63, 127, 255, 255]);
        while !pause.is_over() {}
        pause.hit();
        assert!(pause.is_over());
        pause.miss();
        assert!(pause.is_over(), "a burst has ended, the next may have begun");
    }
}
