//! Texts with a number each: every text once, in one buffer, up to a bound.
//!
//! A snapshot can name each of its nodes differently. What sums by name (classes, places, the
//! words of a HeapDiff) would then take several times the file, so it goes by these numbers, and
//! what has no room is summed under one name.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::strings::cut;

/// The name of what found no room.
const REST: &str = "(everything else)";
/// What there is room for.
#[derive(Clone, Copy)]
struct Room {
    names: usize,
    /// Of all names together.
    bytes: usize,
    /// In characters.
    longest: usize,
}

/// Heaps of large applications have some thousand classes.
const FOR_CLASSES: Room = Room {
    names: 1 << 15,
    bytes: 2 << 20,
    longest: 200,
};
/// A place is the names of several classes and edges.
const FOR_PLACES: Room = Room {
    names: 1 << 16,
    bytes: 4 << 20,
    longest: 1200,
};

pub(crate) struct Names {
    room: Room,
    texts: String,
    /// Where each text ends.
    ends: Vec<u32>,
    /// By hash. A text whose place is taken by another of the same hash goes to the next.
    numbers: HashMap<u64, u32>,
    hasher: RandomState,
    rest: Option<u32>,
}

impl Names {
    pub(crate) fn of_classes() -> Self {
        Self::new(FOR_CLASSES)
    }

    pub(crate) fn of_places() -> Self {
        Self::new(FOR_PLACES)
    }

    fn new(room: Room) -> Self {
        Self {
            room,
            texts: String::new(),
            ends: Vec::new(),
            numbers: HashMap::new(),
            hasher: RandomState::new(),
            rest: None,
        }
    }

    /// The number of a text; of one that is longer than a name may be, a number of its own.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if let Some(cut) = cut(text, self.room.longest) {
            // What was cut may differ.
            return if self.is_full() {
                self.rest()
            } else {
                self.push(&cut)
            };
        }
        match self.find(text) {
            Ok(number) => number,
            Err(_) if self.is_full() => self.rest(),
            Err(place) => {
                let number = self.push(text);
                self.numbers.insert(place, number);
                number
            }
        }
    }

    /// As [`Self::intern`], for the few names that must have room.
    pub(crate) fn intern_always(&mut self, text: &str) -> u32 {
        let text = cut(text, self.room.longest).unwrap_or_else(|| text.to_owned());
        self.find(&text).unwrap_or_else(|place| {
            let number = self.push(&text);
            self.numbers.insert(place, number);
            number
        })
    }

    /// Whether a text that is not there yet would find no room.
    pub(crate) fn is_full(&self) -> bool {
        self.ends.len() >= self.room.names || self.texts.len() >= self.room.bytes
    }

    /// The number of what found no room.
    pub(crate) fn rest(&mut self) -> u32 {
        if let Some(rest) = self.rest {
            return rest;
        }
        let rest = self.intern_always(REST);
        self.rest = Some(rest);
        rest
    }

    pub(crate) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 {
            0
        } else {
            self.ends[number - 1]
        };
        &self.texts[start as usize..self.ends[number] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.get(number))
    }

    pub(crate) fn own_memory(&self) -> usize {
        let entry = size_of::<(u64, u32)>() + 1;
        self.texts.capacity() + self.ends.capacity() * 4 + self.numbers.capacity() * entry
    }

    /// The number of a text, or the place where its number goes.
    fn find(&self, text: &str) -> Result<u32, u64> {
        let mut place = self.hasher.hash_one(text);
        while let Some(&number) = self.numbers.get(&place) {
            if self.get(number) == text {
                return Ok(number);
            }
            place = place.wrapping_add(1);
        }
        Err(place)
    }

    fn push(&mut self, text: &str) -> u32 {
        self.texts.push_str(text);
        self.ends.push(self.texts.len() as u32);
        self.ends.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_a_long_one_a_number_each_time() {
        let mut names = Names::of_classes();
        let long = "x".repeat(FOR_CLASSES.longest + 1);
        let numbers = ["a", "", "a", &long, &long].map(|text| names.intern(text));
        assert_eq!(numbers, [0, 1, 0, 2, 3]);
        assert_eq!(
            names.get(3),
            format!("{}…", "x".repeat(FOR_CLASSES.longest - 1))
        );
        assert_eq!(names.get(1), "");
    }

    #[test]
    fn what_finds_no_room_has_one_name() {
        const MOST: usize = FOR_CLASSES.names;
        let mut names = Names::of_classes();
        let numbers: Vec<u32> = (0..MOST + 5)
            .map(|at| names.intern(&at.to_string()))
            .collect();
        assert_eq!(names.intern("3"), 3);
        assert_eq!(numbers[MOST], numbers[MOST + 4]);
        assert_eq!(names.get(numbers[MOST]), REST);
        assert_ne!(names.intern_always("Map"), numbers[MOST]);
        assert_eq!(names.len(), MOST + 2);
    }

    #[test]
    fn texts_of_one_hash_are_told_apart() {
        let mut names = Names::of_classes();
        let place = names.hasher.hash_one("b");
        let other = names.push("a");
        names.numbers.insert(place, other);
        let number = names.intern("b");
        assert_ne!(number, other);
        assert_eq!(names.intern("b"), number);
    }
}
