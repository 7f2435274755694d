//! Heap snapshots for JavaScript: analyses on libuv's pool, and the stock that a HeapDiff takes.
//!
//! What always holds: results are JSON text or native objects, so that nothing large is built on
//! the event loop; no panic gets out; a fault is a value that JavaScript turns into its error.
//! Progress is polled from JavaScript: a callback would need a threadsafe function.

#![expect(
    clippy::doc_markdown,
    reason = "HeapDiff is the name of a JavaScript class"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use super::work::{Answer, Fault, Job, SnapshotWork, now};
use crate::snapshot::{
    Analysis, Grown, Inventory, InventoryDiff, Parser, SeriesRow, Snapshot, SnapshotError, Suspect,
    convert_file, diff, grown, series, suspects,
};
use napi::bindgen_prelude::{AsyncTask, ClassInstance, Either, ObjectFinalize};
use napi::{Env, Result};
use napi_derive::napi;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

/// One analysed snapshot. Questions are answered as JSON text.
#[napi(custom_finalize)]
pub struct SnapshotAnalysis {
    analysis: Arc<Analysis>,
    held: i64,
}

impl ObjectFinalize for SnapshotAnalysis {
    fn finalize(self, env: Env) -> Result<()> {
        env.adjust_external_memory(-self.held).map(drop)
    }
}

impl Answer for Analysis {
    type Js = SnapshotAnalysis;

    /// V8 learns how much is held, so that a dropped one does not wait long for its collection.
    fn into_js(self, env: Env) -> Result<SnapshotAnalysis> {
        let held = self.own_memory().cast_signed() as i64;
        env.adjust_external_memory(held)?;
        Ok(SnapshotAnalysis {
            analysis: Arc::new(self),
            held,
        })
    }
}

/// Reads and analyses a file.
#[napi(ts_return_type = "Promise<SnapshotAnalysis | Fault>")]
pub fn open_snapshot(file: String, work: &SnapshotWork) -> AsyncTask<Job<Analysis>> {
    work.job(move |on_progress| Analysis::open(Path::new(&file), on_progress))
}

/// Copies a snapshot without the contents of its strings, or, if `strips`, without their lengths
/// as well.
#[napi(ts_return_type = "Promise<string | Fault>")]
pub fn convert_snapshot(
    from: String,
    to: String,
    strips: bool,
    work: &SnapshotWork,
) -> AsyncTask<Job<String>> {
    work.job(move |on_progress| {
        convert_file(Path::new(&from), Path::new(&to), strips, on_progress)?;
        Ok("null".to_owned())
    })
}

/// The classes that grew from each snapshot to the next.
#[napi(ts_return_type = "Promise<string | Fault>")]
pub fn snapshot_series(
    snapshots: Vec<ClassInstance<'_, SnapshotAnalysis>>,
    most: u32,
    work: &SnapshotWork,
) -> AsyncTask<Job<String>> {
    let snapshots: Vec<Arc<Analysis>> = snapshots
        .iter()
        .map(|snapshot| Arc::clone(&snapshot.analysis))
        .collect();
    work.job(move |_| {
        let snapshots: Vec<&Analysis> = snapshots.iter().map(|each| &**each).collect();
        let rows = series(&snapshots);
        Ok(rows
            .iter()
            .take(most as usize)
            .map(SeriesRow::to_json)
            .collect::<Value>()
            .to_string())
    })
}

#[napi]
impl SnapshotAnalysis {
    /// Bytes of all nodes.
    #[napi(getter)]
    pub fn total_size(&self) -> f64 {
        self.analysis.total_size() as f64
    }

    #[napi(getter)]
    pub fn node_count(&self) -> f64 {
        self.analysis.node_count() as f64
    }

