//! The dominator tree as a picture can show it: what retains much by itself, the many small ones
//! of a class as one, the rest as a remainder.
//!
//! What always holds: a part is at least `1 / finest` of the whole, so there are no more than
//! `finest` of them on each level, and the parts of a node are no larger than the node. There are
//! at most [`MOST_PARTS`] and one node's, and each is as long as its two cut names.

use crate::sorting::{sort_by_key, sort_numbers_by_key};
use std::collections::HashMap;

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::classes::Class;
use super::columns::Node;
use super::error::SnapshotError;
use super::progress::OnProgress;
use super::public_name::named;
use super::strings::cut;
use super::summary::Children;

/// Levels below the root.
const DEEPEST: u32 = 40;
/// Parts in all.
const MOST_PARTS: usize = 6000;
/// Characters of a label.
const LONGEST_LABEL: usize = 200;

/// One rectangle.
struct Part {
    /// Its place in the list of parts.
    parent: Option<usize>,
    label: String,
    class: String,
    /// Of a single node.
    id: Option<u32>,
    /// How many nodes it stands for.
    count: u64,
    size: u64,
    self_size: u64,
}

impl Analysis {
    /// The parts of the picture, parents first; each is `[parent, label, class, id, count, size,
    /// selfSize]`, `parent` being the place in the list, null for the root.
    ///
    /// # Errors
    ///
    /// It was cancelled.
    pub fn icicle(&self, finest: u64, on_progress: OnProgress<'_>) -> Result<Value, SnapshotError> {
        self.explain(on_progress)?;
        let children = Children::new(self);
        let least = (self.total_size() / finest.max(1)).max(1);
        let mut parts = vec![self.part(None, 0)];
        // Breadth first: where there are too many parts, it is the deepest that are left out.
        let mut level: Vec<(usize, Node)> = vec![(0, 0)];
        for _ in 0..DEEPEST {
            let mut below = Vec::new();
            for (at, node) in level {
                if parts.len() >= MOST_PARTS {
                    break;
                }
                self.split(&children, at, node, least, &mut parts, &mut below);
            }
            level = below;
            if level.is_empty() {
                break;
            }
        }
        Ok(parts.iter().map(Part::to_json).collect())
    }

    /// Adds the parts of one node; those that may be split further go to `below`.
    fn split(
        &self,
        children: &Children,
        at: usize,
        node: Node,
        least: u64,
        parts: &mut Vec<Part>,
        below: &mut Vec<(usize, Node)>,
    ) {
        let mut large: Vec<Node> = Vec::new();
        let mut small: HashMap<Class, (u64, u64, u64)> = HashMap::new();
        for &child in children.of(node) {
            let size = self.retained_size(child);
            if size >= least {
                large.push(child);
            } else {
                let sums = small.entry(self.classes().of(child)).or_default();
                *sums = (sums.0 + 1, sums.1 + size, sums.2 + self.self_size(child));
            }
        }
        sort_numbers_by_key(&mut large, |child| {
            (std::cmp::Reverse(self.retained_size(child)), child)
        });
        large.truncate(MOST_PARTS);
        for child in large {
            below.push((parts.len(), child));
            parts.push(self.part(Some(at), child));
        }
        let mut small: Vec<(Class, (u64, u64, u64))> = small
            .into_iter()
            .filter(|(_, (_, size, _))| *size >= least)
            .collect();
        sort_by_key(&mut small, |&(class, (_, size, _))| {
            (std::cmp::Reverse(size), class)
        });
        for (class, (count, size, self_size)) in small {
            let class = named(self.classes().name(class));
            parts.push(Part {
                parent: Some(at),
                label: class.clone().into_owned(),
                class: class.into_owned(),
                id: None,
                count,
                size,
                self_size,
            });
        }
    }

    fn part(&self, parent: Option<usize>, node: Node) -> Part {
        let class = named(self.class_name(node)).into_owned();
        Part {
            parent,
            label: if node == 0 {
                "the whole heap".to_owned()
            } else {
                let description = self.describe(node).description();
                cut(&description, LONGEST_LABEL).unwrap_or(description)
            },
            class,
            id: Some(self.id(node)),
            count: 1,
            size: self.retained_size(node),
            self_size: self.self_size(node),
        }
    }
}

impl Part {
    fn to_json(&self) -> Value {
        json!([
            self.parent,
            self.label,
            self.class,
            self.id,
            self.count,
            self.size,
            self.self_size
        ])
    }
}
