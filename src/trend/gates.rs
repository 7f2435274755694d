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
//!    Growth that fails here or at 8 may be a line with a step in its first half: a load
//!    of data while something leaks. Where that explains the marks beyond doubt, the
//!    step is taken out, and they are looked at again.
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

use super::Gate;
use super::horizon::Mark;
use super::load;
use super::outlook::{Context, Outlook, PLENTY, likelihood};
use super::shape;
use super::stats::{self, MAX_POINTS};
use super::window::{Window, edge, largest_fall, lowest};

/// Fewest marks for a verdict, whatever the configuration says.
const FEWEST: usize = 5;

/// Growth that keeps less than this share of its pace slows down: what fills a cache under Zipf's law
/// does. In `npm run bench:simulate` 0.7 gives a tenth fewer false alarms, but in `bench:verdict` it
/// misses leaks of listeners and timers that come in bursts.
const LEAST_PACE: f64 = 0.6;

/// Below this a curve with a ceiling explains the marks better: "positive evidence", as in [`shape`].
const LEAST_EVIDENCE: f64 = -2.0;

/// For a line that is left when a step was taken out: the step was chosen from the same marks, and gives
/// a line the benefit of two more parameters.
const PLENTY_BESIDE_A_STEP: f64 = 2.0 * PLENTY;

