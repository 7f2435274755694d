//! Which edges retain: only these count for dominators and retained sizes.
//!
//! An edge is essential unless
//! - it is weak, or leads from a node to itself;
//! - it is a shortcut edge of any node but the root, whose shortcut edges mark user roots;
//! - it is the table's half of a `WeakMap` pair: the key's half names the better holder;
//! - it leads from a node that is not page-owned to one that is, the root excepted. Page-owned is
//!   what the application's globals reach; V8's own tables also point into it.

use super::bits::{BitWriter, Bits};
use super::weak_maps::WeakMaps;
use crate::snapshot::columns::{EdgeKind, Node, NodeKind, Snapshot};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// One bit an edge.
pub(crate) struct Essential {
    edges: Bits,
}

impl Essential {
    pub(crate) fn new(
        snapshot: &Snapshot,
        weak_maps: &WeakMaps,
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let page_owned = page_owned(snapshot, checkpoint)?;
        let edges = &snapshot.edges;
        let mut essential = BitWriter::with_capacity(snapshot.edge_count());
        let mut ticker = Ticker::new(checkpoint);
        for node in 0..snapshot.node_count() as Node {
            let range = snapshot.edges_of(node);
            ticker.step(range.len() as u64)?;
            // Only from nodes that are not page-owned the target matters.
            let any_target = node == 0 || page_owned.get(node);
            let holder = weak_maps.is_holder(node);
            for edge in range {
                let to = edges.to[edge];
                essential.push(
                    to != node
                        && retains(edges.kind[edge], node)
                        && (any_target || !page_owned.get(to))
                        && !(holder && is_tables_half(snapshot, weak_maps, node, edge)),
                );
            }
        }
        Ok(Self {
            edges: essential.finish(),
        })
    }

    #[inline]
    pub(crate) fn contains(&self, edge: usize) -> bool {
        self.edges.get(edge as u32)
    }
}

#[inline]
fn retains(kind: EdgeKind, from: Node) -> bool {
    kind != EdgeKind::Weak && (kind != EdgeKind::Shortcut || from == 0)
}

fn is_tables_half(snapshot: &Snapshot, weak_maps: &WeakMaps, from: Node, edge: usize) -> bool {
    snapshot.edges.kind[edge] == EdgeKind::Internal
        && weak_maps
            .get(snapshot.edges.name[edge])
            .is_some_and(|pair| pair.table == snapshot.id(from))
}

/// What the root's shortcut edges and the synthetic `(Document DOM trees)` reach, weak edges aside.
fn page_owned(snapshot: &Snapshot, checkpoint: &Checkpoint) -> Result<Bits, SnapshotError> {
    let edges = &snapshot.edges;
    let mut owned = Bits::new(snapshot.node_count());
    let mut stack = Vec::new();
    for edge in snapshot.edges_of(0) {
        let to = edges.to[edge];
        let entry = match edges.kind[edge] {
            EdgeKind::Shortcut => true,
            EdgeKind::Element => is_dom_trees(snapshot, to),
            _ => false,
        };
        if entry && owned.insert(to) {
            stack.push(to);
        }
    }
    let mut ticker = Ticker::new(checkpoint);
    while let Some(node) = stack.pop() {
        let range = snapshot.edges_of(node);
        ticker.step(range.len() as u64)?;
        for (&kind, &to) in edges.kind[range.clone()].iter().zip(&edges.to[range]) {
            if kind != EdgeKind::Weak && owned.insert(to) {
                stack.push(to);
            }
        }
    }
    Ok(owned)
}

pub(super) fn is_dom_trees(snapshot: &Snapshot, node: Node) -> bool {
    snapshot.kind(node) == NodeKind::Synthetic && snapshot.raw_name(node) == b"(Document DOM trees)"
}
