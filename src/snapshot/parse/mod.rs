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

use std::sync::Arc;

use self::builder::{Block, Table};
pub(super) use self::builder::{Builder, Message, Remote};
use self::layout::Layout;
use self::numbers::{Numbers, Stop};
use self::rows::Piece;
use super::budget;
use super::columns::{Edges, Nodes, Snapshot};
use super::error::{Code, SnapshotError};
use super::strings::Strings;

/// Numbers are read in blocks that stay in the cache between the two passes over them.
const BLOCK: usize = 1 << 17;
/// V8's header has 1.2 KB. Parsed, a header takes up to 16 times its bytes.
const LONGEST_HEADER: usize = 1 << 16;
const LONGEST_KEY: usize = 64;
/// How often the memory of the strings is looked at.
const STRINGS_PER_CHECK: usize = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Snapshot,
    Nodes,
    Edges,
    Locations,
    Strings,
    Unknown,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before the `{` of the file.
    Start,
    /// Before a key; `first` allows `}`.
    Key {
        first: bool,
    },
    InKey,
    Colon,
    /// Before the value of the section.
    Value,
    /// Within the header: how deep, whether in a string, whether after a backslash.
    Header(Balance),
    Numbers(Numbers),
    /// Within `strings`, between two of them.
    Strings(Between),
    InString {
        escaped: bool,
    },
    /// Within a section that is not needed.
    Skip(Balance),
    /// After a value.
    Next,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    First,
    Value,
    Separator,
}

