//! A snapshot in columns: one vector a field, nodes and edges by index.
//!
//! What always holds after parsing: the edges of node `n` are `first_edge[n]..first_edge[n + 1]`,
//! every edge leads to a node that exists, every name is in the string table, node 0 is the root.

use std::borrow::Cow;
use std::collections::HashMap;

use super::budget;
use super::error::SnapshotError;
use super::strings::Strings;

/// The index of a node: its place in the file.
pub type Node = u32;
/// The index of an edge.
pub type Edge = u32;

/// V8's node types. The numbers in the file differ by version; these do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    Hidden,
    Array,
    String,
    Object,
    Code,
    Closure,
    RegExp,
    Number,
    Native,
    Synthetic,
    ConsString,
    SlicedString,
    Symbol,
    BigInt,
    ObjectShape,
    WasmObject,
    /// A type that came after this was written.
    Other,
}

impl NodeKind {
    const NAMES: [(Self, &'static str); 17] = [
        (Self::Hidden, "hidden"),
        (Self::Array, "array"),
        (Self::String, "string"),
        (Self::Object, "object"),
        (Self::Code, "code"),
        (Self::Closure, "closure"),
        (Self::RegExp, "regexp"),
        (Self::Number, "number"),
        (Self::Native, "native"),
        (Self::Synthetic, "synthetic"),
        (Self::ConsString, "concatenated string"),
        (Self::SlicedString, "sliced string"),
        (Self::Symbol, "symbol"),
        (Self::BigInt, "bigint"),
        (Self::ObjectShape, "object shape"),
        (Self::WasmObject, "wasm object"),
        (Self::Other, "other"),
    ];

    pub(crate) fn from_name(name: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map_or(Self::Other, |(kind, _)| *kind)
    }

    /// V8's name of the type.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    pub(crate) fn is_string(self) -> bool {
        matches!(self, Self::String | Self::ConsString | Self::SlicedString)
    }
}

/// V8's edge types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    Context,
    Element,
    Property,
    Internal,
    Hidden,
    Shortcut,
    Weak,
    /// A type that came after this was written: it retains, and its name is a string.
    Other,
}

impl EdgeKind {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "context" => Self::Context,
            "element" => Self::Element,
            "property" => Self::Property,
            "internal" => Self::Internal,
            "hidden" => Self::Hidden,
            "shortcut" => Self::Shortcut,
            "weak" => Self::Weak,
            _ => Self::Other,
        }
    }

    /// V8's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Element => "element",
            Self::Property => "property",
            Self::Internal => "internal",
            Self::Hidden => "hidden",
            Self::Shortcut => "shortcut",
            Self::Weak => "weak",
            Self::Other => "other",
        }
    }

    /// Whether the edge is named by a number and not by a string.
    pub(crate) fn is_indexed(self) -> bool {
        matches!(self, Self::Element | Self::Hidden)
    }
}

/// Sizes in bytes. Nearly all fit 32 bits, and the few that do not stand beside; where they are many,
/// as in a heap of more than 4 GB, all have 64 bits.
#[derive(Clone, Default)]
pub(crate) struct Sizes {
    low: Vec<u32>,
    high: HashMap<Node, u64>,
    /// Instead of both.
    wide: Vec<u64>,
}

/// Of so many sizes one may stand beside: more would take more memory there than 64 bits for each.
const SHARE_BESIDE: usize = 16;
/// And so many in any case.
const LEAST_BESIDE: usize = 1 << 10;
/// Bytes of a size that stands beside: key, value and control byte, at the lowest load.
const PER_SIZE_BESIDE: usize = 2 * (size_of::<(Node, u64)>() + 1);

impl Sizes {
    pub(crate) fn own_memory(&self) -> usize {
        self.low.capacity() * size_of::<u32>()
            + self.wide.capacity() * size_of::<u64>()
            + self.high.len() * PER_SIZE_BESIDE
    }

    /// Bytes beyond 32 bits for each.
    fn used_beyond_low(&self) -> usize {
        self.wide.len() * size_of::<u32>() + self.high.len() * PER_SIZE_BESIDE
    }

    /// Adds to the size of a node.
    #[inline]
    pub(crate) fn add(&mut self, node: Node, more: u64) {
        let sum = self.get(node).saturating_add(more);
        self.set(node, sum);
    }

    pub(crate) fn push(&mut self, size: u64) {
        if !self.wide.is_empty() {
            self.wide.push(size);
            return;
        }
        let node = self.low.len() as Node;
        self.low.push(0);
        self.set(node, size);
    }

