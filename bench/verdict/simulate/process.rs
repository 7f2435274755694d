//! A process in virtual time: V8's two generations, the allocator, the container.
//!
//! Fitted by hand to the recordings in `__test__/corpus`: between two full GCs the old space grows
//! by 0.6 to 2 times what was alive, 10 MB at least; a mark is off by 0.2 MB and 0.4 % of the heap
//! (the median of the recordings' 0.1 to 6 MB is 0.9), always upwards.

use crate::parts::{HOUR, Held, MB, MINUTE, Now};
use crate::random::Random;
use crate::services::Service;
use tidemark::trend::{Headroom, Limits, Resources, Sample, SampleKind};

/// V8's least growth of the old space before the next full GC.
const LEAST_GROWTH: f64 = 10.0 * MB;

/// `lib/idle-gc.js`: asked for so often at first, then more and more seldom.
const IDLE_GC_S: f64 = 5.0;
const BACK_OFF: f64 = 1.25;
const MOST_WAITS: f64 = 60.0;
const OFTEN: u32 = 8;

pub struct Process {
    service: Service,
    random: Random,
    pub at: f64,
    requests: f64,
    allocated: f64,
    garbage: f64,
    next_full: f64,
    live: Held,
    /// Of that, what neither connections nor requests in flight hold.
    without_load: Held,
    /// Native pages that are resident, used or not.
    pages: f64,
    rss: f64,
    /// Resident memory of V8's heap.
    physical: f64,
    looks: u64,
    asked_at: f64,
    waits: f64,
    asked: u32,
    others_phase: f64,
}

/// What a moment shows.
pub struct Moment {
    pub sample: Sample,
    pub limits: Limits,
    /// The limit was hit.
    pub dead: bool,
}

impl Process {
    pub fn new(service: Service, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5bd1_e995);
        let others_phase = random.unit() * 1e5;
        Self {
            service,
            random,
            at: 0.0,
            requests: 0.0,
            allocated: 0.0,
            garbage: 0.0,
            next_full: 8.0 * MB,
            live: Held::default(),
            without_load: Held::default(),
            pages: 0.0,
            rss: 0.0,
            physical: 0.0,
            looks: 0,
            asked_at: f64::NEG_INFINITY,
            waits: 1.0,
            asked: 0,
            others_phase,
        }
    }

    pub fn live_without_load(&self) -> Held {
        self.without_load
    }

    pub fn live(&self) -> Held {
        self.live
    }

    pub fn requests(&self) -> f64 {
        self.requests
    }

    /// How far a step goes: finely at the start, coarsely later.
    pub fn step_for(&self, finest: f64) -> f64 {
        let usual: f64 = if self.at < 10.0 * MINUTE {
            1.0
        } else if self.at < 6.0 * HOUR {
            3.0
        } else {
            10.0
        };
        usual.min(finest)
    }

    /// Lets `dt` seconds pass. `wants_gc` is what the detector says.
    pub fn step(&mut self, dt: f64, wants_gc: bool) -> Moment {
        self.at += dt;
        let random = &mut self.random;
        let service = &mut self.service;
        let rate = service.traffic.rate(self.at, dt, random);
        let now = Now {
            at: self.at,
            dt,
            rate,
            mean_rate: service.traffic.mean,
        };
        self.requests += rate * dt;
        let allocates = rate * service.allocates + 20e3;
        self.allocated += allocates * dt;
        let (mut live, mut without_load) = (Held::default(), Held::default());
        for part in &mut service.parts {
            let held = part.step(&now, random);
            live.add(held);
            if held.connections + held.in_flight <= 0.0 {
                without_load.add(held);
            }
        }
        (self.live, self.without_load) = (live, without_load);
        self.garbage += allocates * service.promoted * dt;
        let used = live.heap + self.garbage;
        let asked = wants_gc && self.may_ask();
        let full = used >= self.next_full.min(0.97 * self.service.bounds.heap) || asked;
        if full {
            let random = &mut self.random;
            let floating = (0.2 * MB + 0.004 * live.heap)
                * (random.normal().abs() + random.exponential() * 0.5);
            self.garbage = floating;
            let grows = (live.heap * random.between(0.6, 2.0)).max(LEAST_GROWTH);
            self.next_full = live.heap + grows * random.between(0.95, 1.1);
        }
        if asked {
            self.asked_at = self.at;
            self.asked += 1;
            if self.asked > OFTEN {
                self.waits = (self.waits * BACK_OFF).min(MOST_WAITS);
            }
        } else if !wants_gc {
            (self.waits, self.asked) = (1.0, 0);
        }
        self.look(full)
    }

    /// Idle enough, and not asked for too often.
    fn may_ask(&mut self) -> bool {
        self.at - self.asked_at >= IDLE_GC_S * self.waits && self.random.chance(0.8)
    }

    fn look(&mut self, full: bool) -> Moment {
        let random = &mut self.random;
        let bounds = self.service.bounds;
        let used = self.live.heap + self.garbage + if full { 0.0 } else { 2.0 * MB };
        // V8 gives committed pages back slowly.
        self.physical = (used + 6.0 * MB).max(self.physical * 0.999);
        self.pages = self
            .pages
            .mul_add(0.9995, 0.0)
            .max(self.live.native * (1.0 + self.service.kept_pages * random.unit().powi(3)));
        self.rss = self.physical + self.live.external + self.pages + 0.5 * MB * random.normal();
        let others = self.service.others;
        let besides = others.size
            + others.swing * ((self.at + self.others_phase) / others.every).sin().powi(3)
            + 0.05 * others.size * random.unit();
        let headroom = bounds
            .container
            .map(|limit| (limit - self.rss - besides).max(0.0));
        let dead = self.live.heap >= 0.97 * bounds.heap
            || headroom.is_some_and(|bytes| bytes <= 0.0)
            || self.rss >= bounds.machine;
        self.looks += 1;
        let kind = match (full, self.looks % 2) {
            (true, _) => SampleKind::Major,
            (_, 0) => SampleKind::Minor,
            _ => SampleKind::Timer,
        };
        let requests = self.service.counts_requests.then_some(self.requests as u64);
        let connections = requests.map(|_| self.live.connections as u32);
        let in_flight = requests.map(|_| self.live.in_flight as u32);
        Moment {
            sample: Sample {
                kind,
                forced: false,
                at_ms: self.at * 1000.0,
                duration_ms: 2.0,
                used_heap: used as u64,
                total_heap: self.physical as u64,
                physical_heap: self.physical as u64,
                external: self.live.external as u64,
                heap_limit: bounds.heap as u64,
                // A young collection does not read it.
                rss: (kind != SampleKind::Minor).then_some(self.rss as u64),
                other_isolates: 0,
                connections,
                in_flight,
                allocated: Some(self.allocated as u64),
                requests,
                resources: Some(Resources {
                    count: self.live.handles as u64,
                    connections,
                    in_flight,
                }),
            },
            limits: Limits {
                cgroup: headroom.map(|bytes| Headroom {
                    bytes: bytes as u64,
                }),
                machine: Some(Headroom {
                    bytes: (bounds.machine - self.rss) as u64,
                }),
            },
            dead,
        }
    }
}
