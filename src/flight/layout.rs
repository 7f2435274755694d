//! Where each record stands in the file, and the frame around it.
//!
//! The head is 64 bytes: a magic, the version, the size of the file. Behind it come areas of records of
//! one kind, each record with room for the largest. Twin places take turns, so that a write that is cut
//! leaves the record before; a ring's oldest gives way to its newest.

use super::checksum::crc32;

/// Of this layout and the words in it. A reader of another one says so and reads nothing.
pub const VERSION: u32 = 1;

const MAGIC: [u8; 12] = *b"TIDEMARK\x1a\r\n\0";

/// Of the whole file, whatever is in it.
pub const SIZE: usize = 242 * 1024;

/// Before the payload: kind, length, number, owner, checksum.
pub const FRAME: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Identity = 1,
    Pulse = 2,
    Isolate = 3,
    Leak = 4,
    /// Of the last minutes.
    Fine = 5,
    /// Of the hours before: one in a while.
    Coarse = 6,
}

/// A run of places of one size.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub kind: Kind,
    start: usize,
    room: usize,
    pub places: usize,
}

const fn area(kind: Kind, start: usize, room: usize, places: usize) -> Area {
    Area {
        kind,
        start,
        room,
        places,
    }
}

/// Isolates that have a place at a time.
pub const ISOLATES: usize = 16;

pub const IDENTITY: Area = area(Kind::Identity, 4096, 4096, 2);
pub const PULSE: Area = area(Kind::Pulse, IDENTITY.end(), 512, 2);
pub const ISOLATE: Area = area(Kind::Isolate, PULSE.end(), 512, 2 * ISOLATES);
pub const LEAK: Area = area(Kind::Leak, ISOLATE.end(), 4096, 12);
pub const FINE: Area = area(Kind::Fine, LEAK.end(), 128, 512);
pub const COARSE: Area = area(Kind::Coarse, FINE.end(), 128, 768);

const _: () = assert!(COARSE.end() <= SIZE && SIZE <= 256_000);

impl Area {
    const fn end(&self) -> usize {
        self.start + self.room * self.places
    }

    /// Bytes that a record's payload may have.
    pub const fn room(&self) -> usize {
        self.room - FRAME
    }

    pub const fn offset(&self, place: usize) -> usize {
        self.start + self.room * (place % self.places)
    }
}

/// What stands before the records.
pub fn head() -> [u8; 64] {
    let mut head = [0; 64];
    head[..12].copy_from_slice(&MAGIC);
    head[12..16].copy_from_slice(&VERSION.to_le_bytes());
    head[16..24].copy_from_slice(&(SIZE as u64).to_le_bytes());
    head
}

/// The version of a file that begins like this; `None` where it is none of ours.
pub fn version(file: &[u8]) -> Option<u32> {
    let version = file.strip_prefix(&MAGIC)?.first_chunk()?;
    Some(u32::from_le_bytes(*version))
}

/// A record as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed<'a> {
    /// Of two records the later one has the higher number.
    pub number: u64,
    /// The isolate that it is about, 0 where it is the process.
    pub owner: u32,
    pub payload: &'a [u8],
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Nothing was ever written there.
    Empty,
    Record(Framed<'a>),
    /// What was written there is not whole, or another's.
    Torn,
    /// The file ends before it.
    Cut,
}

/// Puts a record and its frame into `bytes`, which is cleared first. What is longer than its room is cut.
pub fn frame(bytes: &mut Vec<u8>, area: &Area, record: &Framed) {
    let payload = &record.payload[..record.payload.len().min(area.room())];
    bytes.clear();
    bytes.extend([area.kind as u8, 0, 0, 0]);
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(record.number.to_le_bytes());
    bytes.extend(record.owner.to_le_bytes());
    bytes.extend(crc32(&[bytes, payload]).to_le_bytes());
    bytes.extend(payload);
}

pub fn place<'a>(file: &'a [u8], area: &Area, place: usize) -> Content<'a> {
    let start = area.offset(place);
    let Some(bytes) = file.get(start..start + area.room) else {
        return Content::Cut;
    };
    if bytes[..FRAME].iter().all(|&byte| byte == 0) {
        return Content::Empty;
    }
    unframed(bytes, area).map_or(Content::Torn, Content::Record)
}

fn unframed<'a>(bytes: &'a [u8], area: &Area) -> Option<Framed<'a>> {
    let (head, rest) = bytes.split_at_checked(FRAME)?;
    let length = u32::from_le_bytes(*head[4..].first_chunk()?) as usize;
    let payload = rest.get(..length)?;
    let checksum = u32::from_le_bytes(*head[20..].first_chunk()?);
    let whole = head[0] == area.kind as u8 && crc32(&[&head[..20], payload]) == checksum;
    whole.then_some(Framed {
        number: u64::from_le_bytes(*head[8..].first_chunk()?),
        owner: u32::from_le_bytes(*head[16..].first_chunk()?),
        payload,
    })
}

/// Words as bytes, appended.
pub fn put_words(bytes: &mut Vec<u8>, words: &[u64]) {
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

/// `None` where there are more or fewer of them.
pub fn words<const N: usize>(payload: &[u8]) -> Option<[u64; N]> {
    if payload.len() != N * 8 {
        return None;
    }
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(payload.chunks_exact(8)) {
        *word = u64::from_le_bytes(*bytes.first_chunk()?);
    }
    Some(words)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::flight::records::{ISOLATE_WORDS, PULSE_WORDS, READING_WORDS};

    pub(in crate::flight) const AREAS: [Area; 6] = [IDENTITY, PULSE, ISOLATE, LEAK, FINE, COARSE];

    #[test]
    fn no_two_places_share_a_byte_and_every_record_has_room() {
        let mut taken = vec![false; SIZE];
        taken[..64].fill(true);
        for area in AREAS {
            for place in 0..area.places {
                let range = area.offset(place)..area.offset(place) + area.room;
                assert!(taken[range.clone()].iter().all(|taken| !taken));
                taken[range].fill(true);
            }
        }
        assert!(PULSE_WORDS * 8 <= PULSE.room());
        assert!(ISOLATE_WORDS * 8 <= ISOLATE.room());
        assert!(READING_WORDS * 8 <= FINE.room().min(COARSE.room()));
    }

    #[test]
    fn a_record_with_one_bit_changed_is_torn() {
        let mut file = vec![0; SIZE];
        let record = Framed {
            number: 7,
            owner: 3,
            payload: b"payload",
        };
        let mut bytes = Vec::new();
        frame(&mut bytes, &LEAK, &record);
        let start = LEAK.offset(2);
        file[start..start + bytes.len()].copy_from_slice(&bytes);
        assert_eq!(place(&file, &LEAK, 2), Content::Record(record));
        assert_eq!(place(&file, &LEAK, 3), Content::Empty);
        assert_eq!(
            place(&file[..start + 4000], &LEAK, 2),
            Content::Cut,
            "a place that is not whole"
        );
        // Bytes 1 to 3 are padding, and in the checksum as well.
        for bit in 0..bytes.len() * 8 {
            file[start + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(place(&file, &LEAK, 2), Content::Torn, "bit {bit}");
            file[start + bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_to_its_room() {
        let mut bytes = Vec::new();
        let payload = vec![b'x'; 9000];
        frame(
            &mut bytes,
            &LEAK,
            &Framed {
                number: 1,
                owner: 0,
                payload: &payload,
            },
        );
        assert_eq!(bytes.len(), 4096);
    }
}
