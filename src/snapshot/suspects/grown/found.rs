//! What is reported of one place where something gathered.

use serde_json::{Value, json};

use crate::format;
use crate::snapshot::code::Place;
use crate::snapshot::columns::Node;
use crate::snapshot::paths::Step;
use crate::snapshot::suspects::holders::HolderKind;

/// One place where something gathered in every round.
#[derive(Clone, Debug)]
pub struct Grown {
    pub kind: HolderKind,
    /// For a person: objects and bytes a call, and what holds them.
    pub description: String,
    /// The holder in words, the same for the same holder in another snapshot.
    pub holder: String,
    pub(crate) node: Node,
    /// V8's id of the holder.
    pub id: u32,
    /// The class of what gathered; where only bytes did, of the holder.
    pub class: String,
    /// As the sentence calls it: a function by its name and place.
    pub(super) what: String,
    /// Objects of the class that each round added; 0 where only bytes gathered.
    pub objects_per_round: Vec<u64>,
    /// In the last round.
    pub objects_per_call: f64,
    /// Of all that gathered there in the last round, also what the objects hold.
    pub bytes_per_call: f64,
    /// It is tidemark's own, and nothing of the application's grew.
    pub is_own: bool,
    /// From the root to the holder.
    pub path: Vec<Step>,
    /// Where the variable, the function or the constructor of the holder stands.
    pub location: Option<Place>,
    /// Where the function, or the constructor, of what gathered stands.
    pub class_location: Option<Place>,
}

impl Grown {
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "description": self.description,
            "holder": self.holder,
            "id": self.id,
            "class": self.class,
            "objectsPerRound": self.objects_per_round,
            "objectsPerCall": self.objects_per_call,
            "bytesPerCall": self.bytes_per_call,
            "own": self.is_own,
            "path": self.path.iter().map(Step::to_json).collect::<Vec<_>>(),
            "location": self.location.as_ref().and_then(Place::to_json),
            "classLocation": self.class_location.as_ref().and_then(Place::to_json),
        })
    }
}

/// One for each holder, with its description. What was first is what the holder has most bytes of.
pub(super) fn merged(found: Vec<Grown>) -> Vec<Grown> {
    let mut rows: Vec<Grown> = Vec::new();
    for grown in found {
        match rows.iter_mut().find(|row| row.node == grown.node) {
            Some(row) => row.bytes_per_call += grown.bytes_per_call,
            None => rows.push(grown),
        }
    }
    for row in &mut rows {
        let bytes = format::bytes(row.bytes_per_call);
        row.description = if row.objects_per_call > 0.0 && row.kind != HolderKind::Promises {
            let objects = (row.objects_per_call * 100.0).round() / 100.0;
            format!(
                "{objects} {} ({bytes}) a call: {}",
                row.what, row.description
            )
        } else {
            format!("{bytes} a call: {}", row.description)
        };
    }
    rows
}
