//! What is known at one moment.

use super::number::number;
use super::stats::CountersShape;
use super::verdict::ChannelShape;
use crate::isolate::{Memory, Status};
use crate::process::cgroup::CgroupMemory;
use napi_derive::napi;

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
