//! Who holds what gathered, in words.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::found::{Grown, merged};
use super::rounds::{Bytes, Gathered, MOST_SNAPSHOTS, Rank, Rounds};
use crate::snapshot::analysis::Analysis;
use crate::snapshot::classes::Class;
use crate::snapshot::code::{Place, is_context};
use crate::snapshot::columns::{Node, NodeKind};
use crate::snapshot::error::SnapshotError;
use crate::snapshot::public_name::named;
use crate::snapshot::suspects::groups::{self, Group, counts_as_member, heirs, keep_largest};
use crate::snapshot::suspects::holders::{self, HolderKind};
use crate::snapshot::suspects::naming::{self, is_container};
use crate::snapshot::suspects::waiting::Waiting;
use crate::snapshot::suspects::waits::{How, Waits};
use crate::sorting::{sort_by, sort_by_key};

/// At most this many are reported.
const MOST_GROWN: usize = 10;
/// Links of a chain that are followed up to its holder.
const LONGEST_CHAIN: usize = 1 << 20;

impl Rounds<'_> {
    pub(super) fn named(
        &self,
        groups: &[Gathered],
        bytes: &Bytes,
    ) -> Result<Vec<Grown>, SnapshotError> {
        let mut found = self.name_groups(groups, bytes)?;
        found.extend(self.name_bytes(groups, bytes)?);
        let mut found = merged(found);
        if found.iter().any(|grown| !grown.is_own) {
            found.retain(|grown| !grown.is_own);
        }
        sort_by(&mut found, |a, b| {
            let by_bytes = b.bytes_per_call.total_cmp(&a.bytes_per_call);
            by_bytes.then(a.id.cmp(&b.id))
        });
        found.truncate(MOST_GROWN);
        let last = self.standing.last();
        for grown in &mut found {
            grown.path = last.known_path(grown.node);
        }
        Ok(found)
    }

    fn name_groups(&self, groups: &[Gathered], bytes: &Bytes) -> Result<Vec<Grown>, SnapshotError> {
        let last = self.standing.last();
        let end = self.rounds();
        let gain = |bytes: &[i64; MOST_SNAPSHOTS]| bytes[end] - bytes[end - 1];
        let mut of_holder: Vec<(Node, Vec<&Gathered>, i64)> = Vec::new();
        for rows in groups.chunk_by(|a, b| a.key.0 == b.key.0) {
            let holder = rows[0].key.0;
            let mut told: Vec<&Gathered> = rows
                .iter()
                .filter(|row| self.is_chain(row) || self.topmost_grew(row))
                .collect();
            if told.is_empty() {
                told.extend(rows.iter().filter(|row| row.topmost[end] > 0));
            }
            sort_by_key(&mut told, |row| {
                (row.rank, Reverse(gain(&row.bytes)), row.key.1)
            });
            if told
                .first()
                .is_some_and(|first| first.rank != Rank::Variables)
            {
                told.retain(|row| row.rank != Rank::Variables);
            }
            // All that gathered below one holder is the first group's; below the root, the global
            // object and the variables of a function it may be anybody's.
            let all = bytes.get(&holder).map_or(0, gain);
            let of_told: i64 = told.iter().map(|row| gain(&row.bytes)).sum();
            let rest = if !self.is_whole(groups, holder) || last.is_global(holder) {
                0
            } else {
                (all - of_told).max(0)
            };
            if !told.is_empty() {
                of_holder.push((holder, told, rest));
            }
        }
        if of_holder.is_empty() {
            return Ok(Vec::new());
        }
        let heirs = heirs(last);
        let waiting = Waiting::new(last, &heirs);
        let mut promises = waiting.promises(0);
        keep_largest(&mut promises, groups::MOST);
        let mut rows: Vec<(Node, &Gathered, i64)> = of_holder
            .iter()
            .flat_map(|(holder, told, rest)| {
                let rest = std::iter::once(*rest).chain(std::iter::repeat(0));
                let rows = told.iter().zip(rest);
                rows.map(|(&row, rest)| (*holder, row, gain(&row.bytes) + rest))
            })
            .collect();
        sort_by_key(&mut rows, |&(holder, row, bytes)| {
            (Reverse(bytes), holder, row.key.1)
        });
        rows.truncate(groups::MOST);
        sort_by_key(&mut rows, |(_, row, _)| row.rank);
        let mut found = Vec::new();
        for (holder, row, bytes) in rows {
            self.checkpoint.pass(0)?;
            let group = match promises.iter().find(|group| group.dominator == holder) {
                Some(promise) => promise.clone(),
                None => self.group_of(holder, row),
            };
            found.extend(self.name(&group, Some(row), bytes));
        }
        Ok(found)
    }

    fn group_of(&self, holder: Node, row: &Gathered) -> Group {
        let last = self.standing.last();
        let head = row.sample.members[0];
        let is_chain = self.is_chain(row);
        let mut dominator = holder;
        if is_chain {
            let first;
            (dominator, first) = self.above_chain(holder, row.key.1, head);
            if is_context(&last.snapshot, dominator) || !is_container(last.kind(dominator)) {
                dominator = first;
            }
        }
        Group {
            kind: is_chain.then_some(HolderKind::List),
            dominator,
            class: majority(last, &row.sample.members),
            count: u64::from(row.count.all[self.rounds()]),
            bytes: row.bytes[self.rounds()].unsigned_abs(),
            sample: row.sample.members.clone(),
            waits: None,
        }
    }

    /// New links of a chain hang on an old one. What holds the chain is where links end: where
    /// one is not held by the edge that leads from each to the next.
    /// That, and the first link.
    fn above_chain(&self, holder: Node, kind: u32, head: Node) -> (Node, Node) {
        let last = self.standing.last();
        let end = self.rounds();
        let edge_to = |node: Node| {
            let above = last.dominator(node);
            let edge = last.cheapest_edge(above, node)?;
            Some((
                last.snapshot.edges.kind[edge],
                last.snapshot.edges.name[edge],
            ))
        };
        let link = edge_to(head);
        let mut first = head;
        let mut at = holder;
        for _ in 0..LONGEST_CHAIN {
            if at == 0 || self.kinds.of(end, last, at) != kind {
                break;
            }
            let edge = edge_to(at);
            first = at;
            at = naming::lifted(last, last.dominator(at));
            if edge != link {
                break;
            }
        }
        (at, first)
    }

    /// What grew by its bytes alone.
    fn name_bytes(&self, groups: &[Gathered], bytes: &Bytes) -> Result<Vec<Grown>, SnapshotError> {
        let last = self.standing.last();
        let end = self.rounds();
        let mut rows: Vec<(Node, i64)> = bytes
            .iter()
            .filter(|&(&holder, _)| !self.is_whole(groups, holder))
            .map(|(&holder, sums)| (holder, sums[end] - sums[end - 1]))
            .collect();
        sort_by_key(&mut rows, |&(holder, bytes)| (Reverse(bytes), holder));
        rows.truncate(groups::MOST);
        // What hangs immediately on each and holds most.
        let mut largest: HashMap<Node, Node> =
            rows.iter().map(|&(holder, _)| (holder, 0)).collect();
        for node in 1..last.node_count() as Node {
            if self.standing.standing(end, node).is_some() || !counts_as_member(last.kind(node)) {
                continue;
            }
            let above = naming::lifted(last, last.dominator(node));
            let key = (above, self.kinds.of(end, last, node));
            if let Some(found) = largest.get_mut(&above)
                && groups.binary_search_by_key(&key, |row| row.key).is_err()
                && (*found == 0 || last.retained_size(*found) < last.retained_size(node))
            {
                *found = node;
            }
        }
        let mut found = Vec::new();
        for (holder, bytes) in rows {
            self.checkpoint.pass(0)?;
            let held = largest[&holder];
            // What a variable had in each snapshot is another object each time.
            let is_variable = held != 0
                && is_context(&last.snapshot, holder)
                && last.retained_size(held).cast_signed() >= bytes;
            let dominator = if is_variable { held } else { holder };
            let group = Group {
                kind: Some(HolderKind::LargeObject),
                dominator,
                class: last.classes().of(dominator),
                count: 1,
                bytes: bytes.unsigned_abs(),
                sample: vec![dominator],
                waits: None,
            };
            found.extend(self.name(&group, None, bytes));
        }
        Ok(found)
    }

    fn name(&self, group: &Group, row: Option<&Gathered>, bytes: i64) -> Option<Grown> {
        let last = self.standing.last();
        let holder = naming::holder(last, group)?;
        let objects_per_round: Vec<u64> = (0..self.rounds())
            .map(|round| row.map_or(0, |row| self.gain(row, round)))
            .collect();
        let calls = *self.calls.last()?;
        let per_call = |amount: f64| amount / calls.max(1) as f64;
        let function = group
            .waits
            .and_then(|waits| waits.function)
            .map(|function| last.function_in_words(function));
        let class = named(last.classes().name(group.class)).into_owned();
        let member = row.and_then(|row| row.sample.members.first().copied());
        let class_location = member.and_then(|member| made_at(last, member));
        Some(Grown {
            kind: holder.kind,
            description: place(&holder, group.waits, function.as_deref()),
            what: match member.filter(|_| class_location.is_some()) {
                Some(member) if last.kind(member) == NodeKind::Closure => {
                    last.function_in_words(member)
                }
                _ => class.clone(),
            },
            holder: holder.words,
            node: holder.node,
            id: last.id(holder.node),
            class,
            objects_per_call: per_call(objects_per_round.last().copied().unwrap_or(0) as f64),
            bytes_per_call: per_call(bytes.max(0) as f64),
            objects_per_round,
            is_own: holder.is_own,
            path: Vec::new(),
            location: holder.location.map(without_whole_file),
            class_location,
        })
    }
}

