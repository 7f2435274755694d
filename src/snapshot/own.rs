//! What is tidemark's own in a heap that it watched: never what leaks, and no reason why anything
//! lives.
//!
//! Its files are known by the folder of the package, or, of a clone, by two of its files that stand
//! in one folder. Objects are known by the constructor's file. In a bundle no file is tidemark's
//! alone; there its monitor and its session are known by their private fields.

use std::collections::HashSet;

use super::columns::{EdgeKind, Node, NodeKind, Snapshot};

/// Of a package that was installed.
const PACKAGED: [&str; 2] = ["/node_modules/tidemark/", "\\node_modules\\tidemark\\"];
/// Two files that every process with tidemark has loaded.
const MARKS: [&str; 2] = ["spare-descriptor.js", "resource-watch.js"];
/// The classes that lead to all other objects of tidemark, each with two private fields of it.
const FACES: [[&[u8]; 3]; 2] = [
    [b"Monitor", b"#session", b"#preset"],
    [b"Session", b"#publisher", b"#standing"],
];

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
            objects: faces(snapshot).collect(),
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

/// By the private fields that the class has: a class of an app's own with that name has others.
fn faces(snapshot: &Snapshot) -> impl Iterator<Item = Node> {
    let faces = FACES.map(|names| snapshot.strings.find_each(names));
    let nodes = 0..snapshot.node_count() as Node;
    nodes.filter(move |&node| {
        faces.iter().any(|[class, fields @ ..]| {
            class.is_some_and(|class| snapshot.nodes.name[node as usize] == class)
                && snapshot.kind(node) == NodeKind::Object
                && fields.iter().all(|field| {
                    field.is_some_and(|field| {
                        let edges = &snapshot.edges;
                        snapshot.edges_of(node).any(|edge| {
                            edges.kind[edge] == EdgeKind::Property && edges.name[edge] == field
                        })
                    })
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::MARKS;
    use std::path::Path;

    #[test]
    fn the_files_that_mark_a_clone_are_there() {
        let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("lib");
        for mark in MARKS {
            assert!(lib.join(mark).is_file(), "{mark}");
        }
    }
}
