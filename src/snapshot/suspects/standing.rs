//! What stood through all rounds, and which of it holds everything that came or went.
//!
//! V8's ids last as long as an object does, so an object stands when its id is in all snapshots.
//! A table that was reallocated, a segment of a list and the links of a chain do not stand, and
//! what they hold belongs to the nearest dominator that does and that a person has a name for.
//! That is the same object in all snapshots, so what it holds can be counted in each.

use super::naming::is_container;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::columns::Node;
use crate::snapshot::diff;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::graph::bits::Bits;
use crate::snapshot::progress::Checkpoint;

/// Of a node that is not in the last snapshot.
const NONE: Node = Node::MAX;
/// Bytes a node that this holds, and that [`Standing::holders`] takes.
pub(super) const PER_NODE: usize = 2 * 4;

pub(super) struct Standing<'a> {
    pub(super) snapshots: &'a [&'a Analysis],
    /// Nodes of the last snapshot that are in all others.
    stands: Bits,
    /// For each snapshot but the last: its nodes that stand, as the last one numbers them.
    later: Vec<Vec<Node>>,
    /// For each snapshot: its nodes that are in the one before. Empty for the first.
    kept: Vec<Bits>,
}

impl<'a> Standing<'a> {
    /// The snapshots are of one process, the oldest first, and at least two.
    pub(super) fn new(
        snapshots: &'a [&'a Analysis],
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let mut ids = Vec::with_capacity(snapshots.len());
        for analysis in snapshots {
            ids.push(diff::by_id(analysis));
            checkpoint.pass(0)?;
        }
        let mut kept = vec![Bits::default()];
        for (at, pair) in ids.windows(2).enumerate() {
            let mut found = Bits::new(snapshots[at + 1].node_count());
            for (_, node) in in_both(&pair[0], &pair[1]) {
                found.set(node);
            }
            kept.push(found);
        }
        let last = snapshots.len() - 1;
        let mut met = vec![0_u8; snapshots[last].node_count()];
        for earlier in &ids[..last] {
            for (_, node) in in_both(earlier, &ids[last]) {
                met[node as usize] += 1;
            }
            checkpoint.pass(0)?;
        }
        let mut stands = Bits::new(met.len());
        for (node, &met) in met.iter().enumerate() {
            if usize::from(met) == last {
                stands.set(node as Node);
            }
        }
        let mut later = Vec::with_capacity(last);
        for (earlier, analysis) in ids.iter().zip(&snapshots[..last]) {
            let mut of_last = vec![NONE; analysis.node_count()];
            for (old, node) in in_both(earlier, &ids[last]) {
                if stands.get(node) {
                    of_last[old as usize] = node;
                }
            }
            later.push(of_last);
            checkpoint.pass(0)?;
        }
        Ok(Self {
            snapshots,
            stands,
            later,
            kept,
        })
    }

    pub(super) fn last(&self) -> &'a Analysis {
        self.snapshots[self.later.len()]
    }

    /// A node of a snapshot as the last one numbers it; nothing where it does not stand.
    pub(super) fn standing(&self, at: usize, node: Node) -> Option<Node> {
        match self.later.get(at) {
            Some(later) => Some(later[node as usize]).filter(|&node| node != NONE),
            None => self.stands.get(node).then_some(node),
        }
    }

    /// Whether the snapshot before had a node of this one.
    pub(super) fn was_before(&self, at: usize, node: Node) -> bool {
        self.kept[at].contains(node)
    }

    /// For each node of a snapshot the nearest of its dominators, itself among them, that stands
    /// and has a name, as the last snapshot numbers it; the root where there is none.
    pub(super) fn holders(&self, at: usize) -> Vec<Node> {
        let analysis = self.snapshots[at];
        let mut holders = vec![0; analysis.node_count()];
        for &node in &analysis.order[1..] {
            let standing = self
                .standing(at, node)
                .filter(|_| is_container(analysis.kind(node)));
            holders[node as usize] =
                standing.unwrap_or_else(|| holders[analysis.dominator(node) as usize]);
        }
        holders
    }
}

/// What two lists in the order of their ids have in common.
fn in_both<'a>(
    old: &'a [(u32, Node)],
    new: &'a [(u32, Node)],
) -> impl Iterator<Item = (Node, Node)> + 'a {
    let mut old = old.iter().peekable();
    new.iter().filter_map(move |&(id, node)| {
        while old.next_if(|&&(before, _)| before < id).is_some() {}
        let &(_, before) = old.next_if(|&&(before, _)| before == id)?;
        Some((before, node))
    })
}
