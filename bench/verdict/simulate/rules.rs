//! tidemark and the rules of others: each is fed the same moments and says when it alarms.

use crate::parts::{HOUR, MB, MINUTE};
use crate::process::Moment;
use std::collections::VecDeque;
use tidemark::trend::{CHANNELS, Channel, Config, Detector, Event, Rule, SampleKind, shape, stats};

/// What a rule says of a moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Nothing,
    Alarm,
    /// It took the alarm back.
    Recovered,
}

pub trait Judge {
    fn see(&mut self, moment: &Moment) -> Said;

    /// Whether a full GC is asked for.
    fn wants_gc(&self) -> bool {
        false
    }

    /// What speaks against an alarm, in a word.
    fn reason(&self) -> &'static str {
        ""
    }

    /// For how long the growth of the newest alarm was watched, in seconds.
    fn watched(&self) -> f64 {
        0.0
    }

    /// What the newest alarm was about.
    fn told(&self) -> Option<String> {
        None
    }
}

/// A rule for a new process.
pub type Make = fn() -> Box<dyn Judge>;

pub const RULES: [(&str, Make); 7] = [
    ("tidemark", || Box::new(Tidemark::new(Rule::Trend))),
    ("memwatch: 5 growths in a row", || {
        Box::new(Tidemark::new(Rule::Memwatch { consecutive: 5 }))
    }),
    ("80 % of the limit", || Box::new(Edge::new(threshold))),
    ("Prometheus: linear for 4 h ahead", || {
        Box::new(Edge::new(predict()))
    }),
    ("Mann-Kendall and Sen", || {
        Box::new(Edge::new(mann_kendall()))
    }),
    ("a line against a curve", || {
        Box::new(Edge::new(line_or_curve()))
    }),
    ("an e-process", || Box::new(Edge::new(e_process()))),
];

/// The detector, by one of its two rules.
struct Tidemark {
    detector: Detector,
    told: Option<String>,
    watched: f64,
}

impl Tidemark {
    fn new(rule: Rule) -> Self {
        Self {
            detector: Detector::new(Config {
                rule,
                ..Config::default()
            }),
            told: None,
            watched: 0.0,
        }
    }
}

impl Judge for Tidemark {
    fn see(&mut self, moment: &Moment) -> Said {
        self.detector.set_limits(moment.limits);
        let mut change = self.detector.push(&moment.sample);
        let mut said = Said::Nothing;
        while let Some(told) = change {
            match told.event {
                Some(Event::Leak) => {
                    said = Said::Alarm;
                    let status = self.detector.status(told.channel);
                    self.watched = (status.end_ms - status.start_ms) / 1000.0;
                    self.told = Some(format!(
                        "{} {:.1} MB more than {:.0} s ago, left {:.0} s",
                        told.channel.as_str(),
                        status.growth / MB,
                        (status.end_ms - status.start_ms) / 1000.0,
                        status.time_to_limit_ms.unwrap_or(f64::NAN) / 1000.0,
                    ));
                }
                Some(Event::Recovered) if said == Said::Nothing => said = Said::Recovered,
                _ => {}
            }
            change = self.detector.next_change();
        }
        said
    }

    fn wants_gc(&self) -> bool {
        self.detector.wants_gc()
    }

    fn reason(&self) -> &'static str {
        CHANNELS
            .map(|channel| self.detector.status(channel))
            .iter()
            .max_by_key(|status| (status.state, status.channel == Channel::Heap))
            .and_then(|status| status.gate)
            .map_or("", |gate| gate.as_str())
    }

    fn watched(&self) -> f64 {
        self.watched
    }

    fn told(&self) -> Option<String> {
        self.told.clone()
    }
}

/// A condition that alarms when it becomes true, once an hour at most.
struct Edge<F> {
    holds: F,
    on: bool,
    at: f64,
}

impl<F: FnMut(&Moment) -> Option<bool>> Edge<F> {
    fn new(holds: F) -> Self {
        Self {
            holds,
            on: false,
            at: f64::NEG_INFINITY,
        }
    }
}

impl<F: FnMut(&Moment) -> Option<bool>> Judge for Edge<F> {
    fn see(&mut self, moment: &Moment) -> Said {
        let Some(holds) = (self.holds)(moment) else {
            return Said::Nothing;
        };
        let at = moment.sample.at_ms / 1000.0;
        let (was, new) = (self.on, holds && at - self.at >= HOUR);
        self.on = holds;
        match (was, holds) {
            (false, true) if new => {
                self.at = at;
                Said::Alarm
            }
            (true, false) => Said::Recovered,
            _ => Said::Nothing,
        }
    }
}

/// The share that is used of the nearer limit: V8's after full GCs, the container's any time.
fn used_share(moment: &Moment) -> f64 {
    let sample = &moment.sample;
    let heap = if sample.kind == SampleKind::Major {
        sample.used_heap as f64 / sample.heap_limit as f64
    } else {
        0.0
    };
    let container = sample
        .rss
        .zip(moment.limits.cgroup)
        .map_or(0.0, |(rss, room)| rss as f64 / (rss + room.bytes) as f64);
    heap.max(container)
}

fn threshold(moment: &Moment) -> Option<bool> {
    // A young collection shows neither.
    (moment.sample.kind != SampleKind::Minor).then(|| used_share(moment) >= 0.8)
}

