//! The retainer path that explains best: not the fewest edges, but the cheapest by a price for
//! each edge that is high where a reader learns nothing.
//!
//! The shortest path often leads through a hidden class, a feedback vector or a handle on the
//! stack of whoever took the snapshot. Prices keep such paths for when there is no other: the
//! application's own variables are cheap, packages dearer, the runtime's own closures dearer
//! still. Weak edges, and a `WeakMap`'s own half of its pairs, retain nothing and are no way.
//!
//! One run finds the paths of all nodes: Dijkstra's algorithm with one bucket for each price.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::analysis::{Analysis, HELD_PER_NODE};
use super::code::{Origin, Place, is_context};
use super::columns::{Edge, EdgeKind, Node, NodeKind};
use super::error::SnapshotError;
use super::progress::{Gate, OnProgress, Phase, Ticker};
use super::public_name::named;

const NONE: Node = Node::MAX;
/// Prices are below this.
const BUCKETS: usize = 128;
/// An empty bucket keeps room for at most this many nodes.
const LARGEST_KEPT: usize = 1 << 14;
/// Of what is tidemark's own: any other way says more. With the dearest edge still below `BUCKETS`.
const OWN: u32 = 80;
/// Longer paths lose their middle.
const MOST_STEPS: usize = 128;

/// For each node what leads to it on its best path; the root and what nothing reaches have
/// nothing.
pub(crate) struct BestPaths {
    from: Vec<Node>,
}

/// One step of a path.
#[derive(Clone, Debug)]
pub struct Step {
    pub node: Node,
    pub id: u32,
    /// As in DevTools.
    pub class: String,
    /// Of a synthetic node, such as `(GC roots)`.
    pub name: Option<String>,
    pub self_size: u64,
    pub retained_size: u64,
    /// How the step before holds it, absent for the root.
    pub edge: Option<StepEdge>,
    /// Of a closure, of a context's function, or of an object's constructor.
    pub place: Option<Place>,
}

/// The edge that leads to a step.
#[derive(Clone, Debug)]
pub struct StepEdge {
    pub kind: EdgeKind,
    pub name: String,
}

impl Analysis {
    /// The path from the root to `node` that explains best why it lives; empty where only weak
    /// edges lead to it. Of more than 128 steps the middle ones are left out, and the step after
    /// the gap has no edge.
    ///
    /// # Errors
    ///
    /// It was cancelled.
    pub fn path(
        &self,
        node: Node,
        on_progress: OnProgress<'_>,
    ) -> Result<Vec<Step>, SnapshotError> {
        self.explain(on_progress)?;
        Ok(self.known_path(node))
    }

    /// Finds the best paths of all nodes, once.
    pub(crate) fn explain(&self, on_progress: OnProgress<'_>) -> Result<(), SnapshotError> {
        if self.best_paths.get().is_some() {
            return Ok(());
        }
        let gate = Gate::new(Phase::Explain, self.node_count() as u64);
        let found = gate.watch(on_progress, || BestPaths::new(self, &gate))?;
        self.best_paths.get_or_init(|| found);
        Ok(())
    }

    /// What leads to `node` on its best path, after `explain`.
    pub(crate) fn best_retainer(&self, node: Node) -> Option<Node> {
        let from = self.best_paths.get()?.from[node as usize];
        (from != NONE).then_some(from)
    }

    /// As [`Self::path`], after `explain`.
    pub(crate) fn known_path(&self, node: Node) -> Vec<Step> {
        self.steps(&self.known_path_nodes(node))
    }

