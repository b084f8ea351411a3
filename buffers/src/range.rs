//! Turns a range into two indices, or panics as a slice would.

use core::ops::{Bound, RangeBounds};

/// The range's begin and end in a buffer of `len` bytes.
///
/// # Panics
/// If the range is reversed or ends beyond `len`, in the words that slices use.
#[track_caller]
pub(crate) fn resolve(range: impl RangeBounds<usize>, len: usize) -> (usize, usize) {
    let begin = match range.start_bound() {
        Bound::Included(&begin) => begin,
        Bound::Excluded(&before) => {
            before.checked_add(1).expect("a range cannot begin after the last index there is")
        }
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => {
            last.checked_add(1).expect("a range cannot end after the last index there is")
        }
        Bound::Excluded(&end) => end,
        Bound::Unbounded => len,
    };
    assert!(
        begin <= end || end < len,
        "range start index {begin} out of range for a buffer with {len} filled bytes"
    );
    assert!(begin <= end, "the range starts at {begin} but ends at {end}");
    assert!(end <= len, "range end index {end} out of range for a buffer with {len} filled bytes");
    (begin, end)
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn every_form_of_range_is_understood() {
        assert_eq!(resolve(.., 5), (0, 5));
        assert_eq!(resolve(2.., 5), (2, 5));
        assert_eq!(resolve(..3, 5), (0, 3));
        assert_eq!(resolve(..=3, 5), (0, 4));
        assert_eq!(resolve(1..1, 5), (1, 1));
        assert_eq!(resolve(5.., 5), (5, 5));
    }

    #[test]
    #[should_panic(expected = "range end index 6 out of range for a buffer with 5 filled bytes")]
    fn an_end_beyond_the_bytes_is_refused() {
        resolve(2..6, 5);
    }

    #[test]
    #[should_panic(expected = "range start index 6 out of range for a buffer with 5 filled bytes")]
    fn a_start_beyond_the_bytes_is_refused() {
        resolve(6.., 5);
    }

    #[test]
    #[should_panic(expected = "the range starts at 3 but ends at 1")]
    fn a_reversed_range_is_refused() {
        #[expect(clippy::reversed_empty_ranges, reason = "the mistake that is tested")]
        resolve(3..1, 5);
    }

    #[test]
    #[should_panic(expected = "cannot end after the last index")]
    fn an_end_that_overflows_is_refused() {
        resolve(..=usize::MAX, 5);
    }
}
