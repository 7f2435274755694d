//! Who holds a group: what most of its members' paths pass last, in words.

use std::collections::HashMap;

use super::groups::Group;
use super::holders::{self, HolderKind};
use super::suspect::{Confidence, Suspect};
use crate::snapshot::analysis::Analysis;
use crate::snapshot::code::{Origin, Place, is_context};
use crate::snapshot::columns::{EdgeKind, Node, NodeKind};
use crate::snapshot::public_name::named;
use crate::snapshot::words::Described;

/// What holds a group.
pub(super) struct Holder {
    pub(super) kind: HolderKind,
    pub(super) node: Node,
    /// Such as the name of the event.
    pub(super) detail: Option<String>,
    pub(super) words: String,
    pub(super) location: Option<Place>,
    /// The path from the root.
    path: Vec<Node>,
    /// It is tidemark's.
    pub(super) is_own: bool,
}

/// Who holds a group; nothing where it is no place of the application's, or only weak edges lead
/// to it.
pub(super) fn holder(analysis: &Analysis, group: &Group) -> Option<Holder> {
    let (kind, holder, detail) = match group.kind {
        Some(kind) => (kind, named_above(analysis, group.dominator), None),
        None => holder_of(analysis, group)?,
    };
    let path = analysis.known_path_nodes(holder);
    if path.is_empty() {
        return None;
    }
    if kind == HolderKind::LargeObject && is_source(analysis, &path) {
        return None;
    }
    let mut described = analysis.describe(holder);
    if kind == HolderKind::Suspended {
        // The function, however one gets to it.
        described = Described {
            place: analysis.code().place(&analysis.snapshot, holder),
            ..described
        };
        (described.label, described.anchor) = (None, None);
    }
    Some(Holder {
        kind,
        node: holder,
        detail,
        words: match kind {
            HolderKind::SymbolRegistry => holders::REGISTRY_IN_WORDS.to_owned(),
            _ => described.description(),
        },
        location: with_line(analysis, described.place, group),
        // Listeners of tidemark's are the app's all the same.
        is_own: kind != HolderKind::Listeners && is_own(analysis, &path),
        path,
    })
}

pub(super) fn name(analysis: &Analysis, group: &Group) -> Option<(Node, Suspect)> {
    let Holder {
        kind,
        node: holder,
        detail,
        words: holder_words,
        location,
        path,
        ..
    } = holder(analysis, group).filter(|holder| !holder.is_own)?;
    let class = &*named(analysis.classes().name(group.class));
    // Where the holder keeps little else, what it retains is what a reader finds in DevTools.
    let retained = analysis.retained_size(holder);
    let bytes = if retained >= group.bytes && retained / 2 <= group.bytes {
        retained
    } else {
        group.bytes
    };
    let share_of_heap = bytes as f64 / analysis.total_size().max(1) as f64;
    let own_code = path.iter().any(|&node| {
        (analysis.class_name(node) == "Function" || is_context(&analysis.snapshot, node))
            && analysis.code().origin(&analysis.snapshot, node) == Origin::Application
    });
    Some((
        holder,
        Suspect {
            kind,
            description: match group.waits {
                Some(waits) => holders::waiting_description(
                    waits,
                    &holder_words,
                    waits
                        .function
                        .map(|function| analysis.function_in_words(function))
                        .as_deref(),
                    class,
                    group.count,
                    bytes,
                ),
                None => holders::description(
                    kind,
                    &holder_words,
                    detail.as_deref(),
                    class,
                    group.count,
                    bytes,
                ),
            },
            holder: holder_words,
            node: holder,
            id: analysis.id(holder),
            class: class.to_owned(),
            count: group.count,
            bytes,
            share_of_heap,
            growth: None,
            share: None,
            confidence: if own_code && share_of_heap >= 0.1 {
                Confidence::Medium
            } else {
                Confidence::Low
            },
            path: Vec::new(),
            location,
        },
    ))
}

/// A variable of a whole file has no line; what waits in the same file has.
fn with_line(analysis: &Analysis, place: Option<Place>, group: &Group) -> Option<Place> {
    let function = group.waits.and_then(|waits| waits.function);
    let waits = function.and_then(|closure| analysis.code().place(&analysis.snapshot, closure));
    match (place, waits) {
        (Some(place), Some(waits)) if place.is_whole_file() && place.file == waits.file => {
            Some(waits)
        }
        (None, waits) => waits,
        (place, _) => place,
    }
}

/// Whether tidemark holds it: whose code it is says the step nearest to it that has code.
fn is_own(analysis: &Analysis, path: &[Node]) -> bool {
    let code = analysis.code();
    let snapshot = &analysis.snapshot;
    path.iter()
        .rev()
        .find_map(|&node| {
            if code.is_own_object(node) {
                return Some(true);
            }
            match code.origin(snapshot, node) {
                Origin::Unknown
                    if code.place(snapshot, node).is_none()
                        && code.constructor(snapshot, node).is_none() =>
                {
                    None
                }
                origin => Some(origin == Origin::Own),
            }
        })
        .unwrap_or(false)
}

/// The text of a program is no leak, however large a bundle is.
fn is_source(analysis: &Analysis, path: &[Node]) -> bool {
    let &[.., script, text] = path else {
        return false;
    };
    analysis.kind(script) == NodeKind::Code
        && analysis
            .cheapest_edge(script, text)
            .is_some_and(|edge| analysis.snapshot.edge_name(edge) == "source")
}

