//! The gates that a growth must pass to be called a leak.
//!
//! The marks of one horizon come in, either the first gate that fails comes
//! out, with its numbers, or `None`: all passed. In prose:
//!
//! 1. **Few.** Five marks at least, taken at different times; four where the
//!    size more than trebled along a straight line.
//! 2. **Material.** The low-water mark grew by more than the channel's floor.
//! 3. **Load.** Memory that goes with the load is no leak; see `load`. What no load
//!    explains, at the lower end of its error, must still be material. The rest of
//!    the gates see the size without the load's part.
//! 4. **Steps.** One big load of data is a step. A step that is more than half
//!    of the growth is cut down to the pace of the rest, and what is left must be
//!    material, also beside the step.
//! 5. **Separated.** The lowest of the last third lies above nearly all of the
//!    first third.
//! 6. **Trend.** Mann-Kendall.
//! 7. **New ground.** It grew by half as much again as it ever fell, within the
//!    window and before it at the same horizon: a process that rises and falls
//!    alike does not leak.
//! 8. **Slowing.** Growth must go on: a line with a kink at the middle keeps 0.72
//!    of its pace, one with a kink at three quarters 0.6 (each with the benefit
//!    of a standard error), and the window grows at 0.4 or more of the pace of
//!    the stretch before it.
//! 9. **Saturating.** A curve without a ceiling must explain the marks as well
//!    as one with a ceiling, by BIC.
//! 10. **Remote.** The limit must be less than a year away.
//! 11. **Patience.** It has lasted long enough for the time that is left; see
//!     `patience`. What counts is the growth, not the window: where it was flat
//!     at first, the clock starts when it began to rise.
//!
//! Where the load varied, 8 and 9 may hold on any of three clocks: the wall
//! clock, requests and allocation. Growth by request is steady on the clock of
//! requests, whatever the load does.
//!
//! This module must not know about states: confirmation and hysteresis are `watch`'s.

use super::horizon::Mark;
use super::load;
use super::shape;
use super::stats::{self, MAX_POINTS};
use super::{Channel, Config, Gate};

/// Fewest marks for a verdict, whatever the configuration says.
const FEWEST: usize = 5;

/// Evidence for growth without a ceiling that settles it: "positive", as in [`shape`].
pub const PLENTY: f64 = 2.0;

/// Growth that keeps less than this share of its pace slows down: what fills a cache under Zipf's law
/// does. In `npm run bench:simulate` 0.7 gives a tenth fewer false alarms, but in `bench:verdict` it
/// misses leaks of listeners and timers that come in bursts.
const LEAST_PACE: f64 = 0.6;

/// Below this a curve with a ceiling explains the marks better: "positive evidence", as in [`shape`].
const LEAST_EVIDENCE: f64 = -2.0;

/// What one horizon says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finding {
    /// The first gate that failed.
    pub gate: Option<Gate>,
    /// It rises: the gates that tell a rise from none were passed.
    pub rising: bool,
    /// All passed, and with so little noise that no confirmation is needed.
    pub clean: bool,
    /// The low-water mark at the start of the window.
    pub base: f64,
    /// By how much the low-water mark rose from the first to the last of the window: what is told.
    pub rise: f64,
    /// The part of it that the gates judge: without the load's share and the largest step.
    pub growth: f64,
    /// Bytes per millisecond.
    pub rate: stats::Slope,
    /// Growth per request, where requests are known.
    pub per_request: Option<f64>,
    /// Growth per allocated byte, where that is known.
    pub per_allocated: Option<f64>,
    /// How sure it is that it leaks; see [`Finding::pass`].
    pub confidence: f64,
    /// Chance that it is a trend.
    pub trend: f64,
    /// For growth without a ceiling, where the shape was looked at.
    pub evidence: f64,
    /// The pace at its end by the pace before, where that was looked at.
    pub pace: f64,
    /// The newest mark rose at the pace of the whole window.
    pub fresh: bool,
    /// How long the growth has lasted, where that was looked at.
    pub watched_ms: f64,
    pub start_ms: f64,
    pub end_ms: f64,
    pub gcs: u32,
}

