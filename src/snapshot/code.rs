//! Where code comes from: the file, line and function behind closures and contexts.
//!
//! A closure leads to its shared function info and that to its script. A context leads to a
//! scope info, which the shared function info of the function whose variables it holds leads to
//! as well; V8 keeps it while the function may run again. Where it is gone, as for a module's
//! own wrapper, a closure that was made in the context still tells the file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::columns::{EdgeKind, Node, NodeKind, Snapshot};
use super::graph::bits::Bits;
use super::own::Own;

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Application,
    Package,
    Runtime,
    /// tidemark's.
    Own,
    Unknown,
}

/// A function or file in words and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Absent where it has no name.
    pub function: Option<String>,
    /// As V8 knows it: a path, a `file:` URL or `node:...`.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
}

impl Place {
    /// Of a file and of none of its functions: the function around a module, which starts at its
    /// first byte, so its line says nothing.
    pub(crate) fn is_whole_file(&self) -> bool {
        self.line.is_none() || self.function.is_none() && self.line == Some(1)
    }

    /// The last part of the file's name with the line, such as `app.js:12`.
    pub fn short(&self) -> Option<String> {
        let file = self.file.as_deref()?;
        let name = if is_runtime(file) {
            file
        } else {
            file.rsplit(['/', '\\']).next().unwrap_or(file)
        };
        Some(match self.line {
            Some(line) => format!("{name}:{line}"),
            None => name.to_owned(),
        })
    }
}

#[derive(Default)]
pub(crate) struct CodeMap {
    /// The contexts in which a closure was made.
    with_closure: Bits,
    /// Those of them whose function is not there, to the shared function info of such a closure.
    contexts: HashMap<Node, Node>,
    /// Scope info to the shared function info of the function with these variables.
    functions: HashMap<Node, Node>,
    /// Shared function info to a closure of it that says where it stands.
    locations: HashMap<Node, Node>,
    /// Script id to a script node.
    scripts: HashMap<i32, Node>,
    names: Names,
    own: Own,
}

/// The field of a DebugInfo that has the script, in V8 10 and 11, where the DebugInfo takes its place.
const SCRIPT_OF_DEBUG_INFO: u32 = 1;

/// The most functions, and files, that are known by name; what comes after them has none. The
/// largest applications have some hundred thousand.
const MOST: usize = 1 << 18;

/// Adds an entry if there is none for the key, and room.
fn remember<K: Eq + Hash>(
    map: &mut HashMap<K, Node>,
    key: K,
    value: impl FnOnce() -> Option<Node>,
) {
    if map.len() < MOST
        && let Entry::Vacant(vacant) = map.entry(key)
        && let Some(value) = value()
    {
        vacant.insert(value);
    }
}

#[derive(Default)]
struct Names {
    shared: Option<u32>,
    context: Option<u32>,
    script: Option<u32>,
    script_or_debug_info: Option<u32>,
    name_or_scope_info: Option<u32>,
    scope_info: Option<u32>,
}