    /// Classes, duplicate strings, detached contexts; at most `most` of each.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn summary(&self, most: u32, work: &SnapshotWork) -> AsyncTask<Job<String>> {
        let analysis = Arc::clone(&self.analysis);
        work.job(move |_| Ok(analysis.summary(most as usize).to_string()))
    }

    /// What looks like a leak; with an earlier snapshot, what grew since comes first.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn suspects(
        &self,
        work: &SnapshotWork,
        earlier: Option<&SnapshotAnalysis>,
    ) -> AsyncTask<Job<String>> {
        let analysis = Arc::clone(&self.analysis);
        let earlier = earlier.map(|earlier| Arc::clone(&earlier.analysis));
        work.job(move |on_progress| {
            let found = suspects(&analysis, earlier.as_deref(), on_progress)?;
            let rows: Value = found.iter().map(Suspect::to_json).collect();
            Ok(rows.to_string())
        })
    }

    /// What gathered in every round since the first of the `earlier` snapshots of this process, the
    /// oldest first. `calls`: how many calls lie between each two, also to this one. `least_share`:
    /// what part of them must leave something behind.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn grown(
        &self,
        earlier: Vec<ClassInstance<'_, SnapshotAnalysis>>,
        calls: Vec<f64>,
        least_share: f64,
        work: &SnapshotWork,
    ) -> AsyncTask<Job<String>> {
        let earlier = earlier.iter().map(|each| &each.analysis);
        let snapshots: Vec<Arc<Analysis>> =
            earlier.chain([&self.analysis]).map(Arc::clone).collect();
        let calls: Vec<u64> = calls.into_iter().map(|calls| calls as u64).collect();
        work.job(move |on_progress| {
            let snapshots: Vec<&Analysis> = snapshots.iter().map(|each| &**each).collect();
            let found = grown(&snapshots, &calls, least_share, on_progress)?;
            let rows: Value = found.iter().map(Grown::to_json).collect();
            Ok(rows.to_string())
        })
    }

    /// What changed since `before`, at most `most` rows.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn diff(
        &self,
        before: &SnapshotAnalysis,
        most: u32,
        work: &SnapshotWork,
    ) -> AsyncTask<Job<String>> {
        let (before, after) = (Arc::clone(&before.analysis), Arc::clone(&self.analysis));
        work.job(move |on_progress| {
            let found = diff(&before, &after, None, on_progress)?;
            Ok(found.to_json(most as usize).to_string())
        })
    }

    /// What keeps a node alive: the one with an id, or, without, the one of a class that retains
    /// most.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn path(
        &self,
        id: Option<u32>,
        class_name: Option<String>,
        work: &SnapshotWork,
    ) -> AsyncTask<Job<String>> {
        let analysis = Arc::clone(&self.analysis);
        work.job(move |on_progress| {
            let (node, of_class) = match (id, class_name) {
                (Some(id), _) => (analysis.find(id)?, None),
                (None, class) => {
                    let nodes =
                        analysis.largest_of_class(&class.unwrap_or_default(), usize::MAX)?;
                    // A class has at least one node.
                    (nodes.first().copied().unwrap_or(0), Some(nodes.len()))
                }
            };
            let mut explained = analysis.explain_node(node, on_progress)?;
            explained["ofClass"] = json!(of_class);
            Ok(explained.to_string())
        })
    }

    /// The dominator tree for a picture whose parts are at least `1 / finest` of the heap.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn icicle(&self, finest: u32, work: &SnapshotWork) -> AsyncTask<Job<String>> {
        let analysis = Arc::clone(&self.analysis);
        work.job(move |on_progress| {
            Ok(analysis.icicle(u64::from(finest), on_progress)?.to_string())
        })
    }
}

/// Takes a snapshot piece by piece as V8 writes it. What is wrong with it shows at the end.
#[napi]
pub struct SnapshotReader {
    state: RefCell<Reading>,
    most_memory: Option<u64>,
}

enum Reading {
    Parser(Box<Parser>),
    Failed(SnapshotError),
    Taken,
}

#[napi]
impl SnapshotReader {
    /// `most_memory`: bytes that what was read may take.
    #[napi(constructor)]
    pub fn new(most_memory: Option<f64>) -> Self {
        Self {
            state: RefCell::new(Reading::Parser(Box::default())),
            most_memory: most_memory.map(|bytes| bytes as u64),
        }
    }

    /// False when no more is of use.
    #[napi(catch_unwind)]
    pub fn feed(&self, chunk: &[u8]) -> bool {
        let mut state = self.state.borrow_mut();
        let Reading::Parser(parser) = &mut *state else {
            return false;
        };
        let fed = parser.feed(chunk).and_then(|()| {
            let held = parser.own_memory() as u64;
            match self.most_memory {
                Some(most) if held > most => Err(SnapshotError::too_large(held, most)),
                _ => Ok(()),
            }
        });
        if let Err(error) = fed {
            *state = Reading::Failed(error);
            return false;
        }
        true
    }

