//! Arrays of integers, fed in pieces of any size.
//!
//! The numbers of a snapshot are short (one to eight digits) and there are hundreds of millions
//! of them, so the usual case, digits and a comma (with the newline that Node.js 22 and older
//! put before it), has a loop of its own. Everything else goes byte by byte.

/// Where in the array the last piece ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// After `[`: a number or `]`.
    First,
    /// After a comma: a number.
    Number,
    /// After `-`: a digit.
    Digit,
    /// Within a number.
    More,
    /// After a number: a comma or `]`.
    Separator,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    expect: Expect,
    value: u64,
    digits: u8,
    negative: bool,
    /// Where a number that the piece cut began, counted from the piece's start; below 0 where
    /// that was an earlier piece.
    began: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// All bytes are taken; the array goes on.
    Empty,
    /// The array ended; this many bytes are taken, its bracket among them.
    End(usize),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unexpected {
    pub at: usize,
    pub wanted: &'static str,
}

/// 18 digits are always within an `i64`.
const MOST_DIGITS: usize = 18;

impl Numbers {
    pub(super) fn new() -> Self {
        Self {
            expect: Expect::First,
            value: 0,
            digits: 0,
            negative: false,
            began: 0,
        }
    }

    /// Appends the numbers in `bytes` to `out`; a number that the piece cuts waits for the next.
    pub(super) fn read(&mut self, bytes: &[u8], out: &mut Vec<i64>) -> Result<Stop, Unexpected> {
        let mut at = 0;
        loop {
            if matches!(self.expect, Expect::First | Expect::Number) {
                at = self.read_usual(bytes, at, out);
            }
            let Some(&byte) = bytes.get(at) else {
                self.began -= bytes.len().cast_signed() as i64;
                return Ok(Stop::Empty);
            };
            if self
                .take(at, byte, out)
                .map_err(|wanted| Unexpected { at, wanted })?
            {
                return Ok(Stop::End(at + 1));
            }
            at += 1;
        }
    }

    /// Takes numbers while each stands whole in `bytes` and is followed by a comma; answers where
    /// it stopped.
    fn read_usual(&mut self, bytes: &[u8], mut at: usize, out: &mut Vec<i64>) -> usize {
        const WINDOW: usize = MOST_DIGITS + 2;
        while let Some(window) = bytes[at..].first_chunk::<WINDOW>() {
            let mut value = u64::from(window[0].wrapping_sub(b'0'));
            if value > 9 {
                break;
            }
            let mut length = 1;
            while length < MOST_DIGITS {
                let digit = window[length].wrapping_sub(b'0');
                if digit > 9 {
                    break;
                }
                value = value * 10 + u64::from(digit);
                length += 1;
            }
            if window[length] == b',' {
                at += length + 1;
            } else if window[length] == b'\n' && window[length + 1] == b',' {
                at += length + 2;
            } else {
                break;
            }
            out.push(value.cast_signed());
            self.expect = Expect::Number;
        }
        at
    }

