//! Takes what users typed out of a snapshot, and nothing else: bytes in, bytes out, in one pass.
//!
//! A heap's strings are user data; the names of classes, properties, functions and files are the
//! code's. Both share one table, which comes last in the file, so by then it is known what each
//! entry names. Those that name only string nodes become `<string of N>`, N being the length in
//! bytes as the file had it, so that what wastes memory still shows.
//!
//! A name that a program makes of user data (`byUser['ann@example.org']`) is no word of the code,
//! and `[…]` stands for it; names.rs has the rule. The keys of an object with many are taken for
//! data where nothing else has that name. What V8 itself calls its own stays, as do the names of
//! variables and of files.
//!
//! `strip` leaves not even the length: the entries of strings become empty.
//!
//! Everything else is copied as it came. The output has one entry for each of the input's.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use super::columns::{EdgeKind, NodeKind};
use super::error::{Code, SnapshotError};
use super::graph::bits::Bits;
use super::open::{open_regular, read_pieces, unchanged};
use super::parse::{Parser, StringPiece};
use super::progress::{Checkpoint, OnProgress, Phase};
use super::public_name::{HIDDEN, named, named_by_v8};

/// Copies `input` to `output` without the contents of strings; `length` is for the progress, 0
/// where it is not known. What was written before an error is to be thrown away.
///
/// # Errors
///
/// Reading or writing fails, or the input is not a valid snapshot.
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
    let checkpoint = Checkpoint::new(Phase::Redact, length);
    checkpoint.watch(on_progress, || {
        let mut redaction = Redaction::new(fill);
        let mut written = Vec::new();
        read_pieces(input, &checkpoint, |piece| {
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
    /// What came so far is not a valid snapshot.
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

/// Longer names are no names.
const LONGEST_NAME: usize = 1024;
/// An object with more properties than that is a dictionary.
const DICTIONARY: usize = 128;

struct Redactor {
    fill: Fill,
    /// Made when the strings begin.
    names: Option<Names>,
    /// Of a name, what came so far.
    name: Vec<u8>,
    /// The length of the string that is being read.
    length: u64,
    index: u32,
}

impl Redactor {
    fn new(fill: Fill) -> Self {
        Self {
            fill,
            names: None,
            name: Vec::new(),
            length: 0,
            index: 0,
        }
    }

    fn take(&mut self, parser: &Parser, piece: StringPiece<'_>, written: &mut Vec<u8>) {
        match piece {
            StringPiece::Outside(bytes) => written.extend_from_slice(bytes),
            StringPiece::Inside(bytes) => {
                self.length += bytes.len() as u64;
                if self.use_of(parser) != Use::Text && self.name.len() <= LONGEST_NAME {
                    self.name.extend_from_slice(bytes);
                }
            }
            StringPiece::End => {
                let used = self.use_of(parser);
                let length = std::mem::take(&mut self.length);
                if used != Use::Text {
                    written.extend_from_slice(shown(used, &self.name).as_bytes());
                } else if length > 0 && self.fill == Fill::Length {
                    written.extend_from_slice(format!("<string of {length}>").as_bytes());
                }
                self.name.clear();
                self.index += 1;
            }
        }
    }

    fn use_of(&mut self, parser: &Parser) -> Use {
        let names = self.names.get_or_insert_with(|| Names::of(parser));
        // What no node and no edge is named by might be anything.
        match self.index {
            index if names.v8.contains(index) => Use::V8,
            index if names.code.contains(index) => Use::Code,
            index if names.any.contains(index) => Use::Name,
            _ => Use::Text,
        }
    }
}

/// What an entry of the string table is used for, by who chose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// A name that V8 gave, or that stands in the source as a variable.
    V8,
    /// A function or a file.
    Code,
    /// A class, a property, a symbol.
    Name,
    /// Nothing but text.
    Text,
}

/// `raw` is as it stands in JSON.
fn shown(used: Use, raw: &[u8]) -> std::borrow::Cow<'_, str> {
    let Ok(text) = std::str::from_utf8(raw) else {
        return HIDDEN.into();
    };
    let is_whole = raw.len() <= LONGEST_NAME;
    match used {
        Use::V8 if is_whole && text.contains(" / part of key (") && !text.contains('\\') => {
            named_by_v8(text)
        }
        Use::V8 if is_whole => text.into(),
        // Paths, also with the escapes of Windows, and '(ArrayReduce builtin code)'.
        Use::Code if is_whole && (text.contains(['/', '\\']) || text.contains(" builtin")) => {
            text.into()
        }
        // Half an escape is no JSON.
        Use::Code | Use::Name if is_whole && !text.contains('\\') => named(text),
        _ => HIDDEN.into(),
    }
}

/// The entries that name an edge or a node that is no string.
#[derive(Default)]
struct Names {
    any: Bits,
    code: Bits,
    v8: Bits,
}

impl Names {
    fn of(parser: &Parser) -> Self {
        let Some((nodes, edges)) = parser.columns() else {
            return Self::default();
        };
        let texts = edges.kind.iter().zip(&edges.name);
        let texts = texts.filter(|(kind, _)| !kind.is_indexed());
        let names = texts.map(|(_, name)| name).chain(&nodes.name);
        let end = names.max().map_or(0, |&greatest| greatest as usize + 1);
        let [any, code, v8] = [(); 3].map(|()| Bits::new(end));
        let mut found = Self { any, code, v8 };
        for (&kind, &name) in nodes.kind.iter().zip(&nodes.name) {
            match kind {
                kind if kind.is_string() => {}
                NodeKind::Object | NodeKind::Closure | NodeKind::RegExp | NodeKind::Symbol => {
                    found.any.set(name);
                }
                NodeKind::Code => found.code.set(name),
                _ => found.v8.set(name),
            }
        }
        for (node, &first) in nodes.first_edge.iter().enumerate() {
            let end = nodes.first_edge.get(node + 1).map(|&end| end as usize);
            let range = first as usize..end.unwrap_or(edges.kind.len());
            let kinds = edges.kind.get(range.clone()).unwrap_or_default();
            let names = edges.name.get(range).unwrap_or_default();
            let properties = kinds.iter().filter(|&&kind| kind == EdgeKind::Property);
            let is_dictionary = properties.count() > DICTIONARY;
            for (&kind, &name) in kinds.iter().zip(names) {
                match kind {
                    kind if kind.is_indexed() => {}
                    EdgeKind::Property if is_dictionary => {}
                    EdgeKind::Property => found.any.set(name),
                    _ => found.v8.set(name),
                }
            }
        }
        found
    }
}
