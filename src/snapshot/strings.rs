//! The string table: raw JSON bytes in one buffer, decoded when somebody looks.
//!
//! V8 writes strings that no strict decoder takes: lone surrogates, cut surrogate pairs, and, in
//! snapshots that passed through other tools, invalid UTF-8. Decoding never fails here: what has
//! no meaning becomes U+FFFD.
//!
//! This is also where names are cut: a string of the file can be as long as the file, and what
//! leaves the analyser repeats names in paths, rows and pictures. Comparisons use the raw bytes,
//! which are whole.

use std::borrow::Cow;

#[derive(Default)]
pub(crate) struct Strings {
    /// What stood between the quotes, one string after the other.
    raw: Vec<u8>,
    /// The low half of where each string ends in `raw`.
    ends: Vec<u32>,
    /// From which string on the high half is one more.
    wraps: Vec<u32>,
}

/// The most characters of a string that are decoded. V8 itself writes at most 1,024.
pub(crate) const LONGEST: usize = 500;
/// Bytes of the longest escape of one character, a surrogate pair.
const LONGEST_ESCAPE: usize = 12;

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn own_memory(&self) -> usize {
        self.raw.capacity() + self.ends.capacity() * size_of::<u32>()
    }

    /// Bytes of memory that are in use, without what the vectors have reserved.
    pub(crate) fn used(&self) -> usize {
        self.raw.len() + self.ends.len() * size_of::<u32>()
    }

    /// The bytes of a string as in the file, escapes and all; empty for an index out of range.
    pub(crate) fn raw(&self, index: u32) -> &[u8] {
        let Some(end) = self.end(index) else {
            return &[];
        };
        let start = index.checked_sub(1).and_then(|before| self.end(before));
        &self.raw[start.unwrap_or(0)..end]
    }

    fn end(&self, index: u32) -> Option<usize> {
        let low = *self.ends.get(index as usize)?;
        let high = self.wraps.partition_point(|&wrap| wrap <= index);
        Some(high << 32 | low as usize)
    }

    /// The text of a string, cut after [`LONGEST`] characters.
    pub(crate) fn get(&self, index: u32) -> Cow<'_, str> {
        let raw = self.raw(index);
        // Room for one more character, which tells whether there is one.
        let text = decode(&raw[..raw.len().min(LONGEST_ESCAPE * (LONGEST + 1))]);
        if raw.len() <= LONGEST {
            return text;
        }
        match cut(&text, LONGEST) {
            Some(cut) => Cow::Owned(cut),
            None => text,
        }
    }

    /// The index of the string with these raw bytes.
    pub(crate) fn find(&self, raw: &[u8]) -> Option<u32> {
        (0..self.len() as u32).find(|&index| self.raw(index) == raw)
    }

    /// The indices of several strings, found in one pass.
    pub(crate) fn find_each<const N: usize>(&self, wanted: [&[u8]; N]) -> [Option<u32>; N] {
        let mut found = [None; N];
        for index in 0..self.len() as u32 {
            let raw = self.raw(index);
            if let Some(at) = wanted.iter().position(|wanted| *wanted == raw) {
                found[at].get_or_insert(index);
            }
        }
        found
    }

    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    pub(crate) fn end_string(&mut self) {
        let end = self.raw.len() as u64;
        while (self.wraps.len() as u64) < end >> 32 {
            self.wraps.push(self.ends.len() as u32);
        }
        self.ends.push(end as u32);
    }
}

/// The beginning of a text with an ellipsis, `most` characters in all; nothing where the text has
/// no more than that.
pub(crate) fn cut(text: &str, most: usize) -> Option<String> {
    // No character has less than a byte.
    if text.len() <= most {
        return None;
    }
    let mut characters = text.char_indices().skip(most - 1);
    let (end, _) = characters.next()?;
    characters.next()?;
    Some(format!("{}…", &text[..end]))
}

