//! Decides whether a process leaks, from readings of its memory.
//!
//! Bird's eye: [`Sample`]s go into a [`Detector`], which asks one judge (`judge`).
//! tidemark's own (`trend_rule`) takes per [`Channel`] the low-water mark at each
//! full GC (`tide`), keeps those marks at several doubling horizons (`horizon`),
//! puts each horizon through the gates (`gates`) and turns what passes into a
//! [`State`] with hysteresis (`tracker`). `memwatch` is the classic rule.
//! `SampleRing` and `History` are the memory of readings.
//!
//! What always holds here: no clock, no I/O, no unsafe, no allocation after
//! construction, no panic, no NaN, whatever the samples say. The module must
//! not know about napi, V8 or JavaScript.

mod change;
mod channel;
mod config;
mod detector;
mod gate;
mod gates;
mod history;
mod horizon;
mod judge;
mod limits;
mod load;
mod memwatch;
mod outlook;
mod patience;
mod report;
mod ring;
mod sample;
pub mod shape;
pub mod stats;
mod swing;
mod tide;
mod tracker;
mod trend_rule;
mod window;

#[cfg(test)]
pub(crate) use sample::tests::full_gc;
#[cfg(test)]
mod tests;

pub use change::{Change, Event};
pub use channel::{CHANNELS, Channel, State};
pub use config::{Config, Rule};
pub use detector::{ChannelStatus, Detector};
pub use gate::{Gate, Load, Sentence};
pub use history::{Bucket, History, Range};
pub use judge::Run;
pub use limits::{Headroom, Limit, Limits};
pub use ring::SampleRing;
pub use sample::{Resources, Sample, SampleKind};
