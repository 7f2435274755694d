//! How a number that may not be known is a word.

use crate::trend::State;

pub const NONE: u64 = u64::MAX;

/// A record that is a fixed number of words.
pub trait Words<const N: usize>: Sized {
    fn pack(&self) -> [u64; N];
    /// `None` where the words say what cannot be.
    fn unpack(words: &[u64; N]) -> Option<Self>;
}

pub(super) fn float(value: Option<f64>) -> u64 {
    value.map_or(NONE, f64::to_bits)
}

pub(super) fn as_float(word: u64) -> Option<f64> {
    let value = f64::from_bits(word);
    (word != NONE && value.is_finite()).then_some(value)
}

pub(super) fn number(value: Option<u64>) -> u64 {
    value.unwrap_or(NONE)
}

pub(super) fn as_number(word: u64) -> Option<u64> {
    (word != NONE).then_some(word)
}

pub(super) fn state(byte: u64) -> Option<State> {
    [
        State::Settling,
        State::Steady,
        State::Suspect,
        State::Leaking,
    ]
    .get(byte as usize)
    .copied()
}

pub(super) fn collect<const N: usize>(words: impl Iterator<Item = u64>) -> [u64; N] {
    let mut all = [0; N];
    for (word, value) in all.iter_mut().zip(words) {
        *word = value;
    }
    all
}
