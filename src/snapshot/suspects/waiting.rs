//! What waits and may never go on: reactions of pending promises, suspended async functions and
//! generators.
//!
//! A pending Promise leads to its newest reaction, and each reaction to the one before. `then`
//! gives a reaction the app's function; `await` gives it a closure of V8's whose context leads,
//! as `extension`, to the suspended call, an object of class `Generator`. That has the function,
//! its variables and its registers. Where in the function it waits is not in a snapshot.
//!
//! Calls wait for calls: the innermost one holds those that wait for it, so of functions whose
//! calls hold each other one is told.

use crate::sorting::sort_by_key;
use std::collections::HashMap;

use super::groups::{self, FEWEST_MEMBERS, Group, Sample};
use super::holders::HolderKind;
use super::waits::{How, Waits};
use crate::snapshot::analysis::Analysis;
use crate::snapshot::classes::Class;
use crate::snapshot::code::{Origin, is_context};
use crate::snapshot::columns::{EdgeKind, Node, NodeKind};
use crate::snapshot::graph::bits::Bits;

/// Dominators above a call that are searched for another one.
const ABOVE: usize = 64;
/// Steps from what waits to what it holds.
const DEEP: usize = 12;

/// What is the same in two snapshots of one process: the promise, the code of the function.
pub(super) fn cause(analysis: &Analysis, group: &Group) -> Node {
    let code = analysis
        .snapshot
        .follow(group.dominator, EdgeKind::Internal, b"shared");
    code.unwrap_or(group.dominator)
}

pub(super) struct Waiting<'a> {
    analysis: &'a Analysis,
    heirs: &'a [Node],
    /// Of suspended calls, also those of generators, the code of their function; 0 for all other nodes.
    code: Vec<Node>,
    names: Names,
}

/// Names of edges.
struct Names {
    reactions: Option<u32>,
    registers: Option<u32>,
    function: Option<u32>,
    shared: Option<u32>,
    context: Option<u32>,
    extension: Option<u32>,
}

impl<'a> Waiting<'a> {
    /// `heirs`: for each node the child that retains most.
    pub(super) fn new(analysis: &'a Analysis, heirs: &'a [Node]) -> Self {
        let [reactions, registers, function, shared, context, extension] =
            analysis.snapshot.strings.find_each([
                b"reactions_or_result",
                b"parameters_and_registers",
                b"function",
                b"shared",
                b"context",
                b"extension",
            ]);
        let mut waiting = Self {
            analysis,
            heirs,
            code: Vec::new(),
            names: Names {
                reactions,
                registers,
                function,
                shared,
                context,
                extension,
            },
        };
        if waiting.names.registers.is_some() {
            let mut code = vec![0; analysis.node_count()];
            for call in waiting.objects() {
                code[call as usize] = waiting.code_of(call).unwrap_or(0);
            }
            waiting.code = code;
        }
        waiting
    }

