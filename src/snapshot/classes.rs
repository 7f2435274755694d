//! The class of a node, named as Chrome DevTools names it.
//!
//! Objects bear the name of their constructor. A plain object is named by the properties that
//! many plain objects share, `{id, items, placed}`: a leak of request contexts is not lost among
//! all `Object`s.

use crate::sorting::sort_by_key;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::columns::{EdgeKind, Node, NodeKind, Snapshot};
use super::names::Names;
use super::strings;

/// The number of a class within one snapshot.
pub(crate) type Class = u32;

pub(crate) struct Classes {
    of: Vec<Class>,
    names: Names,
}

/// Beyond this many characters a name takes no more properties.
const LONGEST_INTERFACE: usize = 120;
/// A named set of properties is one that at least two, and one in a thousand plain objects have.
const FEWEST: u64 = 2;
const PROPORTION: u64 = 1000;

impl Classes {
    pub(crate) fn new(snapshot: &Snapshot, is_detached: impl Fn(Node) -> bool) -> Self {
        let mut names = Names::of_classes();
        let mut of_string: HashMap<(u32, bool), Class> = HashMap::new();
        let object_name = snapshot.strings.find(b"Object");
        let mut plain = Vec::new();
        let mut of: Vec<Class> = Vec::with_capacity(snapshot.node_count());
        let mut fixed: HashMap<NodeKind, Class> = HashMap::new();
        for node in 0..snapshot.node_count() as Node {
            let kind = snapshot.kind(node);
            let class = match kind {
                NodeKind::Object | NodeKind::Native => {
                    let name = snapshot.nodes.name[node as usize];
                    if kind == NodeKind::Object && Some(name) == object_name {
                        plain.push(node);
                    }
                    let key = (name, is_detached(node));
                    match of_string.get(&key) {
                        Some(&class) => class,
                        None if names.is_full() => names.rest(),
                        None => {
                            let class = names.intern(&named(&snapshot.strings.get(name), key.1));
                            of_string.insert(key, class);
                            class
                        }
                    }
                }
                _ => *fixed
                    .entry(kind)
                    .or_insert_with(|| names.intern_always(&by_kind(kind))),
            };
            of.push(class);
        }
        drop(of_string);
        Interfaces::new(snapshot, &plain).apply(snapshot, &plain, &mut names, &mut of);
        Self { of, names }
    }

    pub(crate) fn of(&self, node: Node) -> Class {
        self.of[node as usize]
    }

    pub(crate) fn name(&self, class: Class) -> &str {
        self.names.get(class)
    }

    pub(crate) fn name_of(&self, node: Node) -> &str {
        self.name(self.of(node))
    }

    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    pub(crate) fn find(&self, name: &str) -> Option<Class> {
        self.names
            .iter()
            .position(|found| found == name)
            .map(|class| class as Class)
    }
}

fn by_kind(kind: NodeKind) -> Cow<'static, str> {
    match kind {
        NodeKind::Hidden => "(system)".into(),
        NodeKind::Code => "(compiled code)".into(),
        NodeKind::Closure => "Function".into(),
        NodeKind::RegExp => "RegExp".into(),
        _ => format!("({})", kind.name()).into(),
    }
}

/// `<div id="a">` is a `<div>`.
fn named(name: &str, detached: bool) -> String {
    let name = if detached {
        format!("Detached {name}")
    } else {
        name.to_owned()
    };
    let tag_at = match () {
        () if name.starts_with('<') => 0,
        () if name.starts_with("Detached <") => 10,
        () => return name,
    };
    match name[tag_at..].find(' ') {
        Some(space) => format!("{}>", &name[..tag_at + space]),
        None => name,
    }
}

/// Sets of properties that many plain objects share.
struct Interfaces {
    /// The most frequent first.
    known: Vec<Interface>,
    /// The string `__proto__`, a property that does not count.
    prototype: Option<u32>,
}

struct Interface {
    name: String,
    /// In order.
    properties: Vec<u32>,
}

/// Sets of properties are counted by their hash. Where there are more than this, the rare ones go:
/// what one in a thousand objects has stays in any case.
const MOST_COUNTED: usize = 1 << 17;

/// How many objects have a set of properties, and the first of them.
struct Counted {
    count: u32,
    first: u32,
}

