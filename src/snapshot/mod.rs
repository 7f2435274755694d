//! Heap snapshots: read, analysed, explained, compared, redacted.
//!
//! Bytes become columns (`parse`, `columns`), columns a graph with dominators and sizes
//! (`graph`, `analysis`), and that answers: which classes hold what (`summary`), what keeps a
//! node alive (`paths`), what grew (`diff`), what looks like a leak and who holds it
//! (`suspects`).
//!
//! What always holds: numbers equal those of Chrome DevTools on the same file; nothing panics,
//! recurses or reserves memory by what a file claims, whatever its bytes; everything that takes
//! long tells its progress and can be cancelled. Pure but for reading the file that was asked
//! for: no napi, no V8, no unsafe code, no clock.

#![forbid(unsafe_code)]
#![expect(
    clippy::doc_markdown,
    reason = "DevTools is the name of a tool, not of an item"
)]

mod analysis;
mod best_paths;
mod budget;
mod classes;
mod code;
mod columns;
mod diff;
mod error;
mod graph;
mod icicle;
mod inventory;
mod names;
mod open;
mod own;
mod parse;
mod paths;
mod progress;
mod public_name;
mod redact;
mod strings;
mod summary;
mod suspects;
mod views;
mod words;

pub use analysis::Analysis;
pub use code::Place;
pub use columns::{Edge, EdgeKind, Location, Node, NodeKind, Snapshot};
pub use diff::{Diff, DiffRow, Matching, SeriesRow, diff, same_process, series};
pub use error::{Code, SnapshotError};
pub use inventory::{Inventory, InventoryDiff, InventoryRow};
pub use parse::Parser;
pub use paths::{Step, StepEdge};
pub use progress::{OnProgress, Phase, Progress, ignore};
pub use redact::{Redaction, convert_file, redact, strip};
pub use summary::{ClassRow, DetachedContext, DuplicateString, Statistics};
pub use suspects::{Confidence, Grown, Growth, HolderKind, Suspect, grown, suspects};
pub use words::Described;
