//! The parser: bytes in, columns out.
//!
//! A snapshot is one JSON object whose sections come in V8's order: `snapshot` (the header),
//! `nodes`, `edges`, then others, `strings` last. The parser is a machine that can stop at any
//! byte and go on with the next piece. Numbers and strings have loops of their own; everything
//! it does not know is skipped, without recursion.
//!
//! What always holds: memory is bounded by the bytes seen, never by a count that the file
//! claims (which reserves room, as far as the file can fill it); every number is checked before it is kept; each error names its byte.

mod builder;
mod layout;
mod numbers;
mod rows;
mod sections;
mod sinks;
mod state;
mod text;

use std::sync::Arc;

use self::builder::{Block, Table};
pub(super) use self::builder::{Builder, Message, Remote};
use self::layout::Layout;
use self::numbers::{Numbers, Stop};
use self::rows::Piece;
use self::state::{Section, State};
use super::columns::{Edges, Nodes, Snapshot};
use super::error::{Code, SnapshotError};
use super::strings::Strings;

/// Numbers are read in blocks that stay in the cache between the two passes over them.
const BLOCK: usize = 1 << 17;
/// V8's header has 1.2 KB. Parsed, a header takes up to 16 times its bytes.
const LONGEST_HEADER: usize = 1 << 16;
const LONGEST_KEY: usize = 64;