impl CodeMap {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let [
            shared,
            context,
            script,
            script_or_debug_info,
            name_or_scope_info,
            scope_info,
        ] = snapshot.strings.find_each([
            b"shared",
            b"context",
            b"script",
            b"script_or_debug_info",
            b"name_or_scope_info",
            b"scope_info",
        ]);
        let mut map = Self {
            names: Names {
                shared,
                context,
                script,
                script_or_debug_info,
                name_or_scope_info,
                scope_info,
            },
            with_closure: Bits::new(snapshot.node_count()),
            own: Own::new(snapshot),
            ..Self::default()
        };
        let nodes = 0..snapshot.node_count() as Node;
        for node in nodes.clone() {
            if snapshot.kind(node) == NodeKind::Code {
                map.add_function(snapshot, node);
            }
        }
        for node in nodes {
            if snapshot.kind(node) == NodeKind::Closure {
                map.add_closure(snapshot, node);
            }
        }
        let Self { own, scripts, .. } = &mut map;
        let is_own: HashMap<i32, bool> = scripts
            .iter()
            .map(|(&id, &script)| (id, own.is_file(&snapshot.name(script))))
            .collect();
        own.add_objects(snapshot, |id| is_own.get(&id) == Some(&true));
        map
    }

    /// An object that tidemark made; what is no instance of a class is nobody's.
    pub(crate) fn is_own_object(&self, node: Node) -> bool {
        self.own.is_object(node)
    }

    fn add_closure(&mut self, snapshot: &Snapshot, closure: Node) {
        let Some(shared) = internal(snapshot, closure, self.names.shared) else {
            return;
        };
        if let Some(location) = snapshot.location(closure) {
            remember(&mut self.locations, shared, || Some(closure));
            if !self.scripts.contains_key(&location.script_id) {
                let script = self.script_of(snapshot, shared);
                remember(&mut self.scripts, location.script_id, || script);
            }
        }
        if let Some(context) = internal(snapshot, closure, self.names.context)
            && self.with_closure.insert(context)
            && self.function_of(snapshot, context).is_none()
        {
            remember(&mut self.contexts, context, || Some(shared));
        }
    }

    /// The shared function info of the function whose variables a context holds.
    fn function_of(&self, snapshot: &Snapshot, context: Node) -> Option<Node> {
        let scope_info = internal(snapshot, context, self.names.scope_info)?;
        self.functions.get(&scope_info).copied()
    }

    fn add_function(&mut self, snapshot: &Snapshot, node: Node) {
        if let Some(scope_info) = internal(snapshot, node, self.names.name_or_scope_info)
            && self.script_of(snapshot, node).is_some()
        {
            remember(&mut self.functions, scope_info, || Some(node));
        }
    }

    fn script_of(&self, snapshot: &Snapshot, shared: Node) -> Option<Node> {
        let direct = internal(snapshot, shared, self.names.script)
            .or_else(|| internal(snapshot, shared, self.names.script_or_debug_info))?;
        // While a debugger is attached, or coverage counted, a DebugInfo stands between.
        if snapshot.raw_name(direct) != b"system / DebugInfo" {
            return Some(direct);
        }
        let named = internal(snapshot, direct, self.names.script);
        named.or_else(|| hidden(snapshot, direct, SCRIPT_OF_DEBUG_INFO))
    }

    /// Where a closure or the function of a context stands.
    pub(crate) fn place(&self, snapshot: &Snapshot, node: Node) -> Option<Place> {
        if snapshot.kind(node) == NodeKind::Closure {
            let shared = internal(snapshot, node, self.names.shared)?;
            return self.place_of_shared(snapshot, shared);
        }
        if !is_context(snapshot, node) {
            return None;
        }
        if let Some(function) = self.function_of(snapshot, node) {
            return self.place_of_shared(snapshot, function);
        }
        let inner = *self.contexts.get(&node)?;
        Some(Place {
            file: self.file_of_shared(snapshot, inner),
            ..Place::default()
        })
    }

    /// Where the constructor of an object stands.
    pub(crate) fn constructor(&self, snapshot: &Snapshot, node: Node) -> Option<Place> {
        let location = snapshot.location(node)?;
        let script = *self.scripts.get(&location.script_id)?;
        let file = file_name(&snapshot.name(script))?;
        Some(Place {
            function: None,
            file: Some(file),
            line: Some(location.line.saturating_add(1)),
            column: Some(location.column.saturating_add(1)),
        })
    }

    fn place_of_shared(&self, snapshot: &Snapshot, shared: Node) -> Option<Place> {
        let name = snapshot.name(shared);
        let named = !name.is_empty() && !name.starts_with('(');
        let location = self.locations.get(&shared);
        let location = location.and_then(|&closure| snapshot.location(closure));
        Some(Place {
            function: named.then(|| name.into_owned()),
            file: Some(self.file_of_shared(snapshot, shared)?),
            line: location.map(|location| location.line.saturating_add(1)),
            column: location.map(|location| location.column.saturating_add(1)),
        })
    }

    fn file_of_shared(&self, snapshot: &Snapshot, shared: Node) -> Option<String> {
        let script = self.script_of(snapshot, shared)?;
        file_name(&snapshot.name(script))
    }

    /// Whose code a closure is, or whose variables a context holds.
    pub(crate) fn origin(&self, snapshot: &Snapshot, node: Node) -> Origin {
        let shared = if snapshot.kind(node) == NodeKind::Closure {
            internal(snapshot, node, self.names.shared)
        } else if self.with_closure.get(node) {
            let inner = || self.contexts.get(&node).copied();
            self.function_of(snapshot, node).or_else(inner)
        } else {
            None
        };
        let script = shared.and_then(|shared| self.script_of(snapshot, shared));
        script.map_or(Origin::Unknown, |script| {
            let file = snapshot.name(script);
            if self.own.is_file(&file) {
                Origin::Own
            } else {
                origin_of_file(&file)
            }
        })
    }
}

fn internal(snapshot: &Snapshot, node: Node, name: Option<u32>) -> Option<Node> {
    let name = name?;
    let edges = &snapshot.edges;
    snapshot
        .edges_of(node)
        .find(|&edge| edges.kind[edge] == EdgeKind::Internal && edges.name[edge] == name)
        .map(|edge| edges.to[edge])
}

/// By the number of the field, where V8 gives it no name.
fn hidden(snapshot: &Snapshot, node: Node, field: u32) -> Option<Node> {
    let edges = &snapshot.edges;
    snapshot
        .edges_of(node)
        .find(|&edge| edges.kind[edge] == EdgeKind::Hidden && edges.name[edge] == field)
        .map(|edge| edges.to[edge])
}

/// A context of a function or block, not V8's native context.
pub(crate) fn is_context(snapshot: &Snapshot, node: Node) -> bool {
    let raw = snapshot.raw_name(node);
    snapshot.kind(node) == NodeKind::Object
        && (raw == b"system / Context" || raw.starts_with(b"system / Context / "))
}

fn file_name(name: &str) -> Option<String> {
    (!name.is_empty() && !name.starts_with('(')).then(|| name.to_owned())
}

fn is_runtime(file: &str) -> bool {
    file.starts_with("node:")
        || file.starts_with("internal/")
        || file.starts_with("native ")
        || file.starts_with("extensions::")
}

fn origin_of_file(file: &str) -> Origin {
    if file.is_empty() || file.starts_with('(') {
        Origin::Unknown
    } else if is_runtime(file) {
        Origin::Runtime
    } else if file.contains("/node_modules/") || file.contains("\\node_modules\\") {
        Origin::Package
    } else {
        Origin::Application
    }
}
