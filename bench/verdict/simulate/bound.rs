//! What no rule can do better: healthy growth that is a leak's, for as long as it lasts.
//!
//! A leak that rises evenly, by time or by request, is a straight line. A rule that reports every such
//! leak when a share of its way to the limit has gone must, at that moment, also report a healthy process that
//! has risen in a straight line for as long: until then the two are the same numbers. So the healthy
//! processes with such a line are false alarms of any rule that is as early, however clever. They are
//! counted here from what is truly alive, once a process. Memory that goes with connections or requests
//! in flight is left out, since a rule can know of it.
//!
//! The same observer, who sees without noise what is alive, and reports a line when a share of its way has gone, is
//! tried on the leaks: what he reports late, rises faster later, in steps or in bursts.

use crate::parts::{DAY, MB, MINUTE};
use crate::process::{Moment, Process};

/// Up to this much off the line: by so much the marks of such a heap are off, in the median.
const NOISE: f64 = 0.2 * MB;
const NOISE_SHARE: f64 = 0.004;

/// Leaks that the goal is about take no longer to their limit, and those that are simulated no shorter.
const LONGEST: f64 = 3.0 * DAY;
const SHORTEST: f64 = 5.0 * MINUTE;

/// Points of a window that must lie on the line.
const POINTS: usize = 30;

/// What is alive but for the load, by channel, and what it may grow by.
#[derive(Clone, Copy)]
struct Point {
    at: f64,
    requests: f64,
    size: [f64; 3],
    room: [f64; 3],
}

/// The straightest line so far: when, what of its way to the limit it had gone, and how long the whole way takes.
#[derive(Clone, Copy)]
struct Gone {
    at: f64,
    share: f64,
    whole: f64,
}

/// How many lines are left to a rule that gives up one leak in twenty, those of the paces at which it spares most:
/// the paces of leaks are even in their logarithm.
pub fn spared(wholes: &[f64]) -> usize {
    let width = (LONGEST / SHORTEST).ln() / 20.0;
    let within = |from: f64| {
        wholes
            .iter()
            .filter(|whole| (from..=from * width.exp()).contains(*whole))
            .count()
    };
    wholes.iter().map(|&from| within(from)).max().unwrap_or(0)
}

#[derive(Default)]
pub struct Straight {
    points: Vec<Point>,
    looked_at: f64,
    gone: Vec<Gone>,
}

impl Straight {
    pub fn see(&mut self, process: &Process, moment: &Moment) {
        let live = process.live_without_load();
        let size = [live.heap, live.external, live.native];
        let limit = moment.sample.heap_limit as f64;
        let nearest = [moment.limits.cgroup, moment.limits.machine]
            .into_iter()
            .flatten()
            .map(|room| room.bytes as f64)
            .fold(f64::INFINITY, f64::min);
        self.points.push(Point {
            at: process.at,
            requests: process.requests(),
            size,
            room: size.map(|size| (limit - size).max(0.0).min(nearest)),
        });
        if process.at - self.looked_at >= (0.002 * process.at).max(10.0) {
            self.looked_at = process.at;
            let (share, whole) = self.straight();
            if share > self.gone.last().map_or(0.0, |last| last.share) {
                self.gone.push(Gone {
                    at: process.at,
                    share,
                    whole,
                });
            }
        }
    }

    /// The largest share of the way to the limit that a line to the newest point has gone, and what the whole takes.
    fn straight(&self) -> (f64, f64) {
        let end = self.points.len() - 1;
        let now = self.points[end];
        let mut most = (0.0f64, 0.0f64);
        let mut age = 20.0;
        while age < now.at {
            let begin = self.points.partition_point(|point| point.at < now.at - age);
            for channel in 0..3 {
                let share = self.share(begin, end, channel);
                if share > most.0 && self.is_line(begin, end, channel) {
                    most = (share, (now.at - self.points[begin].at) / share);
                }
            }
            age *= 1.15;
        }
        most
    }

    fn share(&self, begin: usize, end: usize, channel: usize) -> f64 {
        let (then, now) = (self.points[begin], self.points[end]);
        let growth = now.size[channel] - then.size[channel];
        if growth < MB {
            return 0.0;
        }
        let share = growth / (growth + now.room[channel]);
        let whole = (now.at - then.at) / share;
        if (SHORTEST..=LONGEST).contains(&whole) {
            share
        } else {
            0.0
        }
    }

    fn is_line(&self, begin: usize, end: usize, channel: usize) -> bool {
        [|point: &Point| point.at, |point: &Point| point.requests]
            .iter()
            .any(|clock| {
                let (then, now) = (self.points[begin], self.points[end]);
                let run = clock(&now) - clock(&then);
                let growth = now.size[channel] - then.size[channel];
                run > 0.0
                    && (1..POINTS).all(|i| {
                        let point = &self.points[begin + (end - begin) * i / POINTS];
                        let line =
                            then.size[channel] + growth * (clock(point) - clock(&then)) / run;
                        let noise = NOISE + NOISE_SHARE * point.size[channel];
                        (point.size[channel] - line).abs() <= noise
                    })
            })
    }

    /// The largest share by `at`.
    pub fn by(&self, at: f64) -> f64 {
        self.gone
            .iter()
            .take_while(|gone| gone.at <= at)
            .last()
            .map_or(0.0, |gone| gone.share)
    }

    /// A leak begins: lines before it are none of its own.
    pub fn forget(&mut self) {
        self.gone.clear();
    }

    /// When a line had first gone `share` of its way.
    pub fn first(&self, share: f64) -> Option<f64> {
        let first = self.gone.iter().find(|gone| gone.share >= share)?;
        Some(first.at)
    }

    /// When the whole way of the first line would end that has gone `share` of it.
    pub fn whole(&self, share: f64) -> Option<f64> {
        let first = self.gone.iter().find(|gone| gone.share >= share)?;
        Some(first.whole)
    }
}
