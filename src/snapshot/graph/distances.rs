//! The distance of a node: how many edges from a user root, or, for what only V8's own roots
//! reach, from the root with an offset that tells it apart.

use super::bits::{BitWriter, Bits};
use super::shallow::is_user_root;
use super::weak_maps::WeakMaps;
use crate::snapshot::columns::{EdgeKind, NodeKind, Snapshot};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// The distance of what nothing reaches.
pub const UNREACHABLE: i32 = -5;
/// Added to the distances of what only V8's own roots reach.
pub const SYSTEM: i32 = 100_000_000;

/// `room` is memory to be used again.
pub(crate) fn distances(
    snapshot: &Snapshot,
    weak_maps: &WeakMaps,
    room: Vec<u32>,
    checkpoint: &Checkpoint,
) -> Result<Vec<i32>, SnapshotError> {
    let count = snapshot.node_count();
    let mut distances: Vec<i32> = room.into_iter().map(|_| UNREACHABLE).collect();
    distances.resize(count, UNREACHABLE);
    let mut search = Search {
        snapshot,
        weak_maps,
        distances,
        reached: Bits::new(count),
        queue: Vec::new(),
        special: Bits::default(),
        half_pairs: Bits::new(weak_maps.count()),
        native_context: snapshot.strings.find(b"system / NativeContext"),
        sloppy_function_map: snapshot.strings.find(b"sloppy_function_map"),
        map_descriptors: snapshot.strings.find(b"(map descriptors)"),
    };
    search.special = search.find_special();
    for edge in snapshot.edges_of(0) {
        let to = snapshot.edges.to[edge];
        if is_user_root(snapshot, to) {
            search.reach(to, 1);
        }
    }
    let has_user_roots = !search.queue.is_empty();
    search.run(1, checkpoint)?;
    search.reached.set(0);
    let from_root = if has_user_roots { SYSTEM } else { 0 };
    search.distances[0] = from_root;
    search.queue.push(0);
    search.run(from_root, checkpoint)?;
    Ok(search.distances)
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    weak_maps: &'a WeakMaps,
    distances: Vec<i32>,
    reached: Bits,
    queue: Vec<u32>,
    /// Nodes whose edges must be looked at one by one, since rules may except some. A bit each,
    /// in the order of nodes, spares the search a look at its kind and name, far away in memory.
    special: Bits,
    /// Pairs one half of which was met.
    half_pairs: Bits,
    native_context: Option<u32>,
    sloppy_function_map: Option<u32>,
    map_descriptors: Option<u32>,
}

impl Search<'_> {
    fn find_special(&self) -> Bits {
        let count = self.snapshot.node_count();
        let mut special = BitWriter::with_capacity(count);
        for node in 0..count as u32 {
            special.push(self.exception(node) || self.weak_maps.is_holder(node));
        }
        special.finish()
    }

    #[inline]
    fn reach(&mut self, node: u32, distance: i32) {
        if self.reached.insert(node) {
            self.distances[node as usize] = distance;
            self.queue.push(node);
        }
    }

    /// Breadth first, level by level, from what is in the queue and is as far as `distance`;
    /// empties the queue.
    fn run(&mut self, mut distance: i32, checkpoint: &Checkpoint) -> Result<(), SnapshotError> {
        let mut ticker = Ticker::new(checkpoint);
        let mut level = Vec::new();
        while !self.queue.is_empty() {
            std::mem::swap(&mut level, &mut self.queue);
            distance += 1;
            for node in level.drain(..) {
                ticker.step(self.visit(node, distance))?;
            }
        }
        Ok(())
    }

    /// Answers how many edges were looked at.
    #[inline]
    fn visit(&mut self, node: u32, distance: i32) -> u64 {
        let snapshot = self.snapshot;
        let edges = &snapshot.edges;
        let range = snapshot.edges_of(node);
        let length = range.len() as u64;
        if self.special.get(node) {
            self.visit_special(node, distance);
            return length;
        }
        for (&kind, &to) in edges.kind[range.clone()].iter().zip(&edges.to[range]) {
            if kind != EdgeKind::Weak {
                self.reach(to, distance);
            }
        }
        length
    }

    #[cold]
    fn visit_special(&mut self, node: u32, distance: i32) {
        let exception = self.exception(node);
        for edge in self.snapshot.edges_of(node) {
            let kind = self.snapshot.edges.kind[edge];
            let to = self.snapshot.edges.to[edge];
            if kind == EdgeKind::Weak || self.reached.get(to) {
                continue;
            }
            if exception && !self.allowed(node, edge) || self.is_first_half(kind, edge) {
                continue;
            }
            self.reach(to, distance);
        }
    }

    /// Whether some of the node's edges do not count.
    fn exception(&self, node: u32) -> bool {
        let name = Some(self.snapshot.nodes.name[node as usize]);
        match self.snapshot.kind(node) {
            NodeKind::Hidden => name == self.native_context,
            NodeKind::Array => name == self.map_descriptors,
            _ => false,
        }
    }

    fn allowed(&self, node: u32, edge: usize) -> bool {
        let kind = self.snapshot.edges.kind[edge];
        let name = self.snapshot.edges.name[edge];
        if self.snapshot.kind(node) == NodeKind::Hidden {
            return kind.is_indexed() || Some(name) != self.sloppy_function_map;
        }
        // Maps share descriptor arrays; the third of each triple may belong to another map.
        let index = if kind.is_indexed() {
            i64::from(name)
        } else {
            leading_number(self.snapshot.strings.raw(name))
        };
        index < 2 || index % 3 != 1
    }

    /// A value of a `WeakMap` is as far as the farther of key and table.
    fn is_first_half(&mut self, kind: EdgeKind, edge: usize) -> bool {
        if kind != EdgeKind::Internal {
            return false;
        }
        let Some(pair) = self.weak_maps.get(self.snapshot.edges.name[edge]) else {
            return false;
        };
        self.half_pairs.flip(pair.pair)
    }
}

/// What JavaScript's `parseInt` answers, for names that V8 gives; without a number, one that
/// the rule for descriptors lets pass.
fn leading_number(raw: &[u8]) -> i64 {
    let digits = raw.iter().take_while(|byte| byte.is_ascii_digit()).take(9);
    digits.fold(0, |value, byte| value * 10 + i64::from(byte - b'0'))
}
