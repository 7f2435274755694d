//! By V8's ids: whether two snapshots are of one process, and what came and went in it.

use super::rows::Rows;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::columns::{Node, NodeKind};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// How many of both snapshots' objects are asked.
const PROBES: usize = 4096;

/// Whether ids of the two mean the same objects. Ids are given out in order in every process, so
/// that an id is in both says nothing; that kind and name agree as well does.
pub fn same_process(before: &Analysis, after: &Analysis) -> bool {
    let ids = by_id(before);
    let step = (after.node_count() / PROBES).max(1);
    let (mut asked, mut agreed) = (0_u32, 0_u32);
    for node in (0..after.node_count() as Node).step_by(step) {
        // One of the two may be redacted, and then its strings have other names.
        if !comparable(after, node) || after.kind(node).is_string() {
            continue;
        }
        let Some(old) = lookup(&ids, after.id(node)) else {
            continue;
        };
        asked += 1;
        let same_name = alike(before.snapshot.raw_name(old), after.snapshot.raw_name(node));
        agreed += u32::from(same_name && before.kind(old) == after.kind(node));
    }
    // Snapshots of one process agree in more than 99 of 100 that are in both.
    asked > 0 && f64::from(agreed) >= 0.9 * f64::from(asked)
}

/// A name can be as long as the file, and thousands of objects can have it.
fn alike(one: &[u8], other: &[u8]) -> bool {
    const ENOUGH: usize = 1024;
    one.len() == other.len() && one[..one.len().min(ENOUGH)] == other[..one.len().min(ENOUGH)]
}

/// Whether the id lasts. The first ids belong to the synthetic roots and are the same everywhere.
fn comparable(analysis: &Analysis, node: Node) -> bool {
    analysis.id(node) % 2 == 1 && analysis.kind(node) != NodeKind::Synthetic
}

/// Ids with their nodes, in order of ids.
pub(crate) fn by_id(analysis: &Analysis) -> Vec<(u32, Node)> {
    let mut ids = Vec::with_capacity(analysis.node_count());
    let nodes = 0..analysis.node_count() as Node;
    let nodes = nodes.filter(|&node| comparable(analysis, node));
    ids.extend(nodes.map(|node| (analysis.id(node), node)));
    if !ids.is_sorted() {
        ids.sort_unstable();
    }
    ids
}

pub(crate) fn lookup(ids: &[(u32, Node)], id: u32) -> Option<Node> {
    let at = ids.binary_search_by_key(&id, |&(found, _)| found).ok()?;
    Some(ids[at].1)
}

pub(super) fn by_ids(
    before: &Analysis,
    after: &Analysis,
    checkpoint: &Checkpoint,
) -> Result<Rows, SnapshotError> {
    let (old_ids, new_ids) = (by_id(before), by_id(after));
    let mut rows = Rows::new();
    let of_class = |analysis: &Analysis, rows: &mut Rows| -> Vec<usize> {
        let classes = analysis.classes();
        (0..classes.count() as u32)
            .map(|class| rows.get(classes.name(class), ""))
            .collect()
    };
    let old_rows = of_class(before, &mut rows);
    let new_rows = of_class(after, &mut rows);
    let mut ticker = Ticker::new(checkpoint);
    let mut old = old_ids.iter().peekable();
    let mut new = new_ids.iter().peekable();
    // Both are in order of ids.
    loop {
        ticker.step(1)?;
        let (old_id, new_id) = (old.peek().map(|pair| pair.0), new.peek().map(|pair| pair.0));
        let take_old = old_id.is_some_and(|old| new_id.is_none_or(|new| old <= new));
        let take_new = new_id.is_some_and(|new| old_id.is_none_or(|old| new <= old));
        let gone = if take_old { old.next() } else { None };
        let came = if take_new { new.next() } else { None };
        if let Some(&(_, node)) = gone {
            // A plain object's class depends on how many others are like it, so what is in both
            // is of its later class.
            let row = match came {
                Some(&(_, later)) => new_rows[after.classes().of(later) as usize],
                None => old_rows[before.classes().of(node) as usize],
            };
            let row = &mut rows.changes[row];
            row.count_before += 1;
            row.size_before += before.self_size(node);
            if came.is_none() {
                row.removed += 1;
                row.removed_size += before.self_size(node);
            }
        }
        if let Some(&(_, node)) = came {
            let row = &mut rows.changes[new_rows[after.classes().of(node) as usize]];
            row.count_after += 1;
            row.size_after += after.self_size(node);
            if gone.is_none() {
                row.added += 1;
                row.added_size += after.self_size(node);
            }
        }
        if gone.is_none() && came.is_none() {
            return Ok(rows);
        }
    }
}
