//! A recording as JavaScript gets it.

use super::layout::VERSION;
use super::read::{Isolate, Recording};
use super::records::{End, Pulse, Reading, Standing};
use crate::recorder::KindCounter;
use crate::trend::{CHANNELS, Limit};
use serde_json::{Map, Value, json};

impl Recording {
    /// For JavaScript. Times are milliseconds since 1970. `whole`: with the readings, which are long.
    pub fn to_json(&self, whole: bool) -> Value {
        let pulse = self.pulse;
        // Without a pulse the times are those since the recorder began.
        let offset = pulse.map_or(0.0, |pulse| pulse.wall_ms - pulse.at_ms);
        object([
            ("version", json!(VERSION)),
            ("identity", json!(self.identity)),
            ("process", pulse.map_or(Value::Null, process)),
            ("end", pulse.map_or(Value::Null, |pulse| end(pulse.end))),
            (
                "isolates",
                self.isolates
                    .iter()
                    .map(|isolate| isolate.to_json(offset, whole))
                    .collect(),
            ),
            ("leaks", json!(self.leaks)),
            ("skipped", json!(self.skipped)),
            ("cut", json!(self.cut)),
        ])
    }
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter();
    collected(&mut entries.map(|(name, value)| (name.to_owned(), value)))
}

/// One by one: `collect` sorts first, and is compiled for each kind of iterator.
fn collected(entries: &mut dyn Iterator<Item = (String, Value)>) -> Value {
    let mut all = Map::new();
    for (name, value) in entries {
        all.insert(name, value);
    }
    Value::Object(all)
}

fn process(pulse: Pulse) -> Value {
    object([
        ("timeMs", json!(pulse.wall_ms)),
        ("uptimeMs", json!(pulse.at_ms)),
        ("rss", json!(pulse.rss)),
        ("peakRss", json!(pulse.peak_rss)),
        ("groupLimit", json!(pulse.group_limit)),
        ("groupUsage", json!(pulse.group_usage)),
        ("groupSlows", json!(pulse.group_slows)),
        ("machineAvailable", json!(pulse.machine_available)),
        ("memoryLimit", json!(pulse.memory_limit)),
        (
            "recorderCpuMs",
            json!(pulse.cpu_ns.map(|nanoseconds| nanoseconds as f64 / 1e6)),
        ),
        ("failedWrites", json!(pulse.failed)),
    ])
}

fn end(end: End) -> Value {
    match end {
        End::None => Value::Null,
        End::Exit(code) => json!({ "kind": "exit", "code": code }),
        End::Stopped => json!({ "kind": "stopped" }),
    }
}

impl Isolate {
    fn to_json(&self, offset: f64, whole: bool) -> Value {
        let Self {
            number,
            record,
            readings,
        } = self;
        let mut channels = CHANNELS
            .iter()
            .zip(&record.channels)
            .filter(|(_, standing)| standing.watched)
            .map(|(channel, standing)| (channel.as_str().to_owned(), standing_json(standing)));
        let state = record
            .channels
            .iter()
            .map(|standing| standing.state)
            .max()
            .unwrap_or_default();
        let counters = &record.counters;
        object([
            ("isolate", json!(number)),
            ("threadId", json!(record.thread_id)),
            ("health", json!(record.health.as_str())),
            ("state", json!(state.as_str())),
            ("nearHeapLimit", json!(record.near_heap_limit)),
            ("closed", json!(record.closed)),
            ("lost", json!(record.lost)),
            ("channels", collected(&mut channels)),
            (
                "gc",
                json!({
                    "minor": counter(counters.minor),
                    "major": counter(counters.major),
                    "incremental": counter(counters.incremental),
                    "weakcb": counter(counters.weak_callback),
                }),
            ),
            (
                "newest",
                record
                    .newest
                    .map_or(Value::Null, |reading| reading_json(&reading, offset)),
            ),
            (
                "readings",
                readings
                    .iter()
                    .filter(|_| whole)
                    .map(|reading| reading_json(reading, offset))
                    .collect(),
            ),
        ])
    }
}

fn counter(counter: KindCounter) -> Value {
    json!({ "count": counter.count, "durationMs": counter.duration_ms })
}

fn standing_json(standing: &Standing) -> Value {
    json!({
        "state": standing.state.as_str(),
        "level": standing.level,
        "growth": standing.growth,
        "growthRate": standing.growth_rate,
        "timeToLimitMs": standing.time_to_limit_ms,
        "limit": standing.limit.map(Limit::as_str),
        "fullGcs": standing.full_gcs,
    })
}

fn reading_json(reading: &Reading, offset: f64) -> Value {
    json!({
        "timeMs": reading.at_ms + offset,
        "kind": if reading.collected { "major" } else { "timer" },
        "state": reading.state.as_str(),
        "usedHeapSize": reading.used_heap,
        "totalHeapSize": reading.total_heap,
        "externalMemory": reading.external,
        "heapSizeLimit": reading.heap_limit,
        "rss": reading.rss,
        "native": reading.native,
        "requests": reading.requests,
        "resources": reading.resources,
    })
}
