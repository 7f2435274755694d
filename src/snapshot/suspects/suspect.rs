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
    pub sentence: String,
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
    pub share: f64,
    /// Since the earlier snapshot; nothing without one.
    pub growth: Option<Growth>,
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
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
        self.sentence = format!(
            "{}; by it wait {} calls of {} with {}",
            self.sentence,
            format::grouped(calls.count),
            calls.holder,
            calls.class
        );
    }

    /// Adds what is known of its growth.
    pub(super) fn tell(&mut self, growth: Option<Growth>, certain: bool) {
        self.growth = growth;
        let Some(growth) = growth.filter(|growth| growth.bytes > 0) else {
            return;
        };
        let gain = if growth.count > 0 {
            format::grouped(growth.count as u64)
        } else {
            format::bytes(growth.bytes as f64)
        };
        self.sentence = format!("{}, +{gain} since the first", self.sentence);
        self.confidence = if certain && growth.count > 0 {
            Confidence::High
        } else {
            Confidence::Medium
        };
    }

    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "sentence": self.sentence,
            "holder": self.holder,
            "id": self.id,
            "class": self.class,
            "count": self.count,
            "bytes": self.bytes,
            "share": self.share,
            "growth": self.growth.map(|growth| json!({ "count": growth.count, "bytes": growth.bytes })),
            "confidence": self.confidence.as_str(),
            "path": self.path.iter().map(Step::to_json).collect::<Vec<_>>(),
            "location": self.location.as_ref().map(Place::to_json),
        })
    }
}
