//! The numbers after a full GC.

use super::number::number;
use super::sample::SampleShape;
use crate::recorder::{GcCounters, KindCounter, Stats};
use napi_derive::napi;

#[napi(object, object_from_js = false)]
pub struct KindCounterShape {
    pub count: f64,
    pub duration_ms: f64,
}

impl From<&KindCounter> for KindCounterShape {
    fn from(counter: &KindCounter) -> Self {
        Self {
            count: counter.count as f64,
            duration_ms: counter.duration_ms,
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct CountersShape {
    pub minor: KindCounterShape,
    pub major: KindCounterShape,
    pub incremental: KindCounterShape,
    pub weakcb: KindCounterShape,
    pub duration_ms: f64,
}

impl From<&GcCounters> for CountersShape {
    fn from(counters: &GcCounters) -> Self {
        Self {
            minor: (&counters.minor).into(),
            major: (&counters.major).into(),
            incremental: (&counters.incremental).into(),
            weakcb: (&counters.weak_callback).into(),
            duration_ms: counters.duration_ms(),
        }
    }
}

/// memwatch's own numbers.
#[napi(object, object_from_js = false)]
pub struct ClassicShape {
    pub num_full_gc: f64,
    pub usage_trend: f64,
    pub estimated_base: f64,
    pub current_base: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[napi(object, object_from_js = false)]
pub struct StatsShape {
    pub sample: SampleShape,
    pub classic: ClassicShape,
    pub gc: CountersShape,
    pub state: &'static str,
    pub growth_rate: Option<f64>,
}

impl From<&Stats> for StatsShape {
    fn from(stats: &Stats) -> Self {
        let classic = &stats.classic;
        Self {
            sample: SampleShape::new(&stats.sample, None),
            classic: ClassicShape {
                num_full_gc: classic.full_gcs as f64,
                usage_trend: classic.usage_trend,
                estimated_base: classic.estimated_base,
                current_base: classic.current_base as f64,
                min: number(classic.min),
                max: number(classic.max),
            },
            gc: (&stats.counters).into(),
            state: stats.state.as_str(),
            growth_rate: stats.growth_rate,
        }
    }
}
