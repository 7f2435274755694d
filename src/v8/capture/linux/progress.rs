//! What the child tells the parent, through a page that both see.

use super::super::course::{Phase, Step, Told};
use super::sys::SharedPage;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// All zeros is the state at the fork.
#[repr(C)]
struct Page {
    phase: AtomicU32,
    failed: AtomicU32,
    errno: AtomicU32,
    walked: AtomicU32,
    objects: AtomicU32,
    written: AtomicU64,
    left: AtomicU64,
    /// Told by the parent.
    watched: AtomicU32,
}

pub(super) struct Progress(SharedPage);

// SAFETY: the page is touched by atomics only, and it is unmapped by who drops the last reference.
unsafe impl Send for Progress {}
// SAFETY: as above.
unsafe impl Sync for Progress {}

impl Progress {
    pub(super) fn new() -> io::Result<Self> {
        SharedPage::new().map(Self)
    }

    pub(super) fn reach(&self, phase: Phase) {
        self.page().phase.store(phase as u32, Relaxed);
    }

    pub(super) fn walked(&self, done: u32, total: u32) {
        self.page().walked.store(done, Relaxed);
        self.page().objects.store(total, Relaxed);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.page().written.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn fail(&self, step: Step, error: Option<&io::Error>) {
        let errno = error.and_then(io::Error::raw_os_error).unwrap_or(0);
        self.page().errno.store(errno.cast_unsigned(), Relaxed);
        self.page().failed.store(step as u32, Relaxed);
    }

    /// The child gives up, since no more bytes than these are left. Called by a signal handler, or by the parent that ends it.
    pub(super) fn short(&self, left: u64) {
        self.page().left.store(left, Relaxed);
        self.fail(Step::Memory, None);
    }

    /// By the parent: it sees the child from now on, whatever that does.
    pub(super) fn watched(&self) {
        self.page().watched.store(1, Relaxed);
    }

    /// By the child, whose clock runs, and which its parent does not leave behind.
    pub(super) fn until_watched(&self) {
        const LOOK: Duration = Duration::from_micros(200);
        while self.page().watched.load(Relaxed) == 0 {
            thread::sleep(LOOK);
        }
    }

    pub(super) fn read(&self) -> Told {
        let page = self.page();
        let phase = [Phase::Born, Phase::Building, Phase::Writing, Phase::Done];
        let step = [
            Step::None,
            Step::Descriptors,
            Step::OomScore,
            Step::MemoryLimit,
            Step::SharedMemory,
            Step::Sandbox,
            Step::Objects,
            Step::Memory,
            Step::Time,
            Step::Take,
            Step::Write,
            Step::Redact,
            Step::Panic,
        ];
        Told {
            phase: phase[(page.phase.load(Relaxed) as usize).min(phase.len() - 1)],
            walked: page.walked.load(Relaxed),
            objects: page.objects.load(Relaxed),
            written: page.written.load(Relaxed),
            left: page.left.load(Relaxed),
            failed: step[(page.failed.load(Relaxed) as usize).min(step.len() - 1)],
            errno: page.errno.load(Relaxed).cast_signed(),
        }
    }

    /// Whether this is the page.
    pub(super) fn is_at(&self, address: usize) -> bool {
        self.0.start().addr() == address
    }

    fn page(&self) -> &Page {
        // SAFETY: the mapping is large enough, aligned to a page, lives as long as `self`, and both
        // processes touch it by these atomics only; zeros are valid.
        unsafe { &*self.0.start().cast::<Page>() }
    }
}
