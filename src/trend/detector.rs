//! The face of the trend module: samples in, changes of the verdict out.

use super::gate::Gate;
use super::horizon::Mark;
use super::memwatch::Memwatch;
use super::tide::Tide;
use super::watch::Watch;
use super::{CHANNELS, Channel, Config, Limits, Rule, Sample, SampleKind, State};

/// What a change of state means to those who listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A leak, for the first time or materially worse than reported.
    Leak,
    /// A leak that was reported has ended.
    Recovered,
}

/// A change of one channel's state. `from` and `to` are equal when a leak that
/// was reported got materially worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub channel: Channel,
    pub from: State,
    pub to: State,
    pub event: Option<Event>,
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

/// What is known of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelStatus {
    pub channel: Channel,
    pub state: State,
    /// The newest low-water mark; `None` before the first full GC.
    pub floor: Option<f64>,
    /// By how much the low-water mark rose over the window.
    pub growth: f64,
    /// Bytes (handles) per second, with the 90 % interval; `None` where nothing rises.
    pub growth_rate: Option<f64>,
    pub growth_rate_low: Option<f64>,
    pub growth_rate_high: Option<f64>,
    /// 0 to 1.
    pub confidence: f64,
    /// The window the numbers are about.
    pub start_ms: f64,
    pub end_ms: f64,
    /// Full GCs in the window.
    pub gcs: u32,
    /// Growth per request over the window, where requests are known.
    pub growth_per_request: Option<f64>,
    /// Time to the limit that will be hit first, at this rate.
    pub time_to_limit_ms: Option<f64>,
    pub limit: Option<Limit>,
    /// What holds a verdict back; `None` when leaking.
    pub gate: Option<Gate>,
}

/// Watches every channel. A fixed size; nothing is allocated after `new`.
pub struct Detector {
    config: Config,
    tide: Tide,
    watches: [Watch; 4],
    memwatch: Option<Memwatch>,
    /// Changes that nobody has taken yet.
    changes: [Option<Change>; CHANNELS.len()],
    limits: Limits,
    heap_limit: f64,
    used_heap: f64,
    majors: u64,
}

