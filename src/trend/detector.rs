//! The face of the trend module: samples in, changes of the verdict out.

use super::change::{Change, Changes};
use super::judge::{Judge, Run, View};
use super::limits::{Limit, Limits, Room};
use super::memwatch::MemwatchRule;
use super::trend_rule::TrendRule;
use super::{Channel, Config, Gate, Rule, Sample, SampleKind, State};

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
    /// The run that memwatch's rule reported last, where that rule decides.
    pub run: Option<Run>,
}

/// Watches every channel. A fixed size; nothing is allocated after `new`.
pub struct Detector {
    judge: Box<dyn Judge>,
    room: Room,
    /// Changes that nobody has taken yet.
    changes: Changes,
    last_ms: f64,
}

impl Detector {
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            judge: match config.rule {
                Rule::Trend => Box::new(TrendRule::new(config)),
                Rule::Memwatch { consecutive } => Box::new(MemwatchRule::new(config, consecutive)),
            },
            room: Room::default(),
            changes: Changes::default(),
            last_ms: 0.0,
        }
    }

    /// The memory it takes.
    #[must_use]
    pub fn own_memory(&self) -> usize {
        size_of::<Self>() + self.judge.own_memory()
    }

    /// One sample in. The most important change out, if there was one; the others
    /// wait for [`Detector::next_change`] or for the next sample.
    pub fn push(&mut self, sample: &Sample) -> Option<Change> {
        if sample.at_ms.is_finite() && sample.at_ms > self.last_ms {
            self.last_ms = sample.at_ms;
        }
        if sample.kind == SampleKind::Major {
            self.room.set_heap(sample);
        }
        let sample = Sample {
            at_ms: self.last_ms,
            ..*sample
        };
        self.judge.push(&sample, &self.room, &mut self.changes);
        self.next_change()
    }

    /// The next change, the most important first: a leak before a recovery before
    /// a mere change of state, then the worse state.
    pub fn next_change(&mut self) -> Option<Change> {
        self.changes.take()
    }

    /// What was looked at outside of the GC.
    pub fn set_limits(&mut self, limits: Limits) {
        self.room.set_limits(limits);
    }

    /// What is known of one channel.
    #[must_use]
    pub fn status(&self, channel: Channel) -> ChannelStatus {
        let View {
            state,
            floor,
            outlook,
            gate,
            run,
        } = self.judge.view(channel);
        let rate = outlook.rising.then_some(outlook.rate);
        let left = match (self.room.nearest(channel), rate) {
            (Some((bytes, limit)), Some(rate)) if rate.median > 0.0 => {
                Some((bytes / rate.median, limit))
            }
            _ => None,
        };
        ChannelStatus {
            channel,
            state,
            floor,
            growth: outlook.rise,
            growth_rate: rate.map(|rate| rate.median * 1000.0),
            growth_rate_low: rate.map(|rate| rate.low * 1000.0),
            growth_rate_high: rate.map(|rate| rate.high * 1000.0),
            confidence: outlook.confidence,
            start_ms: outlook.start_ms,
            end_ms: outlook.end_ms,
            gcs: outlook.gcs,
            growth_per_request: outlook.per_request,
            time_to_limit_ms: left.map(|(time, _)| time),
            limit: left.map(|(_, limit)| limit),
            gate,
            run,
        }
    }

    /// Whether one clean full GC at an idle moment would help to settle a
    /// suspicion: one that is there, or that cannot form because full GCs are few.
    #[must_use]
    pub fn wants_gc(&self) -> bool {
        self.judge.wants_gc()
    }
}
