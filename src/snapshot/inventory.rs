//! What memwatch's HeapDiff needs of a snapshot, and no more: for each object its id, its kind in
//! memwatch's words and its size.
//!
//! Edges and names are let go at once, so that what waits between the two snapshots of a HeapDiff
//! is 16 bytes an object. Sums have 64 bits; nothing recurses. Objects whose ids do not last (the
//! even ones, of embedder nodes) are compared by their number.

use crate::sorting::{sort_by, sort_by_key};
use std::collections::HashMap;

use serde_json::{Value, json};

use super::columns::{NodeKind, Snapshot};
use super::error::SnapshotError;
use super::names::Names;
use super::progress::{Checkpoint, OnProgress, Phase, Ticker};
use super::summary::MOST_ROWS;

/// The objects of one snapshot.
pub struct Inventory {
    /// In order of ids, those with ids that last.
    objects: Vec<Object>,
    /// By word: number and bytes of the objects whose ids do not last.
    passing: HashMap<u32, (u64, u64)>,
    /// The words that objects refer to; the first one stands for what HeapDiff does not tell.
    words: Names,
    nodes: u64,
    size: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    id: u32,
    word: u32,
    size: u64,
}

/// Counted in the totals, but in no row: V8's own, as in memwatch.
const UNTOLD: u32 = 0;

/// Who looks at the heap is no part of it.
const OWN: [&[u8]; 3] = [b"HeapDiff", b"HeapInventory", b"SnapshotReader"];

impl Inventory {
    /// Takes stock.
    ///
    /// # Errors
    ///
    /// It was cancelled.
    pub fn new(snapshot: Snapshot, on_progress: OnProgress<'_>) -> Result<Self, SnapshotError> {
        let Snapshot { nodes, strings, .. } = snapshot;
        let checkpoint = Checkpoint::new(Phase::Analyse, nodes.kind.len() as u64);
        checkpoint.watch(on_progress, || {
            let own = strings.find_each(OWN);
            let mut words = Names::of_classes();
            words.intern_always("");
            let mut of_name: HashMap<u32, u32> = HashMap::new();
            let mut passing: HashMap<u32, (u64, u64)> = HashMap::new();
            let mut objects = Vec::with_capacity(nodes.kind.len());
            let (mut count, mut sum) = (0_u64, 0_u64);
            let mut ticker = Ticker::new(&checkpoint);
            for (at, &kind) in nodes.kind.iter().enumerate() {
                ticker.step(1)?;
                let name = nodes.name[at];
                if kind == NodeKind::Object && own.contains(&Some(name)) {
                    continue;
                }
                let size = nodes.self_size.get(at as u32);
                let word = match kind {
                    NodeKind::Object => match of_name.get(&name) {
                        Some(&word) => word,
                        None if words.is_full() => words.rest(),
                        None => {
                            let word = words.intern(&strings.get(name));
                            of_name.insert(name, word);
                            word
                        }
                    },
                    _ => by_kind(kind).map_or(UNTOLD, |word| words.intern_always(word)),
                };
                count += 1;
                sum = sum.saturating_add(size);
                let id = nodes.id[at];
                if id % 2 == 1 {
                    objects.push(Object { id, word, size });
                } else {
                    let (count, sum) = passing.entry(word).or_default();
                    *count += 1;
                    *sum = sum.saturating_add(size);
                }
            }
            objects.shrink_to_fit();
            if !objects.is_sorted() {
                objects.sort_unstable();
            }
            Ok(Self {
                objects,
                passing,
                words,
                nodes: count,
                size: sum,
            })
        })
    }

    /// Bytes of memory that this takes.
    pub fn own_memory(&self) -> usize {
        self.objects.capacity() * size_of::<Object>() + self.words.own_memory()
    }
}

/// memwatch's words. Symbols and BigInts came after it.
fn by_kind(kind: NodeKind) -> Option<&'static str> {
    Some(match kind {
        NodeKind::Array => "Array",
        NodeKind::Code => "Code",
        NodeKind::Closure => "Closure",
        NodeKind::RegExp => "RegExp",
        NodeKind::Number => "Number",
        NodeKind::Native => "Native",
        NodeKind::Symbol => "Symbol",
        NodeKind::BigInt => "BigInt",
        kind if kind.is_string() => "String",
        _ => return None,
    })
}

