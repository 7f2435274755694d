//! Immediate dominators by the semi-NCA algorithm (Georgiadis, "Linear-Time Algorithms for
//! Dominators and Related Problems", 2005): Lengauer and Tarjan's semidominators without their
//! buckets, then each dominator as the nearest common ancestor of parent and semidominator.
//!
//! 1. Number the nodes in depth-first order from the root. Then number what the root does not
//!    reach: first what grows from nodes without any essential retainer, which count as the
//!    root's children; then what is left, circles that retain only themselves. Those are the
//!    root's children too and retain nothing, each by itself, as in DevTools.
//! 2. Collect for each node the retainers other than its parent in the tree.
//! 3. From the last number down, find the semidominator: the smallest number from which a path
//!    leads to the node over greater numbers only. `ancestor` and `label` are the forest of what
//!    is done, with path compression.
//! 4. From the first number up, climb from the parent until not above the semidominator.
//!
//! Nothing recurses. Numbers are in depth-first order throughout; `order` leads back to nodes.

use std::mem;

use super::bits::Bits;
use super::essential::Essential;
use crate::snapshot::columns::{Edge, Node, Snapshot};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::{Checkpoint, Ticker};

/// The dominator tree.
pub(crate) struct Tree {
    /// For each node its immediate dominator; the root's is the root.
    pub(crate) dominator: Vec<Node>,
    /// All nodes, each after its dominator.
    pub(crate) order: Vec<Node>,
}

pub(crate) fn dominators(
    snapshot: &Snapshot,
    essential: &Essential,
    checkpoint: &Checkpoint,
) -> Result<Tree, SnapshotError> {
    let mut walk = Walk::new(snapshot, essential, checkpoint)?;
    let retainers = Retainers::new(snapshot, essential, &mut walk, checkpoint)?;
    let Walk {
        order,
        mut parent,
        met,
        reached,
    } = walk;
    // The peak of the memory is here: what is not needed any more is used again.
    let forest = Forest::new(&parent[..reached], met);
    let semi = semidominators(&parent, &retainers, forest, checkpoint)?;
    let mut dominator = retainers.first;
    drop(retainers.numbers);
    // From here on `parent` holds dominators, from the front.
    for w in 1..reached {
        let mut dominator = parent[w];
        while dominator > semi[w] {
            dominator = parent[dominator as usize];
        }
        parent[w] = dominator;
    }
    drop(semi);
    dominator.resize(order.len(), 0);
    for (w, &node) in order.iter().enumerate() {
        dominator[node as usize] = order[parent[w] as usize];
    }
    Ok(Tree { dominator, order })
}

/// Bytes a node at the peak, retainers aside: order, parent, forest, first retainer, semidominator,
/// and on the other thread the distance.
const PEAK_PER_NODE: usize = 7 * 4;

const NONE: u32 = u32::MAX;
const NOT_MET: Met = Met {
    number: NONE,
    retainers: 0,
};

/// What the walk knows of a node. Both stand together, since both are wanted for each edge and
/// each would be a miss of the cache.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Met {
    number: u32,
    /// How many essential edges lead to the node. Once the retainers are collected, where the
    /// next goes, or [`NONE`] for a node that needs none.
    retainers: u32,
}

/// The depth-first numbering.
struct Walk {
    /// Number to node.
    order: Vec<Node>,
    /// Number to the number of the parent.
    parent: Vec<u32>,
    /// By node.
    met: Vec<Met>,
    /// Numbers from here on belong to circles that nothing reaches.
    reached: usize,
}

impl Walk {
    fn new(
        snapshot: &Snapshot,
        essential: &Essential,
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let count = snapshot.node_count();
        let mut walk = Self {
            order: Vec::with_capacity(count),
            parent: Vec::with_capacity(count),
            met: vec![NOT_MET; count],
            reached: 0,
        };
        let mut ticker = Ticker::new(checkpoint);
        walk.descend(0, snapshot, essential, &mut ticker)?;
        if walk.order.len() < count {
            let retained = walk.retained(snapshot, essential, &mut ticker)?;
            for node in 0..count as Node {
                if !walk.has_number(node) && !retained.get(node) {
                    walk.descend(node, snapshot, essential, &mut ticker)?;
                }
            }
        }
        walk.reached = walk.order.len();
        for node in 0..count as Node {
            if !walk.has_number(node) {
                walk.give_number(node, 0);
            }
        }
        Ok(walk)
    }

    /// Which of the nodes without a number any essential edge leads to.
    fn retained(
        &self,
        snapshot: &Snapshot,
        essential: &Essential,
        ticker: &mut Ticker<'_>,
    ) -> Result<Bits, SnapshotError> {
        let mut retained = Bits::new(self.met.len());
        for node in 0..self.met.len() as Node {
            // What a numbered node retains has a number itself.
            if self.has_number(node) {
                continue;
            }
            let range = snapshot.edges_of(node);
            ticker.step(range.len() as u64)?;
            for edge in range {
                if essential.contains(edge) {
                    retained.set(snapshot.edges.to[edge]);
                }
            }
        }
        Ok(retained)
    }

