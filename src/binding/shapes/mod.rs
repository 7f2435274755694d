//! The plain objects that cross to JavaScript. Sizes are bytes, times are milliseconds since the
//! monitor started; what is not known is left out.

mod history;
mod last_word;
mod number;
mod options;
mod records;
mod sample;
mod stats;
mod status;
mod verdict;

pub(super) use history::HistoryShape;
pub(super) use last_word::LastWordShape;
pub(super) use options::{PushedSample, WatchOptions};
pub(super) use records::DrainedShape;
pub(super) use sample::SampleShape;
pub(super) use status::StatusShape;
pub(super) use verdict::{ChangeShape, ChannelShape};
