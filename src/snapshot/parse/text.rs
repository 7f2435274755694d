//! The table of strings: a third of a file, so it is copied in the largest pieces that there are.

use super::super::budget;
use super::super::error::{Code, SnapshotError};
use super::Parser;
use super::state::{Between, State};

/// How often the memory of the strings is looked at.
const STRINGS_PER_CHECK: usize = 1 << 16;

impl Parser {
    pub(super) fn between_strings(
        &mut self,
        between: Between,
        byte: u8,
        space: bool,
    ) -> Result<(), SnapshotError> {
        match (between, byte) {
            _ if space => {}
            (Between::First | Between::Value, b'"') => {
                self.state = State::InString { escaped: false }
            }
            (Between::Separator, b',') => self.state = State::Strings(Between::Value),
            (Between::First | Between::Separator, b']') => self.end_section(),
            (Between::Separator, _) => {
                return Err(self.unexpected(byte, "a comma or the end of the strings"));
            }
            _ => return Err(self.unexpected(byte, "a string")),
        }
        Ok(())
    }

    pub(super) fn take_string(
        &mut self,
        escaped: bool,
        bytes: &[u8],
    ) -> Result<usize, SnapshotError> {
        let mut at = usize::from(escaped);
        loop {
            at += plain_length(&bytes[at.min(bytes.len())..]);
            match bytes.get(at) {
                None => {
                    // One past the end: the escaped byte is in the next piece.
                    self.strings.push_bytes(bytes);
                    self.state = State::InString {
                        escaped: at > bytes.len(),
                    };
                    return Ok(bytes.len());
                }
                Some(b'"') => {
                    self.strings.push_bytes(&bytes[..at]);
                    if self.strings.len() as u64 >= u64::from(u32::MAX) {
                        return Err(
                            self.error(Code::TooLarge, "More strings than 32 bits can tell apart")
                        );
                    }
                    self.strings.end_string();
                    if self.strings.len().is_multiple_of(STRINGS_PER_CHECK) {
                        budget::check_peak(self.offset, self.strings.used())?;
                    }
                    self.state = State::Strings(Between::Separator);
                    return Ok(at + 1);
                }
                Some(_) => at += 2,
            }
        }
    }
}

/// How many bytes come before a quote or a backslash. Eight at a time: strings make up a third
/// of a file.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let tail = &bytes[at..];
    at + tail
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .unwrap_or(tail.len())
}
