//! The detector alone, for replaying recordings (`npm run bench:verdict`).

use super::shapes::{ChangeShape, ChannelShape};
use crate::trend::{CHANNELS, Config, Detector as Trend, Resources, Rule, Sample, SampleKind};
use napi_derive::napi;
use std::cell::RefCell;

#[napi(object)]
pub struct DetectorOptions {
    pub rule: Option<String>,
    pub consecutive: Option<u32>,
}

#[napi]
pub struct Detector {
    trend: RefCell<Trend>,
}

#[allow(
    clippy::too_many_arguments,
    reason = "a row of a recording, pushed a million times"
)]
#[napi]
impl Detector {
    #[napi(constructor)]
    pub fn new(options: Option<DetectorOptions>) -> Self {
        let rule = match options {
            Some(DetectorOptions {
                rule: Some(rule),
                consecutive,
            }) if rule == "memwatch" => Rule::Memwatch {
                consecutive: consecutive.unwrap_or(5),
            },
            _ => Rule::Trend,
        };
        Self {
            trend: RefCell::new(Trend::new(Config {
                rule,
                ..Config::default()
            })),
        }
    }

    /// One sample in; the change of state out, if there was one. `kind` counts as a recording's:
    /// 0 a look, 1 minor, 4 major, 8 incremental, 16 weak callbacks.
    #[napi]
    pub fn push(
        &self,
        kind: u32,
        forced: bool,
        at_ms: f64,
        duration_ms: f64,
        used_heap: f64,
        total_heap: f64,
        external: f64,
        heap_limit: f64,
        rss: Option<f64>,
        allocated: Option<f64>,
        requests: Option<f64>,
        resources: Option<f64>,
    ) -> Option<ChangeShape> {
        let whole = |value: Option<f64>| value.map(|value| value as u64);
        let sample = Sample {
            kind: match kind {
                0 => SampleKind::Timer,
                4 => SampleKind::Major,
                8 => SampleKind::Incremental,
                16 => SampleKind::WeakCallback,
                _ => SampleKind::Minor,
            },
            forced,
            at_ms,
            duration_ms,
            used_heap: used_heap as u64,
            total_heap: total_heap as u64,
            // The recordings have no more.
            physical_heap: total_heap as u64,
            external: external as u64,
            heap_limit: heap_limit as u64,
            rss: whole(rss),
            other_isolates: 0,
            connections: None,
            in_flight: None,
            allocated: whole(allocated),
            requests: whole(requests),
            resources: whole(resources).map(Resources::of),
        };
        self.trend
            .borrow_mut()
            .push(&sample)
            .map(|change| (&change).into())
    }

    #[napi]
    pub fn status(&self) -> Vec<ChannelShape> {
        let trend = self.trend.borrow();
        CHANNELS
            .iter()
            .map(|&channel| (&trend.status(channel)).into())
            .collect()
    }
}
