//! What came between the snapshots, counted by what holds it and by class, and its bytes.

use std::collections::HashMap;

use super::rounds::{Bytes, Count, Gathered, Key, MOST_SNAPSHOTS, Rank, Rounds};
use crate::snapshot::budget::HELD_PER_NODE;
use crate::snapshot::code::is_context;
use crate::snapshot::columns::{Node, NodeKind};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::progress::Ticker;
use crate::snapshot::suspects::groups::{Sample, counts_as_member};
use crate::snapshot::suspects::naming::is_container;
use crate::snapshot::suspects::standing;
use crate::sorting::sort_by_key;

/// Of a node in no group.
const NONE: u32 = u32::MAX;

impl Rounds<'_> {
    /// The groups that grew, and the bytes of what holds them or grew by its bytes alone.
    pub(super) fn gathered(&self) -> Result<(Vec<Gathered>, Bytes), SnapshotError> {
        let mut counts = HashMap::new();
        let mut bytes = Bytes::new();
        for at in 0..self.standing.snapshots.len() {
            self.count(at, &mut counts, &mut bytes)?;
        }
        counts.retain(|_, count| self.grew(&count.all, &count.fresh));
        let groups = self.group(counts)?;
        let last = self.standing.last();
        // What gathers in one variable says nothing of the others.
        for row in &groups {
            if is_context(&last.snapshot, row.key.0)
                && let Some(sums) = bytes.get_mut(&row.key.0)
            {
                for (sum, of_group) in sums.iter_mut().zip(&row.bytes) {
                    *sum -= of_group;
                }
            }
        }
        bytes.retain(|&holder, sums| {
            let is_place = holder != 0 && !last.is_global(holder);
            self.is_whole(&groups, holder) || is_place && self.bytes_grew(sums)
        });
        Ok((groups, bytes))
    }

    /// Counts what does not stand, by what holds it.
    fn count(
        &self,
        at: usize,
        counts: &mut HashMap<Key, Count>,
        bytes: &mut Bytes,
    ) -> Result<(), SnapshotError> {
        let analysis = self.standing.snapshots[at];
        let last = self.standing.last();
        let holders = self.standing.holders(at);
        let mut ticker = Ticker::new(self.checkpoint);
        for node in 1..analysis.node_count() as Node {
            ticker.step(1)?;
            let kind = analysis.kind(node);
            if is_v8s(kind) {
                continue;
            }
            let size = analysis.self_size(node).cast_signed();
            if let Some(later) = self.standing.standing(at, node) {
                // Of what stands the sums only want what changed.
                let gain = size - last.self_size(later).cast_signed();
                if gain != 0 {
                    bytes.entry(holders[node as usize]).or_default()[at] += gain;
                }
                continue;
            }
            let holder = holders[node as usize];
            if size != 0 {
                bytes.entry(holder).or_default()[at] += size;
            }
            if counts_as_member(kind) {
                let key = (holder, self.kinds.of(at, analysis, node));
                let count = counts.entry(key).or_default();
                count.all[at] += 1;
                count.fresh[at] += u32::from(at > 0 && !self.standing.was_before(at, node));
            }
        }
        // A file can have a place of its own for each object.
        let held = counts.capacity() * size_of::<(Key, Count)>()
            + bytes.capacity() * size_of::<(Node, [i64; MOST_SNAPSHOTS])>();
        let columns = analysis.node_count() * (HELD_PER_NODE + standing::PER_NODE);
        analysis.snapshot.check_peak(columns + held)
    }

    /// Finds for each group its topmost members and what they hold.
    fn group(&self, counts: HashMap<Key, Count>) -> Result<Vec<Gathered>, SnapshotError> {
        let mut counts: Vec<(Key, Count)> = counts.into_iter().collect();
        sort_by_key(&mut counts, |&(key, _)| key);
        let numbers: HashMap<Key, u32> = (0..).zip(&counts).map(|(at, row)| (row.0, at)).collect();
        let mut groups: Vec<Gathered> = counts
            .into_iter()
            .map(|(key, count)| Gathered {
                key,
                count,
                topmost: Default::default(),
                bytes: Default::default(),
                linked: 0,
                sample: Sample::default(),
                rank: Rank::Variables,
            })
            .collect();
        if groups.is_empty() {
            return Ok(groups);
        }
        for (at, analysis) in self.standing.snapshots.iter().enumerate() {
            let is_last = at == self.rounds();
            let holders = self.standing.holders(at);
            // The group of the topmost member above each node, itself among them.
            let mut group_of = vec![NONE; analysis.node_count()];
            let mut ticker = Ticker::new(self.checkpoint);
            for &node in &analysis.order[1..] {
                ticker.step(1)?;
                let kind = analysis.kind(node);
                let above = group_of[analysis.dominator(node) as usize];
                let stands = self.standing.standing(at, node).is_some();
                if stands && is_container(kind) {
                    continue;
                }
                let own = (!stands && counts_as_member(kind))
                    .then(|| (holders[node as usize], self.kinds.of(at, analysis, node)))
                    .and_then(|key| numbers.get(&key).copied());
                let group = if above == NONE {
                    own.unwrap_or(NONE)
                } else {
                    above
                };
                group_of[node as usize] = group;
                let Some(found) = groups.get_mut(group as usize) else {
                    continue;
                };
                if !stands && !is_v8s(kind) {
                    found.bytes[at] += analysis.self_size(node).cast_signed();
                }
                if above == NONE {
                    found.topmost[at] += 1;
                    if is_last {
                        found.sample.add(node);
                        found.rank = Rank::of(analysis, node);
                    }
                } else if is_last && own == Some(above) {
                    found.linked += 1;
                }
            }
        }
        Ok(groups)
    }
}

/// V8's own: code, what it learnt of it, where its lines are.
fn is_v8s(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Code | NodeKind::Synthetic)
}
