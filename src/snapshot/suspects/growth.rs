//! What a suspect has grown by since an earlier snapshot.

use std::collections::HashMap;

use super::groups::{Group, chains, counts_as_member, heirs};
use super::holders::HolderKind;
use super::naming::lifted;
use super::suspect::{Growth, Suspect};
use super::waiting::{Waiting, cause};
use crate::snapshot::analysis::Analysis;
use crate::snapshot::classes::Class;
use crate::snapshot::columns::Node;
use crate::snapshot::diff;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::graph::bits::Bits;
use crate::snapshot::progress::Checkpoint;
use crate::snapshot::public_name::named;

/// What each suspect has grown by.
pub(super) struct Growths {
    pub(super) all: Vec<Option<Growth>>,
    /// Whether the objects are known to be the same ones.
    pub(super) certain: bool,
}

impl Growths {
    pub(super) fn by_id(
        now: &Analysis,
        earlier: &Analysis,
        found: &[(Group, Suspect)],
        checkpoint: &Checkpoint,
    ) -> Result<Self, SnapshotError> {
        let key = |analysis: &Analysis, dominator: Node, class: Class| {
            let at = analysis.id(lifted(analysis, dominator));
            (at, analysis.classes().name(class).to_owned())
        };
        let mut then: HashMap<(u32, String), (u64, u64)> = HashMap::new();
        let mut new: HashMap<(u32, String), (u64, u64)> = HashMap::new();
        for (group, _) in found.iter().filter(|(group, _)| group.kind.is_none()) {
            let key = key(now, group.dominator, group.class);
            then.insert(key.clone(), (0, 0));
            new.insert(key, (0, 0));
        }
        let ids = diff::by_id(earlier);
        let is_new = |node: Node| diff::lookup(&ids, now.id(node)).is_none();
        tally(earlier, &mut then, |_| true);
        checkpoint.pass(0)?;
        tally(now, &mut new, is_new);
        checkpoint.pass(0)?;
        let heirs = heirs(earlier);
        let chains = chains(earlier, &heirs, 0);
        let waited = if found.iter().any(|(group, _)| group.waits.is_some()) {
            Waiting::new(earlier, &heirs).all()
        } else {
            Vec::new()
        };
        let all = found
            .iter()
            .map(|(group, suspect)| {
                let (count, bytes) = match group.kind {
                    None => {
                        let key = key(now, group.dominator, group.class);
                        let (count, bytes) = then.get(&key).copied().unwrap_or_default();
                        let (new_count, new_bytes) = new.get(&key).copied().unwrap_or_default();
                        return Some(Growth {
                            count: less(group.count, count).min(new_count.cast_signed()),
                            bytes: less(group.bytes, bytes).min(new_bytes.cast_signed()),
                        });
                    }
                    Some(HolderKind::List) => {
                        let above = now.id(now.dominator(group.dominator));
                        let class = now.classes().name(group.class);
                        let old = chains.iter().find(|old| {
                            earlier.id(earlier.dominator(old.dominator)) == above
                                && earlier.classes().name(old.class) == class
                        });
                        old.map_or((0, 0), |old| (old.count, old.bytes))
                    }
                    Some(kind @ (HolderKind::Promises | HolderKind::Suspended)) => {
                        let at = now.id(cause(now, group));
                        let old = waited.iter().find(|old| {
                            old.kind == Some(kind) && earlier.id(cause(earlier, old)) == at
                        });
                        old.map_or((0, 0), |old| (old.count, old.bytes))
                    }
                    Some(_) => match diff::lookup(&ids, now.id(group.dominator)) {
                        Some(node) => (1, earlier.retained_size(node)),
                        None => (0, 0),
                    },
                };
                Some(Growth {
                    count: less(suspect.count, count),
                    bytes: less(suspect.bytes, bytes),
                })
            })
            .collect();
        Ok(Self { all, certain: true })
    }

    pub(super) fn by_words(
        now: &Analysis,
        earlier: &Analysis,
        found: &[(Group, Suspect)],
        before: &[(Group, Suspect)],
    ) -> Self {
        let count_classes = |analysis: &Analysis| {
            let mut counts: HashMap<String, (u64, u64)> = HashMap::new();
            for row in analysis.histogram() {
                // As suspects call them: classes that are called by data are one.
                let class = named(&row.class);
                if found.iter().any(|(_, suspect)| suspect.class == class) {
                    let counted = counts.entry(class.into_owned()).or_default();
                    counted.0 += row.count;
                    counted.1 += row.retained_size;
                }
            }
            counts
        };
        let (classes_then, classes_now) = (count_classes(earlier), count_classes(now));
        let all = found
            .iter()
            .map(|(_, suspect)| {
                let old = before.iter().map(|(_, old)| old).find(|old| {
                    old.holder == suspect.holder
                        && old.class == suspect.class
                        && old.kind == suspect.kind
                });
                let (count, bytes) = old.map_or((0, 0), |old| (old.count, old.bytes));
                let (class_count, class_bytes) = classes_now.get(&suspect.class)?;
                let (old_count, old_bytes) = classes_then
                    .get(&suspect.class)
                    .copied()
                    .unwrap_or_default();
                Some(Growth {
                    count: less(suspect.count, count).min(less(*class_count, old_count)),
                    bytes: less(suspect.bytes, bytes).min(less(*class_bytes, old_bytes)),
                })
            })
            .collect();
        Self {
            all,
            certain: false,
        }
    }
}

fn less(now: u64, then: u64) -> i64 {
    now.cast_signed() - then.cast_signed()
}

/// Counts the nodes of the wanted dominators and classes, with what they retain.
fn tally(
    analysis: &Analysis,
    wanted: &mut HashMap<(u32, String), (u64, u64)>,
    counts: impl Fn(Node) -> bool,
) {
    let classes = analysis.classes();
    let mut columns: HashMap<(Node, Class), (u64, u64)> = HashMap::new();
    let mut nodes: HashMap<u32, Node> = wanted.keys().map(|(id, _)| (*id, Node::MAX)).collect();
    for node in 0..analysis.node_count() as Node {
        if let Some(found) = nodes.get_mut(&analysis.id(node)) {
            *found = node;
        }
    }
    let mut is_wanted = Bits::new(analysis.node_count());
    for (id, class) in wanted.keys() {
        let node = nodes[id];
        if node != Node::MAX
            && let Some(class) = classes.find(class)
        {
            is_wanted.set(node);
            columns.insert((node, class), (0, 0));
        }
    }
    for node in 1..analysis.node_count() as Node {
        if !counts_as_member(analysis.kind(node)) {
            continue;
        }
        let above = lifted(analysis, analysis.dominator(node));
        if is_wanted.get(above)
            && let Some((count, bytes)) = columns.get_mut(&(above, classes.of(node)))
            && counts(node)
        {
            *count += 1;
            *bytes += analysis.retained_size(node);
        }
    }
    for ((id, class), sums) in wanted {
        let class = classes.find(class);
        if let Some(found) = class.and_then(|class| columns.get(&(nodes[id], class))) {
            *sums = *found;
        }
    }
}
