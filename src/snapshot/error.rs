//! What can be wrong with a snapshot, where, and in which words.

use std::fmt;

/// The kind of a fault; each is one code of the public error table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The bytes are not JSON, or not a heap snapshot's.
    Syntax,
    /// The bytes end before the snapshot does.
    Truncated,
    /// `snapshot.meta` lacks a field, or the sections come in another order than V8's.
    Layout,
    /// Two counts in the file contradict each other.
    Counts,
    /// A number points outside of what it points into.
    Range,
    /// More nodes, edges or larger ids than 32 bits can tell apart.
    TooLarge,
    /// So many nodes, edges or strings in so few bytes that the memory would be out of proportion.
    Dense,
    /// The file is not a regular file, or it changed while it was read.
    File,
    /// Reading or writing failed.
    Io,
    /// Whoever asked said stop.
    Cancelled,
    /// There is no node with the id, or no class with the name that was asked for.
    NotFound,
}

impl Code {
    /// The code that an application sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "ERR_TIDEMARK_SNAPSHOT_SYNTAX",
            Self::Truncated => "ERR_TIDEMARK_SNAPSHOT_TRUNCATED",
            Self::Layout => "ERR_TIDEMARK_SNAPSHOT_LAYOUT",
            Self::Counts => "ERR_TIDEMARK_SNAPSHOT_COUNTS",
            Self::Range => "ERR_TIDEMARK_SNAPSHOT_RANGE",
            Self::TooLarge => "ERR_TIDEMARK_SNAPSHOT_TOO_LARGE",
            Self::Dense => "ERR_TIDEMARK_SNAPSHOT_DENSE",
            Self::File => "ERR_TIDEMARK_SNAPSHOT_FILE",
            Self::Io => "ERR_TIDEMARK_SNAPSHOT_IO",
            Self::Cancelled => "ERR_TIDEMARK_CANCELLED",
            Self::NotFound => "ERR_TIDEMARK_SNAPSHOT_NOT_FOUND",
        }
    }
}

/// A fault with its place in the file.
#[derive(Clone, Debug)]
pub struct SnapshotError {
    pub code: Code,
    /// The byte at which it shows, counted from 0; absent where it has no single place.
    pub offset: Option<u64>,
    message: String,
}

impl SnapshotError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            offset: None,
            message: message.into(),
        }
    }

    pub(crate) fn at(code: Code, offset: u64, message: impl Into<String>) -> Self {
        Self {
            offset: Some(offset),
            ..Self::new(code, message)
        }
    }

    pub fn too_large(held: u64, most: u64) -> Self {
        let message = format!("What was read takes {held} bytes of memory, {most} are allowed");
        Self::new(Code::TooLarge, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Code::Cancelled, "The work was cancelled")
    }

    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(Code::Io, format!("{doing} failed: {error}"))
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SnapshotError {}
