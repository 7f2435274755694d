//! The last samples, in a ring whose size is chosen once.
//!
//! What always holds: nothing is allocated after `new`, and the samples come
//! out in the order in which they went in.

use super::Sample;

/// At most so many samples at once, whatever was asked for.
pub const MAX_CAPACITY: usize = 1 << 20;

pub struct SampleRing {
    samples: Box<[Option<Sample>]>,
    /// Where the next one goes.
    next: usize,
    /// How many went in, ever.
    total: u64,
}

impl SampleRing {
    /// A ring for `capacity` samples, one at least.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            samples: vec![None; capacity.clamp(1, MAX_CAPACITY)].into_boxed_slice(),
            next: 0,
            total: 0,
        }
    }

    #[must_use]
    pub fn capacity(&self) -> usize {
        self.samples.len()
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn own_memory(&self) -> usize {
        self.samples.len() * size_of::<Option<Sample>>()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.total)
            .map_or(self.samples.len(), |total| total.min(self.samples.len()))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// How many samples went in, ever; those beyond the capacity are gone.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// One in, and the oldest out when the ring is full.
    pub fn push(&mut self, sample: Sample) {
        self.samples[self.next] = Some(sample);
        self.next = (self.next + 1) % self.samples.len();
        self.total += 1;
    }

    #[must_use]
    pub fn last(&self) -> Option<&Sample> {
        let capacity = self.samples.len();
        self.samples[(self.next + capacity - 1) % capacity].as_ref()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        let (newer, older) = self.samples.split_at(self.next);
        older.iter().chain(newer).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::full_gc;

    #[test]
    fn the_newest_stay_in_order() {
        for capacity in 1..6usize {
            let mut ring = SampleRing::new(capacity);
            for i in 0..13u32 {
                ring.push(full_gc(f64::from(i), 1));
                let kept: Vec<f64> = ring.iter().map(|sample| sample.at_ms).collect();
                let first = (i as usize + 1).saturating_sub(capacity);
                let wanted: Vec<f64> = (first..=i as usize).map(|at| at as f64).collect();
                assert_eq!(kept, wanted);
                assert_eq!(ring.len(), wanted.len());
                assert_eq!(ring.last().map(|sample| sample.at_ms), Some(f64::from(i)));
            }
            assert_eq!(ring.total(), 13);
        }
    }

    #[test]
    fn a_ring_of_nothing_keeps_one_and_a_huge_one_is_bounded() {
        assert_eq!(SampleRing::new(0).capacity(), 1);
        assert_eq!(SampleRing::new(usize::MAX).capacity(), MAX_CAPACITY);
        assert!(SampleRing::new(8).is_empty());
        assert!(SampleRing::new(8).last().is_none());
    }
}
