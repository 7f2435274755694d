//! A column of sizes, which are nearly all small.

use std::collections::HashMap;

use super::kinds::Node;

/// Sizes in bytes. Nearly all fit 32 bits, and the few that do not stand beside; where they are many,
/// as in a heap of more than 4 GB, all have 64 bits.
#[derive(Clone, Default)]
pub(crate) struct Sizes {
    pub(super) low: Vec<u32>,
    high: HashMap<Node, u64>,
    /// Instead of both.
    wide: Vec<u64>,
}

/// Of so many sizes one may stand beside: more would take more memory there than 64 bits for each.
const SHARE_BESIDE: usize = 16;
/// And so many in any case.
const LEAST_BESIDE: usize = 1 << 10;
/// Bytes of a size that stands beside: key, value and control byte, at the lowest load.
const PER_SIZE_BESIDE: usize = 2 * (size_of::<(Node, u64)>() + 1);

impl Sizes {
    pub(crate) fn own_memory(&self) -> usize {
        self.low.capacity() * size_of::<u32>()
            + self.wide.capacity() * size_of::<u64>()
            + self.high.len() * PER_SIZE_BESIDE
    }

    /// Bytes beyond 32 bits for each.
    pub(super) fn used_beyond_low(&self) -> usize {
        self.wide.len() * size_of::<u32>() + self.high.len() * PER_SIZE_BESIDE
    }

    /// Adds to the size of a node.
    #[inline]
    pub(crate) fn add(&mut self, node: Node, more: u64) {
        let sum = self.get(node).saturating_add(more);
        self.set(node, sum);
    }

    pub(crate) fn push(&mut self, size: u64) {
        if !self.wide.is_empty() {
            self.wide.push(size);
            return;
        }
        let node = self.low.len() as Node;
        self.low.push(0);
        self.set(node, size);
    }

    /// Appends sizes that are all less than `u32::MAX`.
    pub(crate) fn extend_small(&mut self, sizes: impl Iterator<Item = u32>) {
        if self.wide.is_empty() {
            self.low.extend(sizes);
        } else {
            self.wide.extend(sizes.map(u64::from));
        }
    }

    #[inline]
    pub(crate) fn get(&self, node: Node) -> u64 {
        match self.low.get(node as usize) {
            Some(&u32::MAX) => self.high.get(&node).copied().unwrap_or(u64::from(u32::MAX)),
            Some(&size) => u64::from(size),
            None => self.wide[node as usize],
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, node: Node, size: u64) {
        match self.low.get_mut(node as usize) {
            Some(low) if size < u64::from(u32::MAX) => *low = size as u32,
            Some(low) => {
                *low = u32::MAX;
                self.high.insert(node, size);
                if self.high.len() > LEAST_BESIDE.max(self.low.len() / SHARE_BESIDE) {
                    self.widen();
                }
            }
            None => self.wide[node as usize] = size,
        }
    }

    #[cold]
    fn widen(&mut self) {
        let mut wide = Vec::new();
        // What is expected of the narrow ones; without room it grows.
        let _ = wide.try_reserve_exact(self.low.capacity());
        wide.extend((0..self.low.len() as Node).map(|node| self.get(node)));
        *self = Self {
            wide,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a plain vector would have them, also where most are large.
    #[test]
    fn sizes_of_any_width_are_what_was_put_in() {
        for large_of in [0, 1, 7, 1000, u64::MAX] {
            let value = |at: u64| match at.checked_rem(large_of) {
                Some(0) => u64::from(u32::MAX) + at,
                _ => at % 5,
            };
            let (mut sizes, mut plain) = (Sizes::default(), Vec::new());
            for at in 0..20_000 {
                if at % 3 == 0 {
                    sizes.extend_small(std::iter::once(at as u32));
                    plain.push(at);
                } else {
                    sizes.push(value(at));
                    plain.push(value(at));
                }
            }
            for at in (0..20_000).step_by(11) {
                sizes.add(at, 1 << 33);
                plain[at as usize] += 1 << 33;
                sizes.set(at + 1, 5);
                plain[at as usize + 1] = 5;
            }
            let read: Vec<_> = (0..20_000).map(|node| sizes.get(node)).collect();
            assert_eq!(read, plain);
            // At most what 64 bits take, and a growing vector's reserve.
            assert!(sizes.own_memory() <= 2 * 20_000 * 8 + LEAST_BESIDE * PER_SIZE_BESIDE);
        }
    }
}