    /// Takes stock of what was read, now.
    #[napi(ts_return_type = "HeapInventory | Fault")]
    pub fn take_stock_sync(&self, env: Env) -> Result<Either<HeapInventory, Fault>> {
        let parser = self.take();
        match now(|on_progress| Inventory::new(finish(parser)?, on_progress)) {
            Ok(inventory) => inventory.into_js(env).map(Either::A),
            Err(fault) => Ok(Either::B(fault)),
        }
    }

    /// Takes stock of what was read.
    #[napi(ts_return_type = "Promise<HeapInventory | Fault>")]
    pub fn take_stock(&self, work: &SnapshotWork) -> AsyncTask<Job<Inventory>> {
        let parser = self.take();
        work.job(move |on_progress| Inventory::new(finish(parser)?, on_progress))
    }

    /// Analyses what was read.
    #[napi(ts_return_type = "Promise<SnapshotAnalysis | Fault>")]
    pub fn analyse(&self, work: &SnapshotWork) -> AsyncTask<Job<Analysis>> {
        let parser = self.take();
        work.job(move |on_progress| Analysis::new(finish(parser)?, on_progress))
    }
}

impl SnapshotReader {
    fn take(&self) -> Reading {
        self.state.replace(Reading::Taken)
    }
}

fn finish(reading: Reading) -> std::result::Result<Snapshot, SnapshotError> {
    match reading {
        Reading::Parser(parser) => parser.finish(),
        Reading::Failed(error) => Err(error),
        Reading::Taken => Parser::new().finish(),
    }
}

/// What a HeapDiff keeps of a snapshot: 16 bytes an object.
#[napi(custom_finalize)]
pub struct HeapInventory {
    inventory: RefCell<Option<Arc<Inventory>>>,
    held: RefCell<i64>,
}

impl ObjectFinalize for HeapInventory {
    fn finalize(self, env: Env) -> Result<()> {
        self.release(env)
    }
}

#[napi]
impl HeapInventory {
    /// What changed from this to `after`, as JSON text, now. Both are of no more use.
    #[napi(ts_return_type = "string | Fault")]
    pub fn compare_sync(&self, env: Env, after: &HeapInventory) -> Result<Either<String, Fault>> {
        let (before, after) = (self.take(env)?, after.take(env)?);
        Ok(
            match now(|on_progress| compare(before, after, on_progress)) {
                Ok(text) => Either::A(text),
                Err(fault) => Either::B(fault),
            },
        )
    }

    /// What changed from this to `after`, as JSON text. Both are of no more use.
    #[napi(ts_return_type = "Promise<string | Fault>")]
    pub fn compare(
        &self,
        env: Env,
        after: &HeapInventory,
        work: &SnapshotWork,
    ) -> Result<AsyncTask<Job<String>>> {
        let (before, after) = (self.take(env)?, after.take(env)?);
        Ok(work.job(move |on_progress| compare(before, after, on_progress)))
    }

    /// Bytes of memory that this takes.
    #[napi(getter)]
    pub fn own_memory(&self) -> f64 {
        *self.held.borrow() as f64
    }

    /// Gives the memory back at once.
    #[napi]
    pub fn release(&self, env: Env) -> Result<()> {
        self.take(env).map(drop)
    }
}

impl Answer for Inventory {
    type Js = HeapInventory;

    fn into_js(self, env: Env) -> Result<HeapInventory> {
        let held = self.own_memory().cast_signed() as i64;
        env.adjust_external_memory(held)?;
        Ok(HeapInventory {
            inventory: RefCell::new(Some(Arc::new(self))),
            held: RefCell::new(held),
        })
    }
}

impl HeapInventory {
    fn take(&self, env: Env) -> Result<Option<Arc<Inventory>>> {
        env.adjust_external_memory(-self.held.take())?;
        Ok(self.inventory.take())
    }
}

fn compare(
    before: Option<Arc<Inventory>>,
    after: Option<Arc<Inventory>>,
    on_progress: crate::snapshot::OnProgress<'_>,
) -> std::result::Result<String, SnapshotError> {
    let (Some(before), Some(after)) = (before, after) else {
        return Err(SnapshotError::cancelled());
    };
    let found = InventoryDiff::new(&before, &after, on_progress)?;
    Ok(found.to_json().to_string())
}
