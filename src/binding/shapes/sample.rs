//! One collection, or a look between two.

use super::number::number;
use crate::trend::{Sample, SampleKind};
use napi_derive::napi;

#[napi(object, object_from_js = false)]
pub struct SampleShape {
    pub kind: &'static str,
    pub forced: bool,
    pub at_ms: f64,
    pub duration_ms: f64,
    pub used_heap_size: f64,
    pub used_heap_size_before: Option<f64>,
    pub total_heap_size: f64,
    pub external_memory: f64,
    pub heap_size_limit: f64,
    pub rss: Option<f64>,
    pub requests: Option<f64>,
    pub resources: Option<f64>,
}

impl SampleShape {
    pub(in crate::binding) fn new(sample: &Sample, used_before: Option<u64>) -> Self {
        Self {
            kind: kind_name(sample.kind),
            forced: sample.forced,
            at_ms: sample.at_ms,
            duration_ms: sample.duration_ms,
            used_heap_size: sample.used_heap as f64,
            used_heap_size_before: number(used_before),
            total_heap_size: sample.total_heap as f64,
            external_memory: sample.external as f64,
            heap_size_limit: sample.heap_limit as f64,
            rss: number(sample.rss),
            requests: number(sample.requests),
            resources: number(sample.resources.map(|resources| resources.count)),
        }
    }
}

/// OpenTelemetry's `v8js.gc.type`.
fn kind_name(kind: SampleKind) -> &'static str {
    match kind {
        SampleKind::Timer => "timer",
        SampleKind::Minor => "minor",
        SampleKind::Major => "major",
        SampleKind::Incremental => "incremental",
        SampleKind::WeakCallback => "weakcb",
    }
}