    fn has_number(&self, node: Node) -> bool {
        self.met[node as usize].number != NONE
    }

    fn give_number(&mut self, node: Node, parent: u32) -> u32 {
        let number = self.order.len() as u32;
        self.met[node as usize].number = number;
        self.order.push(node);
        self.parent.push(parent);
        number
    }

    fn descend(
        &mut self,
        start: Node,
        snapshot: &Snapshot,
        essential: &Essential,
        ticker: &mut Ticker<'_>,
    ) -> Result<(), SnapshotError> {
        let mut stack = Vec::new();
        let mut node = start;
        let mut number = self.give_number(node, 0);
        let mut edges = snapshot.edges_of(node);
        ticker.step(edges.len() as u64)?;
        loop {
            let Some(edge) = edges.next() else {
                let Some((above, rest)) = stack.pop() else {
                    return Ok(());
                };
                node = above;
                number = self.met[node as usize].number;
                edges = rest as usize..snapshot.edges_of(node).end;
                continue;
            };
            if !essential.contains(edge) {
                continue;
            }
            let to = snapshot.edges.to[edge];
            let met = &mut self.met[to as usize];
            met.retainers += 1;
            if met.number == NONE {
                if !edges.is_empty() {
                    stack.push((node, edges.start as Edge));
                }
                number = self.give_number(to, number);
                node = to;
                edges = snapshot.edges_of(node);
                ticker.step(edges.len() as u64)?;
            }
        }
    }
}

/// For each number the numbers of its retainers other than its parent, all within what the root
/// reaches.
struct Retainers {
    first: Vec<u32>,
    numbers: Vec<u32>,
}

impl Retainers {
    fn new(
        snapshot: &Snapshot,
        essential: &Essential,
        walk: &mut Walk,
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let mut first = Vec::with_capacity(snapshot.node_count() + 1);
        let mut total = 0;
        for &node in &walk.order[..walk.reached] {
            first.push(total);
            let next = &mut walk.met[node as usize].retainers;
            // A single retainer is the parent.
            if *next == 1 {
                *next = NONE;
            } else {
                total += mem::replace(next, total);
            }
        }
        first.push(total);
        snapshot.check_peak(snapshot.node_count() * PEAK_PER_NODE + total as usize * 4)?;
        let mut numbers = vec![NONE; total as usize];
        let mut ticker = Ticker::new(checkpoint);
        for node in 0..snapshot.node_count() as Node {
            let number = walk.met[node as usize].number;
            if number as usize >= walk.reached {
                continue;
            }
            let range = snapshot.edges_of(node);
            ticker.step(range.len() as u64)?;
            for edge in range {
                if !essential.contains(edge) {
                    continue;
                }
                let next = &mut walk.met[snapshot.edges.to[edge] as usize].retainers;
                if *next != NONE {
                    numbers[*next as usize] = number;
                    *next += 1;
                }
            }
        }
        Ok(Self { first, numbers })
    }

    fn of(&self, number: usize) -> &[u32] {
        &self.numbers[self.first[number] as usize..self.first[number + 1] as usize]
    }
}

fn semidominators(
    parent: &[u32],
    retainers: &Retainers,
    mut forest: Forest,
    checkpoint: &Checkpoint,
) -> Result<Vec<u32>, SnapshotError> {
    let reached = forest.trees.len();
    let mut semi = parent[..reached].to_vec();
    let mut ticker = Ticker::new(checkpoint);
    for w in (1..reached).rev() {
        let mut least = semi[w];
        let retainers = retainers.of(w);
        ticker.step(1 + retainers.len() as u64)?;
        for &retainer in retainers {
            least = least.min(forest.evaluate(retainer, w as u32));
        }
        semi[w] = least;
        forest.trees[w].label = least;
    }
    Ok(semi)
}

/// What is done: all numbers greater than the current one.
struct Forest {
    trees: Vec<Tie>,
    path: Vec<u32>,
}

#[derive(Clone, Copy)]
#[repr(align(8))]
struct Tie {
    ancestor: u32,
    /// The least semidominator on the way up to below the ancestor.
    label: u32,
}

impl Forest {
    /// Lives where `met` did: its entries are as large.
    fn new(parent: &[u32], met: Vec<Met>) -> Self {
        let tie = |(label, (_, &ancestor))| Tie {
            ancestor,
            label: label as u32,
        };
        Self {
            trees: met.into_iter().zip(parent).enumerate().map(tie).collect(),
            path: Vec::new(),
        }
    }

    /// The least label on the way from `v` up to above `last`.
    #[inline]
    fn evaluate(&mut self, v: u32, last: u32) -> u32 {
        if v <= last {
            return v;
        }
        let mut top = v;
        let mut tie = self.trees[top as usize];
        while tie.ancestor > last {
            self.path.push(top);
            top = tie.ancestor;
            tie = self.trees[top as usize];
        }
        let mut minimum = tie.label;
        while let Some(below) = self.path.pop() {
            let below = &mut self.trees[below as usize];
            minimum = minimum.min(below.label);
            *below = Tie {
                ancestor: tie.ancestor,
                label: minimum,
            };
        }
        minimum
    }
}
