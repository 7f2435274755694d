//! The contract of a judge: whoever decides, from samples, whether a channel leaks.
//!
//! There are two: `TrendRule`, which is tidemark's own, and `MemwatchRule`. The detector asks the one
//! that was chosen at start and knows neither by name.

use super::change::Changes;
use super::limits::Room;
use super::outlook::Outlook;
use super::{Channel, Gate, Sample, State};

pub trait Judge {
    /// One sample in, with the time set right: finite, and never before the one before. Notes in
    /// `changes` what changed by it. Runs in the GC callback, so it does not allocate.
    fn push(&mut self, sample: &Sample, room: &Room, changes: &mut Changes);

    /// What is thought of a channel now.
    fn view(&self, channel: Channel) -> View;

    /// Whether one clean full GC at an idle moment would help to settle a suspicion.
    fn wants_gc(&self) -> bool;

    /// The memory it takes, in bytes.
    fn own_memory(&self) -> usize;
}

/// What a judge thinks of a channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    pub state: State,
    /// The newest low-water mark; `None` before there is one.
    pub floor: Option<f64>,
    pub outlook: Outlook,
    /// What holds a verdict back; `None` when leaking.
    pub gate: Option<Gate>,
    /// The run that memwatch's rule reported last.
    pub run: Option<Run>,
}

/// A run of growths: full GCs in a row with more used heap each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub start_ms: u64,
    pub end_ms: u64,
    /// Used heap at the last GC less that at the first of the run.
    pub growth: u64,
    pub consecutive: u32,
}

impl Run {
    /// Bytes per second; `None` over a run that took no time.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let run = self.end_ms.saturating_sub(self.start_ms);
        (run > 0).then(|| self.growth as f64 / (run as f64 / 1000.0))
    }
}
