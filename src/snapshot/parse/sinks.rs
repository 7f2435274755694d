//! From rows to columns, each row checked.
//!
//! Nothing is reserved by what the file claims: the columns grow with the bytes that came.

use super::layout::{EdgeLayout, LARGEST_SIZE, LocationLayout, NodeLayout};
use super::rows::{RowFault, Sink};
use crate::snapshot::columns::{EdgeKind, Edges, Location, Nodes};
use crate::snapshot::error::Code;

fn fault<T>(field: usize, code: Code, message: impl Into<String>) -> Result<T, RowFault> {
    Err((field, code, message.into()))
}

/// The type of the node or edge that a row is of.
#[inline]
fn kind_of<K: Copy>(row: &[i64], field: usize, kinds: &[K], of: &str) -> Result<K, RowFault> {
    let kind = usize::try_from(row[field]).ok();
    match kind.and_then(|kind| kinds.get(kind)) {
        Some(&kind) => Ok(kind),
        None => fault(
            field,
            Code::Range,
            format!("There is no {of} type {}", row[field]),
        ),
    }
}

pub(super) struct NodeSink<'a> {
    pub(super) layout: &'a NodeLayout,
    pub(super) nodes: &'a mut Nodes,
    pub(super) edges: &'a mut u64,
    /// Bytes of all nodes so far.
    pub(super) size: &'a mut i64,
    pub(super) largest_name: &'a mut u32,
}

/// Ordinals and sentinels share 32 bits.
const MOST: u64 = u32::MAX as u64 - 16;

impl Sink for NodeSink<'_> {
    fn fields(&self) -> usize {
        self.layout.fields
    }

    fn block(&mut self, rows: &[i64]) -> bool {
        let layout = self.layout;
        let kinds = layout.kinds.len() as u64;
        let rows = || rows.chunks_exact(layout.fields);
        let mut usual = true;
        let mut largest_name = 0;
        let mut edges = 0;
        let mut size = 0;
        for row in rows() {
            let fits = (row[layout.name]
                | row[layout.id]
                | row[layout.self_size]
                | row[layout.edge_count])
                .cast_unsigned();
            usual &= fits < u64::from(u32::MAX) && row[layout.kind].cast_unsigned() < kinds;
            usual &= layout.detachedness.is_none_or(|field| row[field] == 0);
            largest_name = largest_name.max(row[layout.name]);
            // Wraps only where the block is refused anyway.
            edges = u64::wrapping_add(edges, row[layout.edge_count].cast_unsigned());
            size = i64::wrapping_add(size, row[layout.self_size]);
        }
        let nodes = &mut *self.nodes;
        let count = (nodes.kind.len() + rows().len()) as u64;
        if !usual
            || count >= MOST
            || self.edges.saturating_add(edges) > MOST
            || self.size.saturating_add(size) > LARGEST_SIZE
        {
            return false;
        }
        nodes
            .kind
            .extend(rows().map(|row| layout.kinds[row[layout.kind] as usize]));
        nodes.name.extend(rows().map(|row| row[layout.name] as u32));
        nodes.id.extend(rows().map(|row| row[layout.id] as u32));
        nodes
            .self_size
            .extend_small(rows().map(|row| row[layout.self_size] as u32));
        let mut first = *self.edges as u32;
        nodes.first_edge.extend(rows().map(|row| {
            let this = first;
            first = first.wrapping_add(row[layout.edge_count] as u32);
            this
        }));
        *self.edges += edges;
        *self.size += size;
        *self.largest_name = (*self.largest_name).max(largest_name as u32);
        true
    }

    #[inline]
    fn row(&mut self, row: &[i64]) -> Result<(), RowFault> {
        let layout = self.layout;
        let kind = kind_of(row, layout.kind, &layout.kinds, "node")?;
        let Ok(name) = u32::try_from(row[layout.name]) else {
            return fault(
                layout.name,
                Code::Range,
                format!("A node's name is string {}", row[layout.name]),
            );
        };
        let Ok(id) = u32::try_from(row[layout.id]) else {
            return fault(
                layout.id,
                Code::TooLarge,
                format!("The node id {} does not fit 32 bits", row[layout.id]),
            );
        };
        let size = row[layout.self_size];
        if !(0..=LARGEST_SIZE).contains(&size) {
            return fault(
                layout.self_size,
                Code::Range,
                format!("A node of {size} bytes cannot be"),
            );
        }
        *self.size += size;
        if *self.size > LARGEST_SIZE {
            return fault(
                layout.self_size,
                Code::Range,
                format!("Nodes of {} bytes in all cannot be", self.size),
            );
        }
        let Ok(edges) = u32::try_from(row[layout.edge_count]) else {
            return fault(
                layout.edge_count,
                Code::Range,
                format!("A node with {} edges cannot be", row[layout.edge_count]),
            );
        };
        let nodes = &mut *self.nodes;
        if nodes.kind.len() as u64 >= MOST {
            return fault(0, Code::TooLarge, "More nodes than 32 bits can tell apart");
        }
        if let Some(field) = layout.detachedness
            && row[field] != 0
        {
            nodes
                .detachedness
                .push((nodes.kind.len() as u32, row[field].clamp(0, 3) as u8));
        }
        nodes.kind.push(kind);
        nodes.name.push(name);
        nodes.id.push(id);
        nodes.self_size.push(size as u64);
        nodes.first_edge.push(*self.edges as u32);
        *self.edges += u64::from(edges);
        if *self.edges > MOST {
            return fault(
                layout.edge_count,
                Code::TooLarge,
                "More edges than 32 bits can tell apart",
            );
        }
        *self.largest_name = (*self.largest_name).max(name);
        Ok(())
    }
}

