//! Programs that never ran: generators of samples with a known truth.

mod healthy;
mod leaking;
mod load;
mod odd;
mod pace;
mod steps;

use std::ops::RangeInclusive;

use super::{
    CHANNELS, Change, Channel, Config, Detector, Event, Resources, Rule, Sample, SampleKind,
};

pub const MB: f64 = 1e6;
pub const MINUTE: f64 = 60.0;
pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;

/// A small generator of random numbers, the same on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    /// From 0 to 1.
    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, of mean 0 and deviation 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// A program: what it keeps alive, by the second.
pub struct Program<'a> {
    pub seconds: f64,
    /// Mean time between full GCs; they come irregularly.
    pub gc_every: f64,
    /// Live heap in bytes, by time and by requests until then.
    pub heap: &'a dyn Fn(f64, f64) -> f64,
    pub external: &'a dyn Fn(f64) -> f64,
    pub native: &'a dyn Fn(f64) -> f64,
    pub resources: &'a dyn Fn(f64) -> f64,
    /// Seconds between two counts of them.
    pub count_every: f64,
    /// Requests a second.
    pub load: &'a dyn Fn(f64) -> f64,
    /// Connections that clients have open, and requests in flight.
    pub connections: Option<&'a dyn Fn(f64) -> f64>,
    pub in_flight: Option<&'a dyn Fn(f64) -> f64>,
    /// Deviation of each mark of the heap.
    pub noise: f64,
    pub knows_requests: bool,
    pub limit: f64,
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            seconds: 90.0,
            gc_every: 4.0,
            heap: &|_, _| 20.0 * MB,
            external: &|_| 2.0 * MB,
            native: &|_| 40.0 * MB,
            resources: &|_| 10.0,
            count_every: 0.01,
            load: &|_| 800.0,
            connections: None,
            in_flight: None,
            noise: 0.15 * MB,
            knows_requests: true,
            limit: 4300.0 * MB,
        }
    }
}

/// What came of it: each event with its time in seconds.
#[derive(Debug, Default)]
pub struct Outcome {
    pub events: Vec<(f64, Change)>,
}

impl Outcome {
    pub fn leaks(&self) -> impl Iterator<Item = &(f64, Change)> {
        self.events
            .iter()
            .filter(|(_, change)| change.event == Some(Event::Leak))
    }

    pub fn first_leak(&self) -> Option<(f64, Channel)> {
        self.leaks()
            .next()
            .map(|(at, change)| (*at, change.channel))
    }

    pub fn recoveries(&self) -> usize {
        self.events
            .iter()
            .filter(|(_, change)| change.event == Some(Event::Recovered))
            .count()
    }
}

