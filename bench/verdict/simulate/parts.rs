//! What a service is made of. Each part tells by the second what it keeps alive.
//!
//! All but [`Leak`] are healthy: they fill, swing, follow the load or come back.

use crate::random::Random;
use std::collections::VecDeque;

pub const MB: f64 = 1e6;
pub const MINUTE: f64 = 60.0;
pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;

/// A moment of a process.
pub struct Now {
    /// Seconds since the process started.
    pub at: f64,
    /// Seconds since the step before.
    pub dt: f64,
    /// Requests a second.
    pub rate: f64,
    /// What the rate is in the mean of a week.
    pub mean_rate: f64,
}

/// Bytes that are kept alive, and handles that are open.
#[derive(Clone, Copy, Default)]
pub struct Held {
    pub heap: f64,
    pub external: f64,
    pub native: f64,
    pub handles: f64,
    /// That clients have open, and that wait for the end of their response.
    pub connections: f64,
    pub in_flight: f64,
    /// Of heap and external, what says itself where it will end: a cache with a cap, entries that expire.
    pub bounded: f64,
}

impl Held {
    pub fn heap(bytes: f64) -> Self {
        Self {
            heap: bytes,
            ..Self::default()
        }
    }

    /// Of a container that says where it will end.
    pub fn bounded(self) -> Self {
        Self {
            bounded: self.heap + self.external,
            ..self
        }
    }

    pub fn times(self, count: f64) -> Self {
        Self {
            heap: self.heap * count,
            external: self.external * count,
            native: self.native * count,
            handles: self.handles * count,
            connections: self.connections * count,
            in_flight: self.in_flight * count,
            bounded: self.bounded * count,
        }
    }

    pub fn add(&mut self, other: Self) {
        self.heap += other.heap;
        self.external += other.external;
        self.native += other.native;
        self.handles += other.handles;
        self.connections += other.connections;
        self.in_flight += other.in_flight;
        self.bounded += other.bounded;
    }
}

pub trait Part {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held;
}

/// Code that warms up, memos and inline caches: a share of what is left with each request.
pub struct WarmUp {
    pub full: Held,
    /// Requests until two thirds are there.
    pub requests: f64,
    pub done: f64,
}

impl Part for WarmUp {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        self.done += (1.0 - self.done) * (1.0 - (-now.rate * now.dt / self.requests).exp());
        self.full.times(self.done)
    }
}

/// A cache that holds up to `cap` of `keys` keys. Keys of one popularity are one bin.
pub struct Cache {
    pub cap: f64,
    pub each: Held,
    /// Of requests that ask for a key.
    pub share: f64,
    /// Keys in the bin, the chance that a request asks for one of them, and how many are cached.
    bins: Vec<(f64, f64, f64)>,
    full: bool,
}

impl Cache {
    /// `skew` 0: all keys alike; 0.9: Zipf's law as the web has it.
    pub fn new(keys: f64, skew: f64, cap: f64, each: Held, share: f64) -> Self {
        const BINS: usize = 48;
        let edge = |i: usize| keys.powf(i as f64 / BINS as f64);
        let weight = |low: f64, high: f64| {
            let power = 1.0 - skew;
            (high.powf(power) - low.powf(power)) / power
        };
        let all = weight(1.0, keys);
        let bins = (0..BINS)
            .map(|i| {
                (
                    edge(i + 1) - edge(i),
                    weight(edge(i), edge(i + 1)) / all,
                    0.0,
                )
            })
            .collect();
        Self {
            cap,
            each,
            share,
            bins,
            full: false,
        }
    }
}

impl Part for Cache {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        if !self.full {
            let asked = now.rate * self.share * now.dt;
            let mut cached = 0.0;
            for (keys, chance, have) in &mut self.bins {
                *have += (*keys - *have) * (1.0 - (-asked * *chance / *keys).exp());
                cached += *have;
            }
            self.full = cached >= self.cap;
            if !self.full {
                return self.each.times(cached);
            }
        }
        self.each.times(self.cap)
    }
}

