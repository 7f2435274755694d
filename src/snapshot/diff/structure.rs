//! By structure: the class of each object, what dominates it, and how it is held.

use std::collections::HashMap;

use super::rows::{MOST_CHANGES, Rows};
use crate::snapshot::analysis::Analysis;
use crate::snapshot::columns::{Edge, Node};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::names::Names;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// Dominators that make up the signature.
const DEPTH: usize = 4;

pub(super) fn by_structure(
    before: &Analysis,
    after: &Analysis,
    checkpoint: &Checkpoint,
) -> Result<Rows, SnapshotError> {
    let mut rows = Rows::new();
    let mut ticker = Ticker::new(checkpoint);
    for (analysis, is_after) in [(before, false), (after, true)] {
        let classes = analysis.classes();
        let mut signatures = Signatures::new(analysis);
        let mut at: HashMap<(u32, u32), usize> = HashMap::new();
        for node in 0..analysis.node_count() as Node {
            ticker.step(1)?;
            let size = analysis.self_size(node);
            if size == 0 {
                continue;
            }
            let class = classes.of(node);
            let held = signatures.of(analysis, analysis.dominator(node));
            // A class may be in more places than there is room for.
            if at.len() >= 2 * MOST_CHANGES {
                at.clear();
            }
            let row = *at
                .entry((class, held))
                .or_insert_with(|| rows.get(classes.name(class), signatures.text(held)));
            let row = &mut rows.changes[row];
            if is_after {
                row.count_after += 1;
                row.size_after += size;
            } else {
                row.count_before += 1;
                row.size_before += size;
            }
        }
    }
    for row in &mut rows.changes {
        row.added = row.count_after.saturating_sub(row.count_before);
        row.removed = row.count_before.saturating_sub(row.count_after);
        row.added_size = row.size_after.saturating_sub(row.size_before);
        row.removed_size = row.size_before.saturating_sub(row.size_after);
    }
    Ok(rows)
}

/// The chain of dominators' classes with the edges that lead from one to the next, as text.
struct Signatures {
    of: Vec<u32>,
    /// For each node the edge by which its dominator holds it.
    held_by: Vec<Edge>,
    texts: Names,
}

const NONE: u32 = u32::MAX;

impl Signatures {
    fn new(analysis: &Analysis) -> Self {
        Self {
            of: vec![NONE; analysis.node_count()],
            held_by: analysis.edges_of_dominators(),
            texts: Names::of_places(),
        }
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number)
    }

    fn of(&mut self, analysis: &Analysis, node: Node) -> u32 {
        let known = self.of[node as usize];
        if known != NONE {
            return known;
        }
        let mut parts: Vec<String> = Vec::new();
        let mut at = node;
        for _ in 0..DEPTH {
            let above = analysis.dominator(at);
            let class = analysis.class_name(at);
            // A name is told where the dominator itself holds it under one.
            let edge = self.held_by[at as usize];
            let name = (edge != NONE)
                .then_some(edge as usize)
                .filter(|&edge| !analysis.snapshot.edges.kind[edge].is_indexed())
                .map(|edge| analysis.snapshot.edge_name(edge))
                .filter(|name| {
                    !name.is_empty()
                        && name.len() <= 60
                        && !name.starts_with(|first: char| first.is_ascii_digit())
                });
            // Members of a list are all held alike.
            let part = match name {
                Some(name) => format!("{class} `{name}`"),
                None => class.to_owned(),
            };
            if parts.last() != Some(&part) {
                parts.push(part);
            }
            if at == 0 {
                break;
            }
            at = above;
        }
        let number = self.texts.intern(&parts.join(" < "));
        self.of[node as usize] = number;
        number
    }
}
