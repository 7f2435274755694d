//! The plain objects that cross to JavaScript. Sizes are bytes, times are milliseconds since the
//! monitor started; what is not known is left out.

use crate::isolate::{GcTypes, Memory, Pushed, Status};
use crate::process::cgroup::CgroupMemory;
use crate::recorder::{GcCounters, KindCounter, Record, Settings, Stats};
use crate::trend::{
    Bucket, CHANNELS, Change, Channel, ChannelStatus, Config, Event, Gate, Limit, Range, Rule, Run,
    Sample, SampleKind,
};
use crate::v8::HeapStatistics;
use napi_derive::napi;
use serde_json::{Value, json};

#[napi(object, object_to_js = false)]
pub struct MonitorOptions {
    pub detector: String,
    pub consecutive: u32,
    pub channels: Vec<String>,
    pub history_size: u32,
    pub memory_limit: Option<f64>,
    pub gc_major: u32,
    pub gc_incremental: u32,
    pub gc_weakcb: u32,
}

impl MonitorOptions {
    pub(super) fn settings(&self) -> Settings {
        let rule = if self.detector == "memwatch" {
            Rule::Memwatch {
                consecutive: self.consecutive,
            }
        } else {
            Rule::Trend
        };
        let watched =
            CHANNELS.map(|channel| self.channels.iter().any(|name| name == channel.as_str()));
        Settings {
            config: Config {
                rule,
                channels: watched,
                ..Config::default()
            },
            history_size: self.history_size as usize,
        }
    }

    pub(super) fn gc_types(&self) -> GcTypes {
        GcTypes {
            major: self.gc_major,
            incremental: self.gc_incremental,
            weak_callback: self.gc_weakcb,
        }
    }
}

/// A sample that JavaScript read itself.
#[napi(object, object_to_js = false)]
pub struct PushedSample {
    /// V8's number of the kind of collection.
    pub gc_type: u32,
    pub forced: bool,
    /// Another full GC follows in the same batch: count it, but judge only the last.
    pub count_only: bool,
    pub at_ms: f64,
    pub duration_ms: f64,
    pub used_heap_size: f64,
    pub total_heap_size: f64,
    pub total_physical_size: f64,
    pub external_memory: f64,
    pub heap_size_limit: f64,
    pub malloced_memory: f64,
    pub native_contexts: f64,
    pub detached_contexts: f64,
}