/// Entries that expire: sessions, keys of a rate limiter, a cache by age.
pub struct Expiring {
    /// Entries that a request makes.
    pub share: f64,
    pub each: Held,
    pub lifetime: f64,
    /// Expired entries are dropped so often; 0: at once.
    pub sweep: f64,
    pub swept_at: f64,
    pub made: VecDeque<(f64, f64)>,
    pub count: f64,
}

impl Expiring {
    pub fn new(share: f64, each: Held, lifetime: f64, sweep: f64) -> Self {
        Self {
            share,
            each,
            lifetime,
            sweep,
            swept_at: 0.0,
            made: VecDeque::new(),
            count: 0.0,
        }
    }
}

impl Part for Expiring {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        let fresh = now.rate * self.share * now.dt;
        match self.made.back_mut() {
            Some((at, count)) if now.at - *at < self.lifetime / 60.0 => *count += fresh,
            _ => self.made.push_back((now.at, fresh)),
        }
        self.count += fresh;
        if now.at - self.swept_at >= self.sweep {
            self.swept_at = now.at;
            while let Some(&(at, count)) = self.made.front()
                && now.at - at >= self.lifetime
            {
                self.made.pop_front();
                self.count -= count;
            }
        }
        self.each.times(self.count.max(0.0))
    }
}

/// Connections and requests in flight: as many as the load wants, a while later.
pub struct Connections {
    /// A connection for each request a second.
    pub per_rate: f64,
    pub each: Held,
    /// Seconds until they follow.
    pub lag: f64,
    pub count: f64,
}

impl Part for Connections {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        let wanted = now.rate * self.per_rate * (1.0 + 0.05 * random.normal());
        self.count += (wanted - self.count) * (1.0 - (-now.dt / self.lag).exp());
        self.each.times(self.count.max(0.0))
    }
}

/// Long-lived connections that come back at an even pace after all were lost.
pub struct Joining {
    pub most: f64,
    /// Seconds until all are there.
    pub takes: f64,
    /// Seconds until they are lost again.
    pub mean_between: f64,
    pub each: Held,
    pub count: f64,
}

impl Part for Joining {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        if random.chance(now.dt / self.mean_between) {
            self.count = 0.0;
        }
        self.count = (self.count + self.most / self.takes * now.dt).min(self.most);
        self.each.times(self.count)
    }
}

/// Requests in flight: the rate times what a request takes, which rises evenly now and then, stays
/// for as long and falls at once.
pub struct SlowBackend {
    /// Seconds that a request takes, and at most.
    pub usual: f64,
    pub most: f64,
    pub rises: f64,
    pub mean_between: f64,
    pub next: f64,
    pub each: Held,
}

impl Part for SlowBackend {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        let since = now.at - self.next;
        if since > 2.0 * self.rises {
            self.next = now.at + self.mean_between * random.exponential();
        }
        let slow = (since / self.rises).clamp(0.0, 1.0);
        let takes = self.usual + (self.most - self.usual) * slow;
        let in_flight = now.rate * takes;
        self.each
            .times((in_flight + in_flight.sqrt() * random.normal()).max(0.0))
    }
}

/// A pool that grows with the highest load so far, up to its cap, and keeps what it has.
pub struct Pool {
    pub cap: f64,
    pub per_rate: f64,
    pub each: Held,
    pub count: f64,
}

impl Part for Pool {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        let wanted = now.rate * self.per_rate * random.exponential().min(4.0);
        self.count = self.count.max(wanted.min(self.cap).floor());
        self.each.times(self.count)
    }
}

/// Modules, templates, locales: each is loaded when it is first needed, and stays.
pub struct Modules {
    /// Of each: bytes, and seconds until it is needed, negative once it is loaded.
    pub waiting: Vec<(f64, f64)>,
    pub loaded: f64,
}

