//! What one horizon says: the growth in numbers, and the gate that it failed at.

use super::stats;
use super::{Channel, Config, Gate};

/// Evidence for growth without a ceiling that settles it: "positive", as in [`super::shape`].
pub const PLENTY: f64 = 2.0;

/// What one horizon says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outlook {
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
    /// How sure it is that it leaks; see [`Outlook::pass`].
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

impl Outlook {
    /// All gates are passed. Until then a ceiling is as likely as none and the
    /// shape of the marks alone decides; of what passed, nine in ten leak (on
    /// the recordings, with a margin), and the shape tells more or less than that.
    pub fn pass(&mut self) {
        self.gate = None;
        self.confidence = self.trend * likelihood(9.0, self.evidence);
    }
}

/// From odds and the evidence of the shape, which is twice a logarithm.
pub fn likelihood(odds: f64, evidence: f64) -> f64 {
    odds / (odds + (-evidence / 2.0).exp())
}