    /// The nodes of that path; none where only weak edges lead to the node.
    pub(crate) fn known_path_nodes(&self, node: Node) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut last = VecDeque::new();
        // From the node up: the first half, and of what follows the last half.
        for above in self.above(node) {
            if nodes.len() < MOST_STEPS / 2 {
                nodes.push(above);
                continue;
            }
            if last.len() == MOST_STEPS / 2 {
                last.pop_front();
            }
            last.push_back(above);
        }
        nodes.extend(last);
        if nodes.last() != Some(&0) {
            return Vec::new();
        }
        nodes.reverse();
        nodes
    }

    /// The last steps of the best path to `node`, after `explain`.
    pub(crate) fn near_path(&self, node: Node, steps: usize) -> Vec<Step> {
        let mut nodes: Vec<Node> = self.above(node).take(steps).collect();
        nodes.reverse();
        self.steps(&nodes)
    }

    /// The node and what is above it on its best path.
    fn above(&self, node: Node) -> impl Iterator<Item = Node> {
        std::iter::successors(Some(node), |&node| self.best_retainer(node))
    }

    fn steps(&self, nodes: &[Node]) -> Vec<Step> {
        let mut before = None;
        nodes
            .iter()
            .map(|&node| {
                let edge = before.and_then(|from| self.cheapest_edge(from, node));
                before = Some(node);
                self.step(node, edge)
            })
            .collect()
    }

    fn step(&self, node: Node, edge: Option<usize>) -> Step {
        let snapshot = &self.snapshot;
        Step {
            node,
            id: self.id(node),
            class: self.class_name(node).to_owned(),
            name: (snapshot.kind(node) == NodeKind::Synthetic)
                .then(|| snapshot.name(node).into_owned())
                .filter(|name| !name.is_empty()),
            self_size: self.self_size(node),
            retained_size: self.retained_size(node),
            edge: edge.map(|edge| StepEdge {
                kind: snapshot.edges.kind[edge],
                name: snapshot.edge_name(edge).into_owned(),
            }),
            place: self
                .code()
                .place(snapshot, node)
                .or_else(|| self.code().constructor(snapshot, node)),
        }
    }

    /// The edge of a best path between two nodes that follow each other on it.
    pub(crate) fn cheapest_edge(&self, from: Node, to: Node) -> Option<usize> {
        let prices = Prices::new(self);
        self.snapshot
            .edges_of(from)
            .filter(|&edge| self.snapshot.edges.to[edge] == to)
            .filter_map(|edge| Some((prices.of(from, edge)?, edge)))
            .min()
            .map(|(_, edge)| edge)
    }
}

impl Analysis {
    /// For each node the cheapest edge from its dominator, [`Edge::MAX`] where there is none.
    pub(crate) fn edges_of_dominators(&self) -> Vec<Edge> {
        let prices = Prices::new(self);
        let mut found = vec![Edge::MAX; self.node_count()];
        for from in 0..self.node_count() as Node {
            for edge in self.snapshot.edges_of(from) {
                let to = self.snapshot.edges.to[edge];
                if self.dominator(to) != from {
                    continue;
                }
                let before = found[to as usize] as usize;
                if let Some(price) = prices.of(from, edge)
                    && (before == Edge::MAX as usize
                        || prices.of(from, before).is_none_or(|before| price < before))
                {
                    found[to as usize] = edge as Edge;
                }
            }
        }
        found
    }
}

impl BestPaths {
    fn new(analysis: &Analysis, gate: &Gate) -> Result<Self, SnapshotError> {
        let count = analysis.node_count();
        let edges = &analysis.snapshot.edges;
        let prices = Prices::new(analysis);
        let mut from = vec![NONE; count];
        let mut total = vec![u32::MAX; count];
        let mut buckets: Vec<Vec<Node>> = vec![Vec::new(); BUCKETS];
        let mut waiting = 1_u64;
        let mut most = count as u64;
        total[0] = 0;
        buckets[0].push(0);
        let mut now = 0_u32;
        let mut ticker = Ticker::new(gate);
        while waiting > 0 {
            let bucket = &mut buckets[now as usize % BUCKETS];
            let Some(node) = bucket.pop() else {
                // The largest of all rounds would stay in each of them.
                bucket.shrink_to(LARGEST_KEPT);
                now += 1;
                continue;
            };
            waiting -= 1;
            if total[node as usize] != now {
                continue;
            }
            ticker.step(1)?;
            for edge in analysis.snapshot.edges_of(node) {
                let to = edges.to[edge];
                if total[to as usize] <= now {
                    continue;
                }
                let Some(price) = prices.of(node, edge) else {
                    continue;
                };
                let sum = now.saturating_add(price);
                if sum < total[to as usize] {
                    total[to as usize] = sum;
                    from[to as usize] = node;
                    buckets[sum as usize % BUCKETS].push(to);
                    waiting += 1;
                    if waiting > most {
                        // A node waits again with each cheaper price.
                        analysis
                            .snapshot
                            .check_peak(count * HELD_PER_NODE + waiting as usize * 4)?;
                        most = waiting * 2;
                    }
                }
            }
        }
        Ok(Self { from })
    }
}

