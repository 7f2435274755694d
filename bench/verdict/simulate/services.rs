//! Services of many kinds, each with its own sizes and traffic by the seed.
//!
//! What is healthy ends by itself: caches end at caps of 0.5 to 15 % of the heap limit, stores at
//! an expiry, pools at a cap. Connections that clients opened are no handles: `lib/resource-watch.js`
//! takes them off, since they are load. Written before the thresholds were chosen.

use crate::parts::{
    Batch, Cache, Connections, DAY, Expiring, HOUR, Held, Joining, Leak, MB, MINUTE, Modules, Pace,
    Part, Pool, Queue, Reload, SlowBackend, Wander, WarmUp,
};
use crate::random::Random;
use std::f64::consts::TAU;

/// Requests a second over the week.
pub struct Traffic {
    pub mean: f64,
    daily: f64,
    weekend: f64,
    phase: f64,
    noise: f64,
    bursts: f64,
    burst_until: f64,
    burst: f64,
    /// The load balancer sends the full share only after this many seconds.
    ramp: f64,
    wander: f64,
}

impl Traffic {
    fn new(random: &mut Random) -> Self {
        let flat = random.chance(0.25);
        Self {
            mean: random.log_between(2.0, 600.0),
            daily: if flat { 0.05 } else { random.between(0.3, 0.9) },
            weekend: random.between(0.3, 1.0),
            phase: random.unit() * 7.0 * DAY,
            noise: random.between(0.02, 0.15),
            bursts: random.log_between(0.5 * HOUR, 2.0 * DAY),
            burst_until: 0.0,
            burst: 1.0,
            ramp: random.one_of(&[0.0, 10.0, 60.0, 300.0]),
            wander: 0.0,
        }
    }

    pub fn rate(&mut self, at: f64, dt: f64, random: &mut Random) -> f64 {
        let clock = at + self.phase;
        let day = 1.0 + self.daily * (TAU * clock / DAY).sin();
        let weekend = if (clock / DAY) % 7.0 >= 5.0 {
            self.weekend
        } else {
            1.0
        };
        if at >= self.burst_until {
            self.burst = 1.0;
            if random.chance(dt / self.bursts) {
                self.burst = random.between(1.5, 4.0);
                self.burst_until = at + 10.0 * MINUTE * random.exponential();
            }
        }
        let keep = (-dt / 30.0).exp();
        self.wander = self.wander * keep + (1.0 - keep * keep).sqrt() * random.normal();
        let ramp = if self.ramp > 0.0 {
            (at / self.ramp).min(1.0)
        } else {
            1.0
        };
        (self.mean * day * weekend * self.burst * ramp * (1.0 + self.noise * self.wander)).max(0.0)
    }
}

/// What the process may use.
#[derive(Clone, Copy)]
pub struct Bounds {
    pub heap: f64,
    /// Of the container, where there is one.
    pub container: Option<f64>,
    pub machine: f64,
}

/// Other processes in the container.
#[derive(Clone, Copy)]
pub struct Others {
    pub size: f64,
    pub swing: f64,
    pub every: f64,
}

pub struct Service {
    pub traffic: Traffic,
    pub bounds: Bounds,
    pub others: Others,
    pub parts: Vec<Box<dyn Part>>,
    /// Whether requests are counted; a service of queues and timers has none.
    pub counts_requests: bool,
    /// Bytes allocated for each request, and the share of it that V8 promotes.
    pub allocates: f64,
    pub promoted: f64,
    /// Of native memory: how much the allocator keeps beyond what is used.
    pub kept_pages: f64,
}

/// Sizes and caps are shares of this.
pub struct Plan<'a> {
    random: &'a mut Random,
    heap: f64,
    mean: f64,
}

type Model = fn(&mut Plan) -> Vec<Box<dyn Part>>;

/// Every third one is held out.
pub const MODELS: [(&str, Model); 21] = [
    ("steady", steady),
    ("lru, Zipf keys", lru_zipf),
    ("sessions that expire", sessions),
    ("lru, uniform keys", lru_uniform),
    ("connections", connections),
    ("pools", pools),
    ("lazy modules", lazy_modules),
    ("batch jobs", batches),
    ("queues", queues),
    ("cache by age", by_age),
    ("working set that wanders", wanders),
    ("rate limiter", rate_limiter),
    ("buffers and zlib", buffers),
    ("reloaded data", reloads),
    ("several caches", several_caches),
    ("web shop", web_shop),
    ("websockets", websockets),
    ("worker of a queue", worker),
    ("connections that join", joining),
    ("slow backend", slow_backend),
    ("streams", streams),
];

