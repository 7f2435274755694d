//! Progress and cancellation of work that takes seconds.
//!
//! Work runs on threads of its own and only counts; the caller's function is called on the
//! caller's thread, about twenty times a second, and says whether to go on.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::error::SnapshotError;

/// What is being done, in the order in which it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bytes of the file.
    Read,
    /// Dominators, distances and sizes; counted in edges looked at.
    Analyse,
    /// Paths to the suspects; counted in nodes.
    Explain,
    /// Comparison of snapshots; counted in nodes.
    Compare,
    /// Bytes written by `redact`.
    Redact,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Analyse => "analyse",
            Self::Explain => "explain",
            Self::Compare => "compare",
            Self::Redact => "redact",
        }
    }
}

/// How far the work is. `total` is 0 where it is not known, and `done` may pass it slightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub phase: Phase,
    pub done: u64,
    pub total: u64,
}

/// Told how far the work is; `Break` cancels it.
pub type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// For callers who neither watch nor cancel.
pub fn ignore(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The side of the workers: they count here and learn here that they shall stop.
pub(crate) struct Checkpoint {
    phase: Phase,
    done: AtomicU64,
    total: u64,
    cancelled: AtomicBool,
}

impl Checkpoint {
    pub(crate) fn new(phase: Phase, total: u64) -> Self {
        Self {
            phase,
            done: AtomicU64::new(0),
            total,
            cancelled: AtomicBool::new(false),
        }
    }

    /// How much work there is, 0 where that is not known.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Counts `amount` of work.
    pub(crate) fn pass(&self, amount: u64) -> Result<(), SnapshotError> {
        self.done.fetch_add(amount, Ordering::Relaxed);
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(SnapshotError::cancelled());
        }
        Ok(())
    }

    fn tell(&self, on_progress: OnProgress<'_>) {
        let progress = Progress {
            phase: self.phase,
            done: self.done.load(Ordering::Relaxed),
            total: self.total,
        };
        if on_progress(progress).is_break() {
            self.cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Runs `work` on a thread and tells about it on this one.
    pub(crate) fn watch<T: Send>(
        &self,
        on_progress: OnProgress<'_>,
        work: impl FnOnce() -> Result<T, SnapshotError> + Send,
    ) -> Result<T, SnapshotError> {
        self.tell(&mut *on_progress);
        let caller = thread::current();
        let ended = &AtomicBool::new(false);
        let result = thread::scope(|scope| {
            let worker = thread::Builder::new()
                .name("tidemark-snapshot".into())
                .spawn_scoped(scope, move || {
                    let result = work();
                    ended.store(true, Ordering::Release);
                    caller.unpark();
                    result
                })
                .map_err(|error| SnapshotError::io("Starting a thread", &error))?;
            // A worker that panicked is finished without having said so.
            while !ended.load(Ordering::Acquire) && !worker.is_finished() {
                thread::park_timeout(Duration::from_millis(50));
                self.tell(&mut *on_progress);
            }
            match worker.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })?;
        self.tell(on_progress);
        Ok(result)
    }
}

/// Counts into a [`Checkpoint`] only now and then, for loops whose steps take nanoseconds.
pub(crate) struct Ticker<'a> {
    checkpoint: &'a Checkpoint,
    pending: u64,
}

impl<'a> Ticker<'a> {
    const BATCH: u64 = 1 << 18;

    pub(crate) fn new(checkpoint: &'a Checkpoint) -> Self {
        Self {
            checkpoint,
            pending: 0,
        }
    }

    pub(crate) fn step(&mut self, amount: u64) -> Result<(), SnapshotError> {
        self.pending += amount;
        if self.pending < Self::BATCH {
            return Ok(());
        }
        self.checkpoint.pass(std::mem::take(&mut self.pending))
    }
}
