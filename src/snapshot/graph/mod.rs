//! The graph's rules, as Chrome DevTools has them, so that its numbers and ours are the same.
//!
//! DevTools' model answers three questions that V8's file leaves open, and each has a module:
//! which edges retain (`essential`), whose a hidden or array node's bytes are (`shallow`), and
//! how far a node is from the application's roots (`distances`). `dominators` rests on the
//! first. All walk the graph with stacks of their own: a linked list of 10 million nodes is deep.

pub(super) mod bits;
pub(super) mod detached;
pub(super) mod distances;
pub(super) mod dominators;
pub(super) mod essential;
pub(super) mod shallow;
pub(super) mod weak_maps;
