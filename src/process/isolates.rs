//! What the isolates of this process hold together.
//!
//! RSS is the process's, a heap is the isolate's: what is native memory can only be said when the
//! heaps of all worker threads are taken off. Every watched isolate publishes two numbers here; they
//! are read in GC callbacks, so reading never waits.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static ISOLATES: Mutex<Vec<Arc<Figures>>> = Mutex::new(Vec::new());

#[derive(Default)]
struct Figures {
    heap: AtomicU64,
    external: AtomicU64,
}

/// The place of one isolate in the table, given back on drop.
pub struct Registration {
    own: Arc<Figures>,
    /// What the others held when it could last be read.
    others: AtomicU64,
}

impl Registration {
    pub fn new() -> Self {
        let own = Arc::new(Figures::default());
        ISOLATES.lock().push(Arc::clone(&own));
        Self {
            own,
            others: AtomicU64::new(0),
        }
    }

    /// Publishes this isolate's committed heap and external memory, in bytes.
    pub fn publish(&self, heap: u64, external: u64) {
        self.own.heap.store(heap, Relaxed);
        self.own.external.store(external, Relaxed);
    }

    /// Heap and external memory of all other watched isolates, in bytes. Never blocks: while a
    /// worker starts or ends, the answer is the previous one.
    pub fn others(&self) -> u64 {
        if let Some(isolates) = ISOLATES.try_lock() {
            let sum = isolates
                .iter()
                .filter(|figures| !Arc::ptr_eq(figures, &self.own))
                .map(|figures| {
                    figures
                        .heap
                        .load(Relaxed)
                        .saturating_add(figures.external.load(Relaxed))
                })
                .fold(0, u64::saturating_add);
            self.others.store(sum, Relaxed);
        }
        self.others.load(Relaxed)
    }
}

impl Default for Registration {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        ISOLATES
            .lock()
            .retain(|figures| !Arc::ptr_eq(figures, &self.own));
    }
}

/// How many isolates are watched now.
pub fn count() -> usize {
    ISOLATES.lock().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sees_the_others_and_nobody_stays_behind() {
        let first = Registration::new();
        let others_before = first.others();
        {
            let second = Registration::new();
            second.publish(300, 20);
            first.publish(5, 5);
            assert_eq!(first.others(), others_before + 320);
        }
        assert_eq!(first.others(), others_before);
    }
}