/// Of a function where it stands, of an object where its constructor does.
fn made_at(analysis: &Analysis, node: Node) -> Option<Place> {
    let snapshot = &analysis.snapshot;
    match analysis.kind(node) {
        NodeKind::Closure => analysis.code().place(snapshot, node),
        _ => analysis.code().constructor(snapshot, node),
    }
}

/// The line of a whole file is its first and says nothing.
fn without_whole_file(place: Place) -> Place {
    if place.is_whole_file() {
        return Place {
            line: None,
            column: None,
            ..place
        };
    }
    place
}

fn majority(analysis: &Analysis, nodes: &[Node]) -> Class {
    let mut votes: HashMap<Class, usize> = HashMap::new();
    for &node in nodes {
        *votes.entry(analysis.classes().of(node)).or_default() += 1;
    }
    let best = votes
        .into_iter()
        .max_by_key(|&(class, votes)| (votes, Reverse(class)));
    best.map_or(0, |(class, _)| class)
}

/// Where it stays, in words.
fn place(holder: &naming::Holder, waits: Option<Waits>, function: Option<&str>) -> String {
    let words = &holder.words;
    if let Some(waits) = waits {
        let function = function.unwrap_or("unknown functions");
        return match waits.how {
            How::Await | How::Generator => {
                format!("{words} stays pending, and calls of {function} wait for it")
            }
            How::Then => format!("{words} stays pending, and `then` was called with {function}"),
        };
    }
    holders::held_by(holder.kind, words, holder.detail.as_deref())
}
