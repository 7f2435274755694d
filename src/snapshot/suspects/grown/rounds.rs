//! The rounds that are compared, and which group of objects grew in all of them.

use std::collections::HashMap;

use super::kinds::Kinds;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::code::is_context;
use crate::snapshot::columns::{Node, NodeKind};
use crate::snapshot::progress::Checkpoint;
use crate::snapshot::suspects::groups::Sample;
use crate::snapshot::suspects::standing::Standing;

/// The most snapshots.
pub(super) const MOST_SNAPSHOTS: usize = 3;
/// Where no objects gather, the bytes a call that are still growth.
const LEAST_BYTES: i64 = 4;

/// What a group is counted by: the node that holds it, and a class by `Kinds`.
pub(super) type Key = (Node, u32);
/// Bytes of what came or went and what stands has gained, in each snapshot, by what holds them.
pub(super) type Bytes = HashMap<Node, [i64; MOST_SNAPSHOTS]>;

/// Members of a group in each snapshot.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) all: [u32; MOST_SNAPSHOTS],
    /// Those that the snapshot before had not.
    pub(super) fresh: [u32; MOST_SNAPSHOTS],
}

/// A class that grew in one place.
pub(super) struct Gathered {
    pub(super) key: Key,
    pub(super) count: Count,
    /// Members above which there is none.
    pub(super) topmost: [u32; MOST_SNAPSHOTS],
    /// Of the topmost ones and all that they hold.
    pub(super) bytes: [i64; MOST_SNAPSHOTS],
    /// In the last snapshot: members below one of their own class.
    pub(super) linked: u32,
    pub(super) sample: Sample,
    pub(super) rank: Rank,
}

/// What a person would rather hear of, where one holder has several: not the keys of a Map but
/// what they lead to, and variables only where nothing has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Object,
    Value,
    Variables,
}

impl Rank {
    pub(super) fn of(analysis: &Analysis, node: Node) -> Self {
        match analysis.kind(node) {
            _ if is_context(&analysis.snapshot, node) => Self::Variables,
            NodeKind::Number | NodeKind::BigInt | NodeKind::Symbol => Self::Value,
            kind if kind.is_string() => Self::Value,
            _ => Self::Object,
        }
    }
}

pub(super) struct Rounds<'a> {
    pub(super) standing: Standing<'a>,
    pub(super) kinds: Kinds,
    pub(super) calls: &'a [u64],
    pub(super) least_share: f64,
    pub(super) checkpoint: &'a Checkpoint,
}

impl Rounds<'_> {
    pub(super) fn rounds(&self) -> usize {
        self.calls.len()
    }

    /// Objects that a round must add at least.
    pub(super) fn least(&self, round: usize) -> u32 {
        let share = self.calls[round] as f64 * self.least_share;
        (share.ceil() as u32).max(1)
    }

    pub(super) fn grew(&self, all: &[u32], fresh: &[u32]) -> bool {
        (0..self.rounds()).all(|round| {
            let gain = all[round + 1].saturating_sub(all[round]);
            gain.min(fresh[round + 1]) >= self.least(round)
        })
    }

    pub(super) fn bytes_grew(&self, bytes: &[i64]) -> bool {
        (0..self.rounds()).all(|round| {
            let least = LEAST_BYTES.saturating_mul(self.calls[round].max(1).cast_signed());
            bytes[round + 1] - bytes[round] >= least
        })
    }

    /// One member holds the others, each the next.
    pub(super) fn is_chain(&self, row: &Gathered) -> bool {
        !self.topmost_grew(row) && row.linked >= row.count.all[self.rounds()] / 2
    }

    pub(super) fn topmost_grew(&self, row: &Gathered) -> bool {
        (0..self.rounds()).all(|round| {
            row.topmost[round + 1].saturating_sub(row.topmost[round]) >= self.least(round)
        })
    }

    /// Objects that a round added: those that the holder has immediately, or links of its chain.
    pub(super) fn gain(&self, row: &Gathered, round: usize) -> u64 {
        let counts = if self.topmost_grew(row) {
            &row.topmost
        } else {
            &row.count.all
        };
        let gain = counts[round + 1].saturating_sub(counts[round]);
        u64::from(gain.min(row.count.fresh[round + 1]))
    }

    /// Whether all that gathered below a holder belongs to its groups. `groups` are in the order of
    /// their keys.
    pub(super) fn is_whole(&self, groups: &[Gathered], holder: Node) -> bool {
        holder != 0
            && !is_context(&self.standing.last().snapshot, holder)
            && groups
                .binary_search_by_key(&holder, |row| row.key.0)
                .is_ok()
    }
}