impl Detector {
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            tide: Tide::default(),
            watches: CHANNELS.map(Watch::new),
            memwatch: match config.rule {
                Rule::Trend => None,
                Rule::Memwatch { consecutive } => Some(Memwatch::new(consecutive)),
            },
            changes: [None; CHANNELS.len()],
            limits: Limits::default(),
            heap_limit: 0.0,
            used_heap: 0.0,
            majors: 0,
        }
    }

    /// The memory it takes.
    #[must_use]
    pub fn own_memory(&self) -> usize {
        size_of::<Self>() + self.watches.iter().map(Watch::own_memory).sum::<usize>()
    }

    /// One sample in. The most important change out, if there was one; the others
    /// wait for [`Detector::next_change`] or for the next sample.
    pub fn push(&mut self, sample: &Sample) -> Option<Change> {
        self.take_in(sample);
        self.next_change()
    }

    /// The next change, the most important first: a leak before a recovery before
    /// a mere change of state, then the worse state.
    pub fn next_change(&mut self) -> Option<Change> {
        let rank = |change: &Change| {
            let event = match change.event {
                Some(Event::Leak) => 2,
                Some(Event::Recovered) => 1,
                None => 0,
            };
            (event, change.to)
        };
        let mut most: Option<Change> = None;
        for change in self.changes.iter().flatten() {
            if most.is_none_or(|other| rank(change) > rank(&other)) {
                most = Some(*change);
            }
        }
        most.and_then(|change| self.changes[change.channel as usize].take())
    }

    fn take_in(&mut self, sample: &Sample) {
        let at_ms = self.tide.time(sample);
        self.tide.dip(sample);
        if sample.kind != SampleKind::Major {
            self.between(sample, at_ms);
            return;
        }
        self.heap_limit = sample.heap_limit as f64;
        self.used_heap = sample.used_heap as f64;
        if self.memwatch.is_some() {
            self.classic(at_ms, sample.used_heap);
            return;
        }
        let turn = self.tide.turn(sample, at_ms);
        self.majors += 1;
        if self.majors == 1 {
            return;
        }
        for (watch, lowered) in self.watches.iter_mut().zip(turn.lowered) {
            if let Some(size) = lowered {
                watch.horizons.lower(size);
            }
        }
        self.take_marks(&turn.marks);
    }

    fn take_marks(&mut self, marks: &[Option<Mark>; 4]) {
        for (i, &mark) in marks.iter().enumerate() {
            let Some(mark) = mark.filter(|_| self.config.channels[i]) else {
                continue;
            };
            let room = self.room(CHANNELS[i], mark.size);
            let rival = self.rival(CHANNELS[i]);
            let watch = &mut self.watches[i];
            let from = watch.state;
            let event = watch.push(&self.config, mark, room, rival);
            self.changed(i, from, event);
        }
    }

    /// Notes what changed. What was not taken yet and this are one change, and a
    /// leak that recovered before anybody heard of it was none.
    fn changed(&mut self, index: usize, from: State, event: Option<Event>) {
        let watch = &self.watches[index];
        if event.is_none() && from == watch.state {
            return;
        }
        let before = self.changes[index];
        let event = match (before.and_then(|change| change.event), event) {
            (Some(Event::Leak), Some(Event::Recovered)) => None,
            (before, event) => event.or(before),
        };
        self.changes[index] = Some(Change {
            channel: watch.channel,
            from: before.map_or(from, |change| change.from),
            to: watch.state,
            event,
        });
    }

    /// The classic rule in place of the gates: every report is a leak anew, and
    /// a heap that did not grow ends it.
    fn classic(&mut self, at_ms: f64, used_heap: u64) {
        let Some(memwatch) = self.memwatch.as_mut() else {
            return;
        };
        let run = memwatch.push(at_ms, used_heap);
        let growths = memwatch.growths();
        let watch = &mut self.watches[Channel::Heap as usize];
        let from = watch.state;
        let event = watch.classic(run, growths, at_ms, used_heap as f64);
        self.changed(Channel::Heap as usize, from, event);
    }

    /// The classic rule, where it was chosen: its last run and its numbers.
    #[must_use]
    pub fn memwatch(&self) -> Option<&Memwatch> {
        self.memwatch.as_ref()
    }

    fn between(&mut self, sample: &Sample, at_ms: f64) {
        if self.memwatch.is_none()
            && matches!(sample.kind, SampleKind::Timer | SampleKind::Minor)
            && let Some(marks) = self.tide.settle(at_ms)
            && self.majors > 1
        {
            self.take_marks(&marks);
        }
        if sample.kind != SampleKind::Minor {
            return;
        }
        let Some((live, kept)) = self.tide.live_estimate(sample.used_heap) else {
            return;
        };
        let watch = &mut self.watches[Channel::Heap as usize];
        let from = watch.state;
        let event = watch.wait(at_ms, live, kept);
        self.changed(Channel::Heap as usize, from, event);
    }

    /// The fastest growth among the other channels that count in bytes.
    fn rival(&self, channel: Channel) -> Option<(Channel, f64)> {
        if !channel.is_bytes() {
            return None;
        }
        self.watches
            .iter()
            .filter(|watch| {
                watch.channel != channel && watch.channel.is_bytes() && watch.finding.rising
            })
            .map(|watch| (watch.channel, watch.finding.rate.median))
            .max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// What was looked at outside of the GC.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Bytes to the limit that `channel` would hit first.
    fn headroom(&self, channel: Channel) -> Option<(f64, Limit)> {
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
    fn room(&self, channel: Channel, size: f64) -> f64 {
        if !channel.is_bytes() {
            return self.config.handles_limit.max(size);
        }
        let limit = if self.heap_limit > 0.0 {
            self.heap_limit
        } else {
            self.config.unknown_limit
        };
        [self.limits.cgroup, self.limits.machine]
            .into_iter()
            .flatten()
            .map(|room| room.bytes as f64)
            .fold((limit - size.max(0.0)).max(0.0), f64::min)
    }

    /// What is known of one channel.
    #[must_use]
    pub fn status(&self, channel: Channel) -> ChannelStatus {
        let watch = &self.watches[channel as usize];
        let finding = &watch.finding;
        let rate = finding.rising.then_some(finding.rate);
        let headroom = self.headroom(channel);
        let left = match (headroom, rate) {
            (Some((bytes, limit)), Some(rate)) if rate.median > 0.0 => {
                Some((bytes / rate.median, limit))
            }
            _ => None,
        };
        ChannelStatus {
            channel,
            state: watch.state,
            floor: watch.horizons.newest().map(|mark| mark.size),
            growth: finding.rise,
            growth_rate: rate.map(|rate| rate.median * 1000.0),
            growth_rate_low: rate.map(|rate| rate.low * 1000.0),
            growth_rate_high: rate.map(|rate| rate.high * 1000.0),
            confidence: finding.confidence,
            start_ms: finding.start_ms,
            end_ms: finding.end_ms,
            gcs: finding.gcs,
            growth_per_request: finding.per_request,
            time_to_limit_ms: left.map(|(time, _)| time),
            limit: left.map(|(_, limit)| limit),
            gate: match (watch.state, finding.gate) {
                (State::Leaking, _) => None,
                // Not one mark yet.
                (State::Settling, None) if self.memwatch.is_none() => Some(Gate::Few {
                    have: 0,
                    need: self.config.min_points as u32,
                }),
                (_, gate) => gate,
            },
        }
    }

    /// Whether one clean full GC at an idle moment would help to settle a
    /// suspicion: one that is there, or that cannot form because full GCs are few.
    #[must_use]
    pub fn wants_gc(&self) -> bool {
        let since_ms = self.tide.since_full_gc_ms();
        self.watches.iter().any(|watch| {
            self.config.channels[watch.channel as usize]
                && (watch.wants_gc(&self.config, since_ms) || self.is_unseen(watch, since_ms))
        })
    }

    /// A channel rose a lot since the last full GC. V8 collects for its heap's sake: a
    /// small one that leaks can go for minutes without, a quiet one beside which native
    /// memory or handles grow for hours.
    fn is_unseen(&self, watch: &Watch, since_ms: f64) -> bool {
        let channel = watch.channel;
        if channel == Channel::Heap {
            let (live, risen) = self.tide.unseen();
            return watch.state == State::Settling
                && risen >= 4.0 * self.config.material(channel, live)
                && watch.is_quiet(&self.config, risen, since_ms, since_ms);
        }
        let before = watch.horizons.newest().map(|mark| mark.size);
        let before = before.or_else(|| self.tide.first(channel));
        self.tide
            .recent(channel)
            .zip(before)
            .is_some_and(|(now, before)| watch.has_news(&self.config, now - before, since_ms))
    }
}
