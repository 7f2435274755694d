//! What gathered over rounds of calls, however little: one object of 16 bytes a call is enough.
//!
//! Snapshots of one process, with some calls of the same function between each two. Size says
//! nothing here, so no share of the heap counts. What does: something grew in every round, by the
//! number of its calls.
//!
//! 1. What does not stand (`standing`) came or went between the snapshots. It is counted in each of
//!    them, by what holds it and by class, and its bytes, with those that what stands has gained
//!    itself. A group grew when every round added to it at least a share of its calls, net: a
//!    cache at its cap and a ring have new members and are no larger.
//! 2. Members below members of another group are its contents. So in a second pass each object
//!    belongs to the topmost member above it, and a group without topmost members of its own is
//!    not reported. A chain has one, and all its other members below that: its holder is
//!    what holds the chain, not the link to which the first new one was added.
//! 3. Where only bytes grew (numbers in an Array, a string, the memory of a Buffer), what stands
//!    is reported itself, or the variable in it.
//! 4. Holders get their names as those of suspects do. Two groups of one holder are one.
//!
//! V8's own code does not count. What tidemark holds is reported only where there is nothing else.

use crate::sorting::{sort_by, sort_by_key};
use std::cmp::Reverse;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::groups::{self, Group, Sample, counts_as_member, heirs, keep_largest};
use super::holders::{self, HolderKind};
use super::naming::{self, is_container};
use super::standing::{self, Standing};
use super::waiting::{How, Waiting, Waits};
use crate::format;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::budget::HELD_PER_NODE;
use crate::snapshot::classes::Class;
use crate::snapshot::code::{Place, is_context};
use crate::snapshot::columns::{Node, NodeKind};
use crate::snapshot::diff::same_process;
use crate::snapshot::error::{Code, SnapshotError};
use crate::snapshot::paths::Step;
use crate::snapshot::progress::{Checkpoint, OnProgress, Phase, Ticker};
use crate::snapshot::public_name::named;

/// At most this many are reported.
const MOST_GROWN: usize = 10;
/// The most snapshots.
const MOST_SNAPSHOTS: usize = 3;
/// Where no objects gather, the bytes a call that are still growth.
const LEAST_BYTES: i64 = 4;
/// Links of a chain that are followed up to its holder.
const LONGEST_CHAIN: usize = 1 << 20;
/// Of a node in no group.
const NONE: u32 = u32::MAX;

/// One place where something gathered in every round.
#[derive(Clone, Debug)]
pub struct Grown {
    pub kind: HolderKind,
    /// For a person: objects and bytes a call, and what holds them.
    pub description: String,
    /// The holder in words, the same for the same holder in another snapshot.
    pub holder: String,
    pub(crate) node: Node,
    /// V8's id of the holder.
    pub id: u32,
    /// The class of what gathered; where only bytes did, of the holder.
    pub class: String,
    /// As the sentence calls it: a function by its name and place.
    what: String,
    /// Objects of the class that each round added; 0 where only bytes gathered.
    pub objects_per_round: Vec<u64>,
    /// In the last round.
    pub objects_per_call: f64,
    /// Of all that gathered there in the last round, also what the objects hold.
    pub bytes_per_call: f64,
    /// It is tidemark's own, and nothing of the application's grew.
    pub is_own: bool,
    /// From the root to the holder.
    pub path: Vec<Step>,
    /// Where the variable, the function or the constructor of the holder stands.
    pub location: Option<Place>,
    /// Where the function, or the constructor, of what gathered stands.
    pub class_location: Option<Place>,
}

