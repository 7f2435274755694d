//! Decides whether a process leaks, from readings of its memory.
//!
//! Bird's eye: [`Sample`]s go into a [`Detector`]. Per [`Channel`] it takes the
//! low-water mark at each full GC (`tide`), keeps those marks at several
//! doubling horizons (`horizon`), puts each horizon through the gates (`gates`)
//! and turns what passes into a [`State`] with hysteresis (`watch`). `Memwatch`
//! is the classic rule; `SampleRing` and `History` are the memory of readings.
//!
//! What always holds here: no clock, no I/O, no unsafe, no allocation after
//! construction, no panic, no NaN, whatever the samples say. The module must
//! not know about napi, V8 or JavaScript.

mod channel;
mod config;
mod detector;
mod gate;
mod gates;
mod history;
mod horizon;
mod load;
mod memwatch;
mod patience;
mod ring;
mod sample;
pub mod shape;
pub mod stats;
mod tide;
mod watch;

#[cfg(test)]
mod tests;

pub use channel::{CHANNELS, Channel, State};
pub use config::{Config, Headroom, Limits, Rule};
pub use detector::{Change, ChannelStatus, Detector, Event, Limit};
pub use gate::{Gate, Sentence};
pub use history::{Bucket, History, Range};
pub use load::Load;
pub use memwatch::{ClassicStats, Memwatch, Run};
pub use ring::SampleRing;
pub use sample::{Resources, Sample, SampleKind};