/// The text of a JSON string's inside.
pub(crate) fn decode(raw: &[u8]) -> Cow<'_, str> {
    if !raw.contains(&b'\\') {
        return String::from_utf8_lossy(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\\') {
        text.push_str(&String::from_utf8_lossy(&rest[..at]));
        rest = &rest[at + 1..];
        let Some((&kind, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        match kind {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let (decoded, taken) = decode_unicode(rest);
                text.push(decoded);
                rest = &rest[taken..];
            }
            b'"' | b'\\' | b'/' => text.push(char::from(kind)),
            // No escape of JSON: the backslash goes, the byte stays.
            _ => rest = &raw[raw.len() - rest.len() - 1..],
        }
    }
    text.push_str(&String::from_utf8_lossy(rest));
    Cow::Owned(text)
}

/// Decodes what follows `\u`; answers the character and how many bytes it took.
fn decode_unicode(rest: &[u8]) -> (char, usize) {
    let Some(unit) = hex4(rest) else {
        return (char::REPLACEMENT_CHARACTER, 0);
    };
    if let Some(found) = char::from_u32(unit) {
        return (found, 4);
    }
    if (0xd800..0xdc00).contains(&unit)
        && let Some(tail) = rest.get(4..10).filter(|tail| tail.starts_with(b"\\u"))
        && let Some(low @ 0xdc00..0xe000) = hex4(&tail[2..])
        && let Some(found) = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
    {
        return (found, 10);
    }
    (char::REPLACEMENT_CHARACTER, 4)
}

fn hex4(bytes: &[u8]) -> Option<u32> {
    bytes.get(..4)?.iter().try_fold(0, |value, &byte| {
        Some(value << 4 | char::from(byte).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(raw: &[&[u8]]) -> Strings {
        let mut strings = Strings::default();
        for raw in raw {
            strings.push_bytes(raw);
            strings.end_string();
        }
        strings
    }

    #[test]
    fn long_strings_are_cut_between_characters_and_found_whole() {
        let long = "é".repeat(LONGEST + 1);
        let escaped = r"\ud83d\ude00".repeat(LONGEST + 1);
        let fits = "é".repeat(LONGEST);
        let strings = strings(&[long.as_bytes(), escaped.as_bytes(), fits.as_bytes(), b""]);
        assert_eq!(strings.get(0), format!("{}…", "é".repeat(LONGEST - 1)));
        assert_eq!(strings.get(1), format!("{}…", "😀".repeat(LONGEST - 1)));
        assert_eq!(strings.get(2), fits);
        assert_eq!(strings.get(3), "");
        assert_eq!(strings.get(4), "");
        assert_eq!(strings.find(long.as_bytes()), Some(0));
    }

    #[test]
    fn strings_beyond_4_gib_are_told_apart() {
        let mut strings = strings(&[b"a", b"bc"]);
        // As if 8 GiB stood between the two.
        strings.wraps = vec![1, 1];
        let end = |index| strings.end(index).map(|end| end as u64);
        assert_eq!(end(0), Some(1));
        assert_eq!(end(1), Some((2 << 32) + 3));
        assert_eq!(end(2), None);
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(
            decode(br#"a\n\t\"\\\/\u00e9\ud83d\ude00z"#),
            "a\n\t\"\\/é😀z"
        );
        assert_eq!(decode(b"plain"), "plain");
    }

    #[test]
    fn lone_surrogates_invalid_utf8_and_cut_escapes_do_not_fail() {
        assert_eq!(decode(br"\ud800x"), "\u{fffd}x");
        assert_eq!(decode(br"\udc00"), "\u{fffd}");
        assert_eq!(decode(br"\ud83d\u0041"), "\u{fffd}A");
        assert_eq!(decode(br"\u12"), "\u{fffd}12");
        assert_eq!(decode(br"a\"), "a");
        assert_eq!(decode(br"\q"), "q");
        assert_eq!(decode(b"\xff\\n\xc3"), "\u{fffd}\n\u{fffd}");
        assert_eq!(decode(b"\\\xc3\xa9"), "é");
    }
}
