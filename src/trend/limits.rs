//! What memory may still grow by, and to which limit.

use super::{Channel, Config, Sample};

/// How much could still be allocated under one limit, in bytes, at the last look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headroom {
    pub bytes: u64,
}

/// The limits that are looked at outside of the GC. V8's comes with each sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    pub cgroup: Option<Headroom>,
    pub machine: Option<Headroom>,
}

/// The limit that a leak would hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// V8's heap limit.
    Heap,
    /// The memory limit of the cgroup (the container).
    Cgroup,
    /// The memory of the machine.
    Machine,
}

impl Limit {
    pub const ALL: [Self; 3] = [Self::Heap, Self::Cgroup, Self::Machine];

    /// The word that users see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heap => "heap",
            Self::Cgroup => "cgroup",
            Self::Machine => "machine",
        }
    }
}

/// All limits together, and what V8's heap has used of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Room {
    limits: Limits,
    /// 0 before the first full GC.
    heap_limit: f64,
    used_heap: f64,
}

impl Room {
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// A full GC.
    pub fn set_heap(&mut self, sample: &Sample) {
        self.heap_limit = sample.heap_limit as f64;
        self.used_heap = sample.used_heap as f64;
    }

    /// Bytes to the limit that `channel` would hit first.
    pub fn nearest(&self, channel: Channel) -> Option<(f64, Limit)> {
        if !channel.is_bytes() {
            return None;
        }
        let heap = (channel == Channel::Heap && self.heap_limit > 0.0)
            .then(|| ((self.heap_limit - self.used_heap).max(0.0), Limit::Heap));
        let cgroup = self
            .limits
            .cgroup
            .map(|room| (room.bytes as f64, Limit::Cgroup));
        let machine = self
            .limits
            .machine
            .map(|room| (room.bytes as f64, Limit::Machine));
        [heap, cgroup, machine]
            .into_iter()
            .flatten()
            .min_by(|one, other| one.0.total_cmp(&other.0))
    }

    /// What `channel` may still grow by, for patience: to the nearest limit. V8's counts
    /// for memory outside of its heap too, since a machine's limit is none that an app was
    /// made for. Handles have one that is assumed.
    pub fn left(&self, config: &Config, channel: Channel, size: f64) -> f64 {
        if !channel.is_bytes() {
            return config.handles_limit.max(size);
        }
        let limit = if self.heap_limit > 0.0 {
            self.heap_limit
        } else {
            config.unknown_limit
        };
        [self.limits.cgroup, self.limits.machine]
            .into_iter()
            .flatten()
            .map(|room| room.bytes as f64)
            .fold((limit - size.max(0.0)).max(0.0), f64::min)
    }
}
