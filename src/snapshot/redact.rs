//! Takes what users typed out of a snapshot, and nothing else: bytes in, bytes out, in one pass.
//!
//! A heap's strings are user data; the names of classes, properties, functions and files are the
//! code's. Both share one table, which comes last in the file, so by then it is known which
//! entries name only string nodes. Those become `<string of N>`, N being the length in bytes as
//! the file had it, so that what wastes memory still shows. An entry that also names an edge or
//! another kind of node stays: it is an identifier of the program. Keys that a program makes of
//! user data (`byUser['ann@example.org']`) are such names and stay too.
//!
//! `strip` leaves not even the length: those entries become empty.
//!
//! Everything else is copied as it came. The output has one entry for each of the input's.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use super::error::{Code, SnapshotError};
use super::graph::bits::Bits;
use super::open::{open_regular, read_pieces, unchanged};
use super::parse::{Parser, StringPiece};
use super::progress::{Gate, OnProgress, Phase};

/// Copies `input` to `output` without the contents of strings; `length` is for the progress, 0
/// where it is not known. What was written before an error is to be thrown away.
///
/// # Errors
///
/// Reading or writing fails, or the input is no sound snapshot.
pub fn redact(
    input: &mut (dyn Read + Send),
    output: &mut (dyn Write + Send),
    length: u64,
    on_progress: OnProgress<'_>,
) -> Result<(), SnapshotError> {
    rewrite(Fill::Length, input, output, length, on_progress)
}

/// As [`redact`], and the strings' lengths go too.
///
/// # Errors
///
/// As [`redact`].
pub fn strip(
    input: &mut (dyn Read + Send),
    output: &mut (dyn Write + Send),
    length: u64,
    on_progress: OnProgress<'_>,
) -> Result<(), SnapshotError> {
    rewrite(Fill::Nothing, input, output, length, on_progress)
}

/// Rewrites a file into another: by [`strip`] if `strips`, else by [`redact`]. The new file is
/// its owner's alone, and it is there whole or not at all.
///
/// # Errors
///
/// As [`redact`], or `from` is not a regular file, or both are the same.
pub fn convert_file(
    from: &Path,
    to: &Path,
    strips: bool,
    on_progress: OnProgress<'_>,
) -> Result<(), SnapshotError> {
    let (mut input, metadata) = open_regular(from)?;
    if let (Ok(from), Ok(to)) = (fs::canonicalize(from), fs::canonicalize(to)) {
        if from == to {
            let message = "The converted file would replace the one it is made from";
            return Err(SnapshotError::new(Code::File, message));
        }
        if to.is_dir() {
            let message = format!("`{}` is a directory", to.display());
            return Err(SnapshotError::new(Code::File, message));
        }
    }
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = Path::new(&temporary);
    let writing = |error| SnapshotError::io(&format!("Writing `{}`", to.display()), &error);
    let output = create_private(temporary).map_err(writing)?;
    let mut output = BufWriter::with_capacity(1 << 20, output);
    let fill = if strips { Fill::Nothing } else { Fill::Length };
    let mut source = (&mut input).take(metadata.len());
    let done = rewrite(fill, &mut source, &mut output, metadata.len(), on_progress);
    let done = unchanged(&input, &metadata)
        .and(done)
        .and_then(|()| output.get_ref().sync_all().map_err(writing))
        .and_then(|()| fs::rename(temporary, to).map_err(writing));
    if done.is_err() {
        // Nothing better can be done where even that fails.
        let _ = fs::remove_file(temporary);
    }
    done
}

fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What stands for the contents of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fill {
    Length,
    Nothing,
}

