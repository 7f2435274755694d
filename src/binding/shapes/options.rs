//! What a watch is made with, and a sample that JavaScript read itself.

use crate::isolate::{GcTypes, Pushed};
use crate::recorder::Settings;
use crate::trend::{CHANNELS, Config, Rule};
use crate::v8::HeapStatistics;
use napi_derive::napi;

#[napi(object, object_to_js = false)]
pub struct WatchOptions {
    pub detector: String,
    pub consecutive: u32,
    pub channels: Vec<String>,
    pub history_size: u32,
    pub memory_limit: Option<f64>,
    pub gc_major: u32,
    pub gc_incremental: u32,
    pub gc_weakcb: u32,
}

impl WatchOptions {
    pub(in crate::binding) fn settings(&self) -> Settings {
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

    pub(in crate::binding) fn gc_types(&self) -> GcTypes {
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
