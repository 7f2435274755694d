//! Where in the file the parser is.

use super::numbers::Numbers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Snapshot,
    Nodes,
    Edges,
    Locations,
    Strings,
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
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
pub(super) enum Between {
    First,
    Value,
    Separator,
}

/// Finds the end of any JSON value by counting brackets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    pub(super) depth: u32,
    pub(super) in_string: bool,
    escaped: bool,
}

impl Balance {
    /// Takes a byte; true when the value ended with it.
    pub(super) fn take(&mut self, byte: u8) -> bool {
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
