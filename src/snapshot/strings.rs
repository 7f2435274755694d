//! The string table: raw JSON bytes in one buffer, decoded when somebody looks.
//!
//! V8 writes strings that no strict decoder takes: lone surrogates, cut surrogate pairs, and, in
//! snapshots that passed through other tools, invalid UTF-8. Decoding never fails here: what has
//! no meaning becomes U+FFFD.

use std::borrow::Cow;

#[derive(Default)]
pub(crate) struct Strings {
    /// What stood between the quotes, one string after the other.
    raw: Vec<u8>,
    /// Where each string ends in `raw`.
    ends: Vec<u64>,
}

impl Strings {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn own_memory(&self) -> usize {
        self.raw.capacity() + self.ends.capacity() * size_of::<u64>()
    }

    /// The bytes of a string as in the file, escapes and all; empty for an index out of range.
    pub(crate) fn raw(&self, index: u32) -> &[u8] {
        let index = index as usize;
        let Some(&end) = self.ends.get(index) else {
            return &[];
        };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.raw[start as usize..end as usize]
    }

    pub(crate) fn get(&self, index: u32) -> Cow<'_, str> {
        decode(self.raw(index))
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
        self.ends.push(self.raw.len() as u64);
    }
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
