//! The past.

use super::number::number;
use super::sample::SampleShape;
use crate::trend::{Bucket, Channel, Range};
use napi_derive::napi;

#[napi(object, object_from_js = false)]
pub struct RangeShape {
    pub min: f64,
    pub mean: f64,
    pub max: f64,
    pub full_gcs: u32,
}

impl From<Range> for RangeShape {
    fn from(range: Range) -> Self {
        Self {
            min: range.min,
            mean: range.mean,
            max: range.max,
            full_gcs: range.count,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct BucketShape {
    pub start_ms: f64,
    pub end_ms: f64,
    pub requests: Option<f64>,
    pub heap: Option<RangeShape>,
    pub external: Option<RangeShape>,
    pub native: Option<RangeShape>,
    pub resources: Option<RangeShape>,
}

impl From<&Bucket> for BucketShape {
    fn from(bucket: &Bucket) -> Self {
        let range = |channel| bucket.range(channel).map(Into::into);
        Self {
            start_ms: bucket.start_ms,
            end_ms: bucket.start_ms + bucket.width_ms,
            requests: number(bucket.requests),
            heap: range(Channel::Heap),
            external: range(Channel::External),
            native: range(Channel::Native),
            resources: range(Channel::Resources),
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct HistoryShape {
    pub samples: Vec<SampleShape>,
    pub coarse: Vec<BucketShape>,
}
