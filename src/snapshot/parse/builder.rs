//! The second half of parsing: blocks of integers in, checked columns out.
//!
//! Reading digits and filling columns take about the same time, so when a file is read they run
//! on two threads, with blocks between them; fed by hand they take turns. Either way the blocks
//! come in the order of the file, so the first fault is the one that is told.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use super::layout::Layout;
use super::numbers::Numbers;
use super::rows::{Piece, Rows};
use super::sinks::{EdgeSink, LocationSink, NodeSink};
use crate::snapshot::budget;
use crate::snapshot::columns::{Edges, Location, Nodes};
use crate::snapshot::error::{Code, SnapshotError};

/// A section that consists of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::snapshot) enum Table {
    Nodes,
    Edges,
    Locations,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Edges => "edges",
            Self::Locations => "locations",
        }
    }
}

/// What is read, in order.
pub(in crate::snapshot) enum Message {
    Layout(Arc<Layout>),
    Block(Block),
    /// The table ended before this byte.
    End(Table, u64),
}

/// Integers with the bytes they were made of, for errors.
pub(crate) struct Block {
    pub(super) table: Table,
    pub(super) numbers: Vec<i64>,
    pub(super) bytes: Vec<u8>,
    /// The file's offset of the first of the bytes.
    pub(super) offset: u64,
    /// The reader's state before them and after.
    pub(super) before: Numbers,
    pub(super) after: Numbers,
}

#[derive(Default)]
pub(crate) struct Builder {
    pub(super) layout: Option<Arc<Layout>>,
    pub(super) nodes: Nodes,
    pub(super) announced_edges: u64,
    pub(super) edges: Edges,
    pub(super) locations: Vec<Location>,
    size: i64,
    /// Bytes of the file, 0 where that is not known.
    length: u64,
    pub(super) largest_node_name: u32,
    pub(super) largest_edge_name: u32,
    rows: Rows,
}

impl Builder {
    /// For a file of `length` bytes.
    pub(crate) fn of_file(length: u64) -> Self {
        Self {
            length,
            ..Self::default()
        }
    }

    /// Makes room for what the header claims, as far as the file can hold it. Untouched room is
    /// no memory.
    fn expect(&mut self, layout: &Layout) {
        // A number has at least a digit and a comma.
        let held = |claimed: u64, fields: usize| claimed.min(self.length / (2 * fields as u64));
        let nodes = held(layout.node_count, layout.nodes.fields);
        let edges = held(layout.edge_count, layout.edges.fields);
        self.nodes.expect(nodes as usize);
        self.edges.expect(edges as usize);
    }

    /// Takes messages until there are no more; gives the vectors of blocks back through `spare`.
    pub(crate) fn run(
        mut self,
        messages: &Receiver<Message>,
        spare: &SyncSender<(Vec<i64>, Vec<u8>)>,
    ) -> Result<Self, SnapshotError> {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Layout(layout) => {
                    self.expect(&layout);
                    self.layout = Some(layout);
                }
                Message::Block(block) => {
                    let piece = Piece {
                        numbers: &block.numbers,
                        bytes: &block.bytes,
                        offset: block.offset,
                        before: block.before,
                        after: block.after,
                    };
                    self.take(block.table, &piece)?;
                    // Without room the vectors are dropped.
                    let _ = spare.try_send((block.numbers, block.bytes));
                }
                Message::End(table, offset) => self.end(table, offset)?,
            }
        }
        Ok(self)
    }

    pub(super) fn take(&mut self, table: Table, piece: &Piece<'_>) -> Result<(), SnapshotError> {
        let Some(layout) = &self.layout else {
            return Ok(());
        };
        budget::check_peak(
            piece.offset + piece.bytes.len() as u64,
            self.nodes.used() + self.edges.used(),
        )?;
        let node_fields = layout.nodes.fields as u64;
        let node_count = self.nodes.kind.len() as u64;
        match (table, &layout.locations) {
            (Table::Nodes, _) => self.rows.accept(
                piece,
                &mut NodeSink {
                    layout: &layout.nodes,
                    nodes: &mut self.nodes,
                    edges: &mut self.announced_edges,
                    size: &mut self.size,
                    largest_name: &mut self.largest_node_name,
                },
            ),
            (Table::Edges, _) => self.rows.accept(
                piece,
                &mut EdgeSink {
                    layout: &layout.edges,
                    edges: &mut self.edges,
                    node_fields,
                    node_count,
                    announced: self.announced_edges,
                    largest_name: &mut self.largest_edge_name,
                },
            ),
            (Table::Locations, Some(layout)) => self.rows.accept(
                piece,
                &mut LocationSink {
                    layout,
                    locations: &mut self.locations,
                    node_fields,
                    node_count,
                },
            ),
            (Table::Locations, None) => Ok(()),
        }
    }

    pub(super) fn end(&mut self, table: Table, offset: u64) -> Result<(), SnapshotError> {
        let name = table.name();
        let left = self.rows.left();
        if left > 0 {
            return Err(SnapshotError::at(
                Code::Counts,
                offset,
                format!("The section `{name}` ends within a row, after {left} of its numbers"),
            ));
        }
        let Some(layout) = &self.layout else {
            return Ok(());
        };
        let announced = self.announced_edges;
        let (is, of, says) = match table {
            Table::Nodes => (
                self.nodes.kind.len() as u64,
                "the header",
                layout.node_count,
            ),
            Table::Edges if layout.edge_count != announced => (
                announced,
                "the header, of edges that the nodes announce,",
                layout.edge_count,
            ),
            Table::Edges => (self.edges.to.len() as u64, "the nodes", announced),
            Table::Locations => return Ok(()),
        };
        if is == says {
            return Ok(());
        }
        Err(SnapshotError::at(
            Code::Counts,
            offset,
            format!("The section `{name}` has {is} where {of} says {says}"),
        ))
    }
}

/// The reading thread's side.
pub(crate) struct Remote {
    pub(crate) messages: SyncSender<Message>,
    pub(crate) spare: Receiver<(Vec<i64>, Vec<u8>)>,
}

impl Remote {
    pub(super) fn send(&self, message: Message) -> Result<(), SnapshotError> {
        // The builder's own error is the one that is told.
        self.messages
            .send(message)
            .map_err(|_| SnapshotError::cancelled())
    }
}