    /// Takes one byte; true when the array ended with it.
    fn take(&mut self, at: usize, byte: u8, out: &mut Vec<i64>) -> Result<bool, &'static str> {
        match self.expect {
            Expect::First | Expect::Number => match byte {
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b'0'..=b'9' => {
                    self.negative = false;
                    self.began = at.cast_signed() as i64;
                    self.start(byte);
                }
                b'-' => {
                    self.negative = true;
                    self.began = at.cast_signed() as i64;
                    self.expect = Expect::Digit;
                }
                b']' if self.expect == Expect::First => return Ok(true),
                _ => return Err("an integer"),
            },
            Expect::Digit => match byte {
                b'0'..=b'9' => self.start(byte),
                _ => return Err("a digit"),
            },
            Expect::More if byte.is_ascii_digit() => {
                if usize::from(self.digits) >= MOST_DIGITS {
                    return Err("an integer of at most 18 digits");
                }
                self.value = self.value * 10 + u64::from(byte - b'0');
                self.digits += 1;
            }
            Expect::More => {
                let value = self.value.cast_signed();
                out.push(if self.negative { -value } else { value });
                self.expect = Expect::Separator;
                return self.take(at, byte, out);
            }
            Expect::Separator => match byte {
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b',' => self.expect = Expect::Number,
                b']' => return Ok(true),
                _ => return Err("a comma or the end of the array"),
            },
        }
        Ok(false)
    }

    fn start(&mut self, byte: u8) {
        self.value = u64::from(byte - b'0');
        self.digits = 1;
        self.expect = Expect::More;
    }

    /// Where the number with index `index` of what is read from `bytes` begins, counted from their
    /// start; for errors.
    pub(super) fn offset_of(mut self, bytes: &[u8], index: usize) -> i64 {
        let mut out = Vec::new();
        for (at, &byte) in bytes.iter().enumerate() {
            let began = self.began;
            if self.take(at, byte, &mut out).unwrap_or(true) || out.len() > index {
                return began;
            }
        }
        self.began
    }

    /// Where the last `count` numbers begin, counted as in `offset_of`, after `bytes` were read
    /// from the state `before` on. Looks only at the end of the bytes.
    pub(super) fn last_offsets(self, before: Self, bytes: &[u8], count: usize) -> Vec<i64> {
        // A comma follows each of them, but for one that is whole and waits for its own.
        let commas = count + usize::from(self.expect != Expect::Separator);
        let ends = bytes.iter().enumerate().rev();
        let start = ends
            .filter(|&(_, &byte)| byte == b',')
            .nth(commas - 1)
            .map(|(at, _)| at + 1);
        let mut state = match start {
            Some(_) => Self {
                expect: Expect::Number,
                ..Self::new()
            },
            None => before,
        };
        let mut out = Vec::new();
        let mut offsets = Vec::with_capacity(count);
        for (at, &byte) in bytes.iter().enumerate().skip(start.unwrap_or(0)) {
            let began = state.began;
            let ended = state.take(at, byte, &mut out).unwrap_or(true);
            if out.len() > offsets.len() {
                offsets.push(began);
            }
            if ended || offsets.len() == count {
                break;
            }
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<Vec<i64>, Unexpected> {
        let mut out = Vec::new();
        assert!(matches!(
            Numbers::new().read(text.as_bytes(), &mut out)?,
            Stop::End(end) if end == text.len()
        ));
        Ok(out)
    }

    #[test]
    fn numbers_are_read_whatever_whitespace_stands_between() {
        let text = "1,22\n,333 , -4\t,\r\n 123456789012345678,0,00000000007,1,2,3,4,5,6,7,8]";
        let wanted = vec![
            1,
            22,
            333,
            -4,
            123_456_789_012_345_678,
            0,
            7,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
        ];
        assert_eq!(whole(text), Ok(wanted));
        assert_eq!(whole("]"), Ok(vec![]));
    }

    #[test]
    fn a_cut_at_any_byte_changes_nothing() {
        let text = b"1,22\n,333 , -4\t,\r\n 123456789012345678,0,00000000007,1,2,3,4,5,6,7,8]";
        let wanted = whole(std::str::from_utf8(text).unwrap()).unwrap();
        for cut in 0..text.len() {
            let mut numbers = Numbers::new();
            let mut out = Vec::new();
            assert_eq!(numbers.read(&text[..cut], &mut out), Ok(Stop::Empty));
            assert_eq!(
                numbers.read(&text[cut..], &mut out),
                Ok(Stop::End(text.len() - cut))
            );
            assert_eq!(out, wanted, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_no_array_of_integers_is_refused_at_its_byte() {
        for (text, at) in [
            ("1,,2]", 2),
            ("1,]", 2),
            ("1 2]", 2),
            ("1.5]", 1),
            ("1e5]", 1),
            ("-]", 1),
            ("--1]", 1),
            ("\"1\"]", 0),
            ("[1]]", 0),
            ("1234567890123456789]", 18),
            ("1,2,3,4,5,6,7,8,9,10,11,12,13,14,x]", 33),
        ] {
            assert_eq!(whole(text).map_err(|bad| bad.at), Err(at), "{text}");
        }
    }

    #[test]
    fn the_offset_of_a_number_is_found_again() {
        let text = b" 1,22\n,333 , -4]";
        for (index, offset) in [(0, 1), (1, 3), (2, 7), (3, 13)] {
            assert_eq!(Numbers::new().offset_of(text, index), offset);
        }
    }

    #[test]
    fn the_offset_of_a_number_is_found_again_though_a_piece_cuts_it_or_what_follows() {
        let text = b" 1,22\n,333 , -4\t,\r\n 1234,56 ,7]";
        let all = [1, 3, 7, 13, 20, 25, 29];
        for cut in 0..text.len() {
            let (head, tail) = text.split_at(cut);
            let before = Numbers::new();
            let mut state = before;
            let mut out = Vec::new();
            state.read(head, &mut out).unwrap();
            for count in 1..=out.len() {
                let offsets = state.last_offsets(before, head, count);
                assert_eq!(offsets, all[out.len() - count..out.len()], "cut at {cut}");
            }
            for (index, offset) in all[out.len()..].iter().enumerate() {
                let found = state.offset_of(tail, index) + cut.cast_signed() as i64;
                assert_eq!(found, *offset, "cut at {cut}");
            }
        }
    }
}