/// What the gates need to know beside the marks.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub config: &'a Config,
    pub channel: Channel,
    /// Bytes (handles) to the nearest limit, or to the one that is assumed.
    pub room: f64,
    /// How many full GCs make a mark.
    pub gcs_per_mark: u32,
    /// The largest fall seen at this horizon before the window.
    pub swing: f64,
    /// What growth that ended by itself taught about how long to wait.
    pub learnt_patience_ms: f64,
}

/// The marks of a horizon as columns.
pub(super) struct Window {
    len: usize,
    at: [f64; MAX_POINTS],
    /// Sizes with the load's part and the excess of the largest step taken out.
    size: [f64; MAX_POINTS],
    /// `None` where unknown, or where the load was even, as is `allocated`.
    requests: Option<[f64; MAX_POINTS]>,
    allocated: Option<[f64; MAX_POINTS]>,
}

/// Puts the marks of one horizon through the gates. `before` finds the mark at
/// an earlier time, if anything is known of it.
pub fn judge(marks: &[Mark], context: &Context, before: impl Fn(f64) -> Option<Mark>) -> Finding {
    let count = marks.len().min(MAX_POINTS);
    let marks = &marks[marks.len() - count..];
    let need = context.config.min_points.clamp(FEWEST, MAX_POINTS);
    let mut finding = Finding {
        gcs: count as u32 * context.gcs_per_mark,
        ..Finding::default()
    };
    if let (Some(first), Some(last)) = (marks.first(), marks.last()) {
        finding.start_ms = first.at_ms;
        finding.end_ms = last.at_ms;
        finding.base = edge(marks.iter().map(|mark| mark.size), count);
        finding.rise = last.size - first.size;
        finding.growth = finding.rise;
    }
    let material = context.config.material(context.channel, finding.base);
    let steep = count + 1 == need && is_steep(marks, finding.base);
    if (count < need && !steep) || finding.end_ms <= finding.start_ms {
        finding.gate = Some(Gate::Few {
            have: count as u32,
            need: need as u32,
        });
        return finding;
    }
    let last = edge(marks.iter().rev().map(|mark| mark.size), count);
    finding.growth = last - finding.base;
    if finding.growth < material {
        finding.gate = Some(Gate::Material {
            growth: finding.growth,
            need: material,
            gcs: finding.gcs,
        });
        return finding;
    }
    let mut window = Window::new(marks);
    finding.gate = rises(&mut window, marks, context, &mut finding)
        .or_else(|| lasts(&window, marks, context, &mut finding, before));
    if finding.gate.is_none() {
        finding.pass();
    }
    finding
}

impl Finding {
    /// All gates are passed. Until then a ceiling is as likely as none and the
    /// shape of the marks alone decides; of what passed, nine in ten leak (on
    /// the recordings, with a margin), and the shape tells more or less than that.
    pub fn pass(&mut self) {
        self.gate = None;
        self.confidence = self.trend * likelihood(9.0, self.evidence);
    }
}

/// From odds and the evidence of the shape, which is twice a logarithm.
fn likelihood(odds: f64, evidence: f64) -> f64 {
    odds / (odds + (-evidence / 2.0).exp())
}

/// One mark fewer will do when they leave no doubt: the size more than trebled,
/// along a straight line that does not bend down at the end. V8 collects ever
/// more seldom as a heap grows, so a fast leak has few full GCs to show.
fn is_steep(marks: &[Mark], base: f64) -> bool {
    let count = marks.len();
    if count < FEWEST - 1 {
        return false;
    }
    let growth = marks[count - 1].size - marks[0].size;
    let window = Window::new(marks);
    let noise = (stats::fit(window.at(), window.size()).residual / count as f64).sqrt();
    let end = newest_pace(window.at(), window.size());
    growth > 2.0 * base.max(0.0) && noise < 0.05 * growth && end > 0.75
}

