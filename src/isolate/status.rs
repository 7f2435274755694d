//! What is known of an isolate at one moment.

use super::cost::Cost;
use crate::process::cgroup::CgroupMemory;
use crate::recorder::GcCounters;
use crate::trend::ChannelStatus;
use crate::v8::HeapStatistics;

pub struct Status {
    /// Of the channels that are watched.
    pub channels: Vec<ChannelStatus>,
    pub memory: Memory,
    pub counters: GcCounters,
    pub full_gc_cost: Cost,
    pub other_gc_cost: Cost,
    /// Bytes that the recorder takes.
    pub own_memory: usize,
    pub uptime_ms: f64,
    pub requests: Option<u64>,
    pub connections: Option<u32>,
    pub in_flight: Option<u32>,
    /// Collections that could not be recorded; not 0 is a bug.
    pub lost: u64,
    /// The hook panicked and was switched off.
    pub failed: bool,
    /// Why JavaScript cannot be woken, if it cannot.
    pub wake_error: Option<String>,
}

/// Bytes.
pub struct Memory {
    pub heap: HeapStatistics,
    pub rss: Option<u64>,
    /// What is resident, but neither V8's, nor declared to it, nor another watched isolate's.
    pub native: Option<u64>,
    /// The limits, at the last look.
    pub cgroup: Option<CgroupMemory>,
    pub machine_available: Option<u64>,
}
