//! A node in words, with the names that the code gives it.
//!
//! 'Map `service.sessions` (context of app.js)': the class, the way from the nearest variable,
//! and where the variable is. Suspects and paths are handed on in reports and tickets, so a name
//! that was made of data is not in them, whatever the snapshot (names.rs).

use super::analysis::Analysis;
use super::code::{Place, is_context};
use super::columns::{EdgeKind, Node, NodeKind};
use super::public_name::named;
use super::strings::cut;

/// What a person would call a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The class, or `function f`, or `the variables of f`.
    pub what: String,
    /// Such as `service.sessions`; absent where no name leads to it.
    pub label: Option<String>,
    /// What the label starts from, such as `context of handler in app.js:12` or `global`.
    pub anchor: Option<String>,
    /// Of the anchor, else of the node itself.
    pub place: Option<Place>,
}

/// Labels take no more than this many names.
const MOST_NAMES: usize = 5;
const LONGEST_NAME: usize = 60;
/// A class that is named by its properties is longer than other names.
const LONGEST_CLASS: usize = 125;

impl Analysis {
    /// Describes a node; names come from its best path, so `explain` comes first.
    pub(crate) fn describe(&self, node: Node) -> Described {
        let snapshot = &self.snapshot;
        let own = self.code().place(snapshot, node);
        let mut described = Described {
            what: self.what(node, own.as_ref()),
            place: own,
            ..Described::default()
        };
        if is_context(snapshot, node) {
            return described;
        }
        let mut names: Vec<String> = Vec::new();
        let mut at = node;
        while names.len() < MOST_NAMES {
            let Some(from) = self.best_retainer(at) else {
                break;
            };
            let Some(edge) = self.cheapest_edge(from, at) else {
                break;
            };
            let name = snapshot.edge_name(edge);
            match snapshot.edges.kind[edge] {
                EdgeKind::Context => {
                    names.push(shortened(&name));
                    let place = self.code().place(snapshot, from);
                    described.anchor = Some(match place.as_ref().map(in_words) {
                        Some(place) => format!("context of {place}"),
                        None => "a context".to_owned(),
                    });
                    described.place = place.or(described.place);
                    break;
                }
                // The root's edges have numbers.
                EdgeKind::Shortcut => break,
                EdgeKind::Property | EdgeKind::Element if self.is_global(from) => {
                    names.push(shortened(&named(&name)));
                    described.anchor = Some("global".to_owned());
                    break;
                }
                EdgeKind::Property if snapshot.kind(from) == NodeKind::Closure => {
                    names.push(shortened(&named(&name)));
                    let place = self.code().place(snapshot, from);
                    described.anchor = place
                        .as_ref()
                        .map(|place| format!("on {}", in_words(place)));
                    described.place = place.or(described.place);
                    break;
                }
                EdgeKind::Property if &*name == "exports" && self.class_name(from) == "Module" => {
                    let file = self.string_property(from, b"filename");
                    let place = Place {
                        file,
                        ..Place::default()
                    };
                    names.push("exports".to_owned());
                    described.anchor = place.short().map(|file| format!("module {file}"));
                    described.place = Some(place);
                    break;
                }
                // A block's variables have no names in the snapshot.
                _ if is_context(snapshot, from) => {
                    let place = self.code().place(snapshot, from);
                    described.anchor = place
                        .as_ref()
                        .map(|place| format!("context of {}", in_words(place)));
                    described.place = place.or(described.place);
                    break;
                }
                EdgeKind::Property => names.push(shortened(&named(&name))),
                EdgeKind::Element => names.push(format!("[{name}]")),
                // Tables, elements and property arrays stand between an object and what it holds.
                EdgeKind::Internal | EdgeKind::Hidden | EdgeKind::Other | EdgeKind::Weak => {
                    if from == 0
                        || !matches!(
                            snapshot.kind(from),
                            NodeKind::Array | NodeKind::Hidden | NodeKind::Object
                        )
                    {
                        break;
                    }
                    if snapshot.kind(from) != NodeKind::Object
                        && snapshot.kind(at) != NodeKind::Array
                    {
                        names.push("[…]".to_owned());
                    }
                }
            }
            at = from;
        }
        names.reverse();
        if names.iter().all(|name| name.starts_with('[')) {
            names.clear();
        }
        if described.anchor.is_none() && !names.is_empty() {
            described.anchor = Some(format!("of {}", self.what(at, None)));
        }
        described.label = (!names.is_empty()).then(|| join(&names));
        if described.place.is_none() {
            described.place = self.code().constructor(snapshot, node);
        }
        described
    }

