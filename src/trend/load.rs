//! How much of a growth goes with the load, and so is no leak.
//!
//! Memory follows the work at hand: the rate of requests (or else of allocation), the connections
//! that clients have open, the requests that wait for the end of their response. Each is tried alone, by regression of the size on it and on the clock at once. Its part is
//! what goes with it; what goes with the clock is left, less 1.3 standard errors. A load that rose
//! along with the clock, so that the two cannot be told apart, explains all of the growth where it
//! fits about as well. The load that leaves the least counts.
//!
//! The rate must have varied by a fifth. A growth no more than in proportion with it is explained.
//!
//! Handles that rise by no more than one for each connection, or each request in flight, are theirs:
//! the timer of its keep-alive, of the query that it waits for.
//!
//! Connections and requests in flight can grow for ever, when nobody answers or closes them, and so
//! excuse less: no more than a unit can hold, and only in the first third of the way to the limit.

use super::Channel;
use super::gate::Load;
use super::horizon::Mark;
use super::outlook::{Context, Outlook};
use super::stats::{self, MAX_POINTS};
use super::window::{Window, column, highest, lowest, rates, varied};

fn column_of(by: Load, marks: &[Mark]) -> Option<[f64; MAX_POINTS]> {
    match by {
        Load::Rate => rates(marks),
        Load::Connections => column(marks, |mark| mark.connections.map(f64::from)),
        Load::InFlight => column(marks, |mark| mark.in_flight.map(f64::from)),
    }
}

/// A coefficient that is this many standard errors from zero is not there by chance.
const BEYOND_DOUBT: f64 = 3.0;

/// What one connection or request in flight may hold, in bytes: a body of 1 MB, or a websocket
/// that compresses, three times over.
const MOST_BYTES: f64 = 1_048_576.0;
/// The same in handles: sockets to other services, timers.
const MOST_HANDLES: f64 = 4.0;

/// What a load explains of a growth.
pub struct Explanation {
    pub by: Load,
    /// The growth that the load does not explain for sure.
    pub left: f64,
    /// The size of a unit of load, 0 where the load's part cannot be told.
    each: f64,
    load: [f64; MAX_POINTS],
}

impl Explanation {
    fn leaves(self, left: f64) -> Self {
        Self { left, ..self }
    }

    /// Takes the load's part out of the sizes.
    pub fn take_out(&self, window: &mut Window) {
        let size = window.size_mut();
        let load = &self.load[..size.len()];
        let mean = mean(load);
        for (size, load) in size.iter_mut().zip(load) {
            *size -= self.each * (load - mean);
        }
    }
}

/// The load that leaves the least of the growth unexplained; `None` where none varied or explains
/// anything.
pub fn explain(
    window: &Window,
    marks: &[Mark],
    context: &Context,
    outlook: &Outlook,
) -> Option<Explanation> {
    if outlook.growth > context.room {
        return None;
    }
    Load::ALL
        .into_iter()
        .filter_map(|by| {
            let load = column_of(by, marks)?;
            match by {
                Load::Rate => by_rate(window, load, outlook),
                _ => by_units(window, by, load, context, outlook),
            }
        })
        .min_by(|one, other| one.left.total_cmp(&other.left))
}

fn by_rate(window: &Window, load: [f64; MAX_POINTS], outlook: &Outlook) -> Option<Explanation> {
    let column = &load[..window.size().len()];
    let varied = varied(column);
    if in_proportion(column, outlook) && !(varied && goes_with_the_clock(window, column)) {
        return Some(Explanation {
            by: Load::Rate,
            left: 0.0,
            each: 0.0,
            load,
        });
    }
    varied
        .then(|| regression(window, Load::Rate, load))
        .flatten()
}

fn by_units(
    window: &Window,
    by: Load,
    load: [f64; MAX_POINTS],
    context: &Context,
    outlook: &Outlook,
) -> Option<Explanation> {
    let column = &load[..window.size().len()];
    let most = if context.channel == Channel::Resources {
        MOST_HANDLES
    } else {
        MOST_BYTES
    };
    // Handles are few marks of whole numbers, too rough for a regression, so what each unit has by
    // itself is taken off without one.
    if context.channel == Channel::Resources
        && outlook.growth <= risen(column).min(0.5 * context.room)
    {
        return Some(Explanation {
            by,
            left: 0.0,
            each: 0.0,
            load,
        });
    }
    let excusable = outlook.growth <= most * (highest(column) - lowest(column))
        && outlook.growth <= 0.5 * context.room;
    excusable
        .then(|| regression(window, by, load))
        .flatten()
        .filter(|explanation| explanation.each <= most)
}

/// By how much a load rose from one end of the window to the other.
fn risen(load: &[f64]) -> f64 {
    let third = (load.len() / 3).max(2);
    let apart = load.len().saturating_sub(third).max(1) as f64;
    let rise = mean(&load[load.len() - third..]) - mean(&load[..third]);
    rise * (load.len() - 1) as f64 / apart
}

