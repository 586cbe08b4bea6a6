/// S3 takes no part below 5 MiB but the last.
const SMALLEST: u64 = 8 << 20;

/// S3 takes no more parts.
const MOST_PARTS: u64 = 10_000;

/// Of a document whose length is not known, so many parts are of one size; the next are twice as large.
const PARTS_OF_A_SIZE: u64 = 2_000;

/// How large the parts of an object are. The same document always gives the same parts, so that an
/// upload can be taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartSizes {
    /// All but the last.
    Even(u64),
    /// Ever larger, because nobody knows how many there will be.
    Growing,
}

impl PartSizes {
    /// For an object of `length` bytes.
    pub(super) fn of(length: Option<u64>) -> Self {
        length.map_or(Self::Growing, |length| {
            let least = length.div_ceil(MOST_PARTS).next_multiple_of(1 << 20);
            Self::Even(least.max(SMALLEST))
        })
    }

    /// The size of the part with that number, from 1.
    pub(super) fn size(self, number: u32) -> usize {
        let size = match self {
            Self::Even(size) => size,
            Self::Growing => SMALLEST << (u64::from(number - 1) / PARTS_OF_A_SIZE).min(16),
        };
        usize::try_from(size).expect("a part fits into memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn parts_are_small_until_there_would_be_too_many() {
        assert_eq!(PartSizes::of(Some(0)).size(1), 8 << 20);
        assert_eq!(PartSizes::of(Some(8 * GIB)).size(1), 8 << 20);
        for length in [100 * GIB, 1024 * GIB, 5 * 1024 * GIB] {
            let size = PartSizes::of(Some(length)).size(1) as u64;
            assert!(length.div_ceil(size) <= MOST_PARTS, "{length}");
            assert!(size < 5 * GIB, "S3's largest part");
        }
    }

    #[test]
    fn parts_of_an_unknown_length_grow() {
        let sizes = PartSizes::of(None);
        assert_eq!(sizes.size(1), 8 << 20);
        assert_eq!(sizes.size(2_000), 8 << 20);
        assert_eq!(sizes.size(2_001), 16 << 20);
        let all: u64 = (1..=10_000).map(|number| sizes.size(number) as u64).sum();
        assert!(all > 480 * GIB, "{}", all / GIB);
    }
}