    /// Pending promises that much waits for.
    pub(super) fn promises(&self, least: u64) -> Vec<Group> {
        // Of a damaged file a reaction may follow on several promises, or on itself.
        let mut seen = Bits::new(self.analysis.node_count());
        self.objects()
            .filter(|&promise| self.analysis.retained_size(promise) >= least)
            .filter_map(|promise| {
                let mut sample = Sample::default();
                let mut at = self.follow(promise, self.names.reactions)?;
                while self.is_reaction(at) && seen.insert(at) {
                    sample.add(at);
                    match self.targets(at).find(|&next| self.is_reaction(next)) {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                if sample.count < FEWEST_MEMBERS {
                    return None;
                }
                let subjects = sample.members.iter().map(|&at| self.of_reaction(at));
                let (class, waits) = self.majority(subjects, promise);
                Some(Group {
                    kind: Some(HolderKind::Promises),
                    dominator: promise,
                    class,
                    count: sample.count,
                    bytes: self.analysis.retained_size(promise),
                    sample: sample.members,
                    waits: Some(waits),
                })
            })
            .collect()
    }

    /// Promises, and functions whether or not one of them is told with another, whatever they hold.
    pub(super) fn all(&self) -> Vec<Group> {
        let calls = self.by_function(0).into_iter().map(|(_, group)| group);
        self.promises(0).into_iter().chain(calls).collect()
    }

    /// Functions with many suspended calls, with the code of each.
    fn by_function(&self, least: u64) -> Vec<(Node, Group)> {
        let mut by_function: HashMap<Node, (u64, Sample)> = HashMap::new();
        for call in self.objects() {
            let shared = self.called(call);
            if shared == 0 {
                continue;
            }
            let (bytes, sample) = by_function.entry(shared).or_default();
            // What waits for another call of its own function is held by that.
            if !self
                .calls_above(call)
                .any(|above| self.called(above) == shared)
            {
                *bytes += self.analysis.retained_size(call);
            }
            sample.add(call);
        }
        by_function
            .into_iter()
            .filter(|(_, (bytes, sample))| sample.count >= FEWEST_MEMBERS && *bytes >= least)
            .map(|(shared, (bytes, sample))| (shared, self.group_of_calls(bytes, sample)))
            .collect()
    }

    /// Functions with many suspended calls, the app's own first, then those whose calls hold most.
    pub(super) fn suspended(&self, least: u64) -> Vec<Group> {
        let mut found = self.by_function(least);
        sort_by_key(&mut found, |(shared, group)| {
            (
                !self.is_apps(group),
                std::cmp::Reverse(group.bytes),
                *shared,
            )
        });
        found.truncate(groups::MOST);
        let mut told: Vec<(Node, Group)> = Vec::new();
        for (shared, group) in found {
            let known = told.iter().any(|(other, of_other)| {
                self.wait_for(&group, *other) || self.wait_for(of_other, shared)
            });
            if !known {
                told.push((shared, group));
            }
        }
        told.into_iter().map(|(_, group)| group).collect()
    }

    fn group_of_calls(&self, bytes: u64, sample: Sample) -> Group {
        let subjects = sample.members.iter().map(|&call| self.of_call(call));
        let (class, waits) = self.majority(subjects, sample.members[0]);
        Group {
            kind: Some(HolderKind::Suspended),
            dominator: waits.function.unwrap_or(sample.members[0]),
            class,
            count: sample.count,
            bytes,
            sample: sample.members,
            waits: Some(waits),
        }
    }

    fn is_apps(&self, group: &Group) -> bool {
        let snapshot = &self.analysis.snapshot;
        self.analysis.code().origin(snapshot, group.dominator) == Origin::Application
    }

    /// Whether most of the calls of a group wait for calls of the function.
    fn wait_for(&self, group: &Group, shared: Node) -> bool {
        let waits = |&&call: &&Node| {
            self.calls_above(call)
                .any(|above| self.called(above) == shared)
        };
        2 * group.sample.iter().filter(waits).count() > group.sample.len()
    }

    fn calls_above(&self, call: Node) -> impl Iterator<Item = Node> {
        std::iter::successors(Some(self.analysis.dominator(call)), |&at| {
            (at != 0).then(|| self.analysis.dominator(at))
        })
        .take(ABOVE)
        .filter(|&at| self.called(at) != 0)
    }

    /// What waits by a reaction, and where what it holds is.
    fn of_reaction(&self, reaction: Node) -> (Waits, Node) {
        let heaviest = self
            .targets(reaction)
            .filter(|&to| !self.is_reaction(to) && self.analysis.dominator(to) == reaction)
            .max_by_key(|&to| (self.analysis.retained_size(to), std::cmp::Reverse(to)));
        let call = self.closures(reaction).find_map(|closure| {
            let context = self.follow(closure, self.names.context)?;
            let call = self.follow(context, self.names.extension)?;
            (self.called(call) != 0).then_some(call)
        });
        if let Some(call) = call {
            let (waits, _) = self.of_call(call);
            // A store may be far more than the call's own variables.
            let more = |&other: &Node| {
                self.analysis.retained_size(other) / 2 > self.analysis.retained_size(call)
            };
            return (waits, heaviest.filter(more).unwrap_or(call));
        }
        let snapshot = &self.analysis.snapshot;
        let function = self
            .closures(reaction)
            .find(|&closure| self.analysis.code().place(snapshot, closure).is_some());
        let waits = Waits {
            function,
            ..Waits::default()
        };
        (waits, heaviest.unwrap_or(reaction))
    }

    fn of_call(&self, call: Node) -> (Waits, Node) {
        let how = match self.analysis.snapshot.raw_name(call) {
            b"Generator" => How::Await,
            _ => How::Generator,
        };
        let function = self.follow(call, self.names.function);
        (
            Waits {
                function,
                how,
                in_store: false,
            },
            call,
        )
    }

    /// The class of what most hold, and what most are.
    fn majority(
        &self,
        subjects: impl Iterator<Item = (Waits, Node)>,
        otherwise: Node,
    ) -> (Class, Waits) {
        let mut classes: HashMap<Class, usize> = HashMap::new();
        let mut functions: HashMap<(Option<Node>, How), (usize, Option<Node>)> = HashMap::new();
        let (mut asked, mut in_store) = (0, 0);
        for (waits, from) in subjects {
            let (held, by_store) = self.held_by(from);
            asked += 1;
            in_store += usize::from(by_store);
            *classes.entry(self.analysis.classes().of(held)).or_default() += 1;
            let shared = waits
                .function
                .and_then(|function| self.follow(function, self.names.shared));
            let of_function = functions
                .entry((shared, waits.how))
                .or_insert((0, waits.function));
            of_function.0 += 1;
        }
        let class = classes
            .into_iter()
            .max_by_key(|&(class, votes)| (votes, std::cmp::Reverse(class)))
            .map_or_else(|| self.analysis.classes().of(otherwise), |(class, _)| class);
        let best = functions
            .into_iter()
            .max_by_key(|&((shared, _), (votes, _))| (votes, std::cmp::Reverse(shared)))
            .filter(|(_, (votes, _))| 2 * votes > asked);
        let waits = best.map_or_else(Waits::default, |((_, how), (_, function))| Waits {
            function,
            how,
            in_store: 2 * in_store > asked,
        });
        (class, waits)
    }

    /// The object that retains most of what a wait holds, and whether a store leads to it.
    fn held_by(&self, from: Node) -> (Node, bool) {
        let mut at = from;
        let mut by_store = false;
        for _ in 0..DEEP {
            by_store |= self.analysis.snapshot.raw_name(at) == b"AsyncContextFrame";
            let next = self.heirs[at as usize];
            if next == 0 {
                break;
            }
            by_store |= self.is_store(at, next);
            at = next;
            if self.tells(at) {
                break;
            }
        }
        (at, by_store)
    }

    fn is_store(&self, from: Node, to: Node) -> bool {
        let edges = self.analysis.snapshot.edges_of(from);
        self.analysis.snapshot.kind(from) == NodeKind::Object
            && edges
                .into_iter()
                .filter(|&edge| self.analysis.snapshot.edges.to[edge] == to)
                .any(|edge| {
                    self.analysis
                        .snapshot
                        .edge_name(edge)
                        .contains("kResourceStore")
                })
    }

    /// Whether a person knows more by the class of a node.
    fn tells(&self, node: Node) -> bool {
        let snapshot = &self.analysis.snapshot;
        snapshot.kind(node) == NodeKind::Object
            && !is_context(snapshot, node)
            && self.called(node) == 0
            && !matches!(snapshot.raw_name(node), b"Promise" | b"AsyncContextFrame")
    }

    fn code_of(&self, call: Node) -> Option<Node> {
        self.follow(call, self.names.registers)?;
        let function = self.follow(call, self.names.function)?;
        self.follow(function, self.names.shared)
    }

    /// The code of the function whose call a node is; 0 where it is none.
    fn called(&self, node: Node) -> Node {
        self.code.get(node as usize).copied().unwrap_or(0)
    }

    fn objects(&self) -> impl Iterator<Item = Node> + use<'a> {
        let analysis = self.analysis;
        (1..analysis.node_count() as Node).filter(|&node| analysis.kind(node) == NodeKind::Object)
    }

    fn is_reaction(&self, node: Node) -> bool {
        self.analysis.snapshot.raw_name(node) == b"system / PromiseReaction"
    }

    fn targets(&self, node: Node) -> impl Iterator<Item = Node> {
        let snapshot = &self.analysis.snapshot;
        snapshot.edges_of(node).map(|edge| snapshot.edges.to[edge])
    }

    fn closures(&self, node: Node) -> impl Iterator<Item = Node> {
        self.targets(node)
            .filter(|&to| self.analysis.kind(to) == NodeKind::Closure)
    }

    fn follow(&self, node: Node, name: Option<u32>) -> Option<Node> {
        let edges = &self.analysis.snapshot.edges;
        let name = name?;
        self.analysis
            .snapshot
            .edges_of(node)
            .find(|&edge| edges.kind[edge] == EdgeKind::Internal && edges.name[edge] == name)
            .map(|edge| edges.to[edge])
    }
}