pub(super) struct EdgeSink<'a> {
    pub(super) layout: &'a EdgeLayout,
    pub(super) edges: &'a mut Edges,
    pub(super) node_fields: u64,
    pub(super) node_count: u64,
    /// How many the nodes announced.
    pub(super) announced: u64,
    pub(super) largest_name: &'a mut u32,
}

impl Sink for EdgeSink<'_> {
    fn fields(&self) -> usize {
        self.layout.fields
    }

    fn block(&mut self, rows: &[i64]) -> bool {
        let layout = self.layout;
        // Every version's layout; others come row by row.
        if (layout.fields, layout.kind, layout.name, layout.to) != (3, 0, 1, 2) {
            return false;
        }
        let (rows, _) = rows.as_chunks::<3>();
        let kinds = layout.kinds.len() as u64;
        let Ok(end) = u32::try_from(self.node_count * self.node_fields) else {
            return false;
        };
        let mut usual = true;
        for &[kind, name, to] in rows {
            usual &= kind.cast_unsigned() < kinds
                && name.cast_unsigned() < u64::from(u32::MAX)
                && to.cast_unsigned() < u64::from(end);
        }
        if !usual || (self.edges.to.len() + rows.len()) as u64 > self.announced {
            return false;
        }
        let fields = self.node_fields as u32;
        let before = self.edges.to.len();
        self.edges.to.extend(rows.iter().map(|row| {
            let node = row[2] as u32 / fields;
            usual &= node * fields == row[2] as u32;
            node
        }));
        if !usual {
            self.edges.to.truncate(before);
            return false;
        }
        self.edges.name.extend(rows.iter().map(|row| row[1] as u32));
        let mut largest_name = 0;
        self.edges.kind.extend(rows.iter().map(|row| {
            let kind = layout.kinds[row[0] as usize];
            if !kind.is_indexed() {
                largest_name = largest_name.max(row[1] as u32);
            }
            kind
        }));
        *self.largest_name = (*self.largest_name).max(largest_name);
        true
    }

    #[inline]
    fn row(&mut self, row: &[i64]) -> Result<(), RowFault> {
        let layout = self.layout;
        let kind = kind_of(row, layout.kind, &layout.kinds, "edge")?;
        let name = name_or_index(kind, row[layout.name]).ok_or_else(|| {
            (
                layout.name,
                Code::Range,
                format!("An edge is named {}", row[layout.name]),
            )
        })?;
        let to = row[layout.to];
        let node = to.cast_unsigned() / self.node_fields;
        if to < 0 || node >= self.node_count {
            return fault(
                layout.to,
                Code::Range,
                format!(
                    "An edge leads to {to}, beyond the {} nodes",
                    self.node_count
                ),
            );
        }
        if node * self.node_fields != to.cast_unsigned() {
            return fault(
                layout.to,
                Code::Range,
                format!("An edge leads to {to}, into the middle of a node"),
            );
        }
        if self.edges.to.len() as u64 >= self.announced {
            return fault(
                0,
                Code::Counts,
                format!(
                    "There are more edges than the {} that the nodes announce",
                    self.announced
                ),
            );
        }
        if !kind.is_indexed() {
            *self.largest_name = (*self.largest_name).max(name);
        }
        self.edges.kind.push(kind);
        self.edges.name.push(name);
        self.edges.to.push(node as u32);
        Ok(())
    }
}

/// Indices of 2^31 and more are written as negative numbers by Node.js 24 and newer.
#[inline]
fn name_or_index(kind: EdgeKind, value: i64) -> Option<u32> {
    if let Ok(value) = u32::try_from(value) {
        return Some(value);
    }
    let value = i32::try_from(value).ok()?;
    kind.is_indexed().then_some(value.cast_unsigned())
}

pub(super) struct LocationSink<'a> {
    pub(super) layout: &'a LocationLayout,
    pub(super) locations: &'a mut Vec<Location>,
    pub(super) node_fields: u64,
    pub(super) node_count: u64,
}

impl Sink for LocationSink<'_> {
    fn fields(&self) -> usize {
        self.layout.fields
    }

    fn row(&mut self, row: &[i64]) -> Result<(), RowFault> {
        let layout = self.layout;
        let index = row[layout.node];
        let node = index.cast_unsigned() / self.node_fields;
        if index < 0 || node >= self.node_count {
            return fault(
                layout.node,
                Code::Range,
                format!("A location is of {index}, beyond the nodes"),
            );
        }
        if self.locations.len() as u64 >= self.node_count {
            return fault(
                0,
                Code::Counts,
                format!(
                    "There are more locations than the {} nodes",
                    self.node_count
                ),
            );
        }
        let wrapped = |value: i64| value.clamp(0, i64::from(u32::MAX)) as u32;
        self.locations.push(Location {
            node: node as u32,
            script_id: row[layout.script_id].clamp(-1, i64::from(i32::MAX)) as i32,
            line: wrapped(row[layout.line]),
            column: wrapped(row[layout.column]),
        });
        Ok(())
    }
}
