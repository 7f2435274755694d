//! What happens with one collection: count it, time it, keep it, judge it, queue what JavaScript
//! asked to hear.
//!
//! What always holds: after construction (and [`Recorder::listen`]) nothing allocates, so that all
//! of it may run inside a GC callback. Plain numbers in, plain records out.
//!
//! What it must not know: napi, V8, files, clocks.

mod classic;
mod counters;
mod queue;

pub use classic::ClassicStats;
pub use counters::{GcCounters, KindCounter};
pub use queue::Queue;

use crate::sorting::sort_by_key;
use classic::Classic;

use crate::trend::{
    Bucket, CHANNELS, Change, Channel, ChannelStatus, Config, Detector, History, Limits, Sample,
    SampleKind, SampleRing, State,
};

/// Everything that is chosen at start.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub config: Config,
    /// Full GCs that the ring holds.
    pub history_size: usize,
}

/// What JavaScript wants to hear of beside changes of the verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    pub stats: bool,
    pub every_gc: bool,
}

/// One thing to tell JavaScript, in the order in which it happened.
#[derive(Clone, Copy, Debug)]
pub enum Record {
    Gc {
        sample: Sample,
        used_before: Option<u64>,
    },
    Change {
        change: Change,
        status: ChannelStatus,
        at_ms: f64,
    },
    Stats(Stats),
}

/// The numbers after a full GC: memwatch's, those of its forks, and the sample.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    pub sample: Sample,
    pub classic: ClassicStats,
    pub counters: GcCounters,
    pub state: State,
    pub growth_rate: Option<f64>,
}

/// The memory of one isolate's collections, and the judge.
pub struct Recorder {
    settings: Settings,
    detector: Detector,
    classic: Classic,
    ring: SampleRing,
    history: History,
    counters: GcCounters,
    allocated: AllocationClock,
    /// Changes of the verdict have a queue of their own: no flood of the others pushes one out.
    changes: Queue<(u64, Record)>,
    queue: Queue<(u64, Record)>,
    /// Numbers the records, so that both queues make one series again.
    told: u64,
    interest: Interest,
    /// While a `gc()` runs, V8 may collect several times: only the last one is told.
    asked: Asked,
    /// Collections in this span of time are neither judged nor told as 'stats': they belong to who
    /// looks at the heap. Milliseconds since the start.
    unjudged: (f64, f64),
}

/// Whether a `gc()` runs, and its last full GC so far.
#[derive(Clone, Copy, Debug, Default)]
enum Asked {
    #[default]
    No,
    Yes {
        last: Option<Sample>,
    },
}

/// Room for what happens between two turns of the event loop. Full GCs come tens at most, young ones
/// by the thousand when JavaScript blocks for seconds.
const QUEUE_CHANGES: usize = 64;
const QUEUE_FULL_GCS: usize = 64;
const QUEUE_EVERY_GC: usize = 1920;

