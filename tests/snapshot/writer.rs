//! Writes small snapshots, in the layouts of Node.js 18 to 26.

use std::collections::HashMap;
use std::fmt::Write;

use tidemark::snapshot::{Analysis, Parser, Snapshot, SnapshotError, ignore};

pub const NODE_KINDS: [&str; 15] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
];

pub const EDGE_KINDS: [&str; 7] = [
    "context", "element", "property", "internal", "hidden", "shortcut", "weak",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// With `trace_node_id`, and a newline before each row.
    Node18,
    /// Without either.
    Node26,
}

#[derive(Clone, Debug)]
pub struct NodeSpec {
    pub kind: &'static str,
    pub name: String,
    pub id: u64,
    pub self_size: u64,
    pub edges: Vec<EdgeSpec>,
    pub location: Option<(i32, u32, u32)>,
}

#[derive(Clone, Debug)]
pub struct EdgeSpec {
    pub kind: &'static str,
    pub name: String,
    pub to: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Writer {
    pub nodes: Vec<NodeSpec>,
}

impl Writer {
    /// With the root, node 0.
    pub fn new() -> Self {
        let mut writer = Self::default();
        writer.node("synthetic", "", 0);
        writer
    }

    /// With a function `handler` in a file, line 12, that the global object leads to; also its context.
    pub fn of_handler(file: &str) -> (Self, usize) {
        let mut writer = Self::new();
        let global = writer.node("object", "global", 16);
        writer.edge(0, "shortcut", "1", global);
        let script = writer.node("code", file, 8);
        let info = writer.node("code", "system / ScopeInfo", 8);
        let shared = writer.node("code", "handler", 8);
        let closure = writer.node("closure", "handler", 32);
        let context = writer.node("object", "system / Context", 24);
        writer.edge(global, "property", "handler", closure);
        writer.edge(closure, "internal", "shared", shared);
        writer.edge(closure, "internal", "context", context);
        writer.edge(shared, "internal", "script", script);
        writer.edge(shared, "internal", "name_or_scope_info", info);
        writer.edge(context, "internal", "scope_info", info);
        writer.nodes[closure].location = Some((7, 11, 4));
        (writer, context)
    }

    /// Adds a node with the next odd id.
    pub fn node(&mut self, kind: &'static str, name: &str, self_size: u64) -> usize {
        self.nodes.push(NodeSpec {
            kind,
            name: name.to_owned(),
            id: 2 * self.nodes.len() as u64 + 1,
            self_size,
            edges: Vec::new(),
            location: None,
        });
        self.nodes.len() - 1
    }

    pub fn edge(&mut self, from: usize, kind: &'static str, name: &str, to: usize) {
        self.nodes[from].edges.push(EdgeSpec {
            kind,
            name: name.to_owned(),
            to,
        });
    }

    pub fn json(&self, layout: Layout) -> Vec<u8> {
        let mut strings = Strings::default();
        strings.index("<dummy>");
        let old = layout == Layout::Node18;
        let separator = if old { "\n," } else { "," };
        let fields = if old { 7 } else { 6 };
        let mut nodes = Vec::new();
        let mut edges = Vec::new();
        let mut locations = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let kind = NODE_KINDS
                .iter()
                .position(|kind| *kind == node.kind)
                .unwrap();
            let trace = if old { "0,0" } else { "0" };
            let name = strings.index(&node.name);
            nodes.push(format!(
                "{kind},{name},{},{},{},{trace}",
                node.id,
                node.self_size,
                node.edges.len()
            ));
            for edge in &node.edges {
                let kind = EDGE_KINDS
                    .iter()
                    .position(|kind| *kind == edge.kind)
                    .unwrap();
                let name = match edge.kind {
                    "element" | "hidden" => edge.name.clone(),
                    _ => strings.index(&edge.name).to_string(),
                };
                edges.push(format!("{kind},{name},{}", edge.to * fields));
            }
            if let Some((script, line, column)) = node.location {
                locations.push(format!("{},{script},{line},{column}", at * fields));
            }
        }
        let node_fields = if old {
            r#""type","name","id","self_size","edge_count","trace_node_id","detachedness""#
        } else {
            r#""type","name","id","self_size","edge_count","detachedness""#
        };
        let mut json = format!(
            r#"{{"snapshot":{{"meta":{{"node_fields":[{node_fields}],"node_types":[{NODE_KINDS:?},"string"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[{EDGE_KINDS:?},"string_or_number","node"],"location_fields":["object_index","script_id","line","column"]}},"node_count":{},"edge_count":{},"trace_function_count":0}},"#,
            nodes.len(),
            edges.len()
        );
        write!(
            json,
            "\n\"nodes\":[{}],\n\"edges\":[{}],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[{}],\n\"strings\":[{}]}}",
            nodes.join(separator),
            edges.join(separator),
            locations.join(separator),
            strings.all.join(",\n"),
        )
        .unwrap();
        json.into_bytes()
    }