fn rewrite(
    fill: Fill,
    input: &mut (dyn Read + Send),
    output: &mut (dyn Write + Send),
    length: u64,
    on_progress: OnProgress<'_>,
) -> Result<(), SnapshotError> {
    let gate = Gate::new(Phase::Redact, length);
    gate.watch(on_progress, || {
        let mut redaction = Redaction::new(fill);
        let mut written = Vec::new();
        read_pieces(input, &gate, |piece| {
            written.clear();
            redaction.push(piece, &mut written)?;
            write(output, &written)
        })?;
        redaction.finish()?;
        output
            .flush()
            .map_err(|error| SnapshotError::io("Writing the redacted snapshot", &error))
    })
}

fn write(output: &mut (dyn Write + Send), bytes: &[u8]) -> Result<(), SnapshotError> {
    match output.write_all(bytes) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(SnapshotError::io(
            "Writing the redacted snapshot: the reader went away",
            &error,
        )),
        Err(error) => Err(SnapshotError::io("Writing the redacted snapshot", &error)),
    }
}

/// A redaction that is handed the bytes as they come, for who has no source to read from.
pub struct Redaction {
    parser: Parser,
    redactor: Redactor,
}

impl Default for Redaction {
    /// As [`redact`].
    fn default() -> Self {
        Self::new(Fill::Length)
    }
}

impl Redaction {
    fn new(fill: Fill) -> Self {
        Self {
            parser: Parser::new(),
            redactor: Redactor::new(fill),
        }
    }

    /// Appends to `written` what may be told of these bytes.
    ///
    /// # Errors
    ///
    /// What came so far is no sound snapshot.
    pub fn push(&mut self, piece: &[u8], written: &mut Vec<u8>) -> Result<(), SnapshotError> {
        let redactor = &mut self.redactor;
        self.parser.feed_watched(piece, &mut |parser, piece| {
            redactor.take(parser, piece, written);
        })
    }

    /// The bytes have ended.
    ///
    /// # Errors
    ///
    /// The snapshot is not whole.
    pub fn finish(self) -> Result<(), SnapshotError> {
        self.parser.finish().map(drop)
    }
}

struct Redactor {
    fill: Fill,
    /// Names that stay; made when the strings begin.
    kept: Option<Bits>,
    /// The length of the string that is being read.
    length: u64,
    index: u32,
}

impl Redactor {
    fn new(fill: Fill) -> Self {
        Self {
            fill,
            kept: None,
            length: 0,
            index: 0,
        }
    }

    fn take(&mut self, parser: &Parser, piece: StringPiece<'_>, written: &mut Vec<u8>) {
        match piece {
            StringPiece::Outside(bytes) => written.extend_from_slice(bytes),
            StringPiece::Inside(bytes) => {
                if self.keeps(parser) {
                    written.extend_from_slice(bytes);
                } else {
                    self.length += bytes.len() as u64;
                }
            }
            StringPiece::End => {
                if !self.keeps(parser) {
                    let length = std::mem::take(&mut self.length);
                    if length > 0 && self.fill == Fill::Length {
                        written.extend_from_slice(format!("<string of {length}>").as_bytes());
                    }
                }
                self.index += 1;
            }
        }
    }

    fn keeps(&mut self, parser: &Parser) -> bool {
        let kept = self.kept.get_or_insert_with(|| kept_names(parser));
        // What no node and no edge is named by might be anything.
        kept.contains(self.index)
    }
}

/// The entries that name an edge or a node that is no string.
fn kept_names(parser: &Parser) -> Bits {
    let Some((nodes, edges)) = parser.columns() else {
        return Bits::default();
    };
    let nodes = nodes.kind.iter().zip(&nodes.name);
    // Numbers and symbols are named by their kind or by what the code calls them.
    let nodes = nodes
        .filter(|(kind, _)| !kind.is_string())
        .map(|(_, &name)| name);
    let edges = edges.kind.iter().zip(&edges.name);
    let edges = edges
        .filter(|(kind, _)| !kind.is_indexed())
        .map(|(_, &name)| name);
    let names = nodes.chain(edges);
    let end = names
        .clone()
        .max()
        .map_or(0, |greatest| greatest as usize + 1);
    let mut kept = Bits::new(end);
    names.for_each(|name| kept.set(name));
    kept
}