pub fn held_out(model: usize) -> bool {
    model % 3 == 2
}

impl Service {
    pub fn new(model: usize, random: &mut Random) -> Self {
        let container = random
            .chance(0.8)
            .then(|| random.one_of(&[256.0, 512.0, 512.0, 1024.0, 1024.0, 2048.0, 4096.0]) * MB);
        let heap = match container {
            Some(bytes) if random.chance(0.5) => 0.75 * bytes,
            Some(bytes) => (0.5 * bytes).clamp(256.0 * MB, 4144.0 * MB),
            None => random.one_of(&[512.0, 2048.0, 4144.0, 4144.0]) * MB,
        };
        let traffic = Traffic::new(random);
        let mut plan = Plan {
            heap: heap.min(container.unwrap_or(f64::MAX)),
            mean: traffic.mean,
            random,
        };
        let mut parts = plan.base();
        parts.extend(MODELS[model].1(&mut plan));
        let shared = container.is_some() && random.chance(0.3);
        let limit = container.unwrap_or(0.0);
        Self {
            traffic,
            bounds: Bounds {
                heap,
                container,
                machine: random.one_of(&[4.0, 8.0, 16.0, 32.0]) * 1000.0 * MB,
            },
            others: Others {
                size: if shared { 0.08 * limit } else { 0.0 },
                swing: if shared { 0.02 * limit } else { 0.0 },
                every: random.log_between(MINUTE, HOUR),
            },
            parts,
            counts_requests: random.chance(0.8),
            allocates: random.log_between(30e3, 400e3),
            promoted: random.log_between(0.01, 0.06),
            kept_pages: random.between(0.05, 0.3),
        }
    }

    /// Adds a leak that takes about `seconds` from its beginning to the limit.
    pub fn leak(&mut self, begins: f64, seconds: f64, random: &mut Random) {
        let room = self
            .bounds
            .container
            .map_or(self.bounds.heap, |bytes| self.bounds.heap.min(bytes))
            - 90.0 * MB;
        let bytes = room.max(60.0 * MB) / seconds;
        let each = match random.unit() {
            kind if kind < 0.7 => Held::heap(bytes),
            kind if kind < 0.82 => Held {
                heap: 0.05 * bytes,
                external: bytes,
                ..Held::default()
            },
            kind if kind < 0.92 => Held {
                heap: 0.02 * bytes,
                native: bytes,
                ..Held::default()
            },
            // Sockets with their buffers: 20 kB each.
            _ => Held {
                heap: 0.4 * bytes,
                external: 0.4 * bytes,
                native: 0.2 * bytes,
                handles: bytes / 20e3,
                ..Held::default()
            },
        };
        let pace = match random.unit() {
            kind if kind < 0.55 => Pace::PerRequest,
            kind if kind < 0.75 => Pace::PerSecond,
            kind if kind < 0.88 => Pace::Steps(seconds / random.log_between(40.0, 2000.0)),
            _ => Pace::Bursts(seconds / random.log_between(60.0, 600.0)),
        };
        self.parts.push(Box::new(Leak {
            pace,
            begins,
            each,
            units: 0.0,
            next: 0.0,
            bursting: false,
        }));
    }
}

