//! What the isolates of this process hold together.
//!
//! RSS is the process's, a heap is the isolate's: what is native memory can only be said when the
//! heaps of all worker threads are taken off. Every watched isolate publishes its bytes here.
//! Publishing and reading are one atomic operation each, since both happen in GC callbacks; the table
//! behind the lock is for starting and stopping only.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::thread::{self, ThreadId};

/// Bytes of all watched isolates: the sum of all `Figures`.
static TOTAL: AtomicU64 = AtomicU64::new(0);

/// Node.js runs an isolate on a thread of its own. Two monitors of one isolate (two copies of the
/// package, a test runner that loads modules anew) share a place: it has only one heap.
static ISOLATES: Mutex<Vec<(ThreadId, Weak<Figures>)>> = Mutex::new(Vec::new());

/// The bytes of one isolate.
#[derive(Default)]
struct Figures(AtomicU64);

impl Figures {
    fn publish(&self, bytes: u64) {
        let before = self.0.swap(bytes, Relaxed);
        TOTAL.fetch_add(bytes.wrapping_sub(before), Relaxed);
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        self.publish(0);
    }
}

/// The place of this thread's isolate, given back with the last of its registrations.
pub struct Registration {
    own: Arc<Figures>,
}

impl Registration {
    pub fn new() -> Self {
        let this = thread::current().id();
        let mut isolates = ISOLATES.lock();
        isolates.retain(|(_, figures)| figures.strong_count() > 0);
        let known = isolates
            .iter()
            .find(|(id, _)| *id == this)
            .and_then(|(_, figures)| figures.upgrade());
        let own = known.unwrap_or_else(|| {
            let own = Arc::new(Figures::default());
            isolates.push((this, Arc::downgrade(&own)));
            own
        });
        Self { own }
    }

    /// Publishes the bytes of this isolate and answers with those of all others.
    pub fn exchange(&self, bytes: u64) -> u64 {
        self.own.publish(bytes);
        TOTAL.load(Relaxed).saturating_sub(bytes)
    }
}

impl Default for Registration {
    fn default() -> Self {
        Self::new()
    }
}

/// How many isolates are watched now.
pub fn count() -> usize {
    ISOLATES
        .lock()
        .iter()
        .filter(|(_, figures)| figures.strong_count() > 0)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sees_the_others_and_nobody_stays_behind() {
        let first = Registration::new();
        assert_eq!(first.exchange(10), 0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let second = Registration::new();
                assert_eq!(second.exchange(320), 10);
                assert_eq!(first.exchange(7), 320);
                assert_eq!(count(), 2);
            });
        });
        assert_eq!(first.exchange(7), 0);

        let again = Registration::new();
        assert_eq!(again.exchange(8), 0, "two monitors of one isolate are one");
        drop(first);
        assert_eq!(again.exchange(8), 0);
        assert_eq!(count(), 1);
        drop(again);
        assert_eq!(count(), 0);
        assert_eq!(TOTAL.load(Relaxed), 0);
    }
}
