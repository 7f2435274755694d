//! Watches for a moment, before a fork, how much memory is left.
//!
//! An app that fills Buffers takes hundreds of megabytes and gives them back, within one turn of its event
//! loop and between two looks of ours. The least that was left is what a child can count on, and by how
//! much it went up and down is what must stay free meanwhile. A thread sees both whatever JavaScript does.

use super::super::course::Observed;
use crate::process::gauge::Gauge;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_millis(400);
const LOOK: Duration = Duration::from_millis(4);

pub(super) struct Observer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    least: AtomicU64,
    most: AtomicU64,
    stop: AtomicBool,
}

impl Observer {
    pub(super) fn start() -> io::Result<Self> {
        const STACK: usize = 128 << 10;
        let shared = Arc::new(Shared {
            least: AtomicU64::new(u64::MAX),
            most: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let watch = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("tidemark-observer".to_owned())
            .stack_size(STACK)
            .spawn(move || watch.watch(&Gauge::open()))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Once it has seen enough; there is no thread of it any more then.
    pub(super) fn is_done(&mut self) -> bool {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
            self.join();
        }
        self.thread.is_none()
    }

    /// `None` where nothing limits the memory.
    pub(super) fn observed(&self) -> Option<Observed> {
        let observed = Observed {
            least: self.shared.least.load(Relaxed),
            most: self.shared.most.load(Relaxed),
        };
        (observed.least <= observed.most).then_some(observed)
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, it has seen what it has seen.
            let _ = thread.join();
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
        self.join();
    }
}

impl Shared {
    fn watch(&self, gauge: &Gauge) {
        let until = Instant::now() + TIME;
        while Instant::now() < until && !self.stop.load(Relaxed) {
            if let Some(left) = gauge.headroom() {
                self.least.fetch_min(left, Relaxed);
                self.most.fetch_max(left, Relaxed);
            }
            thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_is_left_and_then_has_no_thread() {
        let mut observer = Observer::start().unwrap();
        while !observer.is_done() {
            thread::sleep(LOOK);
        }
        let Observed { least, most } = observer.observed().unwrap();
        assert!(least <= most);
    }
}