impl Recorder {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            detector: Detector::new(settings.config),
            classic: Classic::default(),
            ring: SampleRing::new(settings.history_size),
            history: History::new(),
            counters: GcCounters::default(),
            allocated: AllocationClock::default(),
            changes: Queue::with_capacity(QUEUE_CHANGES),
            queue: Queue::with_capacity(QUEUE_FULL_GCS),
            told: 0,
            interest: Interest::default(),
            asked: Asked::No,
            unjudged: (f64::INFINITY, f64::INFINITY),
        }
    }

    /// Chooses what is queued. Allocates: not for a GC callback.
    pub fn listen(&mut self, interest: Interest) {
        self.interest = interest;
        self.queue.reserve(if interest.every_gc {
            QUEUE_EVERY_GC
        } else {
            QUEUE_FULL_GCS
        });
    }

    /// Takes one reading in: a finished collection or a look between two. `used_before` is the used
    /// heap as the collection began. Says whether there is something to tell JavaScript.
    pub fn record(&mut self, mut sample: Sample, used_before: Option<u64>) -> bool {
        sample.forced |= matches!(self.asked, Asked::Yes { .. });
        sample.allocated = self.allocated.advance(sample.used_heap, used_before);
        self.count(&sample);
        if self.interest.every_gc && sample.kind != SampleKind::Timer {
            self.tell(&Record::Gc {
                sample,
                used_before,
            });
        }
        let (from, to) = self.unjudged;
        if (from..=to).contains(&sample.at_ms) {
            return self.has_news();
        }
        match self.asked {
            Asked::Yes { .. } if sample.kind == SampleKind::Major => {
                self.asked = Asked::Yes { last: Some(sample) };
            }
            _ => self.judge(&sample),
        }
        self.has_news()
    }

    /// Counts and times a collection whose numbers say nothing.
    pub fn count(&mut self, sample: &Sample) {
        self.counters.count(sample.kind, sample.duration_ms);
    }

    /// From here to [`Recorder::asked_end`] the full GCs count as one.
    pub fn asked_begin(&mut self) {
        self.asked = Asked::Yes { last: None };
    }

    pub fn asked_end(&mut self) -> bool {
        if let Asked::Yes { last: Some(sample) } = std::mem::take(&mut self.asked) {
            self.judge(&sample);
        }
        self.has_news()
    }

    /// From here to [`Recorder::unjudged_end`] collections are counted and no more.
    pub fn unjudged_begin(&mut self, at_ms: f64) {
        self.unjudged = (at_ms, f64::INFINITY);
    }

    /// The span stays known: what comes late (from `perf_hooks`) is still seen to lie in it.
    pub fn unjudged_end(&mut self, at_ms: f64) {
        self.unjudged.1 = at_ms;
    }

    fn has_news(&self) -> bool {
        !self.changes.is_empty() || !self.queue.is_empty()
    }

    fn tell(&mut self, record: &Record) {
        let queue = match record {
            Record::Change { .. } => &mut self.changes,
            Record::Gc { .. } | Record::Stats(_) => &mut self.queue,
        };
        queue.push((self.told, *record));
        self.told += 1;
    }

    fn judge(&mut self, sample: &Sample) {
        if sample.kind == SampleKind::Major {
            self.ring.push(*sample);
            self.history
                .push(sample.at_ms, sizes(sample), sample.requests);
            self.classic.push(sample.used_heap);
        }
        let mut next = self.detector.push(sample);
        while let Some(change) = next {
            let status = self.detector.status(change.channel);
            self.tell(&Record::Change {
                change,
                status,
                at_ms: sample.at_ms,
            });
            next = self.detector.next_change();
        }
        if sample.kind == SampleKind::Major && self.interest.stats {
            let heap = self.detector.status(Channel::Heap);
            self.tell(&Record::Stats(Stats {
                sample: *sample,
                classic: self.classic.stats(),
                counters: self.counters,
                state: self.state(),
                growth_rate: heap.growth_rate,
            }));
        }
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.detector.set_limits(limits);
    }

    /// The worst state of the watched channels.
    pub fn state(&self) -> State {
        self.statuses()
            .map(|status| status.state)
            .max()
            .unwrap_or_default()
    }

    pub fn statuses(&self) -> impl Iterator<Item = ChannelStatus> + '_ {
        CHANNELS
            .iter()
            .filter(|&&channel| self.settings.config.channels[channel as usize])
            .map(|&channel| self.detector.status(channel))
    }

    pub fn wants_gc(&self) -> bool {
        self.detector.wants_gc()
    }

    /// What was queued since the last call, oldest first, and how many records found no room.
    pub fn drain(&mut self) -> (Vec<Record>, u64) {
        let (mut records, dropped) = self.queue.drain();
        let (changes, lost) = self.changes.drain();
        records.extend(changes);
        sort_by_key(&mut records, |(number, _)| *number);
        (
            records.into_iter().map(|(_, record)| record).collect(),
            dropped + lost,
        )
    }

    pub fn counters(&self) -> &GcCounters {
        &self.counters
    }

    pub fn ring(&self) -> &SampleRing {
        &self.ring
    }

    /// The past as one series without overlaps, oldest first: each stretch of time at the finest
    /// resolution that still reaches back to it.
    pub fn coarse_history(&self) -> impl Iterator<Item = &Bucket> {
        (0..self.history.levels()).rev().flat_map(move |level| {
            let finer = level
                .checked_sub(1)
                .and_then(|finer| self.history.iter(finer).next());
            let end = finer.map_or(f64::INFINITY, |oldest| oldest.start_ms);
            self.history
                .iter(level)
                .filter(move |bucket| bucket.start_ms < end)
        })
    }

    /// Bytes of memory that all of this takes.
    pub fn own_memory(&self) -> usize {
        size_of::<Self>() - size_of::<Detector>()
            + self.detector.own_memory()
            + self.ring.own_memory()
            + self.history.own_memory()
            + self.changes.own_memory()
            + self.queue.own_memory()
    }
}

/// The size of each channel right after a full GC, in the order of [`CHANNELS`].
fn sizes(sample: &Sample) -> [Option<f64>; CHANNELS.len()] {
    [
        Some(sample.used_heap as f64),
        Some(sample.external as f64),
        sample.native().map(|native| native.max(0.0)),
        sample.resources.map(|resources| resources.count as f64),
    ]
}

/// Bytes allocated on the heap: what was used when a collection began, less what was used after the
/// one before. A collection that began with less (V8 freed in between) adds nothing.
#[derive(Default)]
struct AllocationClock {
    total: u64,
    used_after: Option<u64>,
}

impl AllocationClock {
    /// `None` where nobody can say what was used before.
    fn advance(&mut self, used_heap: u64, used_before: Option<u64>) -> Option<u64> {
        let used_before = used_before?;
        if let Some(used_after) = self.used_after.replace(used_heap) {
            self.total = self
                .total
                .saturating_add(used_before.saturating_sub(used_after));
        }
        Some(self.total)
    }
}
