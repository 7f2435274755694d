//! A queue that never grows by itself: what finds no room pushes the oldest out and is counted.

use std::collections::VecDeque;

pub struct Queue<T> {
    items: VecDeque<T>,
    capacity: usize,
    dropped: u64,
}

impl<T: Copy> Queue<T> {
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            items: VecDeque::with_capacity(capacity),
            capacity,
            dropped: 0,
        }
    }

    /// Makes room for `capacity` items, never less than before. Allocates.
    pub fn reserve(&mut self, capacity: usize) {
        if capacity > self.capacity {
            self.items.reserve_exact(capacity - self.items.len());
            self.capacity = capacity;
        }
    }

    pub fn push(&mut self, item: T) {
        if self.items.len() >= self.capacity {
            self.items.pop_front();
            self.dropped += 1;
        }
        self.items.push_back(item);
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All items, oldest first, and how many were dropped since the last time. Allocates.
    pub fn drain(&mut self) -> (Vec<T>, u64) {
        (
            self.items.drain(..).collect(),
            std::mem::take(&mut self.dropped),
        )
    }

    pub fn own_memory(&self) -> usize {
        self.items.capacity() * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_never_grows() {
        let mut queue = Queue::with_capacity(3);
        let room = queue.own_memory();
        for number in 0..10 {
            queue.push(number);
        }
        assert_eq!(queue.own_memory(), room);
        assert_eq!(queue.drain(), (vec![7, 8, 9], 7));
        assert_eq!(queue.drain(), (vec![], 0));
        queue.reserve(5);
        (0..5).for_each(|number| queue.push(number));
        assert_eq!(queue.drain(), (vec![0, 1, 2, 3, 4], 0));
    }
}