/// The pace of the newest mark by the mean pace, or by that of the third of the
/// marks before it if that is faster: growth that gathers speed and then ends.
fn newest_pace(clock: &[f64], sizes: &[f64]) -> f64 {
    let n = clock.len();
    let pace = |from: usize, to: usize| {
        (sizes[to] - sizes[from]) / (clock[to] - clock[from]).max(f64::MIN_POSITIVE)
    };
    let lately = pace(n - 2 - (n / 3).min(n - 2), n - 2);
    pace(n - 2, n - 1) / pace(0, n - 1).max(lately).max(f64::MIN_POSITIVE)
}

/// The gates that tell a rise from none: load, steps, material, separated, trend.
fn rises(
    window: &mut Window,
    marks: &[Mark],
    context: &Context,
    finding: &mut Finding,
) -> Option<Gate> {
    let need = context.config.material(context.channel, finding.base);
    let gcs = finding.gcs;
    let material =
        |growth: f64, need: f64| (growth < need).then_some(Gate::Material { growth, need, gcs });
    let raw = finding.growth;
    if let Some(explanation) = load::explain(window, marks, context, finding) {
        if explanation.left < need {
            return Some(Gate::Load {
                by: explanation.by,
                growth: raw,
                left: explanation.left.max(0.0),
            });
        }
        explanation.take_out(window);
    }
    // What is left beside a big step must mean something beside it.
    let need = need.max(0.1 * window.cut_largest_step());
    finding.growth = window.growth().min(raw);
    if let Some(gate) = material(finding.growth, need) {
        return Some(gate);
    }

    let size = window.size();
    let third = (size.len() / 3).max(2);
    let low_late = lowest(&size[size.len() - third..]);
    let high_early = second_highest(&size[..third]);
    if low_late <= high_early {
        return Some(Gate::Separated {
            low_late,
            high_early,
        });
    }
    let trend = stats::mann_kendall(size);
    let need_z = context.config.trend_z.min(match size.len() {
        // Four in order: no four can have more.
        0..=4 => 1.6,
        5..=7 => 1.8,
        _ => f64::INFINITY,
    });
    if trend.z < need_z {
        return Some(Gate::Trend {
            z: trend.z,
            need: need_z,
        });
    }
    finding.rising = true;
    // Until the shape is looked at, a ceiling is as likely as none.
    finding.trend = stats::normal_cdf(trend.z);
    finding.confidence = finding.trend * likelihood(1.0, 0.0);
    finding.rate = stats::sen_slope(window.at(), size, trend.variance, 1.645);
    let span = finding.end_ms - finding.start_ms;
    let per = |of: fn(&Mark) -> Option<f64>| {
        let run = of(marks.last()?)? - of(marks.first()?)?;
        (run > 0.0).then(|| finding.rate.median * span / run)
    };
    finding.per_request = per(|mark| mark.requests);
    finding.per_allocated = per(|mark| mark.allocated);
    None
}