impl Program<'_> {
    pub fn samples(&self, seed: u64) -> Vec<Sample> {
        const ALLOCATED_PER_REQUEST: f64 = 25_000.0;
        let mut random = Random::new(seed);
        let mut samples = Vec::new();
        let (mut at, mut requests) = (0.0, 0.0);
        let mut live = 0.0;
        let steps = 6;
        loop {
            let gap = self.gc_every * (0.6 + 0.8 * random.next());
            for step in 1..=steps {
                let run = gap / f64::from(steps);
                at += run;
                requests += (self.load)(at) * run;
                if at > self.seconds {
                    return samples;
                }
                let major = step == steps;
                let used = if major {
                    live = ((self.heap)(at, requests) + self.noise * random.normal()).max(0.0);
                    live
                } else {
                    live + f64::from(step) * 2.0 * MB
                };
                let external =
                    (self.external)(at) + if major { 3.0 * MB * random.next() } else { 0.0 };
                let total = used + 10.0 * MB;
                samples.push(Sample {
                    kind: if major {
                        SampleKind::Major
                    } else {
                        SampleKind::Minor
                    },
                    forced: false,
                    at_ms: at * 1000.0,
                    duration_ms: 2.0,
                    used_heap: used as u64,
                    total_heap: total as u64,
                    physical_heap: total as u64,
                    external: external as u64,
                    heap_limit: self.limit as u64,
                    rss: Some((total + external + (self.native)(at) + MB * random.next()) as u64),
                    other_isolates: 0,
                    connections: self.connections.map(|count| count(at) as u32),
                    in_flight: self.in_flight.map(|count| count(at) as u32),
                    allocated: Some((requests * ALLOCATED_PER_REQUEST) as u64),
                    requests: self.knows_requests.then_some(requests as u64),
                    resources: Some(self.counted(at)),
                });
            }
        }
    }

    /// Handles as they were at the last count.
    fn counted(&self, at: f64) -> Resources {
        let at = at - at % self.count_every;
        Resources {
            count: (self.resources)(at) as u64,
            connections: self.connections.map(|count| count(at) as u32),
            in_flight: self.in_flight.map(|count| count(at) as u32),
        }
    }

    pub fn run(&self, seed: u64) -> Outcome {
        run(Config::default(), &self.samples(seed)).0
    }

    /// Ten runs, three of a long program.
    fn runs(&self) -> RangeInclusive<u64> {
        let long = self.seconds / self.gc_every > 400.0;
        1..=if long { 3 } else { 10 }
    }

    /// How many runs of this program are reported.
    pub fn reported(&self) -> usize {
        self.runs()
            .filter(|&seed| self.run(seed).first_leak().is_some())
            .count()
    }

    #[track_caller]
    pub fn must_stay_silent(&self) {
        for seed in self.runs() {
            let outcome = self.run(seed);
            assert_eq!(outcome.first_leak(), None, "run {seed}");
        }
    }

    /// The same with a limit that it would hit after four times its length: growth that has days to
    /// its limit is watched for hours, and these programs end before.
    pub fn near_its_limit(self) -> Self {
        let bytes = |at: f64| {
            (self.heap)(at, at * (self.load)(at)) + (self.external)(at) + (self.native)(at)
        };
        let growth = bytes(self.seconds) - bytes(0.0).min(bytes(self.seconds));
        Self {
            limit: bytes(self.seconds) + 3.0 * growth.max(MB),
            ..self
        }
    }

    #[track_caller]
    pub fn must_be_reported(self, channel: Channel, within: f64) {
        let program = self.near_its_limit();
        for seed in program.runs() {
            match program.run(seed).first_leak() {
                Some((at, found)) => {
                    assert_eq!(found, channel, "run {seed}");
                    assert!(at <= within, "run {seed}: told after {at} s");
                }
                None => panic!("run {seed}: not reported"),
            }
        }
    }
}

/// Feeds a detector and checks at every full GC that nothing absurd comes out.
#[track_caller]
pub fn run(config: Config, samples: &[Sample]) -> (Outcome, Detector) {
    let mut detector = Detector::new(config);
    let mut outcome = Outcome::default();
    for sample in samples {
        let mut change = detector.push(sample);
        while let Some(told) = change {
            let confidence = detector.status(told.channel).confidence;
            let classic = matches!(config.rule, Rule::Memwatch { .. });
            assert!(
                told.event != Some(Event::Leak) || classic || confidence >= 0.7,
                "told with a confidence of {confidence}"
            );
            outcome.events.push((sample.at_ms / 1000.0, told));
            change = detector.next_change();
        }
        if sample.kind == SampleKind::Major {
            for channel in CHANNELS {
                sane(&detector, channel);
            }
        }
    }
    (outcome, detector)
}

#[track_caller]
fn sane(detector: &Detector, channel: Channel) {
    let status = detector.status(channel);
    for number in [
        status.growth,
        status.confidence,
        status.start_ms,
        status.end_ms,
        status.floor.unwrap_or(0.0),
        status.growth_rate.unwrap_or(0.0),
        status.growth_rate_low.unwrap_or(0.0),
        status.growth_rate_high.unwrap_or(0.0),
        status.growth_per_request.unwrap_or(0.0),
        status.time_to_limit_ms.unwrap_or(0.0),
    ] {
        assert!(number.is_finite(), "{status:?}");
    }
    assert!((0.0..=1.0).contains(&status.confidence), "{status:?}");
    assert!(
        status.time_to_limit_ms.is_none_or(|left| left >= 0.0),
        "{status:?}"
    );
    assert!(status.start_ms <= status.end_ms, "{status:?}");
}
