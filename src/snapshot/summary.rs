//! What is in a heap: classes, strings that are there more than once, detached contexts.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::classes::Class;
use super::columns::{Node, NodeKind};
use super::words;

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
        rows.sort_by(|a, b| (b.retained_size, &a.class).cmp(&(a.retained_size, &b.class)));
        rows
    }

    /// For each class the sum of the retained sizes of its nodes that no other node of the class
    /// dominates; DevTools' rule.
    pub(crate) fn retained_by_class(&self) -> Vec<u64> {
        let classes = self.classes();
        let mut sums = vec![0; classes.count()];
        let children = Children::new(self);
        // How many nodes of each class are dominators of the current node.
        let mut above = vec![0_u32; classes.count()];
        let mut stack = vec![(0 as Node, false)];
        while let Some((node, left)) = stack.pop() {
            let class = classes.of(node) as usize;
            let counts = self.self_size(node) > 0;
            if left {
                above[class] -= 1;
                continue;
            }
            if counts {
                if above[class] == 0 {
                    sums[class] += self.retained_size(node);
                }
                above[class] += 1;
                stack.push((node, true));
            }
            stack.extend(children.of(node).iter().map(|&child| (child, false)));
        }
        sums
    }

    /// The texts that are there more than once, the greatest waste first.
    pub fn duplicate_strings(&self, most: usize) -> Vec<DuplicateString> {
        let snapshot = &self.snapshot;
        // One text has one entry in the string table. V8 cuts long ones, and then only those of
        // one size count as one text.
        let mut by_name: HashMap<(u32, u64), (u64, u64, u64)> = HashMap::new();
        for node in 0..self.node_count() as Node {
            if snapshot.kind(node) == NodeKind::String && self.self_size(node) > 0 {
                let size = self.self_size(node);
                let name = snapshot.nodes.name[node as usize];
                let cut = snapshot.strings.raw(name).len() >= LONGEST_TEXT;
                let key = (name, if cut { size } else { 0 });
                let (count, sum, least) = by_name.entry(key).or_insert((0, 0, u64::MAX));
                *count += 1;
                *sum += size;
                *least = (*least).min(size);
            }
        }
        let mut found: Vec<_> = by_name
            .into_iter()
            .filter(|(_, (count, ..))| *count > 1)
            .collect();
        found.sort_unstable_by_key(|&(name, (_, sum, least))| {
            (std::cmp::Reverse(sum - least), name)
        });
        found.truncate(most);
        found
            .into_iter()
            .map(|((name, _), (count, self_size, least))| DuplicateString {
                text: snapshot.strings.get(name).into_owned(),
                count,
                self_size,
                wasted: self_size - least,
            })
            .collect()
    }

    /// Realms (of `vm.createContext`, of frames) that are detached and still held.
    pub fn detached_contexts(&self) -> Vec<DetachedContext> {
        let snapshot = &self.snapshot;
        let mut found: Vec<DetachedContext> = (0..self.node_count() as Node)
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
            .map(|node| DetachedContext {
                id: self.id(node),
                name: snapshot.name(node).into_owned(),
                retained_size: self.retained_size(node),
            })
            .collect();
        found.sort_by_key(|context| std::cmp::Reverse(context.retained_size));
        found
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
            .take(most)
            .map(ClassRow::to_json)
            .collect();
        let strings = self.duplicate_strings(most);
        let contexts = self.detached_contexts();
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
            "detachedContexts": contexts.iter().take(most).map(DetachedContext::to_json).collect::<Vec<_>>(),
        })
    }
}

/// The nodes that each node dominates immediately.
pub(crate) struct Children {
    first: Vec<u32>,
    nodes: Vec<Node>,
}

impl Children {
    pub(crate) fn new(analysis: &Analysis) -> Self {
        let count = analysis.node_count();
        let mut first = vec![0_u32; count + 1];
        for node in 1..count {
            first[analysis.dominator[node] as usize + 1] += 1;
        }
        for at in 1..=count {
            first[at] += first[at - 1];
        }
        let mut next = first.clone();
        let mut nodes = vec![0; count.saturating_sub(1)];
        for node in 1..count {
            let slot = &mut next[analysis.dominator[node] as usize];
            nodes[*slot as usize] = node as Node;
            *slot += 1;
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

    pub fn sentence(&self) -> String {
        let text: String = self.text.chars().take(60).collect();
        format!(
            "{} copies of {text:?} waste {}",
            words::number(self.count),
            words::bytes(self.wasted)
        )
    }
}

impl DetachedContext {
    pub fn to_json(&self) -> Value {
        json!({ "id": self.id, "name": self.name, "retainedSize": self.retained_size })
    }
}