fn regression(window: &Window, by: Load, load: [f64; MAX_POINTS]) -> Option<Explanation> {
    let size = window.size();
    let column = &load[..size.len()];
    let third = (column.len() / 3).max(2);
    // Of units it is known how much they can hold, so any rise may be enough.
    let least = if by == Load::Rate { 1.2 } else { 1.0 };
    let rose = mean(&column[column.len() - third..]) > least * mean(&column[..third]);
    let nothing = Explanation {
        by,
        left: f64::INFINITY,
        each: 0.0,
        load,
    };
    let Some((plane, span)) = plane(window, column) else {
        return rose.then(|| nothing.leaves(0.0));
    };
    if plane.by_load > 2.0 * plane.by_load_error {
        return Some(Explanation {
            each: plane.by_load,
            ..nothing
                .leaves((plane.by_clock - quantile(by, column.len()) * plane.by_clock_error) * span)
        });
    }
    // The load rose along with the size, and load and clock together make
    // no sense of it: then the load alone must not explain it about as well.
    let by_load = stats::fit(column, size);
    let by_clock = window
        .clocks()
        .map(|clock| stats::fit(clock, size).residual)
        .fold(f64::INFINITY, f64::min);
    let explained = rose && by_load.slope > 0.0 && by_load.residual < 2.0 * by_clock;
    explained.then(|| nothing.leaves(0.0))
}

/// By how many standard errors the clock's part may be too high. Connections and requests in flight
/// rise in straight lines, as the clock does, and then a few marks give a part to either by chance:
/// about Student's 95 % for as many marks.
fn quantile(by: Load, marks: usize) -> f64 {
    match by {
        Load::Rate => 1.3,
        _ => 1.645 + 2.55 / (marks as f64 - 3.0).max(1.0),
    }
}

/// The plane of load and clock that explains the sizes best, and what the clock ran by.
fn plane(window: &Window, load: &[f64]) -> Option<(stats::Plane, f64)> {
    window
        .clocks()
        .filter_map(|clock| {
            let span = clock[clock.len() - 1] - clock[0];
            Some((stats::fit_plane(load, clock, window.size())?, span))
        })
        .min_by(|one, other| one.0.residual.total_cmp(&other.0.residual))
}

/// Load and size rose alike, but where the load fell back for a while the size did not:
/// the regression gives nearly all of the growth to the clock, beyond doubt.
fn goes_with_the_clock(window: &Window, load: &[f64]) -> bool {
    plane(window, load).is_some_and(|(plane, span)| {
        plane.by_clock > BEYOND_DOUBT * plane.by_clock_error
            && plane.by_clock * span > 0.7 * window.growth()
    })
}

/// Whether the size rose no more than in proportion with the load. The thirds are
/// two thirds of the window apart.
fn in_proportion(load: &[f64], outlook: &Outlook) -> bool {
    let third = (load.len() / 3).max(2);
    let early = load[..third].iter().sum::<f64>();
    let late = load[load.len() - third..].iter().sum::<f64>();
    early > 0.0 && outlook.base > 0.0 && outlook.growth / outlook.base <= 1.5 * (late / early - 1.0)
}

fn mean(part: &[f64]) -> f64 {
    part.iter().sum::<f64>() / part.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::Config;

    /// 12 marks, a second and 100 connections apart where `swings` is 0.
    fn marks(swings: f64, size: impl Fn(f64, f64) -> f64) -> Vec<Mark> {
        (0..12)
            .map(|i| {
                let at = f64::from(i);
                let connections = 1000.0 + 100.0 * at + swings * f64::from(i * 7 % 5);
                Mark {
                    at_ms: 1000.0 * at,
                    size: size(at, connections),
                    connections: Some(connections as f32),
                    ..Mark::default()
                }
            })
            .collect()
    }

    fn explained(marks: &[Mark], channel: Channel, room: f64) -> Option<Explanation> {
        let config = Config::default();
        let context = Context {
            config: &config,
            channel,
            room,
            gcs_per_mark: 1,
            swing: 0.0,
            learnt_patience_ms: 0.0,
        };
        let window = Window::new(marks);
        let outlook = Outlook {
            base: marks[0].size,
            growth: window.growth(),
            ..Outlook::default()
        };
        explain(&window, marks, &context, &outlook)
    }

    #[test]
    fn a_size_made_of_units_and_a_clock_is_taken_apart() {
        for each in [1e3, 4e4, 9e5] {
            for leak in [0.0, 1e4, 3e7] {
                let marks = marks(90.0, |at, connections| 5e7 + each * connections + leak * at);
                let found = explained(&marks, Channel::Heap, 1e12);
                let found = found.expect("they varied");
                assert_eq!(found.by, Load::Connections);
                assert!(
                    (found.each - each).abs() < 0.01 * each,
                    "{each}: {}",
                    found.each
                );
                assert!(
                    (found.left - 11.0 * leak).abs() < 1e3,
                    "{leak}: {}",
                    found.left
                );
                let mut window = Window::new(&marks);
                found.take_out(&mut window);
                for (i, size) in window.size().iter().enumerate() {
                    let without = window.size()[0] + leak * i as f64;
                    assert!((size - without).abs() < 1e3);
                }
            }
        }
    }

    #[test]
    fn a_straight_ramp_is_explained_up_to_what_units_can_hold_and_the_limit_allows() {
        let ramp = |each: f64| marks(0.0, move |_, connections| 5e7 + each * connections);
        let left = |each: f64, channel, room| {
            explained(&ramp(each), channel, room).map(|found| found.left)
        };
        assert_eq!(left(4e4, Channel::Heap, 1e9), Some(0.0));
        assert_eq!(
            left(4e4, Channel::Heap, 6e7),
            None,
            "a third of the way has gone"
        );
        assert_eq!(left(3e6, Channel::Heap, 1e12), None);
        assert_eq!(left(2.0, Channel::Resources, 1e6), Some(0.0));
        assert_eq!(left(9.0, Channel::Resources, 1e6), None);
    }
}