/// Bytes of the file, for whoever copies it.
#[derive(Clone, Copy)]
pub(crate) enum StringPiece<'a> {
    /// Not within a string of the string table.
    Outside(&'a [u8]),
    /// Some of the inside of a string.
    Inside(&'a [u8]),
    /// The string has no more.
    End,
}

/// A snapshot that is being read.
pub struct Parser {
    state: State,
    section: Section,
    /// The file's offset of the next byte.
    offset: u64,
    /// Where the section that is being read began.
    section_start: u64,
    key: Vec<u8>,
    header: Vec<u8>,
    layout: Option<Arc<Layout>>,
    seen: Vec<Section>,
    numbers: Vec<i64>,
    columns: Columns,
    strings: Strings,
}

/// Who fills the columns.
enum Columns {
    Here(Box<Builder>),
    /// On another thread.
    There(Remote),
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    pub fn new() -> Self {
        Self {
            state: State::Start,
            section: Section::Unknown,
            offset: 0,
            section_start: 0,
            key: Vec::new(),
            header: Vec::new(),
            layout: None,
            seen: Vec::new(),
            numbers: Vec::new(),
            columns: Columns::Here(Box::default()),
            strings: Strings::default(),
        }
    }

    /// A parser that leaves the columns to a [`Builder`] on another thread.
    pub(super) fn with_remote(remote: Remote) -> Self {
        Self {
            columns: Columns::There(remote),
            ..Self::new()
        }
    }

    /// Ends the other thread's work.
    pub(super) fn hang_up(&mut self) {
        self.columns = Columns::Here(Box::default());
    }

    /// Takes over what the other thread built.
    pub(super) fn take_over(&mut self, builder: Builder) {
        self.columns = Columns::Here(Box::new(builder));
    }

    /// Takes the next piece of the file, of any size. After an error the parser is of no use.
    ///
    /// # Errors
    ///
    /// What is wrong with the snapshot, with the byte at which it shows.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.feed_watched(bytes, &mut |_, _| {})
    }

    /// As [`Self::feed`], and tells of each byte whether it is the inside of a string of the
    /// string table.
    pub(crate) fn feed_watched(
        &mut self,
        bytes: &[u8],
        watch: &mut impl FnMut(&Self, StringPiece<'_>),
    ) -> Result<(), SnapshotError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match self.state {
                State::Numbers(numbers) => self.take_numbers(numbers, rest)?,
                State::InString { escaped } => {
                    let taken = self.take_string(escaped, rest)?;
                    let ended = !matches!(self.state, State::InString { .. });
                    watch(
                        self,
                        StringPiece::Inside(&rest[..taken - usize::from(ended)]),
                    );
                    if ended {
                        watch(self, StringPiece::End);
                        watch(self, StringPiece::Outside(b"\""));
                    }
                    self.offset += taken as u64;
                    rest = &rest[taken..];
                    continue;
                }
                _ => {
                    self.take_byte(rest[0])?;
                    1
                }
            };
            watch(self, StringPiece::Outside(&rest[..taken]));
            self.offset += taken as u64;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// What was built so far; nothing while another thread builds.
    pub(crate) fn columns(&self) -> Option<(&Nodes, &Edges)> {
        match &self.columns {
            Columns::Here(builder) => Some((&builder.nodes, &builder.edges)),
            Columns::There(_) => None,
        }
    }

    /// Bytes of memory that this takes, without what another thread builds.
    pub fn own_memory(&self) -> usize {
        let columns = self.columns();
        let columns = columns.map_or(0, |(nodes, edges)| nodes.own_memory() + edges.own_memory());
        columns + self.strings.own_memory()
    }

    /// How many bytes were taken.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// The snapshot is not complete, or its parts do not fit together.
    pub fn finish(self) -> Result<Snapshot, SnapshotError> {
        if !matches!(self.state, State::End) {
            let place = match self.state {
                State::Start => "before it begins".to_owned(),
                State::Key { .. } | State::InKey | State::Next => "between two sections".to_owned(),
                _ => format!(
                    "within the section `{}`",
                    String::from_utf8_lossy(&self.key)
                ),
            };
            return Err(SnapshotError::at(
                Code::Truncated,
                self.offset,
                format!("The snapshot ends {place}: was it written to its end?"),
            ));
        }
        for (section, name) in [
            (Section::Snapshot, "snapshot"),
            (Section::Nodes, "nodes"),
            (Section::Edges, "edges"),
            (Section::Strings, "strings"),
        ] {
            if !self.seen.contains(&section) {
                return Err(self.error(Code::Layout, format!("The section `{name}` is missing")));
            }
        }
        let bytes = self.offset;
        let no_nodes = self.error(Code::Counts, "A snapshot without nodes");
        let strings = self.strings;
        let Columns::Here(mut builder) = self.columns else {
            return Err(SnapshotError::cancelled());
        };
        for (largest, what) in [
            (builder.largest_node_name, "node"),
            (builder.largest_edge_name, "edge"),
        ] {
            if largest as usize >= strings.len() {
                let message = format!(
                    "A {what} is named by string {largest}, and there are {} strings",
                    strings.len()
                );
                return Err(SnapshotError::at(Code::Range, bytes, message));
            }
        }
        if builder.nodes.kind.is_empty() {
            return Err(no_nodes);
        }
        let layout = builder.layout.as_ref();
        builder.nodes.has_detachedness =
            layout.is_some_and(|layout| layout.nodes.detachedness.is_some());
        let extra_native_bytes = layout.map_or(0, |layout| layout.extra_native_bytes);
        builder
            .nodes
            .first_edge
            .push(builder.announced_edges as u32);
        let mut locations = builder.locations;
        if !locations.is_sorted() {
            locations.sort_unstable();
        }
        locations.dedup_by_key(|location| location.node);
        let snapshot = Snapshot {
            nodes: builder.nodes,
            edges: builder.edges,
            strings,
            locations,
            extra_native_bytes,
            bytes,
        };
        snapshot.check_peak(0)?;
        Ok(snapshot)
    }

    /// The header's counts, for progress and plausibility; nothing before the header was read.
    pub fn announced(&self) -> Option<(u64, u64)> {
        self.layout
            .as_ref()
            .map(|layout| (layout.node_count, layout.edge_count))
    }

    fn error(&self, code: Code, message: impl Into<String>) -> SnapshotError {
        SnapshotError::at(code, self.offset, message)
    }

    fn unexpected(&self, byte: u8, wanted: &str) -> SnapshotError {
        self.error(
            Code::Syntax,
            format!("Expected {wanted}, got {}", shown(byte)),
        )
    }

    fn take_numbers(&mut self, before: Numbers, bytes: &[u8]) -> Result<usize, SnapshotError> {
        let bytes = &bytes[..bytes.len().min(BLOCK)];
        let table = match self.section {
            Section::Nodes => Table::Nodes,
            Section::Edges => Table::Edges,
            _ => Table::Locations,
        };
        let mut state = before;
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        let stop = state.read(bytes, &mut numbers).map_err(|bad| {
            SnapshotError::at(
                Code::Syntax,
                self.offset + bad.at as u64,
                format!("Expected {}, got {}", bad.wanted, shown(bytes[bad.at])),
            )
        });
        // What stands before the fault may be wrong too, and then comes first.
        match &mut self.columns {
            Columns::Here(builder) => {
                let piece = Piece {
                    numbers: &numbers,
                    bytes,
                    offset: self.offset,
                    before,
                    after: state,
                };
                builder.take(table, &piece)?;
                self.numbers = numbers;
            }
            Columns::There(remote) => {
                let (spare, mut copy) = remote.spare.try_recv().unwrap_or_default();
                self.numbers = spare;
                copy.clear();
                copy.extend_from_slice(bytes);
                remote.send(Message::Block(Block {
                    table,
                    numbers,
                    bytes: copy,
                    offset: self.offset,
                    before,
                    after: state,
                }))?;
            }
        }
        match stop? {
            Stop::Empty => {
                self.state = State::Numbers(state);
                Ok(bytes.len())
            }
            Stop::End(taken) => {
                let end = self.offset + taken as u64;
                match &mut self.columns {
                    Columns::Here(builder) => builder.end(table, end)?,
                    Columns::There(remote) => remote.send(Message::End(table, end))?,
                }
                self.end_section();
                Ok(taken)
            }
        }
    }
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() {
        format!("`{}`", char::from(byte))
    } else {
        format!("byte 0x{byte:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_beyond_4_gib_are_told_whole() {
        const BEFORE: u64 = 5 << 30;
        let head = r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],"node_types":[["object"]],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["element"]]},"node_count":2,"edge_count":1},"nodes":["#;
        for (nodes, at) in [
            ("x", 0),
            ("0,0,1,0,1,0,9999999999,3,0,0]", 12),
            ("0,0,1,0,1,0,1,3,0,0,5]", 22),
        ] {
            for cut in 0..nodes.len() {
                let mut parser = Parser {
                    offset: BEFORE,
                    ..Parser::new()
                };
                let (first, second) = nodes.split_at(cut);
                let fed = parser
                    .feed(head.as_bytes())
                    .and_then(|()| parser.feed(first.as_bytes()))
                    .and_then(|()| parser.feed(second.as_bytes()));
                let offset = fed.err().and_then(|error| error.offset);
                assert_eq!(offset, Some(BEFORE + (head.len() + at) as u64), "{nodes}");
            }
        }
    }
}
