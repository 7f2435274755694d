use super::words::{Words, as_float, as_number, float, number, state};
use crate::trend::{Sample, SampleKind, State};

/// A reading of one isolate: after a full GC, or a look between two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Milliseconds since the recorder began.
    pub at_ms: f64,
    /// After a full GC.
    pub collected: bool,
    pub state: State,
    pub used_heap: u64,
    pub total_heap: u64,
    pub external: u64,
    pub heap_limit: u64,
    pub rss: Option<u64>,
    pub native: Option<f64>,
    pub requests: Option<u64>,
    pub resources: Option<u64>,
}

pub const READING_WORDS: usize = 10;

impl Reading {
    pub fn new(sample: &Sample, at_ms: f64, state: State) -> Self {
        Self {
            at_ms,
            collected: sample.kind == SampleKind::Major,
            state,
            used_heap: sample.used_heap,
            total_heap: sample.total_heap,
            external: sample.external,
            heap_limit: sample.heap_limit,
            rss: sample.rss,
            native: sample.native(),
            requests: sample.requests,
            resources: sample.resources.map(|resources| resources.count),
        }
    }
}

impl Words<READING_WORDS> for Reading {
    fn pack(&self) -> [u64; READING_WORDS] {
        [
            self.at_ms.to_bits(),
            u64::from(self.collected) | (self.state as u64) << 8,
            self.used_heap,
            self.total_heap,
            self.external,
            self.heap_limit,
            number(self.rss),
            float(self.native),
            number(self.requests),
            number(self.resources),
        ]
    }

    fn unpack(words: &[u64; READING_WORDS]) -> Option<Self> {
        let &[
            at,
            flags,
            used,
            total,
            external,
            limit,
            rss,
            native,
            requests,
            resources,
        ] = words;
        Some(Self {
            at_ms: as_float(at)?,
            collected: flags & 1 == 1,
            state: state(flags >> 8)?,
            used_heap: used,
            total_heap: total,
            external,
            heap_limit: limit,
            rss: as_number(rss),
            native: as_float(native),
            requests: as_number(requests),
            resources: as_number(resources),
        })
    }
}
