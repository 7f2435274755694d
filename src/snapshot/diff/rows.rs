//! What became of each class, and of each place where it is held.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::snapshot::names::Names;
use crate::snapshot::summary::MOST_ROWS;
use crate::sorting::sort_by;

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

/// What became of one class in one place, before it has names.
#[derive(Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) class: u32,
    pub(super) held: u32,
    pub(super) count_before: u64,
    pub(super) count_after: u64,
    pub(super) added: u64,
    pub(super) removed: u64,
    pub(super) added_size: u64,
    pub(super) removed_size: u64,
    pub(super) size_before: u64,
    pub(super) size_after: u64,
}

impl Change {
    fn growth(&self) -> i64 {
        self.size_after.cast_signed() - self.size_before.cast_signed()
    }
}

/// More pairs of a class and a place are not told apart: what comes after them counts for the
/// class, wherever it is.
pub(super) const MOST_CHANGES: usize = 1 << 16;

pub(super) struct Rows {
    pub(super) changes: Vec<Change>,
    /// By class and, with structure, by what holds it.
    index: HashMap<(u32, u32), usize>,
    classes: Names,
    places: Names,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self {
            changes: Vec::new(),
            index: HashMap::new(),
            classes: Names::of_classes(),
            places: Names::of_places(),
        }
    }

    pub(super) fn get(&mut self, class: &str, held: &str) -> usize {
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
    pub(super) fn told(mut self) -> Vec<DiffRow> {
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
