//! What is in a heap: classes, strings that are there more than once, detached contexts.

use crate::sorting::{sort_by, sort_numbers_by_key};
use std::collections::HashMap;

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::classes::Class;
use super::columns::{Node, NodeKind};
use super::graph::bits::Bits;
use crate::format;

/// A class of the heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRow {
    pub class: String,
    /// Nodes with a size of their own.
    pub count: u64,
    pub self_size: u64,
    /// What would be free if all of them were.
    pub retained_size: u64,
    /// The least of its nodes' distances.
    pub distance: i32,
}

/// One text that several string nodes hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateString {
    /// As the snapshot has it: V8 cuts long ones.
    pub text: String,
    pub count: u64,
    pub self_size: u64,
    /// Bytes of all but one.
    pub wasted: u64,
}

/// A context of V8 (a realm) that nobody uses any more and that is still held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedContext {
    pub id: u32,
    pub name: String,
    pub retained_size: u64,
}

/// V8 writes no more characters of a string.
const LONGEST_TEXT: usize = 1024;
/// At most this many texts that V8 cut are told apart by their size as well.
const MOST_CUT: usize = 1 << 14;
/// The most rows of a list, whatever is asked for.
pub(crate) const MOST_ROWS: usize = 10_000;

/// Bytes by kind of content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub total: u64,
    pub native: u64,
    pub code: u64,
    pub strings: u64,
    pub array_buffers: u64,
    pub system: u64,
}

/// A text while it is counted.
#[derive(Clone, Copy, Default)]
struct Repeated {
    name: u32,
    count: u32,
    size: u64,
    least: u64,
}

impl Analysis {
    /// All classes, the one that retains most first.
    pub fn histogram(&self) -> Vec<ClassRow> {
        let classes = self.classes();
        let mut rows: Vec<ClassRow> = (0..classes.count() as Class)
            .map(|class| ClassRow {
                class: classes.name(class).to_owned(),
                count: 0,
                self_size: 0,
                retained_size: 0,
                distance: i32::MAX,
            })
            .collect();
        for node in 0..self.node_count() as Node {
            let self_size = self.self_size(node);
            if self_size > 0 {
                let row = &mut rows[classes.of(node) as usize];
                row.count += 1;
                row.self_size += self_size;
                row.distance = row.distance.min(self.distance(node));
            }
        }
        for (class, retained) in self.retained_by_class().into_iter().enumerate() {
            rows[class].retained_size = retained;
        }
        rows.retain(|row| row.count > 0);
        sort_by(&mut rows, |a, b| {
            (b.retained_size, &a.class).cmp(&(a.retained_size, &b.class))
        });
        rows
    }

    /// For each class the sum of the retained sizes of its nodes that no other node of the class
    /// dominates; DevTools' rule.
    pub(crate) fn retained_by_class(&self) -> Vec<u64> {
        let classes = self.classes();
        let mut sums = vec![0; classes.count()];
        let children = Children::new(self);
        // How many nodes of each class are dominators of the current node, itself among them.
        let mut above = vec![0_u32; classes.count()];
        // Where in the children the nodes stand that are dominators of the current one.
        let mut places = Vec::new();
        let mut node = 0;
        let mut place = children.first[0];
        loop {
            if place == children.first[node as usize] && self.self_size(node) > 0 {
                let class = classes.of(node) as usize;
                if above[class] == 0 {
                    sums[class] += self.retained_size(node);
                }
                above[class] += 1;
            }
            if place < children.first[node as usize + 1] {
                places.push(place);
                node = children.nodes[place as usize];
                place = children.first[node as usize];
                continue;
            }
            if self.self_size(node) > 0 {
                above[classes.of(node) as usize] -= 1;
            }
            let Some(left) = places.pop() else {
                return sums;
            };
            node = self.dominator(node);
            place = left + 1;
        }
    }

    /// The texts that are there more than once, the greatest waste first.
    pub fn duplicate_strings(&self, most: usize) -> Vec<DuplicateString> {
        let snapshot = &self.snapshot;
        // One text has one entry in the string table. V8 cuts long ones, and then only those of
        // one size count as one text.
        let strings = (0..self.node_count() as Node)
            .filter(|&node| snapshot.kind(node) == NodeKind::String && self.self_size(node) > 0)
            .map(|node| (snapshot.nodes.name[node as usize], self.self_size(node)));
        let is_cut = |name: u32| snapshot.strings.raw(name).len() >= LONGEST_TEXT;
        let mut once = Bits::new(snapshot.strings.len());
        let mut again = Bits::new(snapshot.strings.len());
        let mut cut: HashMap<(u32, u64), u64> = HashMap::new();
        for (name, size) in strings.clone() {
            if !is_cut(name) {
                if !once.insert(name) {
                    again.set(name);
                }
            } else if cut.len() < MOST_CUT || cut.contains_key(&(name, size)) {
                *cut.entry((name, size)).or_default() += 1;
            }
        }
        // What is there once needs no sums.
        let ranks = again.ranks();
        let mut sums = vec![Repeated::default(); again.count()];
        for (name, size) in strings {
            if again.get(name) {
                let found = &mut sums[again.rank(&ranks, name)];
                found.name = name;
                found.count += 1;
                found.least = if found.count == 1 {
                    size
                } else {
                    found.least.min(size)
                };
                found.size += size;
            }
        }
        sums.extend(cut.into_iter().map(|((name, size), count)| Repeated {
            name,
            count: count as u32,
            size: size * count,
            least: size,
        }));
        sums.retain(|found| found.count > 1);
        sums.sort_unstable_by_key(|found| {
            let wasted = found.size - found.least;
            (std::cmp::Reverse(wasted), found.name, found.least)
        });
        sums.truncate(most.min(MOST_ROWS));
        sums.into_iter()
            .map(|found| DuplicateString {
                text: snapshot.strings.get(found.name).into_owned(),
                count: u64::from(found.count),
                self_size: found.size,
                wasted: found.size - found.least,
            })
            .collect()
    }

