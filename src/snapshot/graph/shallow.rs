//! The shallow size: a hidden or array node's bytes belong to its owner, if it has exactly one.
//!
//! A Map's table or an object's elements are bytes of the Map and the object to whoever reads the
//! numbers. V8's `system / ExternalStringData` nodes count as hidden here too.

use super::bits::Bits;
use super::essential::is_dom_trees;
use crate::snapshot::columns::{EdgeKind, NodeKind, Sizes, Snapshot};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// Not to be moved.
const NOBODY: u32 = u32::MAX;
const UNVISITED: u32 = u32::MAX;
const MANY: u32 = u32::MAX - 1;

/// Moves the sizes of what has an owner to it. Answers memory that may be used again.
pub(crate) fn move_to_owners(
    snapshot: &Snapshot,
    sizes: &mut Sizes,
    checkpoint: &Checkpoint,
) -> Result<Vec<u32>, SnapshotError> {
    let owners = owners(snapshot, checkpoint)?;
    for (owned, &owner) in owners.iter().enumerate() {
        if owner != NOBODY {
            let size = sizes.get(owned as u32);
            sizes.set(owned as u32, 0);
            sizes.add(owner, size);
        }
    }
    Ok(owners)
}

/// For each node the one that its bytes go to, or [`NOBODY`]; empty where all keep theirs.
///
/// A snapshot that was taken with internals exposed has no user roots and keeps its sizes.
fn owners(snapshot: &Snapshot, checkpoint: &Checkpoint) -> Result<Vec<u32>, SnapshotError> {
    if !has_user_roots(snapshot) {
        return Ok(Vec::new());
    }
    let count = snapshot.node_count();
    let edges = &snapshot.edges;
    let external_string = snapshot.strings.find(b"system / ExternalStringData");
    let mut is_own = Bits::new(count);
    let mut owners = vec![UNVISITED; count];
    let mut stack = Vec::new();
    let mut ticker = Ticker::new(checkpoint);
    for node in 0..count as u32 {
        match snapshot.kind(node) {
            NodeKind::Hidden | NodeKind::Array => {}
            NodeKind::Native if Some(snapshot.nodes.name[node as usize]) == external_string => {}
            _ => is_own.set(node),
        }
    }
    let mut visit = |node: u32, owner: u32, owners: &mut [u32], stack: &mut Vec<u32>| {
        let range = snapshot.edges_of(node);
        for (&kind, &to) in edges.kind[range.clone()]
            .iter()
            .zip(&edges.to[range.clone()])
        {
            if kind == EdgeKind::Weak || is_own.get(to) {
                continue;
            }
            let found = &mut owners[to as usize];
            if *found == UNVISITED {
                *found = owner;
                stack.push(to);
            } else if *found != owner && *found != MANY {
                *found = MANY;
                stack.push(to);
            }
        }
        ticker.step(range.len() as u64)
    };
    for node in (0..count as u32).filter(|&node| is_own.get(node)) {
        visit(node, node, &mut owners, &mut stack)?;
        while let Some(owned) = stack.pop() {
            let owner = owners[owned as usize];
            visit(owned, owner, &mut owners, &mut stack)?;
        }
    }
    for owner in &mut owners {
        if *owner >= MANY || *owner == 0 || snapshot.kind(*owner) == NodeKind::Synthetic {
            *owner = NOBODY;
        }
    }
    Ok(owners)
}

/// Whether the root leads to anything but V8's synthetic roots.
fn has_user_roots(snapshot: &Snapshot) -> bool {
    snapshot
        .edges_of(0)
        .any(|edge| is_user_root(snapshot, snapshot.edges.to[edge]))
}

pub(super) fn is_user_root(snapshot: &Snapshot, node: u32) -> bool {
    snapshot.kind(node) != NodeKind::Synthetic || is_dom_trees(snapshot, node)
}
