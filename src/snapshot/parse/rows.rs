//! From a stream of integers to rows, each of which goes to a sink.

use super::numbers::Numbers;
use crate::snapshot::error::{Code, SnapshotError};

/// Numbers with what they were made of, which tells where they stand.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) numbers: &'a [i64],
    pub(super) bytes: &'a [u8],
    /// The file's offset of the first of the bytes.
    pub(super) offset: u64,
    /// The reader's state before the bytes and after them.
    pub(super) before: Numbers,
    pub(super) after: Numbers,
}

impl Piece<'_> {
    fn offset_of(&self, index: usize) -> u64 {
        let within = self.before.offset_of(self.bytes, index);
        self.offset.saturating_add_signed(within)
    }

    fn last_offsets(&self, count: usize) -> impl Iterator<Item = u64> {
        let offset = self.offset;
        let last = match count {
            0 => Vec::new(),
            _ => self.after.last_offsets(self.before, self.bytes, count),
        };
        last.into_iter()
            .map(move |within| offset.saturating_add_signed(within))
    }
}

/// What is wrong with a row: which field, and why.
pub(super) type RowFault = (usize, Code, String);

/// Takes whole rows.
pub(super) trait Sink {
    fn fields(&self) -> usize;
    /// Takes all of a block's whole rows at once, column by column, if all of them are sound and
    /// usual; else takes none, and they come one by one.
    fn block(&mut self, _rows: &[i64]) -> bool {
        false
    }
    fn row(&mut self, row: &[i64]) -> Result<(), RowFault>;
}

/// The numbers of a row that a piece cut, and where in the file they stand.
#[derive(Default)]
pub(super) struct Rows {
    cut: Vec<i64>,
    offsets: Vec<u64>,
}

impl Rows {
    pub(super) fn accept(
        &mut self,
        piece: &Piece<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), SnapshotError> {
        let fields = sink.fields();
        let mut numbers = piece.numbers;
        let mut taken = 0;
        if !self.cut.is_empty() {
            let before = self.cut.len();
            let missing = (fields - before).min(numbers.len());
            self.cut.extend_from_slice(&numbers[..missing]);
            if self.cut.len() < fields {
                self.offsets.extend(piece.last_offsets(missing));
                return Ok(());
            }
            sink.row(&self.cut).map_err(|(field, code, message)| {
                let offset = match self.offsets.get(field) {
                    Some(&offset) => offset,
                    None => piece.offset_of(field - before),
                };
                SnapshotError::at(code, offset, message)
            })?;
            self.cut.clear();
            self.offsets.clear();
            numbers = &numbers[missing..];
            taken = missing;
        }
        let rows = numbers.chunks_exact(fields);
        let rest = rows.remainder();
        let whole = &numbers[..numbers.len() - rest.len()];
        if !sink.block(whole) {
            for (at, row) in rows.enumerate() {
                sink.row(row).map_err(|(field, code, message)| {
                    let offset = piece.offset_of(taken + at * fields + field);
                    SnapshotError::at(code, offset, message)
                })?;
            }
        }
        self.cut.extend_from_slice(rest);
        self.offsets.extend(piece.last_offsets(rest.len()));
        Ok(())
    }

    /// How many numbers are left over at the end of an array.
    pub(super) fn left(&self) -> usize {
        self.cut.len()
    }
}
