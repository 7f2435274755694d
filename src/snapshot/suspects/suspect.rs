//! What is told of one place where memory gathers.

use serde_json::{Value, json};

use super::holders::HolderKind;
use crate::format;
use crate::snapshot::code::Place;
use crate::snapshot::columns::Node;
use crate::snapshot::paths::Step;

/// One place where memory gathers.
#[derive(Clone, Debug)]
pub struct Suspect {
    pub kind: HolderKind,
    /// For a person: holder, count, class, bytes and growth.
    pub description: String,
    /// The holder in words, the same for the same holder in another snapshot.
    pub holder: String,
    pub(crate) node: Node,
    /// V8's id of the holder.
    pub id: u32,
    /// The class of what is held.
    pub class: String,
    /// How many.
    pub count: u64,
    /// What they retain.
    pub bytes: u64,
    /// `bytes` as a share of the heap, 0 to 1.
    pub share_of_heap: f64,
    /// Since the earlier snapshot; nothing without one.
    pub growth: Option<Growth>,
    /// The share of the heap's growth since then that it explains, 0 to 1.
    pub share: Option<f64>,
    pub confidence: Confidence,
    /// From the root to the holder.
    pub path: Vec<Step>,
    /// Where the variable, the function or the constructor stands.
    pub location: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    pub count: i64,
    pub bytes: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    /// From 0 to 1, as suspects of an event have it. Three steps, no frequencies that were measured:
    /// they put a suspect in its place among the others of an event.
    pub fn value(self) -> f64 {
        match self {
            Self::Low => 0.3,
            Self::Medium => 0.7,
            Self::High => 0.95,
        }
    }
}

impl Suspect {
    /// It holds suspended calls.
    pub(super) fn add_waiting(&mut self, calls: &Suspect) {
        if matches!(self.kind, HolderKind::Promises | HolderKind::Suspended) {
            return;
        }
        if let Some(place) = &mut self.location
            && place.is_whole_file()
            && let Some(of_calls) = &calls.location
            && place.file == of_calls.file
        {
            *place = of_calls.clone();
        }
        self.description = format!(
            "{}; by it wait {} calls of {} with {}",
            self.description,
            format::grouped(calls.count),
            calls.holder,
            calls.class
        );
    }

    /// Adds what is known of its growth. `gained`: what the whole heap has.
    pub(super) fn tell(&mut self, growth: Option<Growth>, gained: i64, certain: bool) {
        self.growth = growth;
        let Some(growth) = growth.filter(|growth| growth.bytes > 0) else {
            return;
        };
        self.share = (gained > 0).then(|| (growth.bytes as f64 / gained as f64).min(1.0));
        let gain = if growth.count > 0 {
            format::grouped(growth.count as u64)
        } else {
            format::bytes(growth.bytes as f64)
        };
        self.description = format!("{}, +{gain} since the first", self.description);
        self.confidence = if certain && growth.count > 0 {
            Confidence::High
        } else {
            Confidence::Medium
        };
    }

    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "description": self.description,
            "holder": self.holder,
            "id": self.id,
            "class": self.class,
            "count": self.count,
            "bytes": self.bytes,
            "shareOfHeap": self.share_of_heap,
            "growth": self.growth.map(|growth| growth.bytes),
            "countGrowth": self.growth.map(|growth| growth.count),
            "share": self.share,
            "confidence": self.confidence.value(),
            "path": self.path.iter().map(Step::to_json).collect::<Vec<_>>(),
            "location": self.location.as_ref().and_then(Place::to_json),
        })
    }
}