impl Interfaces {
    fn new(snapshot: &Snapshot, plain: &[Node]) -> Self {
        let prototype = snapshot.strings.find(b"__proto__");
        let hasher = RandomState::new();
        let own_properties = |node: Node, row: &mut Vec<u32>| {
            properties(snapshot, node, row);
            row.retain(|&name| Some(name) != prototype);
        };
        let mut counts: HashMap<u64, Counted> = HashMap::new();
        let mut row = Vec::new();
        for (at, &node) in plain.iter().enumerate() {
            own_properties(node, &mut row);
            if row.is_empty() {
                continue;
            }
            let first = at as u32;
            let counted = counts.entry(hasher.hash_one(&row));
            counted.or_insert(Counted { count: 0, first }).count += 1;
            if counts.len() > MOST_COUNTED {
                let rare = (at as u64 / PROPORTION / 4).max(1);
                counts.retain(|_, counted| u64::from(counted.count) > rare);
            }
        }
        // Rows that differ only beyond the longest name are one interface.
        let mut by_name: HashMap<u64, Counted> = HashMap::with_capacity(counts.len());
        for (_, Counted { count, first }) in counts {
            own_properties(plain[first as usize], &mut row);
            let (name, _) = interface_name(snapshot, &row);
            let found = by_name
                .entry(hasher.hash_one(&name))
                .or_insert(Counted { count: 0, first });
            found.count += count;
            found.first = found.first.min(first);
        }
        let fewest = FEWEST.max((plain.len() as u64).div_ceil(PROPORTION));
        let mut known: Vec<Counted> = by_name
            .into_values()
            .filter(|counted| u64::from(counted.count) >= fewest)
            .collect();
        sort_by_key(&mut known, |counted| {
            (std::cmp::Reverse(counted.count), counted.first)
        });
        let known = known
            .into_iter()
            .map(|Counted { first, .. }| {
                own_properties(plain[first as usize], &mut row);
                let (name, taken) = interface_name(snapshot, &row);
                let mut properties = row[..taken].to_vec();
                properties.sort_unstable();
                properties.dedup();
                Interface { name, properties }
            })
            .collect();
        Self { known, prototype }
    }

    /// Names each plain object by the interface that it has all properties of: the largest, and
    /// of those the most frequent.
    fn apply(&self, snapshot: &Snapshot, plain: &[Node], names: &mut Names, of: &mut [Class]) {
        let mut by_property: HashMap<u32, Vec<usize>> = HashMap::new();
        for (at, interface) in self.known.iter().enumerate() {
            for &property in &interface.properties {
                by_property.entry(property).or_default().push(at);
            }
        }
        let hasher = RandomState::new();
        let mut decided: HashMap<u64, Option<Class>> = HashMap::new();
        let mut row = Vec::new();
        for &node in plain {
            properties(snapshot, node, &mut row);
            row.sort_unstable();
            row.dedup();
            let hash = hasher.hash_one(&row);
            let class = decided.get(&hash).copied().unwrap_or_else(|| {
                if decided.len() >= MOST_COUNTED {
                    decided.clear();
                }
                let class = self
                    .best(&row, &by_property)
                    .map(|best| names.intern_always(&best.name));
                decided.insert(hash, class);
                class
            });
            if let Some(class) = class {
                of[node as usize] = class;
            }
        }
    }

    fn best(&self, row: &[u32], by_property: &HashMap<u32, Vec<usize>>) -> Option<&Interface> {
        let mut met: HashMap<usize, usize> = HashMap::new();
        for property in row
            .iter()
            .filter(|&&property| Some(property) != self.prototype)
        {
            for &interface in by_property.get(property).into_iter().flatten() {
                *met.entry(interface).or_default() += 1;
            }
        }
        met.into_iter()
            .filter(|&(interface, met)| met == self.known[interface].properties.len())
            .max_by_key(|&(interface, met)| (met, std::cmp::Reverse(interface)))
            .map(|(interface, _)| &self.known[interface])
    }
}

/// The names of an object's properties, in order.
fn properties(snapshot: &Snapshot, node: Node, row: &mut Vec<u32>) {
    row.clear();
    row.extend(
        snapshot
            .edges_of(node)
            .filter(|&edge| snapshot.edges.kind[edge] == EdgeKind::Property)
            .map(|edge| snapshot.edges.name[edge]),
    );
}

/// The name, and how many properties it takes.
fn interface_name(snapshot: &Snapshot, row: &[u32]) -> (String, usize) {
    let mut name = String::from("{");
    // JavaScript counts UTF-16 units.
    let mut length = 1;
    for (at, &property) in row.iter().enumerate() {
        let property = snapshot.strings.get(property);
        let property = strings::cut(&property, LONGEST_INTERFACE).map_or(property, Cow::Owned);
        let formatted = format_property(&property);
        let units = formatted.encode_utf16().count();
        if length > 1 && length + units > LONGEST_INTERFACE {
            name.push('}');
            return (name, at);
        }
        if length > 1 {
            name.push_str(", ");
            length += 2;
        }
        name.push_str(&formatted);
        length += units;
    }
    name.push('}');
    (name, row.len())
}

/// Names with commas, quotes or braces are quoted.
fn format_property(name: &str) -> Cow<'_, str> {
    if !name.contains([',', '\'', '"', '{', '}']) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(serde_json::Value::from(name).to_string())
}
