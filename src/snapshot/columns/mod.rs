//! A snapshot in columns: one vector a field, nodes and edges by index.
//!
//! What always holds after parsing: the edges of node `n` are `first_edge[n]..first_edge[n + 1]`,
//! every edge leads to a node that exists, every name is in the string table, node 0 is the root.

mod kinds;
mod sizes;

use std::borrow::Cow;

pub use self::kinds::{Edge, EdgeKind, Node, NodeKind};
pub(crate) use self::sizes::Sizes;
use super::budget;
use super::error::SnapshotError;
use super::strings::Strings;

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