/// Puts the marks of one horizon through the gates. `before` finds the mark at
/// an earlier time, if anything is known of it.
pub fn judge(marks: &[Mark], context: &Context, before: impl Fn(f64) -> Option<Mark>) -> Outlook {
    let count = marks.len().min(MAX_POINTS);
    let marks = &marks[marks.len() - count..];
    let need = context.config.min_points.clamp(FEWEST, MAX_POINTS);
    let mut outlook = Outlook {
        gcs: count as u32 * context.gcs_per_mark,
        ..Outlook::default()
    };
    if let (Some(first), Some(last)) = (marks.first(), marks.last()) {
        outlook.start_ms = first.at_ms;
        outlook.end_ms = last.at_ms;
        outlook.base = edge(marks.iter().map(|mark| mark.size), count);
        outlook.rise = last.size - first.size;
        outlook.growth = outlook.rise;
    }
    let material = context.config.material(context.channel, outlook.base);
    let steep = count + 1 == need && is_steep(marks, outlook.base);
    if (count < need && !steep) || outlook.end_ms <= outlook.start_ms {
        outlook.gate = Some(Gate::Few {
            have: count as u32,
            need: need as u32,
        });
        return outlook;
    }
    let last = edge(marks.iter().rev().map(|mark| mark.size), count);
    outlook.growth = last - outlook.base;
    if outlook.growth < material {
        outlook.gate = Some(Gate::Material {
            growth: outlook.growth,
            need: material,
            gcs: outlook.gcs,
        });
        return outlook;
    }
    let mut window = Window::new(marks);
    outlook.gate = rises(&mut window, marks, context, &mut outlook)
        .or_else(|| lasts(&window, marks, context, &mut outlook, &before));
    if is_ending(outlook.gate)
        && let Some(beside) = beside_a_step(window, marks, context, outlook, &before)
    {
        outlook = beside;
    }
    if outlook.gate.is_none() {
        outlook.pass();
    }
    outlook
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
    outlook: &mut Outlook,
) -> Option<Gate> {
    let need = context.config.material(context.channel, outlook.base);
    let gcs = outlook.gcs;
    let material =
        |growth: f64, need: f64| (growth < need).then_some(Gate::Material { growth, need, gcs });
    let raw = outlook.growth;
    if let Some(explanation) = load::explain(window, marks, context, outlook) {
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
    outlook.growth = window.growth().min(raw);
    if let Some(gate) = material(outlook.growth, need) {
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
    outlook.rising = true;
    measure(window, marks, trend, outlook);
    None
}

/// How fast it rises, and how sure that is.
fn measure(window: &Window, marks: &[Mark], trend: stats::Trend, outlook: &mut Outlook) {
    // Until the shape is looked at, a ceiling is as likely as none.
    outlook.trend = stats::normal_cdf(trend.z);
    outlook.confidence = outlook.trend * likelihood(1.0, 0.0);
    outlook.rate = stats::sen_slope(window.at(), window.size(), trend.variance, 1.645);
    let span = outlook.end_ms - outlook.start_ms;
    let per = |of: fn(&Mark) -> Option<f64>| {
        let run = of(marks.last()?)? - of(marks.first()?)?;
        (run > 0.0).then(|| outlook.rate.median * span / run)
    };
    outlook.per_request = per(|mark| mark.requests);
    outlook.per_allocated = per(|mark| mark.allocated);
}

/// The gates that tell growth which goes on from growth that ends: new ground,
/// slowing, saturating, patience.
fn lasts(
    window: &Window,
    marks: &[Mark],
    context: &Context,
    outlook: &mut Outlook,
    before: &impl Fn(f64) -> Option<Mark>,
) -> Option<Gate> {
    let size = window.size();
    let growth = outlook.growth;
    let best = |of: &dyn Fn(&[f64]) -> f64| window.clocks().map(of).fold(f64::MIN, f64::max);

    let fall = largest_fall(size.iter().copied()).max(context.swing);
    if 1.5 * fall > growth {
        return Some(Gate::NewGround { growth, fall });
    }
    let need = context.config.material(context.channel, outlook.base);
    outlook.pace = best(&|clock| last_pace(clock, size));
    let pace = outlook
        .pace
        .min(pace_before(outlook, marks, need, before).unwrap_or(f64::MAX));
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
    outlook.evidence = evidence;
    outlook.confidence = outlook.trend * likelihood(1.0, evidence);
    outlook.fresh = best(&|clock| newest_pace(clock, size)) >= 0.8;
    let noise = (stats::fit(window.at(), size).residual / size.len() as f64).sqrt() / growth;
    outlook.clean = noise < 0.1 && (evidence > PLENTY || size.len() < FEWEST);
    if evidence < LEAST_EVIDENCE {
        return Some(Gate::Saturating { evidence });
    }
    let watched_ms = window.watched();
    let left_ms = context.room * watched_ms / growth;
    outlook.watched_ms = watched_ms;
    if left_ms > context.config.remote_ms {
        return Some(Gate::Remote { left_ms });
    }
    let need_ms = patience(context, left_ms);
    if watched_ms >= need_ms {
        return None;
    }
    // Nobody is sure of what has not been watched for as long as it takes to be.
    outlook.confidence *= watched_ms / need_ms;
    Some(Gate::Patience {
        watched_ms,
        need_ms,
    })
}

fn is_ending(gate: Option<Gate>) -> bool {
    matches!(gate, Some(Gate::Slowing { .. } | Gate::Saturating { .. }))
}

/// What a growth that seems to end says without its step; `None` where it has none, or seems to end
/// without it too.
fn beside_a_step(
    mut window: Window,
    marks: &[Mark],
    context: &Context,
    mut outlook: Outlook,
    before: &impl Fn(f64) -> Option<Mark>,
) -> Option<Outlook> {
    let grain = 0.03 * outlook.growth;
    let step = window
        .clocks()
        .filter_map(|clock| shape::step_beside_a_line(clock, window.size(), grain))
        .filter(|step| step.evidence > PLENTY)
        .max_by(|one, other| one.evidence.total_cmp(&other.evidence))?;
    window.cut(step.at, step.height);
    outlook.growth = window.growth();
    let need = context.config.material(context.channel, outlook.base);
    let trend = stats::mann_kendall(window.size());
    if outlook.growth < need.max(0.1 * step.height) || trend.z < context.config.trend_z {
        return None;
    }
    measure(&window, marks, trend, &mut outlook);
    outlook.gate = lasts(&window, marks, context, &mut outlook, before);
    (!is_ending(outlook.gate) && outlook.evidence > PLENTY_BESIDE_A_STEP).then_some(outlook)
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
    outlook: &Outlook,
    marks: &[Mark],
    need_growth: f64,
    before: &impl Fn(f64) -> Option<Mark>,
) -> Option<f64> {
    let span = outlook.end_ms - outlook.start_ms;
    let earlier = before(outlook.start_ms - span)?;
    let run = outlook.start_ms - earlier.at_ms;
    let rise = outlook.base - earlier.size;
    if run < span / 3.0 || rise < need_growth {
        return None;
    }
    let by_time = (outlook.growth / span) / (rise / run);
    let by_requests = marks[0]
        .requests
        .zip(earlier.requests)
        .zip(marks[marks.len() - 1].requests)
        .and_then(|((start, earlier), end)| {
            let (now, then) = (end - start, start - earlier);
            (now > 0.0 && then > 0.0).then(|| (outlook.growth / now) / (rise / then))
        });
    Some(by_time.max(by_requests.unwrap_or(by_time)) * 1.5)
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