    /// Such as 'function handler in app.js:12', without the names that lead to it.
    pub(crate) fn function_in_words(&self, closure: Node) -> String {
        self.what(closure, self.code().place(&self.snapshot, closure).as_ref())
    }

    pub(crate) fn is_global(&self, node: Node) -> bool {
        let raw = self.snapshot.raw_name(node);
        self.snapshot.kind(node) == NodeKind::Object
            && (raw == b"Object / "
                || raw == b"global"
                || raw.starts_with(b"global ")
                || raw.starts_with(b"Window"))
    }

    /// The class in words, without names that lead to it.
    fn what(&self, node: Node, place: Option<&Place>) -> String {
        let snapshot = &self.snapshot;
        match snapshot.kind(node) {
            NodeKind::Closure => match place {
                Some(place) => format!("function {}", in_words(place)),
                None => match &*snapshot.name(node) {
                    "" => "a function".to_owned(),
                    name => format!("function {}", named(&shortened(name))),
                },
            },
            NodeKind::Object if is_context(snapshot, node) => match place {
                Some(place) => format!("the variables of {}", in_words(place)),
                None => "the variables of a function".to_owned(),
            },
            NodeKind::Array
            | NodeKind::Hidden
            | NodeKind::Code
            | NodeKind::ObjectShape
            | NodeKind::Synthetic => match &*snapshot.name(node) {
                "" => "an array of V8".to_owned(),
                name if snapshot.kind(node) == NodeKind::Code && !name.contains('/') => {
                    named(&shortened(name)).into_owned()
                }
                name => shortened(name),
            },
            _ => named(&shortened_class(self.class_name(node))).into_owned(),
        }
    }

    /// The text that a property of an object has.
    pub(crate) fn string_property(&self, node: Node, name: &[u8]) -> Option<String> {
        let value = self.snapshot.follow(node, EdgeKind::Property, name)?;
        (self.snapshot.kind(value) == NodeKind::String)
            .then(|| self.snapshot.name(value).into_owned())
    }
}

impl Described {
    /// Such as 'Map `service.sessions` (context of app.js)'.
    pub fn description(&self) -> String {
        match (&self.label, &self.anchor) {
            (Some(label), Some(anchor)) => format!("{} `{label}` ({anchor})", self.what),
            (Some(label), None) => format!("{} `{label}`", self.what),
            (None, Some(anchor)) => format!("{} ({anchor})", self.what),
            (None, None) => self.what.clone(),
        }
    }
}

/// `handler in app.js:12`, or `app.js:12` where the function has no name.
fn in_words(place: &Place) -> String {
    let place = &Place {
        line: place.line.filter(|_| !place.is_whole_file()),
        ..place.clone()
    };
    let file = place
        .short()
        .unwrap_or_else(|| "an unknown file".to_owned());
    let file = shortened_class(&file);
    match &place.function {
        Some(function) => format!("{} in {file}", shortened(&named(function))),
        None => file,
    }
}

fn join(names: &[String]) -> String {
    let mut label = String::new();
    for name in names {
        if !label.is_empty() && !name.starts_with('[') {
            label.push('.');
        }
        label.push_str(name);
    }
    label
}

/// A name as a sentence has room for it.
pub(crate) fn shortened(name: &str) -> String {
    cut(name, LONGEST_NAME).unwrap_or_else(|| name.to_owned())
}

fn shortened_class(name: &str) -> String {
    cut(name, LONGEST_CLASS).unwrap_or_else(|| name.to_owned())
}
