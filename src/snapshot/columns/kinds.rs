//! What nodes and edges are called, and which types of them there are.

/// The index of a node: its place in the file.
pub type Node = u32;
/// The index of an edge.
pub type Edge = u32;

/// V8's node types. The numbers in the file differ by version; these do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    Hidden,
    Array,
    String,
    Object,
    Code,
    Closure,
    RegExp,
    Number,
    Native,
    Synthetic,
    ConsString,
    SlicedString,
    Symbol,
    BigInt,
    ObjectShape,
    WasmObject,
    /// A type that came after this was written.
    Other,
}

impl NodeKind {
    const NAMES: [(Self, &'static str); 17] = [
        (Self::Hidden, "hidden"),
        (Self::Array, "array"),
        (Self::String, "string"),
        (Self::Object, "object"),
        (Self::Code, "code"),
        (Self::Closure, "closure"),
        (Self::RegExp, "regexp"),
        (Self::Number, "number"),
        (Self::Native, "native"),
        (Self::Synthetic, "synthetic"),
        (Self::ConsString, "concatenated string"),
        (Self::SlicedString, "sliced string"),
        (Self::Symbol, "symbol"),
        (Self::BigInt, "bigint"),
        (Self::ObjectShape, "object shape"),
        (Self::WasmObject, "wasm object"),
        (Self::Other, "other"),
    ];

    pub(crate) fn from_name(name: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map_or(Self::Other, |(kind, _)| *kind)
    }

    /// V8's name of the type.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }

    pub(crate) fn is_string(self) -> bool {
        matches!(self, Self::String | Self::ConsString | Self::SlicedString)
    }
}

/// V8's edge types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    Context,
    Element,
    Property,
    Internal,
    Hidden,
    Shortcut,
    Weak,
    /// A type that came after this was written: it retains, and its name is a string.
    Other,
}

impl EdgeKind {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "context" => Self::Context,
            "element" => Self::Element,
            "property" => Self::Property,
            "internal" => Self::Internal,
            "hidden" => Self::Hidden,
            "shortcut" => Self::Shortcut,
            "weak" => Self::Weak,
            _ => Self::Other,
        }
    }

    /// V8's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Element => "element",
            Self::Property => "property",
            Self::Internal => "internal",
            Self::Hidden => "hidden",
            Self::Shortcut => "shortcut",
            Self::Weak => "weak",
            Self::Other => "other",
        }
    }

    /// Whether the edge is named by a number and not by a string.
    pub(crate) fn is_indexed(self) -> bool {
        matches!(self, Self::Element | Self::Hidden)
    }
}
