//! How many collections there were and how long they took, by kind.

use crate::trend::SampleKind;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KindCounter {
    pub count: u64,
    /// Milliseconds in which JavaScript stood still.
    pub duration_ms: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GcCounters {
    pub minor: KindCounter,
    pub major: KindCounter,
    pub incremental: KindCounter,
    pub weak_callback: KindCounter,
}

impl GcCounters {
    pub fn count(&mut self, kind: SampleKind, duration_ms: f64) {
        let counter = match kind {
            SampleKind::Minor => &mut self.minor,
            SampleKind::Major => &mut self.major,
            SampleKind::Incremental => &mut self.incremental,
            SampleKind::WeakCallback => &mut self.weak_callback,
            SampleKind::Timer => return,
        };
        counter.count += 1;
        counter.duration_ms += duration_ms.max(0.0);
    }

    /// Milliseconds that all collections took.
    pub fn duration_ms(&self) -> f64 {
        self.minor.duration_ms
            + self.major.duration_ms
            + self.incremental.duration_ms
            + self.weak_callback.duration_ms
    }
}
