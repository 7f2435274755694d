//! One bit a node: 2 MB for 18 million nodes, which stays in the cache where a byte each does not.

use crate::snapshot::columns::Node;

#[derive(Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            words: vec![0; count.div_ceil(64)],
        }
    }

    #[inline]
    pub(crate) fn get(&self, node: Node) -> bool {
        self.words[node as usize / 64] >> (node % 64) & 1 == 1
    }

    /// As `get`, for what may be out of range.
    pub(crate) fn contains(&self, index: u32) -> bool {
        self.words
            .get(index as usize / 64)
            .is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    #[inline]
    pub(crate) fn set(&mut self, node: Node) {
        self.words[node as usize / 64] |= 1 << (node % 64);
    }

    /// Changes the bit and tells whether it was clear.
    pub(crate) fn flip(&mut self, index: u32) -> bool {
        let word = &mut self.words[index as usize / 64];
        let bit = 1 << (index % 64);
        *word ^= bit;
        *word & bit != 0
    }

    /// How many bits are set.
    pub(crate) fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// How many bits are set before each word, for `rank`.
    pub(crate) fn ranks(&self) -> Vec<u32> {
        let mut total = 0;
        let before = |word: &u64| {
            let before = total;
            total += word.count_ones();
            before
        };
        self.words.iter().map(before).collect()
    }

    /// How many bits are set before `index`.
    pub(crate) fn rank(&self, ranks: &[u32], index: u32) -> usize {
        let word = index as usize / 64;
        let below = self.words[word] & ((1 << (index % 64)) - 1);
        (ranks[word] + below.count_ones()) as usize
    }

    /// Sets the bit and tells whether it was clear.
    #[inline]
    pub(crate) fn insert(&mut self, node: Node) -> bool {
        let word = &mut self.words[node as usize / 64];
        let bit = 1 << (node % 64);
        let was_clear = *word & bit == 0;
        *word |= bit;
        was_clear
    }
}

/// Writes one bit after the other, 64 at once.
pub(crate) struct BitWriter {
    words: Vec<u64>,
    last: u64,
    count: usize,
}

impl BitWriter {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self {
            words: Vec::with_capacity(count.div_ceil(64)),
            last: 0,
            count: 0,
        }
    }

    #[inline]
    pub(crate) fn push(&mut self, bit: bool) {
        self.last |= u64::from(bit) << (self.count % 64);
        self.count += 1;
        if self.count.is_multiple_of(64) {
            self.words.push(std::mem::take(&mut self.last));
        }
    }

    pub(crate) fn finish(mut self) -> Bits {
        if !self.count.is_multiple_of(64) {
            self.words.push(self.last);
        }
        Bits { words: self.words }
    }
}