struct Prices<'a> {
    analysis: &'a Analysis,
    prototype: Option<u32>,
    constructor: Option<u32>,
    map: Option<u32>,
    handles: Option<u32>,
}

impl<'a> Prices<'a> {
    fn new(analysis: &'a Analysis) -> Self {
        let [prototype, constructor, map, handles] = analysis.well_known();
        Self {
            analysis,
            prototype,
            constructor,
            map,
            handles,
        }
    }

    /// The price of an edge, at least 1; nothing where it is no way.
    fn of(&self, from: Node, edge: usize) -> Option<u32> {
        let snapshot = &self.analysis.snapshot;
        let edges = &snapshot.edges;
        let name = Some(edges.name[edge]);
        let to = edges.to[edge];
        let by_edge = match edges.kind[edge] {
            EdgeKind::Weak => return None,
            EdgeKind::Shortcut if from != 0 => return None,
            EdgeKind::Property if name == self.prototype => 20,
            EdgeKind::Property if name == self.constructor => 10,
            EdgeKind::Internal => {
                if let Some(pair) = self.analysis.weak_maps.get(edges.name[edge])
                    && pair.table == snapshot.id(from)
                {
                    return None;
                }
                if name == self.map { 40 } else { 2 }
            }
            EdgeKind::Hidden => 4,
            _ => 1,
        };
        let by_node = match snapshot.kind(to) {
            NodeKind::Code | NodeKind::ObjectShape => 30,
            NodeKind::Hidden => 4,
            NodeKind::Synthetic if Some(snapshot.nodes.name[to as usize]) == self.handles => 8,
            NodeKind::Synthetic if from == 0 => 4,
            // Stacks, handle scopes, V8's own tables.
            NodeKind::Synthetic => 50,
            NodeKind::Closure => self.by_origin(to),
            NodeKind::Object if is_context(snapshot, to) => self.by_origin(to),
            NodeKind::Object if self.analysis.code().is_own_object(to) => OWN,
            // A handle of whoever took the snapshot; the variable is the better answer.
            _ if from != 0 && snapshot.kind(from) == NodeKind::Synthetic => 16,
            _ => 0,
        };
        Some(by_edge + by_node)
    }

    fn by_origin(&self, node: Node) -> u32 {
        match self.analysis.code().origin(&self.analysis.snapshot, node) {
            Origin::Application => 0,
            Origin::Package => 2,
            Origin::Unknown => 8,
            Origin::Runtime => 12,
            Origin::Own => OWN,
        }
    }
}

impl Step {
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "class": named(&self.class),
            "name": self.name,
            "selfSize": self.self_size,
            "retainedSize": self.retained_size,
            "edge": self.edge.as_ref().map(StepEdge::to_json),
            "location": self.place.as_ref().map(Place::to_json),
        })
    }
}

impl StepEdge {
    fn to_json(&self) -> Value {
        let name = match self.kind {
            EdgeKind::Property => named(&self.name),
            // The source calls a variable so.
            _ => self.name.as_str().into(),
        };
        json!({ "type": self.kind.name(), "name": name })
    }
}

impl Place {
    pub fn to_json(&self) -> Value {
        json!({
            "function": self.function.as_deref().map(named),
            "file": self.file,
            "line": self.line,
            "column": self.column,
        })
    }
}
