//! What the detector thinks of a channel, and how that changed.

use crate::trend::{Change, ChannelStatus, Event, Gate, Limit, Run};
use napi_derive::napi;
use serde_json::{Value, json};

#[napi(object, object_from_js = false)]
pub struct ChannelShape {
    pub channel: &'static str,
    pub state: &'static str,
    pub level: Option<f64>,
    pub growth: f64,
    pub growth_rate: Option<f64>,
    pub growth_rate_low: Option<f64>,
    pub growth_rate_high: Option<f64>,
    pub growth_per_request: Option<f64>,
    pub confidence: f64,
    pub start_ms: f64,
    pub end_ms: f64,
    pub full_gcs: u32,
    pub time_to_limit_ms: Option<f64>,
    pub limit: Option<&'static str>,
    pub held_back_by: Option<String>,
    /// The same for programs: the gate's name and its numbers.
    pub gate: Option<Value>,
}

impl From<&ChannelStatus> for ChannelShape {
    fn from(status: &ChannelStatus) -> Self {
        Self {
            channel: status.channel.as_str(),
            state: status.state.as_str(),
            level: status.floor,
            growth: status.growth,
            growth_rate: status.growth_rate,
            growth_rate_low: status.growth_rate_low,
            growth_rate_high: status.growth_rate_high,
            growth_per_request: status.growth_per_request,
            confidence: status.confidence,
            start_ms: status.start_ms,
            end_ms: status.end_ms,
            full_gcs: status.gcs,
            time_to_limit_ms: status.time_to_limit_ms,
            limit: status.limit.map(Limit::as_str),
            held_back_by: status
                .gate
                .map(|gate| gate.describe(status.channel).to_string()),
            gate: status.gate.map(gate_numbers),
        }
    }
}

/// A gate as an object: its name, and the numbers that its sentence tells.
fn gate_numbers(gate: Gate) -> Value {
    let name = gate.as_str();
    match gate {
        Gate::Few { have, need } | Gate::Confirmation { have, need } => {
            json!({ "name": name, "have": have, "need": need })
        }
        Gate::Load { by, growth, left } => {
            json!({ "name": name, "by": by.as_str(), "growth": growth, "left": left })
        }
        Gate::Material { growth, need, gcs } => {
            json!({ "name": name, "growth": growth, "need": need, "fullGcs": gcs })
        }
        Gate::Separated {
            low_late,
            high_early,
        } => {
            json!({ "name": name, "lowLate": low_late, "highEarly": high_early })
        }
        Gate::Trend { z, need } => json!({ "name": name, "z": z, "need": need }),
        Gate::NewGround { growth, fall } => json!({ "name": name, "growth": growth, "fall": fall }),
        Gate::Slowing { pace } => json!({ "name": name, "pace": pace }),
        Gate::Saturating { evidence } => json!({ "name": name, "evidence": evidence }),
        Gate::Remote { left_ms } => json!({ "name": name, "leftMs": left_ms }),
        Gate::Patience {
            watched_ms,
            need_ms,
        } => {
            json!({ "name": name, "watchedMs": watched_ms, "needMs": need_ms })
        }
        Gate::Overshadowed { by, times } => {
            json!({ "name": name, "by": by.as_str(), "times": times })
        }
    }
}

#[napi(object, object_from_js = false)]
pub struct ChangeShape {
    pub channel: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub event: Option<&'static str>,
}

impl From<&Change> for ChangeShape {
    fn from(change: &Change) -> Self {
        Self {
            channel: change.channel.as_str(),
            from: change.from.as_str(),
            to: change.to.as_str(),
            event: change.event.map(event_name),
        }
    }
}

fn event_name(event: Event) -> &'static str {
    match event {
        Event::Leak => "leak",
        Event::Recovered => "recovered",
    }
}

/// A run of memwatch's rule.
#[napi(object, object_from_js = false)]
pub struct RunShape {
    pub start_ms: f64,
    pub end_ms: f64,
    pub growth: f64,
    pub consecutive: u32,
}

impl From<&Run> for RunShape {
    fn from(run: &Run) -> Self {
        Self {
            start_ms: run.start_ms as f64,
            end_ms: run.end_ms as f64,
            growth: run.growth as f64,
            consecutive: run.consecutive,
        }
    }
}