impl From<&PushedSample> for Pushed {
    fn from(pushed: &PushedSample) -> Self {
        Self {
            gc_type: pushed.gc_type,
            forced: pushed.forced,
            count_only: pushed.count_only,
            at_ms: pushed.at_ms,
            duration_ms: pushed.duration_ms,
            heap: HeapStatistics {
                used_heap_size: pushed.used_heap_size as u64,
                total_heap_size: pushed.total_heap_size as u64,
                total_physical_size: pushed.total_physical_size as u64,
                external_memory: pushed.external_memory as u64,
                heap_size_limit: pushed.heap_size_limit as u64,
                malloced_memory: pushed.malloced_memory as u64,
                number_of_native_contexts: pushed.native_contexts as u64,
                number_of_detached_contexts: pushed.detached_contexts as u64,
                ..HeapStatistics::default()
            },
        }
    }
}

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
    pub(super) fn new(sample: &Sample, used_before: Option<u64>) -> Self {
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

#[napi(object, object_from_js = false)]
pub struct ChannelShape {
    pub channel: &'static str,
    pub state: &'static str,
    pub level: Option<f64>,
    pub growth: f64,
    pub growth_rate: Option<f64>,
    pub growth_rate_low: Option<f64>,
    pub growth_rate_high: Option<f64>,
    pub growth_per_request: Option<f64>,
    pub confidence: f64,
    pub start_ms: f64,
    pub end_ms: f64,
    pub full_gcs: u32,
    pub time_to_limit_ms: Option<f64>,
    pub limit: Option<&'static str>,
    pub held_back_by: Option<String>,
    /// The same for programs: the gate's name and its numbers.
    pub gate: Option<Value>,
}

impl From<&ChannelStatus> for ChannelShape {
    fn from(status: &ChannelStatus) -> Self {
        Self {
            channel: status.channel.as_str(),
            state: status.state.as_str(),
            level: status.floor,
            growth: status.growth,
            growth_rate: status.growth_rate,
            growth_rate_low: status.growth_rate_low,
            growth_rate_high: status.growth_rate_high,
            growth_per_request: status.growth_per_request,
            confidence: status.confidence,
            start_ms: status.start_ms,
            end_ms: status.end_ms,
            full_gcs: status.gcs,
            time_to_limit_ms: status.time_to_limit_ms,
            limit: status.limit.map(Limit::as_str),
            held_back_by: status
                .gate
                .map(|gate| gate.describe(status.channel).to_string()),
            gate: status.gate.map(gate_numbers),
        }
    }
}

/// A gate as an object: its name, and the numbers that its sentence tells.
fn gate_numbers(gate: Gate) -> Value {
    let name = gate.as_str();
    match gate {
        Gate::Few { have, need } | Gate::Confirmation { have, need } => {
            json!({ "name": name, "have": have, "need": need })
        }
        Gate::Load { by, growth, left } => {
            json!({ "name": name, "by": by.as_str(), "growth": growth, "left": left })
        }
        Gate::Material { growth, need, gcs } => {
            json!({ "name": name, "growth": growth, "need": need, "fullGcs": gcs })
        }
        Gate::Separated {
            low_late,
            high_early,
        } => {
            json!({ "name": name, "lowLate": low_late, "highEarly": high_early })
        }
        Gate::Trend { z, need } => json!({ "name": name, "z": z, "need": need }),
        Gate::NewGround { growth, fall } => json!({ "name": name, "growth": growth, "fall": fall }),
        Gate::Slowing { pace } => json!({ "name": name, "pace": pace }),
        Gate::Saturating { evidence } => json!({ "name": name, "evidence": evidence }),
        Gate::Remote { left_ms } => json!({ "name": name, "leftMs": left_ms }),
        Gate::Patience {
            watched_ms,
            need_ms,
        } => {
            json!({ "name": name, "watchedMs": watched_ms, "needMs": need_ms })
        }
        Gate::Overshadowed { by, times } => {
            json!({ "name": name, "by": by.as_str(), "times": times })
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct ChangeShape {
    pub channel: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub event: Option<&'static str>,
}

impl From<&Change> for ChangeShape {
    fn from(change: &Change) -> Self {
        Self {
            channel: change.channel.as_str(),
            from: change.from.as_str(),
            to: change.to.as_str(),
            event: change.event.map(event_name),
        }
    }
}

fn event_name(event: Event) -> &'static str {
    match event {
        Event::Leak => "leak",
        Event::Recovered => "recovered",
    }
}

/// A run of memwatch's rule.
#[napi(object, object_from_js = false)]
pub struct RunShape {
    pub start_ms: f64,
    pub end_ms: f64,
    pub growth: f64,
    pub consecutive: u32,
}

impl From<&Run> for RunShape {
    fn from(run: &Run) -> Self {
        Self {
            start_ms: run.start_ms as f64,
            end_ms: run.end_ms as f64,
            growth: run.growth as f64,
            consecutive: run.consecutive,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct KindCounterShape {
    pub count: f64,
    pub duration_ms: f64,
}

impl From<&KindCounter> for KindCounterShape {
    fn from(counter: &KindCounter) -> Self {
        Self {
            count: counter.count as f64,
            duration_ms: counter.duration_ms,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct CountersShape {
    pub minor: KindCounterShape,
    pub major: KindCounterShape,
    pub incremental: KindCounterShape,
    pub weakcb: KindCounterShape,
    pub duration_ms: f64,
}

impl From<&GcCounters> for CountersShape {
    fn from(counters: &GcCounters) -> Self {
        Self {
            minor: (&counters.minor).into(),
            major: (&counters.major).into(),
            incremental: (&counters.incremental).into(),
            weakcb: (&counters.weak_callback).into(),
            duration_ms: counters.duration_ms(),
        }
    }
}

/// memwatch's own numbers.
#[napi(object, object_from_js = false)]
pub struct ClassicShape {
    pub num_full_gc: f64,
    pub usage_trend: f64,
    pub estimated_base: f64,
    pub current_base: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[napi(object, object_from_js = false)]
pub struct StatsShape {
    pub sample: SampleShape,
    pub classic: ClassicShape,
    pub gc: CountersShape,
    pub state: &'static str,
    pub growth_rate: Option<f64>,
}

impl From<&Stats> for StatsShape {
    fn from(stats: &Stats) -> Self {
        let classic = &stats.classic;
        Self {
            sample: SampleShape::new(&stats.sample, None),
            classic: ClassicShape {
                num_full_gc: classic.full_gcs as f64,
                usage_trend: classic.usage_trend,
                estimated_base: classic.estimated_base,
                current_base: classic.current_base as f64,
                min: number(classic.min),
                max: number(classic.max),
            },
            gc: (&stats.counters).into(),
            state: stats.state.as_str(),
            growth_rate: stats.growth_rate,
        }
    }
}

/// One thing that happened: exactly one of `gc`, `change` and `stats` is there.
#[napi(object, object_from_js = false)]
pub struct RecordShape {
    pub at_ms: f64,
    pub gc: Option<SampleShape>,
    pub change: Option<ChangeShape>,
    pub status: Option<ChannelShape>,
    pub run: Option<RunShape>,
    pub stats: Option<StatsShape>,
}

impl From<&Record> for RecordShape {
    fn from(record: &Record) -> Self {
        let empty = |at_ms| Self {
            at_ms,
            gc: None,
            change: None,
            status: None,
            run: None,
            stats: None,
        };
        match record {
            Record::Gc {
                sample,
                used_before,
            } => Self {
                gc: Some(SampleShape::new(sample, *used_before)),
                ..empty(sample.at_ms)
            },
            Record::Change {
                change,
                status,
                at_ms,
            } => Self {
                change: Some(change.into()),
                status: Some(status.into()),
                run: status.run.as_ref().map(Into::into),
                ..empty(*at_ms)
            },
            Record::Stats(stats) => Self {
                stats: Some(stats.into()),
                ..empty(stats.sample.at_ms)
            },
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct DrainedShape {
    pub records: Vec<RecordShape>,
    /// Records that found no room in the queue since the last time.
    pub dropped: f64,
}

#[napi(object, object_from_js = false)]
pub struct CgroupShape {
    pub version: u8,
    pub limit: f64,
    pub usage: f64,
    /// It slows and does not kill: `memory.high`.
    pub slows: bool,
    pub events: Option<CgroupEventsShape>,
}

/// How often the group was slowed, was at its limit, and had a process killed.
#[napi(object, object_from_js = false)]
pub struct CgroupEventsShape {
    pub high: f64,
    pub max: f64,
    pub oom_kill: f64,
}

impl From<&CgroupMemory> for CgroupShape {
    fn from(memory: &CgroupMemory) -> Self {
        Self {
            version: memory.version,
            limit: memory.limit as f64,
            usage: memory.usage as f64,
            slows: memory.slows,
            events: memory.events.map(|events| CgroupEventsShape {
                high: events.high as f64,
                max: events.max as f64,
                oom_kill: events.oom_kill as f64,
            }),
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct MemoryShape {
    pub rss: Option<f64>,
    pub used_heap_size: f64,
    pub total_heap_size: f64,
    pub heap_size_limit: f64,
    pub external_memory: f64,
    pub malloced_memory: f64,
    pub native: Option<f64>,
    pub native_contexts: f64,
    pub detached_contexts: f64,
    pub cgroup: Option<CgroupShape>,
    pub machine_available: Option<f64>,
}

impl From<&Memory> for MemoryShape {
    fn from(memory: &Memory) -> Self {
        let heap = &memory.heap;
        Self {
            rss: number(memory.rss),
            used_heap_size: heap.used_heap_size as f64,
            total_heap_size: heap.total_heap_size as f64,
            heap_size_limit: heap.heap_size_limit as f64,
            external_memory: heap.external_memory as f64,
            malloced_memory: heap.malloced_memory as f64,
            native: number(memory.native),
            native_contexts: heap.number_of_native_contexts as f64,
            detached_contexts: heap.number_of_detached_contexts as f64,
            cgroup: memory.cgroup.as_ref().map(Into::into),
            machine_available: number(memory.machine_available),
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct CostShape {
    pub callbacks: f64,
    pub minor_us: Option<f64>,
    pub major_us: Option<f64>,
    pub own_memory: f64,
}

#[napi(object, object_from_js = false)]
pub struct StatusShape {
    pub channels: Vec<ChannelShape>,
    pub memory: MemoryShape,
    pub gc: CountersShape,
    pub cost: CostShape,
    pub uptime_ms: f64,
    pub requests: Option<f64>,
    pub connections: Option<f64>,
    pub requests_in_flight: Option<f64>,
    /// Collections that could not be recorded; not 0 is a bug.
    pub lost: f64,
    /// The hook panicked and was switched off.
    pub failed: bool,
    /// Why JavaScript cannot be woken, if it cannot.
    pub wake_error: Option<String>,
}

impl From<Status> for StatusShape {
    fn from(status: Status) -> Self {
        let (full, other) = (status.full_gc_cost, status.other_gc_cost);
        Self {
            channels: status.channels.iter().map(Into::into).collect(),
            memory: (&status.memory).into(),
            gc: (&status.counters).into(),
            cost: CostShape {
                callbacks: (full.callbacks + other.callbacks) as f64,
                minor_us: other.mean_us(),
                major_us: full.mean_us(),
                own_memory: status.own_memory as f64,
            },
            uptime_ms: status.uptime_ms,
            requests: number(status.requests),
            connections: status.connections.map(f64::from),
            requests_in_flight: status.in_flight.map(f64::from),
            lost: status.lost as f64,
            failed: status.failed,
            wake_error: status.wake_error,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct RangeShape {
    pub min: f64,
    pub mean: f64,
    pub max: f64,
    pub full_gcs: u32,
}

impl From<Range> for RangeShape {
    fn from(range: Range) -> Self {
        Self {
            min: range.min,
            mean: range.mean,
            max: range.max,
            full_gcs: range.count,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct BucketShape {
    pub start_ms: f64,
    pub end_ms: f64,
    pub requests: Option<f64>,
    pub heap: Option<RangeShape>,
    pub external: Option<RangeShape>,
    pub native: Option<RangeShape>,
    pub resources: Option<RangeShape>,
}

impl From<&Bucket> for BucketShape {
    fn from(bucket: &Bucket) -> Self {
        let range = |channel| bucket.range(channel).map(Into::into);
        Self {
            start_ms: bucket.start_ms,
            end_ms: bucket.start_ms + bucket.width_ms,
            requests: number(bucket.requests),
            heap: range(Channel::Heap),
            external: range(Channel::External),
            native: range(Channel::Native),
            resources: range(Channel::Resources),
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct HistoryShape {
    pub samples: Vec<SampleShape>,
    pub coarse: Vec<BucketShape>,
}

pub(super) fn number(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}
