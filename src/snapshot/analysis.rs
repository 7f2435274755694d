//! A snapshot with what follows from it: sizes, distances, dominators.

use std::mem;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use super::best_paths::{BestPaths, PricedNames};
use super::budget::{HELD_PER_NODE, PEAK_PER_NODE};
use super::classes::Classes;
use super::code::CodeMap;
use super::columns::{Node, NodeKind, Sizes, Snapshot};
use super::error::{Code, SnapshotError};
use super::graph::essential::Essential;
use super::graph::weak_maps::WeakMaps;
use super::graph::{detached, distances, dominators, shallow};
use super::progress::{Checkpoint, OnProgress, Phase};

/// Answers questions about one snapshot. Numbers are those of Chrome DevTools on the same file.
pub struct Analysis {
    pub(crate) snapshot: Snapshot,
    pub(crate) weak_maps: WeakMaps,
    pub(crate) detached: Vec<Node>,
    pub(crate) distances: Vec<i32>,
    pub(crate) dominator: Vec<Node>,
    /// All nodes, each after its dominator.
    pub(crate) order: Vec<Node>,
    pub(crate) retained: Sizes,
    pub(crate) classes: OnceLock<Classes>,
    pub(crate) code: OnceLock<CodeMap>,
    pub(crate) best_paths: OnceLock<BestPaths>,
    priced_names: OnceLock<PricedNames>,
}

impl Analysis {
    /// Reads and analyses a file.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::open`], or it was cancelled.
    pub fn open(path: &Path, on_progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        let snapshot = Snapshot::open(path, &mut *on_progress)?;
        Self::new(snapshot, on_progress)
    }

    /// Analyses; two threads work at it.
    ///
    /// # Errors
    ///
    /// It was cancelled, or no thread could be started.
    pub fn new(mut snapshot: Snapshot, on_progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        // Each edge is looked at six times in all.
        let checkpoint = Checkpoint::new(Phase::Analyse, snapshot.edge_count() as u64 * 6);
        checkpoint.watch(on_progress, || {
            let count = snapshot.node_count();
            let wider = snapshot.wider_sizes();
            snapshot.check_peak(count * PEAK_PER_NODE + wider)?;
            snapshot.check_held(count * HELD_PER_NODE + wider)?;
            let weak_maps = WeakMaps::new(&snapshot);
            // The one thing that is changed, so that all else can be shared.
            let mut sizes = mem::take(&mut snapshot.nodes.self_size);
            let (tree, distances) = thread::scope(|scope| {
                let beside = || {
                    let room = shallow::move_to_owners(&snapshot, &mut sizes, &checkpoint)?;
                    distances::distances(&snapshot, &weak_maps, room, &checkpoint)
                };
                let beside = thread::Builder::new()
                    .name("tidemark-snapshot-2".into())
                    .spawn_scoped(scope, beside)
                    .map_err(|error| SnapshotError::io("Starting a thread", &error))?;
                let tree =
                    Essential::new(&snapshot, &weak_maps, &checkpoint).and_then(|essential| {
                        dominators::dominators(&snapshot, &essential, &checkpoint)
                    });
                let distances = match beside.join() {
                    Ok(result) => result?,
                    Err(panic) => std::panic::resume_unwind(panic),
                };
                Ok::<_, SnapshotError>((tree?, distances))
            })?;
            let retained = retained(&sizes, &tree);
            snapshot.nodes.self_size = sizes;
            let detached = detached::detached(&snapshot);
            snapshot.nodes.detachedness = Vec::new();
            Ok(Self {
                snapshot,
                weak_maps,
                detached,
                distances,
                dominator: tree.dominator,
                order: tree.order,
                retained,
                classes: OnceLock::new(),
                code: OnceLock::new(),
                best_paths: OnceLock::new(),
                priced_names: OnceLock::new(),
            })
        })
    }

    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Bytes of memory that this takes, without what later questions add.
    pub fn own_memory(&self) -> usize {
        let columns = self.distances.capacity() + self.dominator.capacity() + self.order.capacity();
        self.snapshot.own_memory() + columns * 4 + self.retained.own_memory()
    }

    pub fn node_count(&self) -> usize {
        self.snapshot.node_count()
    }

    /// Bytes of all nodes together, DevTools' total.
    pub fn total_size(&self) -> u64 {
        self.retained.get(0)
    }

    /// V8's id of the object. Odd ids last as long as the object does.
    pub fn id(&self, node: Node) -> u32 {
        self.snapshot.id(node)
    }

    pub fn kind(&self, node: Node) -> NodeKind {
        self.snapshot.kind(node)
    }

    /// Bytes of the node and of the hidden and array nodes that it alone owns.
    pub fn self_size(&self, node: Node) -> u64 {
        self.snapshot.nodes.self_size.get(node)
    }

    /// Bytes that would be free if the node were.
    pub fn retained_size(&self, node: Node) -> u64 {
        self.retained.get(node)
    }

    /// Edges from a user root; from 100,000,000 for what only V8's own roots reach; -5 for what
    /// nothing reaches.
    pub fn distance(&self, node: Node) -> i32 {
        self.distances[node as usize]
    }

    /// The immediate dominator; the root's is the root.
    pub fn dominator(&self, node: Node) -> Node {
        self.dominator[node as usize]
    }

    /// The node with an id.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find(&self, id: u32) -> Result<Node, SnapshotError> {
        let ids = &self.snapshot.nodes.id;
        ids.iter()
            .position(|&found| found == id)
            .map(|node| node as Node)
            .ok_or_else(|| {
                SnapshotError::new(Code::NotFound, format!("There is no node with the id {id}"))
            })
    }

    pub(crate) fn is_detached(&self, node: Node) -> bool {
        self.detached.binary_search(&node).is_ok()
    }

    /// The class of a node, named as in DevTools.
    pub fn class_name(&self, node: Node) -> &str {
        self.classes().name_of(node)
    }

    pub(crate) fn classes(&self) -> &Classes {
        self.classes
            .get_or_init(|| Classes::new(&self.snapshot, |node| self.is_detached(node)))
    }

    pub(crate) fn priced_names(&self) -> &PricedNames {
        self.priced_names
            .get_or_init(|| PricedNames::new(&self.snapshot.strings))
    }

    pub(crate) fn code(&self) -> &CodeMap {
        self.code.get_or_init(|| CodeMap::new(&self.snapshot))
    }
}

fn retained(sizes: &Sizes, tree: &dominators::Tree) -> Sizes {
    let mut retained = sizes.clone();
    for &node in tree.order[1..].iter().rev() {
        retained.add(tree.dominator[node as usize], retained.get(node));
    }
    retained
}
