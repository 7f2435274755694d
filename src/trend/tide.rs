//! Turns samples into low-water marks: one per channel and full GC.
//!
//! After a full GC the heap's figure is what is alive. External memory is stale
//! at that moment (`ArrayBuffers` are swept concurrently), native memory and
//! handles are what finalisers are about to free. For these the mark is the lowest
//! reading of the seconds after the full GC ([`Tide::settle`]), and it sinks with
//! lower readings until the next full GC. Where that comes sooner, the mark is made then.
//!
//! What always holds: nothing that comes out is NaN. Time never goes back: the detector sees to that.

use super::horizon::Mark;
use super::{Channel, Sample, SampleKind};

/// The readings between two full GCs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tide {
    last_ms: f64,
    low_external: Option<Low>,
    low_native: Option<Low>,
    low_resources: Option<Low>,
    /// The marks of these three are not made yet.
    unsettled: bool,
    recent: [Recent; 4],
    previous: Option<Clocks>,
    /// The rate of the load between the last two full GCs, and how long that was.
    rate: Option<f64>,
    run: f64,
    /// Live heap after the last full GC, and how much of what the heap had grown
    /// to by then the last two full GCs left alive (the lesser share).
    heap_live: f64,
    heap_peak: f64,
    /// What the heap held after the newest minor GC.
    heap_now: f64,
    kept: [f64; 2],
}

/// The lowest reading, the newest of several, and when it was taken: after a long stretch without a full
/// GC that is long ago, and a straight rise dated by its collections would look like one that slows.
#[derive(Clone, Copy, Debug)]
struct Low {
    size: f64,
    clocks: Clocks,
}

/// After a full GC finalisers run and sweepers sweep for so long.
const SETTLE_MS: f64 = 3_000.0;

/// The lowest reading of the last so many seconds says what is held now; a single one is noise.
const RECENT_MS: f64 = 10_000.0;

/// The lowest reading of the newest stretch of [`RECENT_MS`] and of the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    since_ms: f64,
    low: Option<f64>,
    before: Option<f64>,
    /// Of the very first stretch.
    first: Option<f64>,
}

impl Recent {
    fn take(&mut self, at_ms: f64, size: f64) {
        if at_ms - self.since_ms >= RECENT_MS {
            self.before = self.low.take();
            self.first = self.first.or(self.before);
            self.since_ms = at_ms;
        }
        self.low = Some(self.low.map_or(size, |low| low.min(size)));
    }

    fn low(&self) -> Option<f64> {
        Some(self.low?.min(self.before?))
    }
}

/// What a full GC tells, by channel.
pub struct Turn {
    pub marks: [Option<Mark>; 4],
    /// For channels whose newest mark stands already: the lowest reading since then.
    pub lowered: [Option<f64>; 4],
}

/// The clocks at a reading, and the work that was at hand.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    at_ms: f64,
    requests: Option<f64>,
    allocated: Option<f64>,
    connections: Option<f32>,
    in_flight: Option<f32>,
}

impl Tide {
    /// Any sample. Cheap: this runs at every minor GC.
    pub fn dip(&mut self, sample: &Sample) {
        self.last_ms = sample.at_ms;
        let clocks = Clocks::at(sample);
        if sample.kind == SampleKind::Incremental {
            self.heap_peak = self.heap_peak.max(sample.used_heap as f64);
            return;
        }
        lower(&mut self.low_external, sample.external as f64, clocks);
        self.recent[Channel::External as usize].take(self.last_ms, sample.external as f64);
        if let Some(native) = sample.native() {
            lower(&mut self.low_native, native, clocks);
            self.recent[Channel::Native as usize].take(self.last_ms, native);
        }
        if let Some(resources) = sample.resources {
            let count = resources.count as f64;
            let clocks = Clocks {
                connections: resources.connections.map(|count| count as f32),
                in_flight: resources.in_flight.map(|count| count as f32),
                ..clocks
            };
            lower(&mut self.low_resources, count, clocks);
            self.recent[Channel::Resources as usize].take(self.last_ms, count);
        }
        if sample.kind != SampleKind::Major {
            self.heap_peak = self.heap_peak.max(sample.used_heap as f64);
        }
        if sample.kind == SampleKind::Minor {
            self.heap_now = sample.used_heap as f64;
        }
    }

