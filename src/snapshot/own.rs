//! What is tidemark's own in a heap that it watched: never what leaks, and no reason why anything
//! lives.
//!
//! Its files are known by the folder of the package, or, of a clone, by two of its files that stand
//! in one folder. Objects are known by the constructor's file. In a bundle no file is tidemark's
//! alone; there its monitor is known by its private fields.

use std::collections::HashSet;

use super::columns::{EdgeKind, Node, NodeKind, Snapshot};

/// Of a package that was installed.
const PACKAGED: [&str; 2] = ["/node_modules/tidemark/", "\\node_modules\\tidemark\\"];
/// Two files that every process with tidemark has loaded.
const MARKS: [&str; 2] = ["request-clock.js", "resource-watch.js"];

#[derive(Default)]
pub(crate) struct Own {
    /// Of the folders `lib` of clones, with the separator at the end.
    folders: Vec<String>,
    objects: HashSet<Node>,
}

impl Own {
    /// Of the names of all code: V8 calls a script as its file.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut seen: [HashSet<String>; 2] = Default::default();
        for node in 0..snapshot.node_count() as Node {
            if snapshot.kind(node) != NodeKind::Code {
                continue;
            }
            let raw = snapshot.raw_name(node);
            for (mark, seen) in MARKS.iter().zip(&mut seen) {
                if raw.ends_with(mark.as_bytes()) {
                    let name = snapshot.name(node);
                    let folder = name.strip_suffix(mark).unwrap_or_default();
                    if folder.ends_with("/lib/") || folder.ends_with("\\lib\\") {
                        seen.insert(folder.to_owned());
                    }
                }
            }
        }
        let [mut folders, others] = seen;
        folders.retain(|folder| others.contains(folder));
        Self {
            folders: folders.into_iter().collect(),
            objects: monitors(snapshot).collect(),
        }
    }

    /// Adds the objects whose constructors stand in a script of tidemark's.
    pub(crate) fn add_objects(&mut self, snapshot: &Snapshot, is_own: impl Fn(i32) -> bool) {
        let made = snapshot.locations.iter().filter(|location| {
            snapshot.kind(location.node) == NodeKind::Object && is_own(location.script_id)
        });
        self.objects.extend(made.map(|location| location.node));
    }

    pub(crate) fn is_file(&self, file: &str) -> bool {
        PACKAGED.iter().any(|folder| file.contains(folder))
            || self.folders.iter().any(|folder| file.starts_with(folder))
    }

    pub(crate) fn is_object(&self, node: Node) -> bool {
        self.objects.contains(&node)
    }
}

/// By the private fields that the class has: a monitor of an app's own has others.
fn monitors(snapshot: &Snapshot) -> impl Iterator<Item = Node> {
    let [class, session, preset] =
        snapshot
            .strings
            .find_each([b"Monitor", b"#session", b"#preset"]);
    let nodes = 0..snapshot.node_count() as Node;
    nodes.filter(move |&node| {
        class.is_some_and(|class| snapshot.nodes.name[node as usize] == class)
            && snapshot.kind(node) == NodeKind::Object
            && [session, preset].iter().all(|field| {
                field.is_some_and(|field| {
                    let edges = &snapshot.edges;
                    snapshot.edges_of(node).any(|edge| {
                        edges.kind[edge] == EdgeKind::Property && edges.name[edge] == field
                    })
                })
            })
    })
}
