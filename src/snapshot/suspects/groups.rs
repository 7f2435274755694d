//! Where objects gather: by dominator and class, in chains, by themselves.

use crate::sorting::sort_by_key;
use std::collections::HashMap;

use super::holders::HolderKind;
use super::waits::Waits;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::classes::Class;
use crate::snapshot::code::is_context;
use crate::snapshot::columns::{EdgeKind, Node, NodeKind};
use crate::snapshot::graph::bits::Bits;
use crate::snapshot::summary::Children;

pub(super) const FEWEST_MEMBERS: u64 = 10;
const SHORTEST_CHAIN: u32 = 1000;
/// Members whose paths are asked for.
const SAMPLE: usize = 64;
/// Groups that are looked at, those with most bytes.
pub(super) const MOST: usize = 80;

/// A group before it has a name.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) kind: Option<HolderKind>,
    pub(super) dominator: Node,
    pub(super) class: Class,
    pub(super) count: u64,
    pub(super) bytes: u64,
    pub(super) sample: Vec<Node>,
    /// Of what waits.
    pub(super) waits: Option<Waits>,
}

/// Some of many.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) count: u64,
    pub(super) members: Vec<Node>,
}

impl Sample {
    /// A sample of the whole: each new member at a power of two takes the next place.
    pub(super) fn add(&mut self, node: Node) {
        self.count += 1;
        if self.members.len() < SAMPLE {
            self.members.push(node);
        } else if self.count.is_power_of_two() || self.count.is_multiple_of(1009) {
            let place = (self.count % SAMPLE as u64) as usize;
            self.members[place] = node;
        }
    }
}

pub(super) fn counts_as_member(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Object
            | NodeKind::Closure
            | NodeKind::Native
            | NodeKind::RegExp
            | NodeKind::BigInt
            | NodeKind::Symbol
            | NodeKind::WasmObject
            | NodeKind::Number
    ) || kind.is_string()
}

pub(super) fn gathered(analysis: &Analysis, least: u64) -> Vec<Group> {
    let classes = analysis.classes();
    let children = Children::new(analysis);
    let mut found = Vec::new();
    let mut of_one: HashMap<Class, (Sample, u64)> = HashMap::new();
    for dominator in 0..analysis.node_count() as Node {
        let members = children.of(dominator);
        let is_wide = members.len() as u64 >= FEWEST_MEMBERS;
        if !is_wide || analysis.retained_size(dominator) < least {
            continue;
        }
        let is_global = analysis.is_global(dominator);
        for &node in members {
            if !counts_as_member(analysis.kind(node)) {
                continue;
            }
            // Every module's variables hang on the global object; what one of them holds is the
            // find.
            if is_global && is_context(&analysis.snapshot, node) {
                continue;
            }
            let class = classes.of(node);
            let (sample, bytes) = of_one.entry(class).or_default();
            sample.add(node);
            *bytes += analysis.retained_size(node);
        }
        let groups = of_one.drain().map(|(class, (sample, bytes))| Group {
            kind: None,
            dominator,
            class,
            count: sample.count,
            bytes,
            sample: sample.members,
            waits: None,
        });
        found.extend(groups.filter(|group| group.count >= FEWEST_MEMBERS && group.bytes >= least));
        // A chain of wide dominators has a group at each of them.
        if found.len() >= 2 * MOST {
            keep_largest(&mut found, MOST);
        }
    }
    keep_largest(&mut found, MOST);
    found
}

/// Keeps the groups with most bytes, these first.
pub(super) fn keep_largest(groups: &mut Vec<Group>, most: usize) {
    sort_by_key(groups, |group| {
        (std::cmp::Reverse(group.bytes), group.dominator, group.class)
    });
    groups.truncate(most);
}

/// Objects that may lie between two members of a chain, such as a closure and its context.
const APART: usize = 4;

/// For each node the child that retains most, its heir; 0 where it has none.
pub(super) fn heirs(analysis: &Analysis) -> Vec<Node> {
    let mut heirs = vec![0 as Node; analysis.node_count()];
    for &node in analysis.order[1..].iter().rev() {
        let above = analysis.dominator(node) as usize;
        if heirs[above] == 0 || analysis.retained_size(heirs[above]) < analysis.retained_size(node)
        {
            heirs[above] = node;
        }
    }
    heirs
}

/// What the links of a chain have in common: their class, or, of closures, their code.
#[derive(PartialEq, Eq)]
enum Link {
    Object(Class),
    Closure(Node),
}

impl Link {
    fn of(analysis: &Analysis, node: Node) -> Option<Self> {
        let snapshot = &analysis.snapshot;
        match analysis.kind(node) {
            NodeKind::Object if is_context(snapshot, node) => None,
            NodeKind::Object => Some(Self::Object(analysis.classes().of(node))),
            NodeKind::Closure => {
                let shared = snapshot.follow(node, EdgeKind::Internal, b"shared");
                shared.map(Self::Closure)
            }
            _ => None,
        }
    }
}

/// Heads of chains in which each object of a class, or each closure of a function, holds the next.
pub(super) fn chains(analysis: &Analysis, heirs: &[Node], least: u64) -> Vec<Group> {
    let count = analysis.node_count();
    let classes = analysis.classes();
    let mut length = vec![1_u32; count];
    // Members of longer chains are no heads.
    let mut inner = Bits::new(count);
    // What a node dominates comes before it, so the length of its heir is known.
    for &node in analysis.order[1..].iter().rev() {
        if heirs[node as usize] == 0 {
            continue;
        }
        let Some(link) = Link::of(analysis, node) else {
            continue;
        };
        let mut next = node;
        for _ in 0..APART {
            next = heirs[next as usize];
            if next == 0 {
                break;
            }
            if Link::of(analysis, next).is_some_and(|other| other == link) {
                length[node as usize] = length[next as usize].saturating_add(1);
                inner.set(next);
                break;
            }
        }
    }
    (1..count as Node)
        .filter(|&node| {
            length[node as usize] >= SHORTEST_CHAIN
                && !inner.get(node)
                && analysis.retained_size(node) >= least
        })
        .map(|node| Group {
            kind: Some(HolderKind::List),
            dominator: node,
            class: classes.of(node),
            count: u64::from(length[node as usize]),
            bytes: analysis.retained_size(node),
            sample: vec![node],
            waits: None,
        })
        .collect()
}

pub(super) fn large_objects(analysis: &Analysis, least: u64) -> Vec<Group> {
    (1..analysis.node_count() as Node)
        .filter(|&node| {
            // An array that is large by its elements' slots holds something, and that is told.
            analysis.self_size(node) >= 2 * least
                && counts_as_member(analysis.kind(node))
                && analysis.retained_size(node) < 2 * analysis.self_size(node)
        })
        .map(|node| Group {
            kind: Some(HolderKind::LargeObject),
            dominator: node,
            class: analysis.classes().of(node),
            count: 1,
            bytes: analysis.retained_size(node),
            sample: vec![node],
            waits: None,
        })
        .collect()
}
