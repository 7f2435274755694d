//! V8's numbers of the kinds of collection.

use crate::trend::SampleKind;

/// From `perf_hooks.constants`.
#[derive(Clone, Copy, Debug)]
pub struct GcTypes {
    pub major: u32,
    pub incremental: u32,
    pub weak_callback: u32,
}

impl GcTypes {
    /// Whatever is none of the others is young: V8 has more than one young collector.
    pub fn kind(self, gc_type: u32) -> SampleKind {
        match gc_type {
            number if number == self.major => SampleKind::Major,
            number if number == self.incremental => SampleKind::Incremental,
            number if number == self.weak_callback => SampleKind::WeakCallback,
            _ => SampleKind::Minor,
        }
    }
}
