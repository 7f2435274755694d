//! What changed between snapshots.
//!
//! Within one process V8 gives each object of JavaScript an odd id that lasts as long as the
//! object does, so two snapshots are compared id by id. Embedder nodes have even ids that change
//! with every snapshot and are left out of that. Two processes (and two forked captures) share
//! no ids; those are compared by structure: class, what dominates, and how it is held.

mod ids;
mod rows;
mod series;
mod structure;

pub use self::ids::same_process;
pub(crate) use self::ids::{by_id, lookup};
pub use self::rows::DiffRow;
pub use self::series::{SeriesRow, series};
use super::analysis::Analysis;
use super::error::SnapshotError;
use super::progress::{Checkpoint, OnProgress, Phase};
use serde_json::{Value, json};

/// How the objects of two snapshots were told to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By V8's ids, embedder nodes left out.
    Ids,
    /// By class, dominators and retainer path.
    Structure,
}

impl Matching {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Structure => "structure",
        }
    }
}

/// The difference of two snapshots.
#[derive(Clone, Debug)]
pub struct Diff {
    pub matching: Matching,
    pub total_before: u64,
    pub total_after: u64,
    pub nodes_before: u64,
    pub nodes_after: u64,
    /// What grew most first.
    pub rows: Vec<DiffRow>,
}

/// Compares two snapshots; `matching` is found out if it is not given.
///
/// # Errors
///
/// It was cancelled.
pub fn diff(
    before: &Analysis,
    after: &Analysis,
    matching: Option<Matching>,
    on_progress: OnProgress<'_>,
) -> Result<Diff, SnapshotError> {
    let checkpoint = Checkpoint::new(
        Phase::Compare,
        (before.node_count() + after.node_count()) as u64,
    );
    checkpoint.watch(on_progress, || {
        let matching = matching.unwrap_or_else(|| {
            if same_process(before, after) {
                Matching::Ids
            } else {
                Matching::Structure
            }
        });
        let rows = match matching {
            Matching::Ids => ids::by_ids(before, after, &checkpoint)?,
            Matching::Structure => structure::by_structure(before, after, &checkpoint)?,
        };
        let rows = rows.told();
        Ok(Diff {
            matching,
            total_before: before.total_size(),
            total_after: after.total_size(),
            nodes_before: before.node_count() as u64,
            nodes_after: after.node_count() as u64,
            rows,
        })
    })
}

impl Diff {
    /// As `tidemark diff --json` prints it, at most `most` rows.
    pub fn to_json(&self, most: usize) -> Value {
        json!({
            "matching": self.matching.as_str(),
            "before": { "totalSize": self.total_before, "nodes": self.nodes_before },
            "after": { "totalSize": self.total_after, "nodes": self.nodes_after },
            "rows": self.rows.iter().take(most).map(DiffRow::to_json).collect::<Vec<_>>(),
        })
    }
}
