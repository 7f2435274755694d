//! What looks like a leak: many objects of a class that gather in one place.
//!
//! 1. Group all nodes by what dominates them immediately and by their class. A group with much
//!    memory and many members is a place where objects gather, whether its dominator is a Map's
//!    table, or, for objects with two owners, only what both owners have in common.
//! 2. Chains (each object holds the next) are no such group, so they are found by themselves:
//!    the heir of a node is the child that retains most, and a chain is heirs of one class.
//!    Single objects with much memory of their own are found too, and what waits: reactions of
//!    pending promises, suspended calls of one function.
//! 3. For each, ask a sample of members for their best path. The container that most paths pass
//!    last is the holder, whether or not it dominates them; its name comes from the code.
//! 4. With an earlier snapshot of the same process, count the members that the same dominator had
//!    then, and do not believe more growth than there are members whose ids are new. Of another
//!    process, look the holder up by its description, and do not believe more growth than the
//!    whole class had. What grew comes first.
//!
//! Confidence says how much a reader should believe: high (0.95) only for growth between two
//! snapshots of an object that is the same in both; medium (0.7) for growth that was matched by
//! description, or for a large share of one heap that the application's own code holds; low (0.3)
//! for the rest. Size alone is no leak.
//!
//! Between rounds of calls of one function the least thing is one: `grown` has that.

mod groups;
mod grown;
mod growth;
mod holders;
mod naming;
mod standing;
mod suspect;
mod waiting;
mod waits;

use self::groups::Group;
pub use self::grown::{Grown, grown};
use self::growth::Growths;
pub use self::holders::HolderKind;
pub use self::suspect::{Confidence, Growth, Suspect};
use self::waiting::Waiting;
use super::analysis::Analysis;
use super::columns::Node;
use super::diff::same_process;
use super::error::SnapshotError;
use super::progress::{Checkpoint, OnProgress, Phase};
use crate::sorting::sort_by_key;

/// No more are told.
const MOST_SUSPECTS: usize = 10;
/// Smaller groups are no suspects, as a share of the heap and in bytes.
const LEAST_SHARE: u64 = 100;
const LEAST_BYTES: u64 = 64 << 10;
/// Suspended calls that retain this part of what a holder does are what it holds.
const MUCH: u64 = 3;
/// In growth, less is told too.
const LEAST_GROWTH_SHARE: u64 = 500;

/// Finds the suspects of `now`; with an `earlier` snapshot, what grew since comes first.
///
/// # Errors
///
/// It was cancelled.
pub fn suspects(
    now: &Analysis,
    earlier: Option<&Analysis>,
    on_progress: OnProgress<'_>,
) -> Result<Vec<Suspect>, SnapshotError> {
    now.explain(&mut *on_progress)?;
    if let Some(earlier) = earlier
        && !same_process(earlier, now)
    {
        earlier.explain(&mut *on_progress)?;
    }
    let checkpoint = Checkpoint::new(Phase::Explain, 0);
    checkpoint.watch(on_progress, || ranked(now, earlier, &checkpoint))
}

fn ranked(
    now: &Analysis,
    earlier: Option<&Analysis>,
    checkpoint: &Checkpoint,
) -> Result<Vec<Suspect>, SnapshotError> {
    let total = now.total_size();
    let share = if earlier.is_some() {
        LEAST_GROWTH_SHARE
    } else {
        LEAST_SHARE
    };
    let least = (total / share).max(LEAST_BYTES);
    let mut found = find(now, least, checkpoint)?;
    if let Some(earlier) = earlier {
        let growths = if same_process(earlier, now) {
            Growths::by_id(now, earlier, &found, checkpoint)?
        } else {
            Growths::by_words(
                now,
                earlier,
                &found,
                &find(earlier, (least / 8).max(4096), checkpoint)?,
            )
        };
        let gained = total.cast_signed() - earlier.total_size().cast_signed();
        for ((_, suspect), growth) in found.iter_mut().zip(growths.all) {
            suspect.tell(growth, gained, growths.certain);
        }
        found.retain(|(_, suspect)| {
            suspect
                .growth
                .is_some_and(|growth| growth.bytes >= least.cast_signed())
        });
    }
    sort_by_key(&mut found, |(_, suspect)| {
        let growth = suspect.growth.map_or(0, |growth| growth.bytes);
        std::cmp::Reverse((suspect.confidence, growth, suspect.bytes))
    });
    found.truncate(MOST_SUSPECTS);
    Ok(found
        .into_iter()
        .map(|(_, suspect)| Suspect {
            path: now.known_path(suspect.node),
            ..suspect
        })
        .collect())
}

fn find(
    analysis: &Analysis,
    least: u64,
    checkpoint: &Checkpoint,
) -> Result<Vec<(Group, Suspect)>, SnapshotError> {
    let mut groups = groups::gathered(analysis, least);
    checkpoint.pass(0)?;
    let heirs = groups::heirs(analysis);
    groups.extend(groups::chains(analysis, &heirs, least));
    checkpoint.pass(0)?;
    let waiting = Waiting::new(analysis, &heirs);
    groups.extend(waiting.promises(least));
    checkpoint.pass(0)?;
    groups.extend(groups::large_objects(analysis, least));
    groups::keep_largest(&mut groups, groups::MOST);
    let mut suspects: Vec<(Group, Suspect)> = Vec::new();
    let mut holders: Vec<Node> = Vec::new();
    for group in &groups {
        checkpoint.pass(0)?;
        let Some((holder, suspect)) = naming::name(analysis, group) else {
            continue;
        };
        // Keys beside their values, or members beside their own members, tell nothing more.
        let told = holders.contains(&holder)
            || holders
                .iter()
                .any(|&told| dominates(analysis, told, holder));
        if !told {
            holders.push(holder);
            suspects.push((group.clone(), suspect));
        }
    }
    for group in waiting.suspended(least) {
        checkpoint.pass(0)?;
        let Some((_, suspect)) = naming::name(analysis, &group) else {
            continue;
        };
        // What the calls wait by is told already: an emitter, an array of resolvers, a promise.
        let holder = suspects
            .iter_mut()
            .map(|(_, holder)| holder)
            .find(|holder| {
                let held = |&&call: &&Node| dominates(analysis, holder.node, call);
                group.bytes >= holder.bytes / MUCH
                    && 2 * group.sample.iter().filter(held).count() > group.sample.len()
            });
        match holder {
            Some(holder) => holder.add_waiting(&suspect),
            None => suspects.push((group, suspect)),
        }
    }
    Ok(suspects)
}

/// Whether a walk of bounded length up the dominators of `node` meets `above`.
fn dominates(analysis: &Analysis, above: Node, node: Node) -> bool {
    let mut at = node;
    for _ in 0..10_000 {
        if at == above {
            return true;
        }
        if at == 0 {
            return false;
        }
        at = analysis.dominator(at);
    }
    false
}