/// Finds what gathered in every round; the most bytes a call come first, at most ten.
///
/// `snapshots`: two or three of one process, the oldest first. `calls`: how many calls lie between
/// each two. `least_share`: what part of the calls must leave something behind.
///
/// # Errors
///
/// It was cancelled, or the snapshots are not of one process.
pub fn grown(
    snapshots: &[&Analysis],
    calls: &[u64],
    least_share: f64,
    on_progress: OnProgress<'_>,
) -> Result<Vec<Grown>, SnapshotError> {
    let [_, .., last] = snapshots else {
        return Ok(Vec::new());
    };
    if snapshots.len() > MOST_SNAPSHOTS || calls.len() + 1 != snapshots.len() {
        let message = "Two or three snapshots are compared, with the calls between each two";
        return Err(SnapshotError::new(Code::NotFound, message));
    }
    if !same_process(snapshots[0], last) {
        let message = "The snapshots are not of one process, so no object is in both";
        return Err(SnapshotError::new(Code::NotFound, message));
    }
    let checkpoint = Checkpoint::new(Phase::Compare, 0);
    let (rounds, groups, bytes) = checkpoint.watch(&mut *on_progress, || {
        let rounds = Rounds {
            standing: Standing::new(snapshots, &checkpoint)?,
            kinds: Kinds::new(snapshots),
            calls,
            least_share,
            checkpoint: &checkpoint,
        };
        let (groups, bytes) = rounds.gathered()?;
        Ok((rounds, groups, bytes))
    })?;
    // Paths take as long as all else, and mostly nothing grew.
    if groups.is_empty() && bytes.is_empty() {
        return Ok(Vec::new());
    }
    last.explain(&mut *on_progress)?;
    checkpoint.watch(on_progress, || rounds.named(&groups, &bytes))
}

/// What a group is counted by: the node that holds it, and a class by `Kinds`.
type Key = (Node, u32);
/// Bytes of what came or went and what stands has gained, in each snapshot, by what holds them.
type Bytes = HashMap<Node, [i64; MOST_SNAPSHOTS]>;

/// Members of a group in each snapshot.
#[derive(Clone, Copy, Default)]
struct Count {
    all: [u32; MOST_SNAPSHOTS],
    /// Those that the snapshot before had not.
    fresh: [u32; MOST_SNAPSHOTS],
}

/// A class that grew in one place.
struct Gathered {
    key: Key,
    count: Count,
    /// Members above which there is none.
    topmost: [u32; MOST_SNAPSHOTS],
    /// Of the topmost ones and all that they hold.
    bytes: [i64; MOST_SNAPSHOTS],
    /// In the last snapshot: members below one of their own class.
    linked: u32,
    sample: Sample,
    rank: Rank,
}

/// What a person would rather hear of, where one holder has several: not the keys of a Map but
/// what they lead to, and variables only where nothing has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Object,
    Value,
    Variables,
}

impl Rank {
    fn of(analysis: &Analysis, node: Node) -> Self {
        match analysis.kind(node) {
            _ if is_context(&analysis.snapshot, node) => Self::Variables,
            NodeKind::Number | NodeKind::BigInt | NodeKind::Symbol => Self::Value,
            kind if kind.is_string() => Self::Value,
            _ => Self::Object,
        }
    }
}

struct Rounds<'a> {
    standing: Standing<'a>,
    kinds: Kinds,
    calls: &'a [u64],
    least_share: f64,
    checkpoint: &'a Checkpoint,
}