    /// Realms (of `vm.createContext`, of frames) that are detached and still held, at most `most`
    /// and those that retain most first.
    pub fn detached_contexts(&self, most: usize) -> Vec<DetachedContext> {
        let snapshot = &self.snapshot;
        let mut found: Vec<Node> = (0..self.node_count() as Node)
            .filter(|&node| {
                let raw = snapshot.raw_name(node);
                // Node.js calls its own weak handles detached, and that is what they always are.
                if raw.starts_with(b"Node / ") {
                    return false;
                }
                raw.starts_with(b"Detached ")
                    && matches!(
                        snapshot.kind(node),
                        NodeKind::Hidden | NodeKind::Object | NodeKind::Native
                    )
                    || self.is_detached(node)
            })
            .collect();
        sort_numbers_by_key(&mut found, |node| {
            (std::cmp::Reverse(self.retained_size(node)), node)
        });
        found.truncate(most.min(MOST_ROWS));
        found
            .into_iter()
            .map(|node| DetachedContext {
                id: self.id(node),
                name: snapshot.name(node).into_owned(),
                retained_size: self.retained_size(node),
            })
            .collect()
    }

    /// Bytes by kind of content.
    pub fn statistics(&self) -> Statistics {
        let snapshot = &self.snapshot;
        let array_buffer_data = snapshot.strings.find(b"system / JSArrayBufferData");
        let mut sums = Statistics {
            total: self.total_size(),
            native: snapshot.extra_native_bytes,
            ..Statistics::default()
        };
        for node in 0..self.node_count() as Node {
            let size = self.self_size(node);
            match snapshot.kind(node) {
                NodeKind::Hidden => sums.system += size,
                NodeKind::Code => sums.code += size,
                NodeKind::Native => {
                    sums.native += size;
                    if Some(snapshot.nodes.name[node as usize]) == array_buffer_data {
                        sums.array_buffers += size;
                    }
                }
                kind if kind.is_string() => sums.strings += size,
                _ => {}
            }
        }
        sums
    }

    /// The summary as `tidemark summary --json` prints it; at most `most` rows of each list.
    pub fn summary(&self, most: usize) -> Value {
        let statistics = self.statistics();
        let classes: Vec<Value> = self
            .histogram()
            .iter()
            .take(most.min(MOST_ROWS))
            .map(ClassRow::to_json)
            .collect();
        let strings = self.duplicate_strings(most);
        let contexts = self.detached_contexts(most);
        json!({
            "fileSize": self.snapshot.bytes(),
            "nodes": self.node_count(),
            "edges": self.snapshot.edge_count(),
            "totalSize": statistics.total,
            "nativeSize": statistics.native,
            "codeSize": statistics.code,
            "stringsSize": statistics.strings,
            "arrayBuffersSize": statistics.array_buffers,
            "systemSize": statistics.system,
            "classes": classes,
            "duplicateStrings": strings.iter().map(DuplicateString::to_json).collect::<Vec<_>>(),
            "detachedContexts": contexts.iter().map(DetachedContext::to_json).collect::<Vec<_>>(),
        })
    }
}

/// The nodes that each node dominates immediately, in order.
pub(crate) struct Children {
    first: Vec<u32>,
    nodes: Vec<Node>,
}

impl Children {
    pub(crate) fn new(analysis: &Analysis) -> Self {
        let count = analysis.node_count();
        let mut first = vec![0_u32; count + 1];
        for &above in &analysis.dominator[1..] {
            first[above as usize] += 1;
        }
        // Where the children of each node end. What is put before an end moves it to the front.
        let mut end = 0;
        for first in &mut first {
            end += *first;
            *first = end;
        }
        let mut nodes = vec![0; count.saturating_sub(1)];
        for node in (1..count).rev() {
            let first = &mut first[analysis.dominator[node] as usize];
            *first -= 1;
            nodes[*first as usize] = node as Node;
        }
        Self { first, nodes }
    }

    pub(crate) fn of(&self, node: Node) -> &[Node] {
        let node = node as usize;
        &self.nodes[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

impl ClassRow {
    pub fn to_json(&self) -> Value {
        json!({
            "class": self.class,
            "count": self.count,
            "selfSize": self.self_size,
            "retainedSize": self.retained_size,
            "distance": self.distance,
        })
    }
}

impl DuplicateString {
    pub fn to_json(&self) -> Value {
        json!({ "text": self.text, "count": self.count, "selfSize": self.self_size, "wasted": self.wasted })
    }

    pub fn description(&self) -> String {
        let text: String = self.text.chars().take(60).collect();
        format!(
            "{} copies of {text:?} waste {}",
            format::grouped(self.count),
            format::bytes(self.wasted as f64)
        )
    }
}

impl DetachedContext {
    pub fn to_json(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "retainedSize": self.retained_size })
    }
}
