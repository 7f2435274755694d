//! What the detector is fed: one reading of the process's memory.
//!
//! A sample is plain numbers. It never knows where they came from: the GC hook,
//! `perf_hooks`, a recording. Sizes are bytes, times are milliseconds on a clock
//! that never goes back.

/// Why a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum SampleKind {
    /// A look at the process between two collections.
    Timer = 0,
    /// After a collection of the young generation.
    Minor = 1,
    /// After a full collection: the one moment when used memory means live memory.
    Major = 2,
    /// After a step of incremental marking.
    Incremental = 3,
    /// After V8 ran the weak callbacks.
    WeakCallback = 4,
}

/// One reading. What was not looked at is `None`, never 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub kind: SampleKind,
    /// Somebody asked for this collection and waited for it (`gc()`, the inspector).
    pub forced: bool,
    /// Milliseconds since the monitor started, monotonic.
    pub at_ms: f64,
    /// How long the collection stopped JavaScript, in milliseconds.
    pub duration_ms: f64,
    /// `used_heap_size` after the collection.
    pub used_heap: u64,
    /// `total_heap_size`: what V8 has committed.
    pub total_heap: u64,
    /// `total_physical_size`: what of it is resident. V8 commits young-generation pages that
    /// nothing has touched yet, 10 to 15 MB of them.
    pub physical_heap: u64,
    /// `external_memory`: Buffers, `ArrayBuffers` and what addons declared.
    pub external: u64,
    /// `heap_size_limit`.
    pub heap_limit: u64,
    /// Resident set size of the whole process.
    pub rss: Option<u64>,
    /// What other isolates of the process hold of it.
    pub other_isolates: u64,
    /// Bytes allocated on the heap since the monitor started, as far as known.
    pub allocated: Option<u64>,
    /// Requests served since the monitor started.
    pub requests: Option<u64>,
    /// Connections that clients have open.
    pub connections: Option<u32>,
    /// Requests that wait for the end of their response.
    pub in_flight: Option<u32>,
    /// Handles and requests that keep the event loop busy: sockets, timers, files.
    pub resources: Option<Resources>,
}

/// A count of handles, with the work that was at hand just then: counting takes its time, so a
/// sample may have the count of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    pub count: u64,
    /// As of [`Sample`].
    pub connections: Option<u32>,
    pub in_flight: Option<u32>,
}

impl Resources {
    /// A count of which it is not known what was at hand.
    #[must_use]
    pub const fn of(count: u64) -> Self {
        Self {
            count,
            connections: None,
            in_flight: None,
        }
    }
}

impl Sample {
    /// What is resident and neither V8's nor external; below 0 where V8 counts what is not resident.
    #[must_use]
    pub fn native(&self) -> Option<f64> {
        let v8 = self.physical_heap as f64 + self.external as f64 + self.other_isolates as f64;
        self.rss.map(|rss| rss as f64 - v8)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A full GC that left so much, of which nothing else is known.
    pub(crate) fn full_gc(at_ms: f64, used_heap: u64) -> Sample {
        Sample {
            kind: SampleKind::Major,
            forced: false,
            at_ms,
            duration_ms: 1.0,
            used_heap,
            total_heap: used_heap,
            physical_heap: used_heap,
            external: 0,
            heap_limit: 0,
            rss: None,
            other_isolates: 0,
            allocated: None,
            requests: None,
            connections: None,
            in_flight: None,
            resources: None,
        }
    }
}
