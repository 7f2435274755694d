//! Which names may leave the process: those that code would have.
//!
//! A name of the code is made of words: `userCache`, `x-request-id`, `ShoppingCart`. What is not
//! may be somebody's: tokens, addresses, ids, card numbers. lib/names.js has the same rule for
//! what is told of a running process; `__test__/names.json` holds both to it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

/// Stands for what is not shown.
pub(crate) const HIDDEN: &str = "[…]";

/// In UTF-16, as all lengths here: what is not ASCII is no name.
const LONGEST_NAME: usize = 64;
/// Longest text, in letters, that is always shown: too short for a secret.
const SHORT: usize = 4;
const LONGEST_ACRONYM: usize = 5;
/// One rare pair of letters is allowed for this many pairs, and one in any case.
const PAIRS_PER_RARE: usize = 7;
/// Fewest letters in ten words, by number of words; lib/names.js says why.
const LETTERS_IN_TEN_WORDS: [usize; 7] = [0, 0, 0, 26, 26, 30, 33];
/// What separates names in a text, as in 'system / Context' and '{id, name}'.
const SEPARATORS: &str = "/\\(){}[]<>,;:|&?!\"'`*…";

/// What words are made of; lib/names.js says where it is from.
struct Words {
    /// By first letter, a bit for each that follows it.
    pairs: [u32; 26],
    /// Words that have digits in them.
    numbered: BTreeSet<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let table: Value =
        serde_json::from_str(include_str!("../../lib/names.json")).unwrap_or_default();
    let texts = |name: &str| {
        let list = table[name].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let mut pairs = [0; 26];
    for (bits, letters) in pairs.iter_mut().zip(texts("pairs")) {
        *bits = letters.bytes().fold(0, |bits, letter| bits | bit(letter));
    }
    let numbered = texts("numbered").into_iter().map(str::to_owned).collect();
    Words { pairs, numbered }
});

fn bit(letter: u8) -> u32 {
    1 << (letter.to_ascii_lowercase().wrapping_sub(b'a') & 31)
}

/// Whether a text is a name that code would have: of a variable, a property, a class, an event.
pub(crate) fn is_name(text: &str) -> bool {
    let length = text.len();
    (1..=LONGEST_NAME).contains(&length) && text.bytes().all(is_name_byte) && has_words(text)
}

/// A text with nothing but names in it, such as a class: [`HIDDEN`] stands for each part that is
/// none.
pub(crate) fn named(text: &str) -> Cow<'_, str> {
    if is_name(text) {
        return Cow::Borrowed(text);
    }
    each_part(text, is_name)
}

/// As [`named`], of what V8 wrote itself: '3 / part of key (User @17) -> ...'. Its numbers stay.
pub(crate) fn named_by_v8(text: &str) -> Cow<'_, str> {
    let is_number = |text: &str| text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_first = |part: &str| std::ptr::eq(part.as_ptr(), text.as_ptr());
    each_part(text, |part| {
        is_name(part)
            || part.strip_prefix('@').is_some_and(is_number)
            || is_first(part) && is_number(part)
    })
}

fn each_part(text: &str, keeps: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let separates = is_separator(first);
        let end = rest
            .find(|character| is_separator(character) != separates)
            .unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        shown.push_str(if separates || keeps(part) {
            part
        } else {
            HIDDEN
        });
        rest = after;
    }
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || SEPARATORS.contains(character)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'.' | b'-')
}

/// A word, an acronym, digits, or what stands between them.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let run = |of: fn(&u8) -> bool| bytes.iter().take_while(|&byte| of(byte)).count();
        let upper = run(u8::is_ascii_uppercase);
        let end = match bytes.first()? {
            first if first.is_ascii_digit() => run(u8::is_ascii_digit),
            first if first.is_ascii_lowercase() => run(u8::is_ascii_lowercase),
            first if first.is_ascii_uppercase() => match bytes.get(upper) {
                Some(next) if next.is_ascii_lowercase() && upper > 1 => upper - 1,
                Some(next) if next.is_ascii_lowercase() => {
                    let lower = bytes[1..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_lowercase());
                    1 + lower.count()
                }
                _ => upper,
            },
            _ => run(|byte| !byte.is_ascii_alphanumeric()),
        };
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

fn has_words(text: &str) -> bool {
    let words = &*WORDS;
    let parts: Vec<&str> = parts(text).collect();
    let mut count = 0;
    let mut letters = 0;
    let mut pairs = 0;
    let mut rare = 0;
    let mut numbers = 0;
    for (at, part) in parts.iter().enumerate() {
        let first = part.as_bytes()[0];
        if first.is_ascii_digit() {
            let before = if at > 0 { parts[at - 1] } else { "" };
            let capitals =
                before.len() > 1 && before.as_bytes()[..2].iter().all(u8::is_ascii_uppercase);
            let before = before.to_ascii_lowercase();
            // Letters that follow are a part of this word, as in `i18n`, and not in `s3Client`.
            let after = parts.get(at + 1).copied().unwrap_or_default();
            let joined = after.as_bytes().first().is_some_and(|first| {
                first.is_ascii_lowercase() || first.is_ascii_uppercase() && capitals
            });
            let after = if joined { after } else { "" };
            if words.numbered.contains(&format!("{before}{part}{after}")) {
                continue;
            }
            if before.is_empty() || !after.is_empty() {
                return false;
            }
            let is_version = before == "v" && part.len() <= 2;
            numbers += usize::from(!is_version);
            if !is_version && (part.len() > 1 || numbers > 1) {
                return false;
            }
        } else if first.is_ascii_alphabetic() {
            count += 1;
            letters += part.len();
            let is_acronym = part.bytes().all(|byte| byte.is_ascii_uppercase());
            if is_acronym && part.len() <= LONGEST_ACRONYM {
                continue;
            }
            for pair in part.as_bytes().windows(2) {
                let next = words.pairs[usize::from(pair[0].to_ascii_lowercase() - b'a')];
                pairs += 1;
                rare += usize::from(next & bit(pair[1]) == 0);
            }
        }
    }
    if letters <= SHORT {
        return true;
    }
    if letters * 10 < count * LETTERS_IN_TEN_WORDS[count.min(LETTERS_IN_TEN_WORDS.len() - 1)] {
        return false;
    }
    rare <= (pairs / PAIRS_PER_RARE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_and_data_goes() {
        let table: Value = serde_json::from_str(include_str!("../../__test__/names.json")).unwrap();
        for (kind, stays) in [("names", true), ("data", false)] {
            for text in table[kind].as_array().unwrap() {
                let text = text.as_str().unwrap();
                assert_eq!(named(text) == text, stays, "{text}");
            }
        }
        for pair in table["shown"].as_array().unwrap() {
            let [text, shown] = [0, 1].map(|at| pair[at].as_str().unwrap());
            assert_eq!(named(text), shown);
        }
    }
}
