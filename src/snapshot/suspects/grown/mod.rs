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

mod counted;
mod found;
mod kinds;
mod named;
mod rounds;

pub use self::found::Grown;
use self::kinds::Kinds;
use self::rounds::{MOST_SNAPSHOTS, Rounds};
use super::standing::Standing;
use crate::snapshot::analysis::Analysis;
use crate::snapshot::diff::same_process;
use crate::snapshot::error::{Code, SnapshotError};
use crate::snapshot::progress::{Checkpoint, OnProgress, Phase};

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