    /// Appends sizes that are all less than `u32::MAX`.
    pub(crate) fn extend_small(&mut self, sizes: impl Iterator<Item = u32>) {
        if self.wide.is_empty() {
            self.low.extend(sizes);
        } else {
            self.wide.extend(sizes.map(u64::from));
        }
    }

    #[inline]
    pub(crate) fn get(&self, node: Node) -> u64 {
        match self.low.get(node as usize) {
            Some(&u32::MAX) => self.high.get(&node).copied().unwrap_or(u64::from(u32::MAX)),
            Some(&size) => u64::from(size),
            None => self.wide[node as usize],
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, node: Node, size: u64) {
        match self.low.get_mut(node as usize) {
            Some(low) if size < u64::from(u32::MAX) => *low = size as u32,
            Some(low) => {
                *low = u32::MAX;
                self.high.insert(node, size);
                if self.high.len() > LEAST_BESIDE.max(self.low.len() / SHARE_BESIDE) {
                    self.widen();
                }
            }
            None => self.wide[node as usize] = size,
        }
    }

    #[cold]
    fn widen(&mut self) {
        let mut wide = Vec::new();
        // What is expected of the narrow ones; without room it grows.
        let _ = wide.try_reserve_exact(self.low.capacity());
        wide.extend((0..self.low.len() as Node).map(|node| self.get(node)));
        *self = Self {
            wide,
            ..Self::default()
        };
    }
}

#[derive(Default)]
pub(crate) struct Nodes {
    pub(crate) kind: Vec<NodeKind>,
    pub(crate) name: Vec<u32>,
    pub(crate) id: Vec<u32>,
    pub(crate) self_size: Sizes,
    /// One more than there are nodes.
    pub(crate) first_edge: Vec<Edge>,
    /// Nodes whose `detachedness` is not 0, with it.
    pub(crate) detachedness: Vec<(Node, u8)>,
    /// Whether the file has the field at all.
    pub(crate) has_detachedness: bool,
}

impl Nodes {
    pub(crate) fn own_memory(&self) -> usize {
        self.kind.capacity() * size_of::<NodeKind>()
            + (self.name.capacity() + self.id.capacity() + self.first_edge.capacity()) * 4
            + self.self_size.own_memory()
    }

    /// Room for `count` nodes, if it can be had: a vector that grows leaves behind what it was.
    pub(crate) fn expect(&mut self, count: usize) {
        // One more is the end of the last node's edges.
        let _ = self.first_edge.try_reserve_exact(count + 1);
        let _ = self.kind.try_reserve_exact(count);
        for column in [&mut self.name, &mut self.id, &mut self.self_size.low] {
            let _ = column.try_reserve_exact(count);
        }
    }

    /// Bytes of memory that are in use, without what the vectors have reserved.
    pub(crate) fn used(&self) -> usize {
        self.kind.len() * PER_NODE
            + self.self_size.used_beyond_low()
            + self.detachedness.len() * size_of::<(Node, u8)>()
    }
}

/// Bytes of a node in its columns: kind, name, id, size and first edge.
const PER_NODE: usize = 1 + 4 * 4;
/// Bytes of an edge in its columns: kind, name and target.
const PER_EDGE: usize = 1 + 2 * 4;

#[derive(Default)]
pub(crate) struct Edges {
    pub(crate) kind: Vec<EdgeKind>,
    /// A string, or the index where `EdgeKind::is_indexed`.
    pub(crate) name: Vec<u32>,
    pub(crate) to: Vec<Node>,
}

impl Edges {
    pub(crate) fn own_memory(&self) -> usize {
        self.kind.capacity() * size_of::<EdgeKind>()
            + (self.name.capacity() + self.to.capacity()) * 4
    }

    /// Room for `count` edges, if it can be had.
    pub(crate) fn expect(&mut self, count: usize) {
        let _ = self.kind.try_reserve_exact(count);
        let _ = self.name.try_reserve_exact(count);
        let _ = self.to.try_reserve_exact(count);
    }

    pub(crate) fn used(&self) -> usize {
        self.kind.len() * PER_EDGE
    }
}

/// Where in the source an object's constructor, or a function, stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub(crate) node: Node,
    pub script_id: i32,
    /// From 0.
    pub line: u32,
    /// From 0.
    pub column: u32,
}

/// A parsed snapshot. [`super::Analysis`] says what it means.
pub struct Snapshot {
    pub(crate) nodes: Nodes,
    pub(crate) edges: Edges,
    pub(crate) strings: Strings,
    /// In the order of nodes.
    pub(crate) locations: Vec<Location>,
    pub(crate) extra_native_bytes: u64,
    /// Length of the JSON in bytes.
    pub(crate) bytes: u64,
}