/// Finds the end of any JSON value by counting brackets.
#[derive(Clone, Copy, Debug, Default)]
struct Balance {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Balance {
    /// Takes a byte; true when the value ended with it.
    fn take(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return !self.in_string && self.depth == 0;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => return false,
        }
        self.depth == 0 && !self.in_string
    }
}

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

    fn take_byte(&mut self, byte: u8) -> Result<(), SnapshotError> {
        let space = matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        match self.state {
            State::Start
            | State::Key { .. }
            | State::Colon
            | State::Value
            | State::Next
            | State::End
                if space => {}
            State::Start if byte == b'{' => self.state = State::Key { first: true },
            State::Start => return Err(self.unexpected(byte, "the `{` of a heap snapshot")),
            State::Key { .. } if byte == b'"' => {
                self.key.clear();
                self.state = State::InKey;
            }
            State::Key { first: true } if byte == b'}' => self.state = State::End,
            State::Key { .. } => return Err(self.unexpected(byte, "the name of a section")),
            State::InKey if byte == b'"' => self.state = State::Colon,
            State::InKey if self.key.len() >= LONGEST_KEY => {
                return Err(self.error(
                    Code::Layout,
                    format!("The name of a section is longer than {LONGEST_KEY} bytes"),
                ));
            }
            State::InKey => self.key.push(byte),
            State::Colon if byte == b':' => {
                self.begin_section()?;
                self.state = State::Value;
            }
            State::Colon => return Err(self.unexpected(byte, "a colon")),
            State::Value => return self.begin_value(byte),
            State::Header(mut balance) => {
                if self.header.len() >= LONGEST_HEADER {
                    return Err(self.error(
                        Code::Layout,
                        "The header is longer than 64 KiB: is this a heap snapshot?",
                    ));
                }
                self.header.push(byte);
                if balance.take(byte) {
                    let layout = Arc::new(Layout::parse(&self.header, self.section_start)?);
                    self.layout = Some(Arc::clone(&layout));
                    match &mut self.columns {
                        Columns::Here(builder) => builder.layout = Some(layout),
                        Columns::There(remote) => remote.send(Message::Layout(layout))?,
                    }
                    self.end_section();
                } else {
                    self.state = State::Header(balance);
                }
            }
            State::Strings(between) => return self.between_strings(between, byte, space),
            State::Skip(mut balance) => {
                // A bare number, true, false or null ends where what follows it begins.
                if balance.depth == 0 && !balance.in_string && matches!(byte, b',' | b'}') {
                    self.end_section();
                    return self.take_byte(byte);
                }
                let ended = balance.take(byte);
                self.state = State::Skip(balance);
                if ended {
                    self.end_section();
                }
            }
            State::Next if byte == b',' => self.state = State::Key { first: false },
            State::Next if byte == b'}' => self.state = State::End,
            State::Next => return Err(self.unexpected(byte, "a comma or the end of the snapshot")),
            State::End => {
                return Err(self.unexpected(byte, "nothing after the end of the snapshot"));
            }
            State::Numbers(_) | State::InString { .. } => {
                unreachable!("these take more than a byte")
            }
        }
        Ok(())
    }

    fn begin_section(&mut self) -> Result<(), SnapshotError> {
        self.section = match self.key.as_slice() {
            b"snapshot" => Section::Snapshot,
            b"nodes" => Section::Nodes,
            b"edges" => Section::Edges,
            b"locations" => Section::Locations,
            b"strings" => Section::Strings,
            _ => Section::Unknown,
        };
        if self.section == Section::Unknown {
            return Ok(());
        }
        let key = String::from_utf8_lossy(&self.key).into_owned();
        if self.seen.contains(&self.section) {
            return Err(self.error(Code::Layout, format!("The section `{key}` comes twice")));
        }
        let before = match self.section {
            Section::Nodes => Some((Section::Snapshot, "snapshot")),
            Section::Strings => Some((Section::Edges, "edges")),
            Section::Edges | Section::Locations => Some((Section::Nodes, "nodes")),
            _ => None,
        };
        if let Some((needed, name)) = before
            && !self.seen.contains(&needed)
        {
            return Err(self.error(
                Code::Layout,
                format!("The section `{key}` comes before `{name}`"),
            ));
        }
        self.seen.push(self.section);
        Ok(())
    }

    fn begin_value(&mut self, byte: u8) -> Result<(), SnapshotError> {
        self.section_start = self.offset;
        self.state = match self.section {
            Section::Snapshot if byte == b'{' => {
                self.header.push(byte);
                let mut balance = Balance::default();
                balance.take(byte);
                State::Header(balance)
            }
            Section::Snapshot => return Err(self.unexpected(byte, "the header, an object")),
            Section::Locations if !self.has_locations() => self.begin_skip(byte)?,
            Section::Unknown => self.begin_skip(byte)?,
            _ if byte != b'[' => return Err(self.unexpected(byte, "an array")),
            Section::Strings => State::Strings(Between::First),
            _ => State::Numbers(Numbers::new()),
        };
        Ok(())
    }

    fn has_locations(&self) -> bool {
        self.layout
            .as_ref()
            .is_some_and(|layout| layout.locations.is_some())
    }

    fn begin_skip(&self, byte: u8) -> Result<State, SnapshotError> {
        if matches!(byte, b',' | b'}' | b']' | b':') {
            return Err(self.unexpected(byte, "a value"));
        }
        let mut balance = Balance::default();
        balance.take(byte);
        Ok(State::Skip(balance))
    }

    fn end_section(&mut self) {
        self.state = State::Next;
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

    fn between_strings(
        &mut self,
        between: Between,
        byte: u8,
        space: bool,
    ) -> Result<(), SnapshotError> {
        match (between, byte) {
            _ if space => {}
            (Between::First | Between::Value, b'"') => {
                self.state = State::InString { escaped: false }
            }
            (Between::Separator, b',') => self.state = State::Strings(Between::Value),
            (Between::First | Between::Separator, b']') => self.end_section(),
            (Between::Separator, _) => {
                return Err(self.unexpected(byte, "a comma or the end of the strings"));
            }
            _ => return Err(self.unexpected(byte, "a string")),
        }
        Ok(())
    }

    fn take_string(&mut self, escaped: bool, bytes: &[u8]) -> Result<usize, SnapshotError> {
        let mut at = usize::from(escaped);
        loop {
            at += plain_length(&bytes[at.min(bytes.len())..]);
            match bytes.get(at) {
                None => {
                    // One past the end: the escaped byte is in the next piece.
                    self.strings.push_bytes(bytes);
                    self.state = State::InString {
                        escaped: at > bytes.len(),
                    };
                    return Ok(bytes.len());
                }
                Some(b'"') => {
                    self.strings.push_bytes(&bytes[..at]);
                    if self.strings.len() as u64 >= u64::from(u32::MAX) {
                        return Err(
                            self.error(Code::TooLarge, "More strings than 32 bits can tell apart")
                        );
                    }
                    self.strings.end_string();
                    if self.strings.len().is_multiple_of(STRINGS_PER_CHECK) {
                        budget::check_peak(self.offset, self.strings.used())?;
                    }
                    self.state = State::Strings(Between::Separator);
                    return Ok(at + 1);
                }
                Some(_) => at += 2,
            }
        }
    }
}

/// How many bytes come before a quote or a backslash. Eight at a time: strings make up a third
/// of a file.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let tail = &bytes[at..];
    at + tail
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .unwrap_or(tail.len())
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