/// The gates that tell growth which goes on from growth that ends: new ground,
/// slowing, saturating, patience.
fn lasts(
    window: &Window,
    marks: &[Mark],
    context: &Context,
    finding: &mut Finding,
    before: impl Fn(f64) -> Option<Mark>,
) -> Option<Gate> {
    let size = window.size();
    let growth = finding.growth;
    let best = |of: &dyn Fn(&[f64]) -> f64| window.clocks().map(of).fold(f64::MIN, f64::max);

    let fall = largest_fall(size.iter().copied()).max(context.swing);
    if 1.5 * fall > growth {
        return Some(Gate::NewGround { growth, fall });
    }
    let need = context.config.material(context.channel, finding.base);
    finding.pace = best(&|clock| last_pace(clock, size));
    let pace = finding
        .pace
        .min(pace_before(finding, marks, need, before).unwrap_or(f64::MAX));
    if pace < LEAST_PACE {
        return Some(Gate::Slowing { pace });
    }
    // By far the dearest, so it comes when the others have passed.
    let mut evidence = f64::NEG_INFINITY;
    for clock in window.clocks() {
        evidence = evidence.max(shape::unbounded_over_bounded(clock, size, 0.03 * growth));
        if evidence > PLENTY {
            break;
        }
    }
    finding.evidence = evidence;
    finding.confidence = finding.trend * likelihood(1.0, evidence);
    finding.fresh = best(&|clock| newest_pace(clock, size)) >= 0.8;
    let noise = (stats::fit(window.at(), size).residual / size.len() as f64).sqrt() / growth;
    finding.clean = noise < 0.1 && (evidence > PLENTY || size.len() < FEWEST);
    if evidence < LEAST_EVIDENCE {
        return Some(Gate::Saturating { evidence });
    }
    let watched_ms = window.watched();
    let left_ms = context.room * watched_ms / growth;
    finding.watched_ms = watched_ms;
    if left_ms > context.config.remote_ms {
        return Some(Gate::Remote { left_ms });
    }
    let need_ms = patience(context, left_ms);
    if watched_ms >= need_ms {
        return None;
    }
    // Nobody is sure of what has not been watched for as long as it takes to be.
    finding.confidence *= watched_ms / need_ms;
    Some(Gate::Patience {
        watched_ms,
        need_ms,
    })
}

/// How long a growth must have lasted. What was learnt from growth that ended by
/// itself makes it longer, up to the greatest share of the time left.
fn patience(context: &Context, left_ms: f64) -> f64 {
    let config = context.config;
    let learnt = context
        .learnt_patience_ms
        .min(config.patience_share * left_ms);
    config.patience(left_ms).max(learnt)
}

/// The pace of this window by that of the stretch of equal length before it,
/// scaled: a leak beside a cache that fills has slowed down since then.
fn pace_before(
    finding: &Finding,
    marks: &[Mark],
    need_growth: f64,
    before: impl Fn(f64) -> Option<Mark>,
) -> Option<f64> {
    let span = finding.end_ms - finding.start_ms;
    let earlier = before(finding.start_ms - span)?;
    let run = finding.start_ms - earlier.at_ms;
    let rise = finding.base - earlier.size;
    if run < span / 3.0 || rise < need_growth {
        return None;
    }
    let by_time = (finding.growth / span) / (rise / run);
    let by_requests = marks[0]
        .requests
        .zip(earlier.requests)
        .zip(marks[marks.len() - 1].requests)
        .and_then(|((start, earlier), end)| {
            let (now, then) = (end - start, start - earlier);
            (now > 0.0 && then > 0.0).then(|| (finding.growth / now) / (rise / then))
        });
    Some(by_time.max(by_requests.unwrap_or(by_time)) * 1.5)
}

impl Window {
    pub(super) fn new(marks: &[Mark]) -> Self {
        let mut window = Self {
            len: marks.len(),
            at: [0.0; MAX_POINTS],
            size: [0.0; MAX_POINTS],
            requests: None,
            allocated: None,
        };
        // Under an even load every clock tells the same time.
        if load::rate_varied(marks) {
            window.requests = column(marks, |mark| mark.requests);
            window.allocated = column(marks, |mark| mark.allocated);
        }
        for (i, mark) in marks.iter().enumerate() {
            window.at[i] = mark.at_ms;
            window.size[i] = mark.size;
        }
        window
    }

    fn at(&self) -> &[f64] {
        &self.at[..self.len]
    }

    pub(super) fn size(&self) -> &[f64] {
        &self.size[..self.len]
    }

    pub(super) fn size_mut(&mut self) -> &mut [f64] {
        &mut self.size[..self.len]
    }

    pub(super) fn clocks(&self) -> impl Iterator<Item = &[f64]> {
        [
            Some(&self.at),
            self.requests.as_ref(),
            self.allocated.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|clock| &clock[..self.len])
    }

    /// The rise of the low-water mark: the lowest of the last quarter less the
    /// lowest of the first.
    pub(super) fn growth(&self) -> f64 {
        let size = &self.size[..self.len];
        edge(size.iter().rev().copied(), self.len) - edge(size.iter().copied(), self.len)
    }