    pub fn analyse(&self) -> Analysis {
        Analysis::new(parse(&self.json(Layout::Node26)).unwrap(), &mut ignore).unwrap()
    }
}

pub fn parse(json: &[u8]) -> Result<Snapshot, SnapshotError> {
    let mut parser = Parser::new();
    parser.feed(json)?;
    parser.finish()
}

/// The message of what must not parse.
pub fn refusal(json: &[u8]) -> SnapshotError {
    match parse(json) {
        Ok(_) => panic!("was taken: {}", String::from_utf8_lossy(json)),
        Err(error) => error,
    }
}

#[derive(Default)]
struct Strings {
    all: Vec<String>,
    indices: HashMap<String, usize>,
}

impl Strings {
    fn index(&mut self, text: &str) -> usize {
        *self.indices.entry(text.to_owned()).or_insert_with(|| {
            self.all.push(serde_json::Value::from(text).to_string());
            self.all.len() - 1
        })
    }
}

/// A generator of numbers that is the same everywhere (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 33) % end as u64) as usize
    }
}

/// A graph of any shape: circles, parts that nothing reaches, weak and shortcut edges, `WeakMap`
/// pairs, hidden nodes with owners.
pub fn random(seed: u64) -> Writer {
    let mut random = Random(seed.wrapping_mul(2) + 1);
    let mut writer = Writer::new();
    let count = 2 + random.below(40);
    let kinds = [
        "object",
        "object",
        "closure",
        "array",
        "hidden",
        "string",
        "code",
        "native",
        "synthetic",
    ];
    for _ in 0..count {
        let kind = kinds[random.below(kinds.len())];
        let name = ["", "Map", "Object", "system / Context", "(map descriptors)"][random.below(5)];
        let size = random.below(1000) as u64;
        writer.node(kind, name, size);
    }
    let total = writer.nodes.len();
    for from in 0..total {
        for _ in 0..random.below(5) {
            let kinds = [
                "property", "internal", "element", "context", "hidden", "weak", "shortcut",
            ];
            let kind = kinds[random.below(kinds.len())];
            let to = random.below(total);
            let name = if matches!(kind, "element" | "hidden") {
                random.below(9).to_string()
            } else {
                ["a", "b", "c"][random.below(3)].to_owned()
            };
            writer.edge(from, kind, &name, to);
        }
    }
    for pair in 0..random.below(4) {
        let (key, value, table) = (
            random.below(total),
            random.below(total),
            random.below(total),
        );
        let shared = format!(
            " / part of key (K @{}) -> value (V @{}) pair in WeakMap (table @{})",
            writer.nodes[key].id, writer.nodes[value].id, writer.nodes[table].id
        );
        writer.edge(key, "internal", &format!("{pair}{shared}"), value);
        writer.edge(table, "internal", &format!("1{pair}{shared}"), value);
    }
    writer
}
