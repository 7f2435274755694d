//! What was queued.

use super::sample::SampleShape;
use super::stats::StatsShape;
use super::verdict::{ChangeShape, ChannelShape, RunShape};
use crate::recorder::Record;
use napi_derive::napi;

/// One thing that happened: exactly one of `gc`, `change` and `stats` is there.
#[napi(object, object_from_js = false)]
pub struct RecordShape {
    pub at_ms: f64,
    pub gc: Option<SampleShape>,
    pub change: Option<ChangeShape>,
    pub status: Option<ChannelShape>,
    pub run: Option<RunShape>,
    pub stats: Option<StatsShape>,
}

impl From<&Record> for RecordShape {
    fn from(record: &Record) -> Self {
        let empty = |at_ms| Self {
            at_ms,
            gc: None,
            change: None,
            status: None,
            run: None,
            stats: None,
        };
        match record {
            Record::Gc {
                sample,
                used_before,
            } => Self {
                gc: Some(SampleShape::new(sample, *used_before)),
                ..empty(sample.at_ms)
            },
            Record::Change {
                change,
                status,
                at_ms,
            } => Self {
                change: Some(change.into()),
                status: Some(status.into()),
                run: status.run.as_ref().map(Into::into),
                ..empty(*at_ms)
            },
            Record::Stats(stats) => Self {
                stats: Some(stats.into()),
                ..empty(stats.sample.at_ms)
            },
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct DrainedShape {
    pub records: Vec<RecordShape>,
    /// Records that found no room in the queue since the last time.
    pub dropped: f64,
}