    /// A full GC: the mark of the heap, and what is to be said of the other channels.
    /// Call after [`Tide::dip`] of the same sample.
    pub fn turn(&mut self, sample: &Sample) -> Turn {
        let unsettled = std::mem::replace(&mut self.unsettled, true);
        let before = self.marks();
        (self.low_external, self.low_native, self.low_resources) = (None, None, None);
        let now = Clocks::at(sample);
        // Two full GCs right after one another: a rate over next to no time
        // would be noise, so the one before still holds.
        let run = self.previous.map_or(0.0, |before| now.at_ms - before.at_ms);
        if self.rate.is_none() || run >= 0.1 * self.run {
            self.rate = self.previous.and_then(|before| rate(&before, &now));
            (self.run, self.previous) = (run, Some(now));
        }
        let live = sample.used_heap as f64;
        let risen = self.heap_peak - self.heap_live;
        let kept = if risen > 0.0 {
            ((live - self.heap_live) / risen).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.kept = [self.kept[1], kept];
        self.heap_live = live;
        self.heap_peak = live;
        self.heap_now = live;
        let mut turn = Turn {
            marks: [None; 4],
            lowered: [None; 4],
        };
        if unsettled {
            turn.marks = before;
        } else {
            turn.lowered = before.map(|mark| mark.map(|mark| mark.size));
        }
        turn.marks[Channel::Heap as usize] = Some(now.mark(live, self.rate));
        turn
    }

    /// A look some seconds after a full GC: the marks of all channels but the heap's, once.
    pub fn settle(&mut self, at_ms: f64) -> Option<[Option<Mark>; 4]> {
        let since = self.previous?.at_ms;
        if !self.unsettled || at_ms - since < SETTLE_MS {
            return None;
        }
        self.unsettled = false;
        Some(self.marks())
    }

    /// The lowest readings since the last full GC as marks.
    fn marks(&self) -> [Option<Mark>; 4] {
        let mark = |Low { size, clocks }: Low| clocks.mark(size, self.rate);
        let mut marks = [None; 4];
        marks[Channel::External as usize] = self.low_external.map(mark);
        marks[Channel::Native as usize] = self.low_native.map(mark);
        marks[Channel::Resources as usize] = self.low_resources.map(mark);
        marks
    }

    /// The lowest reading of the last seconds; not of the heap, which tells nothing between full GCs.
    pub fn recent(&self, channel: Channel) -> Option<f64> {
        self.recent[channel as usize].low()
    }

    /// The lowest reading of the first seconds.
    pub fn first(&self, channel: Channel) -> Option<f64> {
        self.recent[channel as usize].first
    }

    /// How long ago the last full GC was.
    pub fn since_full_gc_ms(&self) -> f64 {
        self.last_ms - self.previous.map_or(0.0, |clocks| clocks.at_ms)
    }

    /// What was alive at the last full GC, and what the heap rose by since then. Most
    /// of the rise may be garbage: nobody has looked.
    pub fn unseen(&self) -> (f64, f64) {
        (self.heap_live, self.heap_now - self.heap_live)
    }

    /// The live heap as far as it can be told between two full GCs: what it has
    /// risen by since the last one, times the share that the last ones left
    /// alive, which comes with it. `None` where nearly all of what rises is
    /// garbage and says nothing.
    pub fn live_estimate(&self, used_heap: u64) -> Option<(f64, f64)> {
        let kept = self.kept[0].min(self.kept[1]);
        let risen = (used_heap as f64 - self.heap_live).max(0.0);
        (kept >= 0.2).then_some((self.heap_live + kept * risen, kept))
    }
}

fn lower(low: &mut Option<Low>, size: f64, clocks: Clocks) {
    if low.is_none_or(|lowest| size <= lowest.size) {
        *low = Some(Low { size, clocks });
    }
}

impl Clocks {
    fn at(sample: &Sample) -> Self {
        Self {
            at_ms: sample.at_ms,
            requests: sample.requests.map(|count| count as f64),
            allocated: sample.allocated.map(|bytes| bytes as f64),
            connections: sample.connections.map(|count| count as f32),
            in_flight: sample.in_flight.map(|count| count as f32),
        }
    }

    fn mark(self, size: f64, rate: Option<f64>) -> Mark {
        Mark {
            at_ms: self.at_ms,
            size,
            requests: self.requests,
            allocated: self.allocated,
            rate,
            connections: self.connections,
            in_flight: self.in_flight,
        }
    }
}

fn rate(before: &Clocks, now: &Clocks) -> Option<f64> {
    let run = now.at_ms - before.at_ms;
    if run <= 0.0 {
        return None;
    }
    let per = |from: Option<f64>, to: Option<f64>| Some((to? - from?).max(0.0) / run);
    per(before.requests, now.requests).or_else(|| per(before.allocated, now.allocated))
}
