//! How much memory a snapshot may take: what keeps a file that V8 did not write from ending the
//! process that reads it.
//!
//! Columns have a fixed width, and a file can spell a node in 10 bytes where V8 needs 40. What V8
//! writes stays well below the bound, because its ids are all different and so have many digits;
//! what does not is refused before the memory is taken.

use super::error::{Code, SnapshotError};
use crate::format;

/// Beside one and a half times the file. With what does not grow with the file (the blocks of the
/// parser, rows of a result) all of it is at most 64 MB.
const PEAK_SPARE: u64 = 24 << 20;
/// For what stays when the analysis is done: several snapshots can be held.
const HELD_SPARE: u64 = 6 << 20;

/// Bytes a node that stay of an analysis: distance, dominator, order, retained size, class, retainer.
pub(crate) const HELD_PER_NODE: usize = 6 * 4;
/// And those that a question wants meanwhile: two more columns.
pub(crate) const PEAK_PER_NODE: usize = HELD_PER_NODE + 2 * 4;

/// Whether reading and analysing a file of `file` bytes may take `needed` bytes at its peak.
pub(crate) fn check_peak(file: u64, needed: usize) -> Result<(), SnapshotError> {
    check(file, needed, PEAK_SPARE)
}

/// Whether a file of `file` bytes may hold `needed` bytes when it is analysed.
pub(crate) fn check_held(file: u64, needed: usize) -> Result<(), SnapshotError> {
    check(file, needed, HELD_SPARE)
}

fn check(file: u64, needed: usize, spare: u64) -> Result<(), SnapshotError> {
    let most = (file / 2).saturating_mul(3).saturating_add(spare);
    let needed = needed as u64;
    if needed <= most {
        return Ok(());
    }
    let message = format!(
        "The file is denser than anything that V8 writes: its {} would take {} of memory, and {} are allowed. Is it damaged?",
        format::bytes(file as f64),
        format::bytes(needed as f64),
        format::bytes(most as f64)
    );
    Err(SnapshotError::new(Code::Dense, message))
}