/// The difference of two inventories of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InventoryDiff {
    pub nodes_before: u64,
    pub nodes_after: u64,
    pub size_before: u64,
    pub size_after: u64,
    /// Objects that are gone, and those that are new, told or not.
    pub freed: u64,
    pub allocated: u64,
    /// In order of words, and where there are too many, those whose bytes changed most.
    pub rows: Vec<InventoryRow>,
}

/// What became of the objects with one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryRow {
    pub what: String,
    pub allocated: u64,
    pub freed: u64,
    /// Bytes of the new ones less those of the ones that are gone.
    pub size: i64,
}

/// Rows by their words.
struct Rows {
    rows: Vec<InventoryRow>,
    words: Names,
}

impl Rows {
    fn at(&mut self, word: &str) -> usize {
        let at = self.words.intern_always(word) as usize;
        if at == self.rows.len() {
            self.rows.push(InventoryRow {
                what: word.to_owned(),
                ..InventoryRow::default()
            });
        }
        at
    }

    fn of(&mut self, inventory: &Inventory) -> Vec<usize> {
        inventory.words.iter().map(|word| self.at(word)).collect()
    }
}

impl InventoryDiff {
    /// Compares.
    ///
    /// # Errors
    ///
    /// It was cancelled.
    pub fn new(
        before: &Inventory,
        after: &Inventory,
        on_progress: OnProgress<'_>,
    ) -> Result<Self, SnapshotError> {
        let work = before.objects.len() + after.objects.len();
        let checkpoint = Checkpoint::new(Phase::Compare, work as u64);
        checkpoint.watch(on_progress, || {
            let mut rows = Rows {
                rows: Vec::new(),
                words: Names::of_classes(),
            };
            compare_objects(before, after, &mut rows, &checkpoint)?;
            compare_passing(before, after, &mut rows);
            let mut rows = rows.rows;
            let freed = rows.iter().map(|row| row.freed).sum();
            let allocated = rows.iter().map(|row| row.allocated).sum();
            rows.retain(|row| {
                !row.what.is_empty() && (row.allocated + row.freed > 0 || row.size != 0)
            });
            if rows.len() > MOST_ROWS {
                sort_by_key(&mut rows, |row| {
                    std::cmp::Reverse((row.size.unsigned_abs(), row.allocated))
                });
                rows.truncate(MOST_ROWS);
            }
            sort_by(&mut rows, |a, b| a.what.cmp(&b.what));
            Ok(Self {
                nodes_before: before.nodes,
                nodes_after: after.nodes,
                size_before: before.size,
                size_after: after.size,
                freed,
                allocated,
                rows,
            })
        })
    }

    pub fn to_json(&self) -> Value {
        json!({
            "before": { "nodes": self.nodes_before, "size": self.size_before },
            "after": { "nodes": self.nodes_after, "size": self.size_after },
            "freed": self.freed,
            "allocated": self.allocated,
            "rows": self.rows.iter().map(InventoryRow::to_json).collect::<Vec<_>>(),
        })
    }
}

impl InventoryRow {
    pub fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "size": self.size,
            "allocated": self.allocated,
            "freed": self.freed,
        })
    }
}