impl Plan<'_> {
    /// What every Node.js service has.
    fn base(&mut self) -> Vec<Box<dyn Part>> {
        let random = &mut *self.random;
        let base = random.log_between(12.0, 120.0).min(0.25 * self.heap / MB) * MB;
        let warm = random.between(0.1, 0.5) * base;
        let entropy = random.log_between(300.0, 60_000.0);
        let (first, more) = (
            Held {
                heap: base,
                external: random.log_between(1.0, 12.0) * MB,
                native: random.between(25.0, 60.0) * MB,
                handles: random.between(3.0, 30.0),
                ..Held::default()
            },
            Held {
                heap: warm,
                native: random.between(2.0, 15.0) * MB,
                ..Held::default()
            },
        );
        vec![
            Box::new(WarmUp {
                full: first,
                requests: 1e-9,
                done: 1.0,
            }),
            Box::new(WarmUp {
                full: more,
                requests: entropy,
                done: 0.0,
            }),
            Box::new(Connections {
                per_rate: random.log_between(0.02, 0.6),
                each: Held {
                    heap: random.log_between(4.0, 40.0) * 1e3,
                    external: 8e3,
                    native: 6e3,
                    connections: 1.0,
                    ..Held::default()
                },
                lag: random.log_between(2.0, 120.0),
                count: 0.0,
            }),
        ]
    }

    /// Bytes of a cache: 0.5 to 15 % of the heap limit.
    fn cap(&mut self) -> f64 {
        self.random.log_between(0.005, 0.15) * self.heap
    }

    fn cache(&mut self, skew: f64) -> Box<dyn Part> {
        let each = self.random.log_between(300.0, 30e3);
        let cap = (self.cap() / each).max(10.0);
        let keys = cap * self.random.log_between(0.6, 30.0);
        let external = self.random.chance(0.15);
        let held = if external {
            Held {
                heap: 0.1 * each,
                external: each,
                ..Held::default()
            }
        } else {
            Held::heap(each)
        };
        let share = self.random.log_between(0.05, 1.0);
        Box::new(Cache::new(keys, skew, cap, held.bounded(), share))
    }

    /// As many entries as fill `cap` bytes within `lifetime` at the mean rate.
    fn expiring(&mut self, lifetime: f64, sweep: f64) -> Box<dyn Part> {
        Box::new(self.entries(lifetime, sweep))
    }

    fn entries(&mut self, lifetime: f64, sweep: f64) -> Expiring {
        let bytes = self.cap() / 1.9;
        let each = self.random.log_between(300.0, 8e3);
        let share = (bytes / each / lifetime / self.mean).min(1.0);
        Expiring::new(share, Held::heap(each).bounded(), lifetime, sweep)
    }
}

fn steady(_: &mut Plan) -> Vec<Box<dyn Part>> {
    Vec::new()
}

fn lru_zipf(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let skew = plan.random.between(0.6, 0.98);
    vec![plan.cache(skew)]
}

fn lru_uniform(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    vec![plan.cache(0.0)]
}

fn sessions(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let lifetime = plan.random.log_between(10.0 * MINUTE, DAY);
    let sweep = if plan.random.chance(0.5) {
        plan.random.log_between(MINUTE, 0.5 * lifetime)
    } else {
        0.0
    };
    vec![plan.expiring(lifetime, sweep)]
}

fn by_age(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let lifetime = plan.random.log_between(30.0, HOUR);
    let sweep = plan.random.one_of(&[0.0, 60.0, 600.0]);
    vec![plan.expiring(lifetime, sweep.min(lifetime))]
}

fn rate_limiter(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let lifetime = plan.random.log_between(10.0, 15.0 * MINUTE);
    vec![plan.expiring(lifetime, 0.0)]
}

fn connections(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let each = plan.random.log_between(5e3, 60e3);
    let most = plan.cap();
    vec![Box::new(Connections {
        per_rate: most / each / plan.mean / 3.0,
        each: Held {
            heap: 0.6 * each,
            external: 0.3 * each,
            native: 0.3 * each,
            connections: 1.0,
            ..Held::default()
        },
        lag: plan.random.log_between(5.0, 10.0 * MINUTE),
        count: 0.0,
    })]
}

fn pools(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let cap = plan.random.log_between(5.0, 200.0).round();
    let bytes = plan.cap() / cap;
    vec![Box::new(Pool {
        cap,
        per_rate: cap / plan.mean / plan.random.log_between(1.0, 6.0),
        each: Held {
            heap: 0.5 * bytes,
            external: 0.2 * bytes,
            native: 0.5 * bytes,
            handles: 1.0,
            ..Held::default()
        },
        count: 0.0,
    })]
}

fn lazy_modules(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let count = plan.random.log_between(10.0, 150.0) as usize;
    let bytes = plan.cap().min(80.0 * MB) / count as f64;
    let wait = plan.random.log_between(MINUTE, 12.0 * HOUR);
    vec![Box::new(Modules::new(count, bytes, wait, plan.random))]
}

fn batches(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let every = plan.random.one_of(&[0.25 * HOUR, HOUR, 6.0 * HOUR, DAY]);
    let peak = 2.0 * plan.cap();
    vec![Box::new(Batch {
        every,
        first: every * plan.random.unit(),
        lasts: every * plan.random.log_between(0.02, 0.5),
        peak: Held {
            heap: 0.8 * peak,
            external: 0.2 * peak,
            ..Held::default()
        },
    })]
}