/// `predict_linear(used[1h], 4h) > limit` for 10 minutes, on a sample a minute.
fn predict() -> impl FnMut(&Moment) -> Option<bool> {
    let mut series: VecDeque<(f64, f64)> = VecDeque::new();
    let mut since = f64::INFINITY;
    move |moment| {
        let at = moment.sample.at_ms / 1000.0;
        if series.back().is_some_and(|&(last, _)| at - last < MINUTE) {
            return None;
        }
        series.push_back((
            at,
            used_share(moment)
                .max(moment.sample.used_heap as f64 / moment.sample.heap_limit as f64),
        ));
        while series.front().is_some_and(|&(first, _)| at - first > HOUR) {
            series.pop_front();
        }
        let (at_all, shares): (Vec<f64>, Vec<f64>) = series.iter().copied().unzip();
        let span = at - at_all[0];
        let line = stats::fit(&at_all, &shares);
        let mean_at = at_all.iter().sum::<f64>() / at_all.len() as f64;
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let ahead = mean + line.slope * (at + 4.0 * HOUR - mean_at);
        if span < 10.0 * MINUTE || ahead < 1.0 {
            since = f64::INFINITY;
        } else {
            since = since.min(at);
        }
        Some(at - since >= 10.0 * MINUTE)
    }
}

/// The marks at full GCs, without the first.
#[derive(Default)]
struct Marks {
    at: Vec<f64>,
    sizes: [Vec<f64>; 3],
    low: [f64; 2],
    fresh: bool,
    seen: bool,
}

impl Marks {
    /// Whether there is a new mark.
    fn see(&mut self, moment: &Moment, most: usize) -> bool {
        let sample = &moment.sample;
        let now = [
            sample.external as f64,
            sample.native().unwrap_or(f64::INFINITY),
        ];
        for (low, now) in self.low.iter_mut().zip(now) {
            *low = if self.fresh { now } else { low.min(now) };
        }
        self.fresh = sample.kind == SampleKind::Major;
        if !self.fresh {
            return false;
        }
        if !std::mem::replace(&mut self.seen, true) {
            return false;
        }
        if self.at.len() == most {
            self.at.remove(0);
            for sizes in &mut self.sizes {
                sizes.remove(0);
            }
        }
        self.at.push(sample.at_ms);
        for (sizes, size) in
            self.sizes
                .iter_mut()
                .zip([sample.used_heap as f64, self.low[0], self.low[1]])
        {
            sizes.push(size);
        }
        true
    }

    fn any(&self, rises: impl Fn(&[f64], &[f64]) -> bool) -> bool {
        self.sizes.iter().any(|sizes| rises(&self.at, sizes))
    }
}

fn material(growth: f64, sizes: &[f64]) -> bool {
    let base = sizes.iter().copied().fold(f64::INFINITY, f64::min).max(0.0);
    growth >= (0.1 * base).max(MB)
}

fn rises(at: &[f64], sizes: &[f64]) -> bool {
    let trend = stats::mann_kendall(sizes);
    trend.z >= 1.645 && {
        let slope = stats::sen_slope(at, sizes, trend.variance, 1.645).median;
        material(slope * (at[at.len() - 1] - at[0]), sizes)
    }
}

/// On as many marks as the detector keeps at a horizon.
fn mann_kendall() -> impl FnMut(&Moment) -> Option<bool> {
    let mut marks = Marks::default();
    move |moment| {
        let fresh = marks.see(moment, stats::MAX_POINTS);
        (fresh && marks.at.len() >= 8).then(|| marks.any(rises))
    }
}

/// The same, and a line explains the marks better than a curve with a ceiling.
fn line_or_curve() -> impl FnMut(&Moment) -> Option<bool> {
    let mut marks = Marks::default();
    move |moment| {
        let fresh = marks.see(moment, stats::MAX_POINTS);
        (fresh && marks.at.len() >= 8).then(|| {
            marks.any(|at, sizes| {
                rises(at, sizes) && shape::unbounded_over_bounded(at, sizes, 0.0) > 2.0
            })
        })
    }
}

/// Marks whose lowest makes a point of the lower envelope.
const ENVELOPE: usize = 4;
/// An alarm has a chance of one in so many on a process that does not grow, over its whole life (Ville's inequality).
const ALARM: f64 = 1000.0;
/// Shares of what there is that are bet on the next rise; the mixture of the bets is a martingale as well.
const BETS: [f64; 5] = [0.05, 0.1, 0.2, 0.4, 0.8];

/// An anytime-valid test: wealth from bets on the sign of the increments of the lower envelope, which nobody can
/// multiply by a thousand, at any time, while the envelope falls as often as it rises
/// (Waudby-Smith and Ramdas 2024). Of each channel the wealth begins anew when it is less than 1, so that
/// growth that begins late is seen as well (Shin, Ramdas and Rinaldo 2024).
fn e_process() -> impl FnMut(&Moment) -> Option<bool> {
    let mut marks = Marks::default();
    let mut wealth = [[1.0f64; BETS.len()]; 3];
    let mut low = [[f64::INFINITY; 2]; 3];
    let mut began = [0.0f64; 3];
    let mut count = 0;
    move |moment| {
        if !marks.see(moment, 1) {
            return None;
        }
        count += 1;
        for (low, sizes) in low.iter_mut().zip(&marks.sizes) {
            low[1] = low[1].min(sizes[0]);
        }
        if count % ENVELOPE != 0 {
            return None;
        }
        let mut alarm = false;
        for ((wealth, low), began) in wealth.iter_mut().zip(&mut low).zip(&mut began) {
            let [before, now] = *low;
            *low = [now, f64::INFINITY];
            if before.is_infinite() {
                continue;
            }
            let sum: f64 = wealth.iter().sum();
            if sum <= BETS.len() as f64 {
                (*wealth, *began) = ([1.0; BETS.len()], before);
            }
            for (wealth, bet) in wealth.iter_mut().zip(BETS) {
                *wealth *= 1.0 + bet * (now - before).signum();
            }
            let mean = wealth.iter().sum::<f64>() / BETS.len() as f64;
            alarm |= mean >= ALARM && material(now - *began, &[*began]);
        }
        Some(alarm)
    }
}
