//! The report of a leak that stands, and whether the leak has ended since.

use super::horizon::{Horizons, Mark};
use super::outlook::Outlook;
use super::stats::Slope;

/// Growth that has stopped for less than this says nothing about how it goes on.
const FLAT_MS: f64 = 30_000.0;

/// The report that stands.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub base: f64,
    pub growth: f64,
    pub rate: Slope,
    per_request: Option<f64>,
    per_allocated: Option<f64>,
    pub start_ms: f64,
    /// How long the growth had lasted.
    watched_ms: f64,
    at: Mark,
    /// Marks since then.
    marks: usize,
}

impl Report {
    pub fn new(outlook: &Outlook, at: Mark) -> Self {
        Self {
            base: outlook.base,
            growth: outlook.growth,
            rate: outlook.rate,
            per_request: outlook.per_request,
            per_allocated: outlook.per_allocated,
            start_ms: outlook.start_ms,
            watched_ms: outlook.watched_ms,
            at,
            marks: 0,
        }
    }

    /// One more mark.
    pub fn count(&mut self) {
        self.marks += 1;
    }

    /// For how long a growth must have been flat to be over: as long as it had been watched.
    pub fn flat_for_ms(&self) -> f64 {
        self.watched_ms.max(FLAT_MS)
    }

    /// A leak has ended when the marks since the report gave back half of the growth
    /// (two at least, three where there are), or when it was flat for as long as it had
    /// been watched: it grew at less than a quarter of the pace that was reported, by
    /// time and by requests, or by what was allocated where requests are not known.
    pub fn is_over(&self, horizons: &Horizons, mark: Mark) -> bool {
        let (_, high) = horizons.recent_range(self.marks.min(3));
        if self.marks >= 2 && high < self.base + 0.5 * self.growth {
            return true;
        }
        let stretch = self.flat_for_ms();
        if self.marks < 3 || mark.at_ms - self.at.at_ms < stretch {
            return false;
        }
        let Some(then) = horizons
            .around((mark.at_ms - 1.25 * stretch).max(self.at.at_ms))
            .filter(|then| mark.at_ms - then.at_ms >= 0.75 * stretch)
        else {
            return false;
        };
        let grown = horizons.lowest_since(mark.at_ms - 0.25 * stretch) - then.size;
        let flat = |pace: Option<f64>, run: Option<f64>| {
            pace.zip(run)
                .map(|(pace, run)| grown < 0.25 * pace.max(0.0) * run)
        };
        let share = (self.rate.low / self.rate.median.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let between = |to: Option<f64>, from: Option<f64>| Some(to? - from?);
        let work = flat(
            self.per_request.map(|pace| pace * share),
            between(mark.requests, then.requests),
        )
        .or_else(|| {
            flat(
                self.per_allocated.map(|pace| pace * share),
                between(mark.allocated, then.allocated),
            )
        });
        flat(Some(self.rate.low), Some(mark.at_ms - then.at_ms)) == Some(true)
            && work.unwrap_or(true)
    }
}