/// For a large object or a chain: the object itself, or what has it as its bytes.
fn named_above(analysis: &Analysis, node: Node) -> Node {
    let above = analysis.dominator(node);
    let same = analysis.retained_size(above) / 10 <= analysis.retained_size(node) / 9;
    let plain = matches!(analysis.kind(node), NodeKind::Native) || analysis.kind(node).is_string();
    if same
        && plain
        && analysis.kind(above) == NodeKind::Object
        && !is_context(&analysis.snapshot, above)
    {
        return above;
    }
    node
}

/// So far up from a member its holder is looked for.
const LEVELS: usize = 4;
const NEAR: usize = 24;

/// Asks the sample: the holder that most of their paths pass last.
fn holder_of(analysis: &Analysis, group: &Group) -> Option<(HolderKind, Node, Option<String>)> {
    let mut rules: HashMap<(HolderKind, Node, Option<String>), usize> = HashMap::new();
    let mut levels: [HashMap<Node, usize>; LEVELS] = Default::default();
    let mut asked = 0;
    for &member in &group.sample {
        let path = analysis.near_path(member, NEAR);
        if path.len() < 2 {
            continue;
        }
        asked += 1;
        if let Some(rule) = holders::recognise(&path) {
            *rules
                .entry((rule.kind, path[rule.holder].node, rule.detail))
                .or_default() += 1;
        }
        let before = path[..path.len() - 1].iter().rev();
        let containers = before.filter(|step| is_container(analysis.kind(step.node)));
        for (level, step) in containers.take(LEVELS).enumerate() {
            *levels[level].entry(step.node).or_default() += 1;
        }
    }
    // One kind of holder may have many instances, such as sockets: together they are one place.
    let mut kinds: HashMap<HolderKind, usize> = HashMap::new();
    for ((kind, ..), votes) in &rules {
        *kinds.entry(*kind).or_default() += votes;
    }
    let first = |votes: &HashMap<Node, usize>| {
        votes
            .iter()
            .map(|(&node, &votes)| (votes, std::cmp::Reverse(node)))
            .max()
    };
    if let Some((&kind, _)) = kinds.iter().find(|(_, votes)| 2 * **votes > asked) {
        let best = rules
            .into_iter()
            .filter(|((found, ..), _)| *found == kind)
            .max_by_key(|((_, node, _), votes)| (*votes, std::cmp::Reverse(*node)));
        let ((_, mut node, detail), _) = best?;
        // The list of timers stands for all that hang on it.
        while kind == HolderKind::Timers
            && let Some(above) = analysis.best_retainer(node)
            && holders::is_timer(analysis.class_name(above))
        {
            node = above;
        }
        // The port as the app has it.
        if kind == HolderKind::Messages
            && let Some(port) =
                analysis
                    .snapshot
                    .follow(node, EdgeKind::Internal, b"native_to_javascript")
        {
            node = port;
        }
        return Some((kind, node, detail));
    }
    for votes in &levels {
        if let Some((votes, std::cmp::Reverse(node))) = first(votes)
            && 2 * votes > asked
        {
            return Some((HolderKind::Container, node, None));
        }
    }
    if group.dominator == 0
        && let Some(node) = above_links(analysis, group)
    {
        return Some((HolderKind::List, node, None));
    }
    let node = lifted(analysis, group.dominator);
    // Strings and symbols that only V8's tables hold are no place of the application's.
    (analysis.kind(node) != NodeKind::Synthetic).then_some((HolderKind::Container, node, None))
}

/// Members whose way out of a list is walked, and how far.
const LISTS: usize = 8;
const LONGEST_LIST: usize = 1 << 18;

/// What holds a list of which no object is a dominator: each link is held by the one before, and
/// the first by this. Such are listeners of a target that a `WeakMap` of Node.js knows, because
/// DevTools, whose rules hold here, takes its key for a global's and no edge into it as retaining.
fn above_links(analysis: &Analysis, group: &Group) -> Option<Node> {
    let mut votes: HashMap<Node, usize> = HashMap::new();
    let asked = group.sample.iter().take(LISTS);
    for &member in asked.clone() {
        let above = std::iter::successors(Some(member), |&node| analysis.best_retainer(node));
        let mut links = 0;
        let holder = above
            .take(LONGEST_LIST)
            .filter(|&node| is_container(analysis.kind(node)))
            .find(|&node| {
                let is_link = analysis.classes().of(node) == group.class;
                links += usize::from(is_link);
                !is_link
            });
        if let Some(holder) = holder
            && links > 1
        {
            *votes.entry(holder).or_default() += 1;
        }
    }
    let (node, votes) = votes
        .into_iter()
        .max_by_key(|&(node, votes)| (votes, std::cmp::Reverse(node)))?;
    (2 * votes > asked.len()).then_some(node)
}

pub(super) fn is_container(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Object | NodeKind::Closure | NodeKind::Native
    )
}

/// The dominator that a person has a name for: not a Map's table but the Map. Tables change with
/// every growth, the Map stays.
pub(super) fn lifted(analysis: &Analysis, node: Node) -> Node {
    let mut at = node;
    while at != 0 && !is_container(analysis.kind(at)) && analysis.kind(at) != NodeKind::Synthetic {
        at = analysis.dominator(at);
    }
    at
}