impl Snapshot {
    pub fn node_count(&self) -> usize {
        self.nodes.kind.len()
    }

    pub fn edge_count(&self) -> usize {
        self.edges.to.len()
    }

    /// Bytes of memory that this takes.
    pub fn own_memory(&self) -> usize {
        self.nodes.own_memory()
            + self.edges.own_memory()
            + self.strings.own_memory()
            + self.locations.capacity() * size_of::<Location>()
    }

    /// Refuses a file whose analysis takes more memory than is in proportion, where beside the
    /// columns `more` bytes are wanted.
    pub(crate) fn check_peak(&self, more: usize) -> Result<(), SnapshotError> {
        budget::check_peak(self.bytes, self.used() + more)
    }

    /// As [`Self::check_peak`], of what stays.
    pub(crate) fn check_held(&self, more: usize) -> Result<(), SnapshotError> {
        budget::check_held(self.bytes, self.used() + more)
    }

    /// Bytes that retained sizes take beyond 32 bits for each: those of a heap of more than 4 GB may.
    pub(crate) fn wider_sizes(&self) -> usize {
        let count = self.node_count();
        let total = (0..count as Node).fold(0_u64, |sum, node| {
            sum.saturating_add(self.nodes.self_size.get(node))
        });
        if total < u64::from(u32::MAX) {
            return 0;
        }
        count * size_of::<u32>()
    }

    fn used(&self) -> usize {
        self.nodes.used()
            + self.edges.used()
            + self.strings.used()
            + self.locations.len() * size_of::<Location>()
    }

    /// Length of the JSON that was parsed, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn kind(&self, node: Node) -> NodeKind {
        self.nodes.kind[node as usize]
    }

    pub(crate) fn id(&self, node: Node) -> u32 {
        self.nodes.id[node as usize]
    }

    /// The edges that leave `node`.
    #[inline]
    pub(crate) fn edges_of(&self, node: Node) -> std::ops::Range<usize> {
        let node = node as usize;
        self.nodes.first_edge[node] as usize..self.nodes.first_edge[node + 1] as usize
    }

    pub(crate) fn raw_name(&self, node: Node) -> &[u8] {
        self.strings.raw(self.nodes.name[node as usize])
    }

    pub(crate) fn name(&self, node: Node) -> Cow<'_, str> {
        self.strings.get(self.nodes.name[node as usize])
    }

    /// The raw name of an edge that is named by a string.
    pub(crate) fn raw_edge_name(&self, edge: usize) -> Option<&[u8]> {
        (!self.edges.kind[edge].is_indexed()).then(|| self.strings.raw(self.edges.name[edge]))
    }

    pub(crate) fn edge_name(&self, edge: usize) -> Cow<'_, str> {
        if self.edges.kind[edge].is_indexed() {
            return Cow::Owned(self.edges.name[edge].to_string());
        }
        self.strings.get(self.edges.name[edge])
    }

    /// Where an edge with this kind and raw name leads.
    pub(crate) fn follow(&self, node: Node, kind: EdgeKind, raw: &[u8]) -> Option<Node> {
        self.edges_of(node)
            .find(|&edge| self.edges.kind[edge] == kind && self.raw_edge_name(edge) == Some(raw))
            .map(|edge| self.edges.to[edge])
    }

    pub(crate) fn location(&self, node: Node) -> Option<Location> {
        let at = self
            .locations
            .binary_search_by_key(&node, |location| location.node);
        at.ok().map(|at| self.locations[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a plain vector would have them, also where most are large.
    #[test]
    fn sizes_of_any_width_are_what_was_put_in() {
        for large_of in [0, 1, 7, 1000, u64::MAX] {
            let value = |at: u64| match at.checked_rem(large_of) {
                Some(0) => u64::from(u32::MAX) + at,
                _ => at % 5,
            };
            let (mut sizes, mut plain) = (Sizes::default(), Vec::new());
            for at in 0..20_000 {
                if at % 3 == 0 {
                    sizes.extend_small(std::iter::once(at as u32));
                    plain.push(at);
                } else {
                    sizes.push(value(at));
                    plain.push(value(at));
                }
            }
            for at in (0..20_000).step_by(11) {
                sizes.add(at, 1 << 33);
                plain[at as usize] += 1 << 33;
                sizes.set(at + 1, 5);
                plain[at as usize + 1] = 5;
            }
            let read: Vec<_> = (0..20_000).map(|node| sizes.get(node)).collect();
            assert_eq!(read, plain);
            // At most what 64 bits take, and a growing vector's reserve.
            assert!(sizes.own_memory() <= 2 * 20_000 * 8 + LEAST_BESIDE * PER_SIZE_BESIDE);
        }
    }
}
