//! Embedder nodes that say whether they are attached pass it on to the embedder nodes below, and
//! DevTools shows the detached ones as `Detached NAME`.

use super::bits::Bits;
use crate::snapshot::columns::{EdgeKind, Node, NodeKind, Snapshot};

const ATTACHED: u8 = 1;
const DETACHED: u8 = 2;

/// The nodes whose name gets the prefix, in order.
pub(crate) fn detached(snapshot: &Snapshot) -> Vec<Node> {
    let nodes = &snapshot.nodes;
    if !nodes.has_detachedness || nodes.detachedness.is_empty() {
        return Vec::new();
    }
    let mut visited = Bits::new(snapshot.node_count());
    let mut attached = Vec::new();
    let mut open = Vec::new();
    let mut found = Vec::new();
    for &(node, state) in &nodes.detachedness {
        if snapshot.kind(node) == NodeKind::Native && visited.insert(node) {
            match state {
                ATTACHED => attached.push(node),
                DETACHED => {
                    open.push(node);
                    found.push(node);
                }
                _ => {}
            }
        }
    }
    spread(snapshot, &mut visited, attached, |_| {});
    spread(snapshot, &mut visited, open, |node| found.push(node));
    found.sort_unstable();
    found
}

fn spread(
    snapshot: &Snapshot,
    visited: &mut Bits,
    mut stack: Vec<Node>,
    mut found: impl FnMut(Node),
) {
    while let Some(node) = stack.pop() {
        for edge in snapshot.edges_of(node) {
            let to = snapshot.edges.to[edge];
            let passes = !matches!(snapshot.edges.kind[edge], EdgeKind::Hidden | EdgeKind::Weak);
            if passes && snapshot.kind(to) == NodeKind::Native && visited.insert(to) {
                found(to);
                stack.push(to);
            }
        }
    }
}