impl Rounds<'_> {
    /// The groups that grew, and the bytes of what holds them or grew by its bytes alone.
    fn gathered(&self) -> Result<(Vec<Gathered>, Bytes), SnapshotError> {
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

    fn named(&self, groups: &[Gathered], bytes: &Bytes) -> Result<Vec<Grown>, SnapshotError> {
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

    fn rounds(&self) -> usize {
        self.calls.len()
    }

    /// Objects that a round must add at least.
    fn least(&self, round: usize) -> u32 {
        let share = self.calls[round] as f64 * self.least_share;
        (share.ceil() as u32).max(1)
    }

    fn grew(&self, all: &[u32], fresh: &[u32]) -> bool {
        (0..self.rounds()).all(|round| {
            let gain = all[round + 1].saturating_sub(all[round]);
            gain.min(fresh[round + 1]) >= self.least(round)
        })
    }

    fn bytes_grew(&self, bytes: &[i64]) -> bool {
        (0..self.rounds()).all(|round| {
            let least = LEAST_BYTES.saturating_mul(self.calls[round].max(1).cast_signed());
            bytes[round + 1] - bytes[round] >= least
        })
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

    /// One member holds the others, each the next.
    fn is_chain(&self, row: &Gathered) -> bool {
        !self.topmost_grew(row) && row.linked >= row.count.all[self.rounds()] / 2
    }

    fn topmost_grew(&self, row: &Gathered) -> bool {
        (0..self.rounds()).all(|round| {
            row.topmost[round + 1].saturating_sub(row.topmost[round]) >= self.least(round)
        })
    }

    /// Objects that a round added: those that the holder has immediately, or links of its chain.
    fn gain(&self, row: &Gathered, round: usize) -> u64 {
        let counts = if self.topmost_grew(row) {
            &row.topmost
        } else {
            &row.count.all
        };
        let gain = counts[round + 1].saturating_sub(counts[round]);
        u64::from(gain.min(row.count.fresh[round + 1]))
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

    /// Whether all that gathered below a holder belongs to its groups. `groups` are in the order of
    /// their keys.
    fn is_whole(&self, groups: &[Gathered], holder: Node) -> bool {
        holder != 0
            && !is_context(&self.standing.last().snapshot, holder)
            && groups
                .binary_search_by_key(&holder, |row| row.key.0)
                .is_ok()
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

/// V8's own: code, what it learnt of it, where its lines are.
fn is_v8s(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Code | NodeKind::Synthetic)
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

/// One for each holder, with a sentence. What was first is what the holder has most bytes of.
fn merged(found: Vec<Grown>) -> Vec<Grown> {
    let mut rows: Vec<Grown> = Vec::new();
    for grown in found {
        match rows.iter_mut().find(|row| row.node == grown.node) {
            Some(row) => row.bytes_per_call += grown.bytes_per_call,
            None => rows.push(grown),
        }
    }
    for row in &mut rows {
        let bytes = format::bytes(row.bytes_per_call);
        row.description = if row.objects_per_call > 0.0 && row.kind != HolderKind::Promises {
            let objects = (row.objects_per_call * 100.0).round() / 100.0;
            format!(
                "{objects} {} ({bytes}) a call: {}",
                row.what, row.description
            )
        } else {
            format!("{bytes} a call: {}", row.description)
        };
    }
    rows
}

/// Classes that count as one in all snapshots. The class of a plain object depends on how many are
/// like it, and that of a string on when it was flattened; neither makes it another object.
struct Kinds {
    /// For each snapshot the number of each of its classes.
    numbers: Vec<Vec<u32>>,
    /// For each snapshot the name of plain objects.
    plain: Vec<Option<u32>>,
}

const PLAIN: u32 = 0;
const TEXT: u32 = 1;

impl Kinds {
    fn new(snapshots: &[&Analysis]) -> Self {
        let mut known: HashMap<String, u32> = HashMap::new();
        let numbers = snapshots
            .iter()
            .map(|analysis| {
                let names = analysis.classes().names();
                names
                    .map(|name| {
                        let next = known.len() as u32 + TEXT + 1;
                        *known.entry(name.to_owned()).or_insert(next)
                    })
                    .collect()
            })
            .collect();
        let plain = snapshots
            .iter()
            .map(|analysis| analysis.snapshot.strings.find(b"Object"))
            .collect();
        Self { numbers, plain }
    }

    fn of(&self, at: usize, analysis: &Analysis, node: Node) -> u32 {
        match analysis.kind(node) {
            kind if kind.is_string() => TEXT,
            NodeKind::Object
                if Some(analysis.snapshot.nodes.name[node as usize]) == self.plain[at] =>
            {
                PLAIN
            }
            _ => self.numbers[at][analysis.classes().of(node) as usize],
        }
    }
}

impl Grown {
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "description": self.description,
            "holder": self.holder,
            "id": self.id,
            "class": self.class,
            "objectsPerRound": self.objects_per_round,
            "objectsPerCall": self.objects_per_call,
            "bytesPerCall": self.bytes_per_call,
            "own": self.is_own,
            "path": self.path.iter().map(Step::to_json).collect::<Vec<_>>(),
            "location": self.location.as_ref().and_then(Place::to_json),
            "classLocation": self.class_location.as_ref().and_then(Place::to_json),
        })
    }
}
