//! Classes over several snapshots.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use crate::snapshot::analysis::Analysis;
use crate::sorting::sort_by;

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

impl SeriesRow {
    pub fn to_json(&self) -> Value {
        json!({ "class": self.class, "counts": self.counts, "sizes": self.sizes })
    }
}
