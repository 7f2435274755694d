//! What changed between snapshots.
//!
//! Within one process V8 gives each object of JavaScript an odd id that lasts as long as the
//! object does, so two snapshots are compared id by id. Embedder nodes have even ids that change
//! with every snapshot and are left out of that. Two processes (and two forked captures) share
//! no ids; those are compared by structure: class, what dominates, and how it is held.

use crate::sorting::sort_by;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::columns::{Edge, Node, NodeKind};
use super::error::SnapshotError;
use super::names::Names;
use super::progress::{Checkpoint, OnProgress, Phase, Ticker};
use super::summary::MOST_ROWS;

/// How the objects of two snapshots were told to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By V8's ids, embedder nodes left out.
    Ids,
    /// By class, dominators and retainer path.
    Structure,
}

impl Matching {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Structure => "structure",
        }
    }
}

/// What became of one class, or of one place where a class is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffRow {
    pub class: String,
    /// With [`Matching::Structure`] the chain of dominators; empty with ids.
    pub held: String,
    pub count_before: u64,
    pub count_after: u64,
    /// Objects that are new; with structure the gain alone.
    pub added: u64,
    /// Objects that are gone; with structure the loss alone.
    pub removed: u64,
    pub added_size: u64,
    pub removed_size: u64,
    pub size_before: u64,
    pub size_after: u64,
}

impl DiffRow {
    /// Bytes of self size, after less before.
    pub fn growth(&self) -> i64 {
        self.size_after.cast_signed() - self.size_before.cast_signed()
    }
}

/// The difference of two snapshots.
#[derive(Clone, Debug)]
pub struct Diff {
    pub matching: Matching,
    pub total_before: u64,
    pub total_after: u64,
    pub nodes_before: u64,
    pub nodes_after: u64,
    /// What grew most first.
    pub rows: Vec<DiffRow>,
}

/// Compares two snapshots; `matching` is found out if it is not given.
///
/// # Errors
///
/// It was cancelled.
pub fn diff(
    before: &Analysis,
    after: &Analysis,
    matching: Option<Matching>,
    on_progress: OnProgress<'_>,
) -> Result<Diff, SnapshotError> {
    let checkpoint = Checkpoint::new(
        Phase::Compare,
        (before.node_count() + after.node_count()) as u64,
    );
    checkpoint.watch(on_progress, || {
        let matching = matching.unwrap_or_else(|| {
            if same_process(before, after) {
                Matching::Ids
            } else {
                Matching::Structure
            }
        });
        let rows = match matching {
            Matching::Ids => by_ids(before, after, &checkpoint)?,
            Matching::Structure => by_structure(before, after, &checkpoint)?,
        };
        let rows = rows.told();
        Ok(Diff {
            matching,
            total_before: before.total_size(),
            total_after: after.total_size(),
            nodes_before: before.node_count() as u64,
            nodes_after: after.node_count() as u64,
            rows,
        })
    })
}

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

/// What became of one class in one place, before it has names.
#[derive(Clone, Copy, Default)]
struct Change {
    class: u32,
    held: u32,
    count_before: u64,
    count_after: u64,
    added: u64,
    removed: u64,
    added_size: u64,
    removed_size: u64,
    size_before: u64,
    size_after: u64,
}

impl Change {
    fn growth(&self) -> i64 {
        self.size_after.cast_signed() - self.size_before.cast_signed()
    }
}

/// More pairs of a class and a place are not told apart: what comes after them counts for the
/// class, wherever it is.
const MOST_CHANGES: usize = 1 << 16;

struct Rows {
    changes: Vec<Change>,
    /// By class and, with structure, by what holds it.
    index: HashMap<(u32, u32), usize>,
    classes: Names,
    places: Names,
}

impl Rows {
    fn new() -> Self {
        Self {
            changes: Vec::new(),
            index: HashMap::new(),
            classes: Names::of_classes(),
            places: Names::of_places(),
        }
    }