fn queues(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let outage = plan.random.log_between(MINUTE, 40.0 * MINUTE);
    let most = plan.cap();
    let each = most / (2.0 * outage * plan.mean);
    vec![Box::new(Queue {
        mean_between: plan.random.log_between(2.0 * HOUR, 3.0 * DAY),
        mean_outage: outage,
        per_request: Held::heap(each),
        next: plan.random.log_between(0.5 * HOUR, DAY),
        until: 0.0,
        backlog: 0.0,
        most: most / each,
    })]
}

fn wanders(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let most = plan.cap() / 5.0;
    let external = plan.random.unit();
    vec![Box::new(Wander {
        spread: Held {
            heap: (1.0 - 0.7 * external) * most,
            external: 0.7 * external * most,
            ..Held::default()
        },
        lag: plan.random.log_between(30.0, 6.0 * HOUR),
        at: 0.0,
    })]
}

fn buffers(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let most = plan.cap() / 3.0;
    let lag = plan.random.log_between(5.0, HOUR);
    vec![
        Box::new(Wander {
            spread: Held {
                external: 0.3 * most,
                native: 0.3 * most,
                ..Held::default()
            },
            lag,
            at: 0.0,
        }),
        Box::new(Pool {
            cap: 40.0,
            per_rate: 40.0 / plan.mean / 4.0,
            each: Held {
                external: most / 40.0,
                native: most / 40.0,
                ..Held::default()
            },
            count: 0.0,
        }),
    ]
}

fn reloads(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let every = plan.random.log_between(5.0 * MINUTE, DAY);
    vec![Box::new(Reload {
        every,
        lasts: plan.random.log_between(2.0, 60.0),
        size: plan.cap(),
    })]
}

fn several_caches(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let skew = plan.random.between(0.5, 0.95);
    let lifetime = plan.random.log_between(MINUTE, 3.0 * HOUR);
    vec![
        plan.cache(skew),
        plan.cache(0.0),
        plan.expiring(lifetime, 0.0),
    ]
}

fn web_shop(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let mut parts = several_caches(plan);
    parts.extend(pools(plan));
    parts.extend(lazy_modules(plan));
    parts.extend(batches(plan));
    parts
}

fn websockets(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let lifetime = plan.random.log_between(MINUTE, 4.0 * HOUR);
    let mut open = plan.entries(lifetime, 0.0);
    open.each.connections = 1.0;
    let mut parts: Vec<Box<dyn Part>> = vec![Box::new(open)];
    parts.extend(connections(plan));
    parts
}

/// Connections come back in a straight line after a deployment, and after the network was gone.
fn joining(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let each = plan.random.log_between(8e3, 120e3);
    let most = plan.cap() / each;
    vec![Box::new(Joining {
        most,
        takes: plan.random.log_between(MINUTE, 40.0 * MINUTE),
        mean_between: plan.random.log_between(2.0 * HOUR, 3.0 * DAY),
        each: connection(each),
        count: 0.0,
    })]
}

/// A database or another service becomes slow for a while: requests in flight pile up.
fn slow_backend(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let each = plan.random.log_between(10e3, 200e3);
    let usual = plan.random.log_between(0.005, 0.5);
    vec![Box::new(SlowBackend {
        usual,
        most: (plan.cap() / each / plan.mean).max(2.0 * usual),
        rises: plan.random.log_between(0.5 * MINUTE, 30.0 * MINUTE),
        mean_between: plan.random.log_between(HOUR, 2.0 * DAY),
        next: plan.random.log_between(10.0 * MINUTE, DAY),
        each: Held {
            in_flight: 1.0,
            ..connection(each)
        },
    })]
}

/// Responses that go on for minutes or hours: server-sent events, downloads.
fn streams(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let lifetime = plan.random.log_between(MINUTE, 3.0 * HOUR);
    let mut open = plan.entries(lifetime, 0.0);
    open.each = Held {
        in_flight: 1.0,
        ..connection(open.each.heap)
    };
    let mut parts: Vec<Box<dyn Part>> = vec![Box::new(open)];
    parts.extend(joining(plan));
    parts
}

fn connection(bytes: f64) -> Held {
    Held {
        heap: 0.6 * bytes,
        external: 0.2 * bytes,
        native: 0.2 * bytes,
        connections: 1.0,
        ..Held::default()
    }
}

fn worker(plan: &mut Plan) -> Vec<Box<dyn Part>> {
    let mut parts = queues(plan);
    parts.extend(batches(plan));
    parts.extend(wanders(plan));
    parts
}
