//! The sections of the file, byte by byte: what is between their values.

use super::super::error::{Code, SnapshotError};
use super::layout::Layout;
use super::numbers::Numbers;
use super::state::{Balance, Between, Section, State};
use super::{Columns, Message, Parser};
use super::{LONGEST_HEADER, LONGEST_KEY};
use std::sync::Arc;

impl Parser {
    pub(super) fn take_byte(&mut self, byte: u8) -> Result<(), SnapshotError> {
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

    pub(super) fn end_section(&mut self) {
        self.state = State::Next;
    }
}