impl Modules {
    pub fn new(count: usize, bytes: f64, mean_wait: f64, random: &mut Random) -> Self {
        let waiting = (0..count)
            .map(|_| {
                (
                    bytes * random.log_between(0.3, 3.0),
                    mean_wait * random.exponential() * random.exponential(),
                )
            })
            .collect();
        Self {
            waiting,
            loaded: 0.0,
        }
    }
}

impl Part for Modules {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        let loaded = &mut self.loaded;
        self.waiting.retain(|&(bytes, wait)| {
            let there = wait <= now.at;
            if there {
                *loaded += bytes;
            }
            !there
        });
        Held::heap(self.loaded)
    }
}

/// A job that comes again and again and builds up what it needs until it is done.
pub struct Batch {
    pub every: f64,
    pub first: f64,
    pub lasts: f64,
    pub peak: Held,
}

impl Part for Batch {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        let since = (now.at - self.first).rem_euclid(self.every);
        if now.at < self.first || since > self.lasts {
            return Held::default();
        }
        self.peak.times(since / self.lasts)
    }
}

/// Work that piles up while somebody else is down or slow, and is worked off afterwards.
pub struct Queue {
    pub mean_between: f64,
    pub mean_outage: f64,
    /// Of what comes in while it lasts.
    pub per_request: Held,
    pub next: f64,
    pub until: f64,
    pub backlog: f64,
    pub most: f64,
}

impl Part for Queue {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        if now.at >= self.next {
            self.until = now.at + self.mean_outage * random.exponential().min(3.0);
            self.next = self.until + self.mean_between * random.exponential();
        }
        let came = now.rate * now.dt;
        if now.at < self.until {
            self.backlog = (self.backlog + came).min(self.most);
        } else {
            self.backlog = (self.backlog - came.max(0.5 * now.mean_rate * now.dt)).max(0.0);
        }
        self.per_request.times(self.backlog)
    }
}

/// A data set that is replaced: twice as much while the new one is built.
pub struct Reload {
    pub every: f64,
    pub lasts: f64,
    pub size: f64,
}

impl Part for Reload {
    fn step(&mut self, now: &Now, _: &mut Random) -> Held {
        let since = now.at.rem_euclid(self.every);
        let twice = now.at > self.every && since < self.lasts;
        Held::heap(if twice { 2.0 * self.size } else { self.size })
    }
}

/// A working set that wanders around its mean.
pub struct Wander {
    pub spread: Held,
    pub lag: f64,
    pub at: f64,
}

impl Part for Wander {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        let keep = (-now.dt / self.lag).exp();
        self.at = self.at * keep + (1.0 - keep * keep).sqrt() * random.normal();
        self.spread.times((3.0 + self.at).max(0.0))
    }
}

/// How a leak goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    PerRequest,
    PerSecond,
    /// Now and then a step: a timer, a job, a reconnection.
    Steps(f64),
    /// With errors, which come in bursts.
    Bursts(f64),
}

pub struct Leak {
    pub pace: Pace,
    pub begins: f64,
    /// Of one second at the mean rate.
    pub each: Held,
    pub units: f64,
    pub next: f64,
    pub bursting: bool,
}

impl Part for Leak {
    fn step(&mut self, now: &Now, random: &mut Random) -> Held {
        if now.at < self.begins {
            return Held::default();
        }
        match self.pace {
            Pace::PerRequest => self.units += now.dt * now.rate / now.mean_rate,
            Pace::PerSecond => self.units += now.dt,
            Pace::Steps(every) => {
                self.next = self.next.max(self.begins);
                while now.at >= self.next {
                    self.units += every;
                    self.next += every * random.between(0.7, 1.3);
                }
            }
            Pace::Bursts(every) => {
                if now.at >= self.next {
                    self.bursting = !self.bursting;
                    let lasts = if self.bursting { 0.25 } else { 0.75 };
                    self.next = now.at + lasts * every * random.between(0.5, 1.5);
                }
                if self.bursting {
                    self.units += 4.0 * now.dt * now.rate / now.mean_rate;
                }
            }
        }
        self.each.times(self.units)
    }
}