    fn get(&mut self, class: &str, held: &str) -> usize {
        let class = self.classes.intern(class);
        let mut held = self.places.intern(held);
        if self.changes.len() >= MOST_CHANGES && !self.index.contains_key(&(class, held)) {
            held = self.places.rest();
        }
        *self.index.entry((class, held)).or_insert_with(|| {
            self.changes.push(Change {
                class,
                held,
                ..Change::default()
            });
            self.changes.len() - 1
        })
    }

    /// What changed, what grew most first.
    fn told(mut self) -> Vec<DiffRow> {
        let (classes, places) = (&self.classes, &self.places);
        self.changes
            .retain(|row| row.added + row.removed > 0 || row.size_before != row.size_after);
        sort_by(&mut self.changes, |a, b| {
            (
                b.growth(),
                b.added_size,
                classes.get(a.class),
                places.get(a.held),
            )
                .cmp(&(
                    a.growth(),
                    a.added_size,
                    classes.get(b.class),
                    places.get(b.held),
                ))
        });
        self.changes.truncate(MOST_ROWS);
        let told = self.changes.iter().map(|row| DiffRow {
            class: classes.get(row.class).to_owned(),
            held: places.get(row.held).to_owned(),
            count_before: row.count_before,
            count_after: row.count_after,
            added: row.added,
            removed: row.removed,
            added_size: row.added_size,
            removed_size: row.removed_size,
            size_before: row.size_before,
            size_after: row.size_after,
        });
        told.collect()
    }
}

fn by_ids(
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

/// Dominators that make up the signature.
const DEPTH: usize = 4;

fn by_structure(
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

/// A class that grew in every step of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesRow {
    pub class: String,
    /// For each snapshot.
    pub counts: Vec<u64>,
    pub sizes: Vec<u64>,
}

/// The classes whose number rose from each snapshot to the next, the greatest gain first.
pub fn series(snapshots: &[&Analysis]) -> Vec<SeriesRow> {
    let mut rows: HashMap<String, SeriesRow> = HashMap::new();
    for (at, analysis) in snapshots.iter().enumerate() {
        for found in analysis.histogram() {
            // What was not there at first did not grow in each step.
            let row = match rows.entry(found.class) {
                Entry::Occupied(row) => row.into_mut(),
                Entry::Vacant(_) if at > 1 => continue,
                Entry::Vacant(row) => {
                    let class = row.key().clone();
                    row.insert(SeriesRow {
                        class,
                        counts: vec![0; snapshots.len()],
                        sizes: vec![0; snapshots.len()],
                    })
                }
            };
            row.counts[at] = found.count;
            row.sizes[at] = found.self_size;
        }
        // One that did not grow is of no more interest.
        rows.retain(|_, row| row.counts[..=at].is_sorted_by(|before, after| before < after));
    }
    let gain = |row: &SeriesRow| match (row.sizes.first(), row.sizes.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first),
        _ => 0,
    };
    let mut rows: Vec<SeriesRow> = rows
        .into_values()
        .filter(|row| row.counts.len() > 1 && row.counts.windows(2).all(|pair| pair[0] < pair[1]))
        .collect();
    sort_by(&mut rows, |a, b| {
        (gain(b), &a.class).cmp(&(gain(a), &b.class))
    });
    rows
}

impl Diff {
    /// As `tidemark diff --json` prints it, at most `most` rows.
    pub fn to_json(&self, most: usize) -> Value {
        json!({
            "matching": self.matching.as_str(),
            "before": { "totalSize": self.total_before, "nodes": self.nodes_before },
            "after": { "totalSize": self.total_after, "nodes": self.nodes_after },
            "rows": self.rows.iter().take(most).map(DiffRow::to_json).collect::<Vec<_>>(),
        })
    }
}

impl DiffRow {
    pub fn to_json(&self) -> Value {
        json!({
            "class": self.class,
            "held": self.held,
            "countBefore": self.count_before,
            "countAfter": self.count_after,
            "added": self.added,
            "removed": self.removed,
            "addedSize": self.added_size,
            "removedSize": self.removed_size,
            "sizeBefore": self.size_before,
            "sizeAfter": self.size_after,
            "growth": self.growth(),
        })
    }
}

impl SeriesRow {
    pub fn to_json(&self) -> Value {
        json!({ "class": self.class, "counts": self.counts, "sizes": self.sizes })
    }
}