    /// For how long it has grown: since the last mark that had no more than a tenth
    /// of the growth, and a ninth of that time for what came before it.
    fn watched(&self) -> f64 {
        let (at, size) = (self.at(), self.size());
        let low = edge(size.iter().copied(), self.len) + 0.1 * self.growth();
        let began = size.iter().rposition(|&size| size <= low).unwrap_or(0);
        let end = at[self.len - 1];
        (end - at[0]).min((end - at[began]) / 0.9)
    }

    /// Cuts the largest step of the floor (the lowest size from a mark on) down
    /// to what the pace of the rest predicts for the time it took.
    fn cut_largest_step(&mut self) -> f64 {
        let n = self.len;
        let mut floor = [0.0; MAX_POINTS];
        let mut low = f64::INFINITY;
        for i in (0..n).rev() {
            low = low.min(self.size[i]);
            floor[i] = low;
        }
        let (mut step, mut at) = (0.0, 0);
        for i in 1..n {
            if floor[i] - floor[i - 1] > step {
                step = floor[i] - floor[i - 1];
                at = i;
            }
        }
        if at == 0 {
            return 0.0;
        }
        let excess = self
            .clocks()
            .map(|clock| {
                let run = clock[at] - clock[at - 1];
                let rest = (clock[n - 1] - clock[0]) - run;
                let pace = if rest > 0.0 {
                    (floor[n - 1] - floor[0] - step) / rest
                } else {
                    0.0
                };
                step - pace * run
            })
            .fold(f64::INFINITY, f64::min);
        if excess <= 0.5 * (floor[n - 1] - floor[0]) {
            return 0.0;
        }
        for size in &mut self.size[at..n] {
            *size -= excess;
        }
        excess
    }
}

pub(super) fn column(
    marks: &[Mark],
    get: impl Fn(&Mark) -> Option<f64>,
) -> Option<[f64; MAX_POINTS]> {
    let mut out = [0.0; MAX_POINTS];
    for (slot, mark) in out.iter_mut().zip(marks) {
        *slot = get(mark)?;
    }
    Some(out)
}

/// The lowest of the first quarter of `count` sizes, two at least.
fn edge(sizes: impl Iterator<Item = f64>, count: usize) -> f64 {
    sizes
        .take((count / 4).max(2))
        .reduce(f64::min)
        .unwrap_or(0.0)
}

pub(super) fn lowest(sizes: &[f64]) -> f64 {
    sizes.iter().copied().fold(f64::INFINITY, f64::min)
}

fn second_highest(sizes: &[f64]) -> f64 {
    let (mut first, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for &size in sizes {
        if size > first {
            second = first;
            first = size;
        } else if size > second {
            second = size;
        }
    }
    second
}

pub fn largest_fall(sizes: impl Iterator<Item = f64>) -> f64 {
    let (mut high, mut fall) = (f64::NEG_INFINITY, 0.0f64);
    for size in sizes {
        high = high.max(size);
        fall = fall.max(high - size);
    }
    fall
}

/// The pace at the end by the pace before: a line with a kink, at the middle and
/// at three quarters of the clock, each with the benefit of one standard error,
/// so that noise does not look like slowing. Scaled by what half of a window is more
/// telling than a quarter of it.
fn last_pace(clock: &[f64], sizes: &[f64]) -> f64 {
    let kink = |share: f64| {
        let n = clock.len();
        let at = clock[0] + share * (clock[n - 1] - clock[0]);
        let mut after = [0.0; MAX_POINTS];
        for (slot, &x) in after.iter_mut().zip(clock) {
            *slot = (x - at).max(0.0);
        }
        let plane = stats::fit_plane(clock, &after[..n], sizes)?;
        let late = plane.by_load + plane.by_clock + plane.by_clock_error;
        (plane.by_load > 0.0).then(|| late / plane.by_load)
    };
    let middle = kink(0.5).map_or(f64::MAX, |pace| pace / 1.2);
    middle.min(kink(0.75).unwrap_or(f64::MAX))
}
