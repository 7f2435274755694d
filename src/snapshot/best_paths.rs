//! The way to each node that explains best: not the fewest edges, but the cheapest by a price for
//! each edge that is high where a reader learns nothing.
//!
//! The shortest path often leads through a hidden class, a feedback vector or a handle on the
//! stack of whoever took the snapshot. Prices keep such paths for when there is no other: the
//! application's own variables are cheap, packages dearer, the runtime's own closures dearer
//! still. Weak edges, a `WeakMap`'s own half of its pairs, and V8's table of strings, which is weak
//! though snapshots show it as a root, retain nothing and are no way.
//!
//! One run finds the paths of all nodes: Dijkstra's algorithm with one bucket for each price.

use super::budget::HELD_PER_NODE;
use super::code::{CodeMap, Origin, is_context};
use super::columns::{EdgeKind, Node, NodeKind, Snapshot};
use super::error::SnapshotError;
use super::graph::weak_maps::WeakMaps;
use super::progress::{Checkpoint, Ticker};
use super::strings::Strings;

const NONE: Node = Node::MAX;
/// Prices are below this.
const BUCKETS: usize = 128;
/// An empty bucket keeps room for at most this many nodes.
const LARGEST_KEPT: usize = 1 << 14;
/// Of what is tidemark's own: any other way says more. With the dearest edge still below `BUCKETS`.
const OWN: u32 = 80;

/// For each node what leads to it on its best path; the root and what nothing reaches have
/// nothing.
pub(crate) struct BestPaths {
    from: Vec<Node>,
}

impl BestPaths {
    pub(crate) fn new(prices: &Prices<'_>, checkpoint: &Checkpoint) -> Result<Self, SnapshotError> {
        let snapshot = prices.snapshot;
        let count = snapshot.node_count();
        let edges = &snapshot.edges;
        let mut from = vec![NONE; count];
        let mut total = vec![u32::MAX; count];
        let mut buckets: Vec<Vec<Node>> = vec![Vec::new(); BUCKETS];
        let mut waiting = 1_u64;
        let mut most = count as u64;
        total[0] = 0;
        buckets[0].push(0);
        let mut now = 0_u32;
        let mut ticker = Ticker::new(checkpoint);
        while waiting > 0 {
            let bucket = &mut buckets[now as usize % BUCKETS];
            let Some(node) = bucket.pop() else {
                // The largest of all rounds would stay in each of them.
                bucket.shrink_to(LARGEST_KEPT);
                now += 1;
                continue;
            };
            waiting -= 1;
            if total[node as usize] != now {
                continue;
            }
            ticker.step(1)?;
            for edge in snapshot.edges_of(node) {
                let to = edges.to[edge];
                if total[to as usize] <= now {
                    continue;
                }
                let Some(price) = prices.of(node, edge) else {
                    continue;
                };
                let sum = now.saturating_add(price);
                if sum < total[to as usize] {
                    total[to as usize] = sum;
                    from[to as usize] = node;
                    buckets[sum as usize % BUCKETS].push(to);
                    waiting += 1;
                    if waiting > most {
                        // A node waits again with each cheaper price.
                        snapshot.check_peak(count * HELD_PER_NODE + waiting as usize * 4)?;
                        most = waiting * 2;
                    }
                }
            }
        }
        Ok(Self { from })
    }

    /// What leads to `node`.
    pub(crate) fn retainer(&self, node: Node) -> Option<Node> {
        let from = self.from[node as usize];
        (from != NONE).then_some(from)
    }
}

/// What a step along an edge costs.
pub(crate) struct Prices<'a> {
    snapshot: &'a Snapshot,
    weak_maps: &'a WeakMaps,
    code: &'a CodeMap,
    names: &'a PricedNames,
}

/// Where the strings stand that prices depend on, of those that the snapshot has.
pub(crate) struct PricedNames {
    prototype: Option<u32>,
    constructor: Option<u32>,
    map: Option<u32>,
    handles: Option<u32>,
    from_native: Option<u32>,
    internalized: Option<u32>,
}

impl PricedNames {
    pub(crate) fn new(strings: &Strings) -> Self {
        let [
            prototype,
            constructor,
            map,
            handles,
            from_native,
            internalized,
        ] = strings.find_each([
            b"__proto__",
            b"constructor",
            b"map",
            b"(Global handles)",
            b"native_to_javascript",
            b"(Internalized strings)",
        ]);
        Self {
            prototype,
            constructor,
            map,
            handles,
            from_native,
            internalized,
        }
    }
}

impl<'a> Prices<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        weak_maps: &'a WeakMaps,
        code: &'a CodeMap,
        names: &'a PricedNames,
    ) -> Self {
        Self {
            snapshot,
            weak_maps,
            code,
            names,
        }
    }

    /// The price of an edge, at least 1; nothing where it is no way.
    pub(crate) fn of(&self, from: Node, edge: usize) -> Option<u32> {
        let (snapshot, names) = (self.snapshot, self.names);
        let edges = &snapshot.edges;
        let name = Some(edges.name[edge]);
        let to = edges.to[edge];
        let by_edge = match edges.kind[edge] {
            EdgeKind::Weak => return None,
            EdgeKind::Shortcut if from != 0 => return None,
            EdgeKind::Property if name == names.prototype => 20,
            EdgeKind::Property if name == names.constructor => 10,
            EdgeKind::Internal => {
                if let Some(pair) = self.weak_maps.get(edges.name[edge])
                    && pair.table == snapshot.id(from)
                {
                    return None;
                }
                // From Node.js' own half of an object, which its list of all of them leads to.
                if name == names.map || name == names.from_native {
                    40
                } else {
                    2
                }
            }
            EdgeKind::Hidden => 4,
            _ => 1,
        };
        let by_node = match snapshot.kind(to) {
            NodeKind::Code | NodeKind::ObjectShape => 30,
            NodeKind::Hidden => 4,
            NodeKind::Synthetic if Some(snapshot.nodes.name[to as usize]) == names.handles => 8,
            NodeKind::Synthetic if from == 0 => 4,
            // Stacks, handle scopes, V8's own tables.
            NodeKind::Synthetic => 50,
            NodeKind::Closure => self.by_origin(to),
            NodeKind::Object if is_context(snapshot, to) => self.by_origin(to),
            NodeKind::Object if self.code.is_own_object(to) => OWN,
            // What Node.js keeps a handle of, such as a port or a socket, is mostly the app's.
            _ if Some(snapshot.nodes.name[from as usize]) == names.handles => 32,
            kind if kind.is_string()
                && Some(snapshot.nodes.name[from as usize]) == names.internalized
                && snapshot.kind(from) == NodeKind::Synthetic =>
            {
                return None;
            }
            // A handle of whoever took the snapshot; the variable is the better answer.
            _ if from != 0 && snapshot.kind(from) == NodeKind::Synthetic => 16,
            _ => 0,
        };
        Some(by_edge + by_node)
    }

    fn by_origin(&self, node: Node) -> u32 {
        match self.code.origin(self.snapshot, node) {
            Origin::Application => 0,
            Origin::Package => 2,
            Origin::Unknown => 8,
            Origin::Runtime => 12,
            Origin::Own => OWN,
        }
    }
}
