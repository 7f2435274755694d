//! The header: which field stands where. Looked up by name, since versions differ.

use serde_json::Value;

use crate::snapshot::columns::{EdgeKind, NodeKind};
use crate::snapshot::error::{Code, SnapshotError};

/// Beyond the integers that JavaScript tells apart no size is true, nor is the sum of all sizes.
/// So no sum of sizes of this file overflows anywhere.
pub(super) const LARGEST_SIZE: i64 = 1 << 53;

pub(super) struct NodeLayout {
    pub(super) fields: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) id: usize,
    pub(super) self_size: usize,
    pub(super) edge_count: usize,
    pub(super) detachedness: Option<usize>,
    pub(super) kinds: Vec<NodeKind>,
}

pub(super) struct EdgeLayout {
    pub(super) fields: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) to: usize,
    pub(super) kinds: Vec<EdgeKind>,
}

pub(super) struct LocationLayout {
    pub(super) fields: usize,
    pub(super) node: usize,
    pub(super) script_id: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

pub(in crate::snapshot) struct Layout {
    pub(super) nodes: NodeLayout,
    pub(super) edges: EdgeLayout,
    pub(super) locations: Option<LocationLayout>,
    pub(super) node_count: u64,
    pub(super) edge_count: u64,
    pub(super) extra_native_bytes: u64,
}

/// More fields than any version has; bounds what a row may hold.
const MOST_FIELDS: usize = 32;

impl Layout {
    /// Reads the object after `"snapshot":`, which began at `offset`.
    pub(super) fn parse(json: &[u8], offset: u64) -> Result<Self, SnapshotError> {
        let header: Value = serde_json::from_slice(json).map_err(|error| {
            SnapshotError::at(
                Code::Syntax,
                offset,
                format!("The header is not JSON: {error}"),
            )
        })?;
        Self::from_header(&header)
            .map_err(|message| SnapshotError::at(Code::Layout, offset, message))
    }

    fn from_header(header: &Value) -> Result<Self, String> {
        let meta = &header["meta"];
        let node_fields = names(&meta["node_fields"], "node_fields")?;
        let edge_fields = names(&meta["edge_fields"], "edge_fields")?;
        let kind = index(&node_fields, "type", "node_fields")?;
        let node_kinds = names(&meta["node_types"][kind], "node_types")?;
        let nodes = NodeLayout {
            fields: node_fields.len(),
            kind,
            name: index(&node_fields, "name", "node_fields")?,
            id: index(&node_fields, "id", "node_fields")?,
            self_size: index(&node_fields, "self_size", "node_fields")?,
            edge_count: index(&node_fields, "edge_count", "node_fields")?,
            detachedness: index(&node_fields, "detachedness", "node_fields").ok(),
            kinds: node_kinds
                .iter()
                .map(|name| NodeKind::from_name(name))
                .collect(),
        };
        let kind = index(&edge_fields, "type", "edge_fields")?;
        let edge_kinds = names(&meta["edge_types"][kind], "edge_types")?;
        let edges = EdgeLayout {
            fields: edge_fields.len(),
            kind,
            name: index(&edge_fields, "name_or_index", "edge_fields")?,
            to: index(&edge_fields, "to_node", "edge_fields")?,
            kinds: edge_kinds
                .iter()
                .map(|name| EdgeKind::from_name(name))
                .collect(),
        };
        let locations = match &meta["location_fields"] {
            Value::Null => None,
            fields => {
                let fields = names(fields, "location_fields")?;
                Some(LocationLayout {
                    fields: fields.len(),
                    node: index(&fields, "object_index", "location_fields")?,
                    script_id: index(&fields, "script_id", "location_fields")?,
                    line: index(&fields, "line", "location_fields")?,
                    column: index(&fields, "column", "location_fields")?,
                })
            }
        };
        Ok(Self {
            nodes,
            edges,
            locations,
            node_count: count(&header["node_count"], "node_count")?,
            edge_count: count(&header["edge_count"], "edge_count")?,
            extra_native_bytes: header["extra_native_bytes"]
                .as_u64()
                .map_or(0, |bytes| bytes.min(LARGEST_SIZE.cast_unsigned())),
        })
    }
}

fn names(value: &Value, of: &str) -> Result<Vec<String>, String> {
    let names: Option<Vec<String>> = value
        .as_array()
        .filter(|array| !array.is_empty() && array.len() <= MOST_FIELDS)
        .and_then(|array| {
            array
                .iter()
                .map(|name| name.as_str().map(String::from))
                .collect()
        });
    names.ok_or_else(|| {
        format!("snapshot.meta.{of} is not a list of names: is this a heap snapshot?")
    })
}

fn index(fields: &[String], name: &str, of: &str) -> Result<usize, String> {
    fields
        .iter()
        .position(|field| field == name)
        .ok_or_else(|| format!("snapshot.meta.{of} lacks `{name}`"))
}

fn count(value: &Value, of: &str) -> Result<u64, String> {
    value
        .as_u64()
        .ok_or_else(|| format!("snapshot.{of} is not a count"))
}
