//! The same kind of thing in each of the snapshots.

use std::collections::HashMap;

use crate::snapshot::analysis::Analysis;
use crate::snapshot::columns::{Node, NodeKind};

/// Classes that count as one in all snapshots. The class of a plain object depends on how many are
/// like it, and that of a string on when it was flattened; neither makes it another object.
pub(super) struct Kinds {
    /// For each snapshot the number of each of its classes.
    numbers: Vec<Vec<u32>>,
    /// For each snapshot the name of plain objects.
    plain: Vec<Option<u32>>,
}

const PLAIN: u32 = 0;
const TEXT: u32 = 1;

impl Kinds {
    pub(super) fn new(snapshots: &[&Analysis]) -> Self {
        let mut known: HashMap<String, u32> = HashMap::new();
        let numbers = snapshots
            .iter()
            .map(|analysis| {
                let names = analysis.classes().names();
                names
                    .map(|name| {
                        let next = known.len() as u32 + TEXT + 1;
                        *known.entry(name.to_owned()).or_insert(next)
                    })
                    .collect()
            })
            .collect();
        let plain = snapshots
            .iter()
            .map(|analysis| analysis.snapshot.strings.find(b"Object"))
            .collect();
        Self { numbers, plain }
    }

    pub(super) fn of(&self, at: usize, analysis: &Analysis, node: Node) -> u32 {
        match analysis.kind(node) {
            kind if kind.is_string() => TEXT,
            NodeKind::Object
                if Some(analysis.snapshot.nodes.name[node as usize]) == self.plain[at] =>
            {
                PLAIN
            }
            _ => self.numbers[at][analysis.classes().of(node) as usize],
        }
    }
}