fn compare_objects(
    before: &Inventory,
    after: &Inventory,
    rows: &mut Rows,
    checkpoint: &Checkpoint,
) -> Result<(), SnapshotError> {
    let old_rows = rows.of(before);
    let new_rows = rows.of(after);
    let mut ticker = Ticker::new(checkpoint);
    let (mut old, mut new) = (before.objects.as_slice(), after.objects.as_slice());
    // Both are in order of ids: what is behind is in one of the two alone.
    loop {
        ticker.step(1)?;
        let old_id = old.first().map(|object| object.id);
        let new_id = new.first().map(|object| object.id);
        let gone = old
            .first()
            .filter(|object| new_id.is_none_or(|new| object.id <= new));
        let came = new
            .first()
            .filter(|object| old_id.is_none_or(|old| object.id <= old));
        if let Some(gone) = gone {
            let row = &mut rows.rows[old_rows[gone.word as usize]];
            row.size = row.size.saturating_sub_unsigned(gone.size);
            row.freed += u64::from(came.is_none());
            old = &old[1..];
        }
        if let Some(came) = came {
            let row = &mut rows.rows[new_rows[came.word as usize]];
            row.size = row.size.saturating_add_unsigned(came.size);
            row.allocated += u64::from(gone.is_none());
            new = &new[1..];
        }
        if gone.is_none() && came.is_none() {
            return Ok(());
        }
    }
}

fn compare_passing(before: &Inventory, after: &Inventory, rows: &mut Rows) {
    let mut counts: HashMap<usize, (u64, u64)> = HashMap::new();
    for (&word, &(count, size)) in &before.passing {
        let at = rows.at(before.words.get(word));
        counts.entry(at).or_default().0 += count;
        rows.rows[at].size = rows.rows[at].size.saturating_sub_unsigned(size);
    }
    for (&word, &(count, size)) in &after.passing {
        let at = rows.at(after.words.get(word));
        counts.entry(at).or_default().1 += count;
        rows.rows[at].size = rows.rows[at].size.saturating_add_unsigned(size);
    }
    for (at, (old, new)) in counts {
        rows.rows[at].freed += old.saturating_sub(new);
        rows.rows[at].allocated += new.saturating_sub(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::ignore;

    fn names(words: &[&str]) -> Names {
        let mut names = Names::of_classes();
        for word in words {
            names.intern(word);
        }
        names
    }

    fn inventory(words: &[&str], objects: &[(u32, u32, u64)], passing: &[(u32, u64)]) -> Inventory {
        Inventory {
            objects: objects
                .iter()
                .map(|&(id, word, size)| Object { id, word, size })
                .collect(),
            passing: passing
                .iter()
                .map(|&(word, count)| (word, (count, 8 * count)))
                .collect(),
            words: names(words),
            nodes: (objects.len() as u64) + passing.iter().map(|(_, count)| count).sum::<u64>(),
            size: objects.iter().map(|(.., size)| size).sum::<u64>()
                + passing.iter().map(|(_, count)| 8 * count).sum::<u64>(),
        }
    }

    #[test]
    fn objects_are_matched_by_id_and_passing_ones_by_number() {
        let before = inventory(
            &["", "Array", "Gone"],
            &[(1, 0, 5), (3, 1, 10), (5, 2, 20), (9, 1, 30)],
            &[(1, 3)],
        );
        let after = inventory(
            &["", "New", "Array"],
            &[(1, 0, 5), (3, 2, 16), (7, 1, 40), (9, 2, 30), (11, 0, 7)],
            &[(2, 5)],
        );
        let diff = InventoryDiff::new(&before, &after, &mut ignore).unwrap();
        let row = |what: &str, allocated, freed, size| InventoryRow {
            what: what.to_owned(),
            allocated,
            freed,
            size,
        };
        assert_eq!(
            diff.rows,
            [
                row("Array", 2, 0, 6 + 16),
                row("Gone", 0, 1, -20),
                row("New", 1, 0, 40),
            ]
        );
        assert_eq!((diff.allocated, diff.freed), (4, 1));
    }

    #[test]
    fn sums_pass_four_gigabytes() {
        let before = inventory(&["", "Blob"], &[(1, 1, 1)], &[]);
        let objects: Vec<(u32, u32, u64)> = (0..4).map(|at| (2 * at + 1, 1, 3 << 30)).collect();
        let after = inventory(&["", "Blob"], &objects, &[]);
        let diff = InventoryDiff::new(&before, &after, &mut ignore).unwrap();
        assert_eq!(diff.rows[0].size, (12_i64 << 30) - 1);
        let back = InventoryDiff::new(&after, &before, &mut ignore).unwrap();
        assert_eq!(back.rows[0].size, 1 - (12_i64 << 30));
    }
}
