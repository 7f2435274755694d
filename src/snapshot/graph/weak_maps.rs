//! `WeakMap` pairs. V8 writes each twice, as an internal edge to the value from the key and from
//! the table, both named
//! `N / part of key (KEY @ID) -> value (VALUE @ID) pair in WeakMap (table @ID)`,
//! with an N of their own.

use std::collections::HashMap;

use super::bits::Bits;
use crate::snapshot::columns::{EdgeKind, Node, Snapshot};
use crate::snapshot::strings::Strings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The same for the two edges of a pair.
    pub(crate) pair: u32,
    /// The id of the table node.
    pub(crate) table: u32,
}

/// The strings that name such edges.
#[derive(Default)]
pub(crate) struct WeakMaps {
    is_pair: Bits,
    /// In the order of the strings.
    pairs: Vec<Pair>,
    /// How many pairs come before each word of `is_pair`.
    before: Vec<u32>,
    /// The nodes from which such an edge leads. There are few, and asking here first spares the
    /// names of all other internal edges.
    holders: Bits,
}

impl WeakMaps {
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let mut found = Self::of_strings(&snapshot.strings);
        found.holders = Bits::new(snapshot.node_count());
        if found.pairs.is_empty() {
            return found;
        }
        let edges = &snapshot.edges;
        let named = edges.kind.iter().zip(&edges.name).enumerate();
        let mut node = 0;
        for (edge, (&kind, &name)) in named {
            if kind == EdgeKind::Internal && found.is_pair.get(name) {
                while snapshot.edges_of(node).end <= edge {
                    node += 1;
                }
                found.holders.set(node);
            }
        }
        found
    }

    fn of_strings(strings: &Strings) -> Self {
        let mut is_pair = Bits::new(strings.len());
        let mut pairs = Vec::new();
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        for index in 0..strings.len() as u32 {
            let Some((shared, table)) = parse(strings.raw(index)) else {
                continue;
            };
            let next = numbers.len() as u32;
            let pair = *numbers.entry(shared).or_insert(next);
            is_pair.set(index);
            pairs.push(Pair { pair, table });
        }
        Self {
            before: is_pair.ranks(),
            is_pair,
            pairs,
            holders: Bits::default(),
        }
    }

    /// Whether the node has an edge that is half of a pair.
    #[inline]
    pub(crate) fn is_holder(&self, node: Node) -> bool {
        self.holders.get(node)
    }

    /// What the name of an internal edge says, if it is half of a pair.
    #[inline]
    pub(crate) fn get(&self, name: u32) -> Option<Pair> {
        if !self.is_pair.get(name) {
            return None;
        }
        Some(self.pairs[self.is_pair.rank(&self.before, name)])
    }

    /// Pairs are numbered from 0 to below this.
    pub(crate) fn count(&self) -> usize {
        self.pairs.len()
    }
}

/// Splits a name into what both halves share and the table's id.
fn parse(name: &[u8]) -> Option<(&[u8], u32)> {
    // Nearly all strings fail here.
    if !name.first()?.is_ascii_digit() || !name.ends_with(b")") {
        return None;
    }
    let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let shared = &name[digits..];
    let rest = shared.strip_prefix(b" / part of key (")?;
    let rest = rest.strip_suffix(b")")?;
    let (rest, table) = split_id(rest)?;
    let rest = rest.strip_suffix(b" pair in WeakMap (table ")?;
    let (rest, _value) = split_id(rest.strip_suffix(b")")?)?;
    let arrow = rest
        .windows(12)
        .position(|window| window == b") -> value (")?;
    let (_, _key) = split_id(&rest[..arrow])?;
    Some((shared, table))
}

/// Takes `@ID` from the end.
fn split_id(text: &[u8]) -> Option<(&[u8], u32)> {
    let digits = text
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (rest, id) = text.split_at(text.len() - digits);
    let id = std::str::from_utf8(id).ok()?.parse().ok()?;
    Some((rest.strip_suffix(b"@")?, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_halves_of_a_pair_are_recognised() {
        let mut strings = Strings::default();
        for text in [
            "3 / part of key (Key @17) -> value (Value (odd) @19) pair in WeakMap (table @21)",
            "key",
            "12 / part of key (Key @17) -> value (Value (odd) @19) pair in WeakMap (table @21)",
            "12 / part of key (Key @17) -> value (Value @23) pair in WeakMap (table @21)",
            "12 / part of key (Key @17) -> value (Value @23) pair in WeakMap (table @)",
            "x / part of key (Key @17) -> value (Value @23) pair in WeakMap (table @21)",
        ] {
            strings.push_bytes(text.as_bytes());
            strings.end_string();
        }
        let weak_maps = WeakMaps::of_strings(&strings);
        assert_eq!(weak_maps.get(0), Some(Pair { pair: 0, table: 21 }));
        assert_eq!(weak_maps.get(1), None);
        assert_eq!(weak_maps.get(2), Some(Pair { pair: 0, table: 21 }));
        assert_eq!(weak_maps.get(3), Some(Pair { pair: 1, table: 21 }));
        assert_eq!(weak_maps.get(4), None);
        assert_eq!(weak_maps.get(5), None);
    }
}
