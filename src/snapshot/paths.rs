//! The retainer path of an object, step by step: not the one of the fewest edges, but the one that
//! explains best.
//! `best_paths` finds it; here is how it is told.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::best_paths::{BestPaths, Prices};
use super::code::Place;
use super::columns::{Edge, EdgeKind, Node, NodeKind};
use super::error::SnapshotError;
use super::progress::{Checkpoint, OnProgress, Phase};
use super::public_name::named;

/// Longer paths lose their middle.
const MOST_STEPS: usize = 128;

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

    fn prices(&self) -> Prices<'_> {
        Prices::new(
            &self.snapshot,
            &self.weak_maps,
            self.code(),
            self.priced_names(),
        )
    }

    /// Finds the best paths of all nodes, once.
    pub(crate) fn explain(&self, on_progress: OnProgress<'_>) -> Result<(), SnapshotError> {
        if self.best_paths.get().is_some() {
            return Ok(());
        }
        let checkpoint = Checkpoint::new(Phase::Explain, self.node_count() as u64);
        let found =
            checkpoint.watch(on_progress, || BestPaths::new(&self.prices(), &checkpoint))?;
        self.best_paths.get_or_init(|| found);
        Ok(())
    }

    /// What leads to `node` on its best path, after `explain`.
    pub(crate) fn best_retainer(&self, node: Node) -> Option<Node> {
        self.best_paths.get()?.retainer(node)
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
        let prices = self.prices();
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
        let prices = self.prices();
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

impl Step {
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "class": named(&self.class),
            "name": self.name,
            "selfSize": self.self_size,
            "retainedSize": self.retained_size,
            "edge": self.edge.as_ref().map(StepEdge::to_json),
            "location": self.place.as_ref().and_then(Place::to_json),
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
    /// Nothing where the file is not known.
    pub fn to_json(&self) -> Option<Value> {
        let file = self.file.as_deref()?;
        Some(json!({
            "file": file,
            "line": self.line,
            "column": self.column,
            "function": self.function.as_deref().map(named),
        }))
    }
}
