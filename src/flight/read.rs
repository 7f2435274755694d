//! A file as it was found, whatever has become of it: each record stands for itself.

use super::layout::{
    self, Area, COARSE, Content, FINE, Framed, IDENTITY, ISOLATE, ISOLATES, LEAK, PULSE, SIZE,
    VERSION,
};
use super::records::{IsolateRecord, Pulse, Reading, Words};
use crate::sorting::{sort_by, sort_by_key};
use serde_json::Value;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// What a file says.
#[derive(Debug, Default)]
pub struct Recording {
    /// As JavaScript put it: an object.
    pub identity: Option<Value>,
    pub pulse: Option<Pulse>,
    pub isolates: Vec<Isolate>,
    /// As JavaScript put them, the oldest first.
    pub leaks: Vec<Value>,
    /// Records that were torn or another's.
    pub skipped: u32,
    /// The file is shorter than it was.
    pub cut: bool,
}

#[derive(Debug)]
pub struct Isolate {
    pub number: u32,
    pub record: IsolateRecord,
    /// The oldest first: one in a while, then those of the last minutes.
    pub readings: Vec<Reading>,
}

/// Why nothing can be read.
#[derive(Debug)]
pub enum Unreadable {
    System(io::Error),
    /// It is none of ours.
    Foreign,
    Version(u32),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "it cannot be read: {error}"),
            Self::Foreign => f.write_str("it is not a recorder file of tidemark"),
            Self::Version(version) => write!(
                f,
                "it is of version {version} of the format, and this tidemark reads version {VERSION}"
            ),
        }
    }
}

impl Recording {
    /// # Errors
    /// Where it cannot be read, or nothing in it can be trusted.
    pub fn open(file: &Path) -> Result<Self, Unreadable> {
        let file = super::file::open(file).map_err(Unreadable::System)?;
        Self::read(&file)
    }

    /// # Errors
    /// As `open`.
    pub(super) fn read(file: &File) -> Result<Self, Unreadable> {
        let mut bytes = Vec::with_capacity(SIZE);
        // What is longer has nothing to say behind.
        file.take(SIZE as u64)
            .read_to_end(&mut bytes)
            .map_err(Unreadable::System)?;
        Self::parse(&bytes)
    }

    /// # Errors
    /// Where it is no file of ours, or of another version.
    pub fn parse(file: &[u8]) -> Result<Self, Unreadable> {
        match layout::version(file) {
            None => return Err(Unreadable::Foreign),
            Some(VERSION) => {}
            Some(version) => return Err(Unreadable::Version(version)),
        }
        let mut recording = Self::default();
        let all = |area: &Area| 0..area.places;
        let identities = recording.records(file, &IDENTITY, all(&IDENTITY));
        recording.identity = recording.values(identities).pop();
        let pulses = recording.records(file, &PULSE, all(&PULSE));
        recording.pulse = recording.unpacked(pulses).pop().map(|(_, pulse)| pulse);
        let leaks = recording.records(file, &LEAK, all(&LEAK));
        recording.leaks = recording.values(leaks);
        for twins in 0..ISOLATES {
            // The older one may be of an isolate that had this place before.
            let twins = recording.records(file, &ISOLATE, 2 * twins..2 * twins + 2);
            if let Some((number, record)) = recording.unpacked(twins).pop() {
                recording.isolates.push(Isolate {
                    number,
                    record,
                    readings: Vec::new(),
                });
            }
        }
        sort_by_key(&mut recording.isolates, |isolate| isolate.number);
        let [hours, minutes] = [COARSE, FINE].map(|area| {
            let readings = recording.records(file, &area, all(&area));
            recording.unpacked(readings)
        });
        for isolate in &mut recording.isolates {
            isolate.readings = joined(isolate.number, &hours, &minutes);
        }
        Ok(recording)
    }

    /// What stands at these places of an area, in the order in which it was written. Counts what is torn.
    fn records<'a>(
        &mut self,
        file: &'a [u8],
        area: &Area,
        places: Range<usize>,
    ) -> Vec<Framed<'a>> {
        let mut records = Vec::new();
        for place in places {
            match layout::place(file, area, place) {
                Content::Empty => {}
                Content::Record(record) => records.push(record),
                Content::Torn => self.skipped += 1,
                Content::Cut => self.cut = true,
            }
        }
        sort_by_key(&mut records, |record| record.number);
        records
    }

    fn values(&mut self, records: Vec<Framed>) -> Vec<Value> {
        let mut values = Vec::new();
        for record in records {
            match serde_json::from_slice(record.payload) {
                Ok(value @ Value::Object(_)) => values.push(value),
                _ => self.skipped += 1,
            }
        }
        values
    }

    fn unpacked<T: Words<N>, const N: usize>(&mut self, records: Vec<Framed>) -> Vec<(u32, T)> {
        let mut all = Vec::new();
        for record in records {
            match layout::words(record.payload).and_then(|words| T::unpack(&words)) {
                Some(unpacked) => all.push((record.owner, unpacked)),
                None => self.skipped += 1,
            }
        }
        all
    }
}

/// What one isolate has of both rings, without what stands in both.
fn joined(number: u32, coarse: &[(u32, Reading)], fine: &[(u32, Reading)]) -> Vec<Reading> {
    let of = |all: &[(u32, Reading)]| -> Vec<Reading> {
        let own = all.iter().filter(|(owner, _)| *owner == number);
        own.map(|(_, reading)| *reading).collect()
    };
    let fine = of(fine);
    let from = fine.first().map_or(f64::INFINITY, |reading| reading.at_ms);
    let mut readings = of(coarse);
    readings.retain(|reading| reading.at_ms < from);
    readings.extend(fine);
    sort_by(&mut readings, |one, other| {
        one.at_ms.total_cmp(&other.at_ms)
    });
    readings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flight::layout::tests::AREAS;
    use crate::flight::records::tests::{isolate, reading};

    fn put(file: &mut [u8], area: &Area, place: usize, record: &Framed) {
        let mut bytes = Vec::new();
        layout::frame(&mut bytes, area, record);
        let at = area.offset(place);
        file[at..at + bytes.len()].copy_from_slice(&bytes);
    }

    fn put_words(file: &mut [u8], area: &Area, place: usize, number: u64, words: &[u64]) {
        let mut payload = Vec::new();
        layout::put_words(&mut payload, words);
        let record = Framed {
            number,
            owner: 1,
            payload: &payload,
        };
        put(file, area, place, &record);
    }

    /// A file with something at every kind of place.
    fn file() -> Vec<u8> {
        file_with(700)
    }

    fn file_with(readings: u64) -> Vec<u8> {
        let mut file = vec![0; SIZE];
        file[..64].copy_from_slice(&layout::head());
        let text = |text: &'static str| Framed {
            number: 1,
            owner: 0,
            payload: text.as_bytes(),
        };
        put(
            &mut file,
            &IDENTITY,
            0,
            &text(r#"{"name":"shop","pid":4711}"#),
        );
        put(
            &mut file,
            &IDENTITY,
            1,
            &text(r#"{"name":"shop","pid":4711}"#),
        );
        put(
            &mut file,
            &LEAK,
            0,
            &text(r#"{"message":"The heap leaks"}"#),
        );
        let pulse = |at_ms| Pulse {
            wall_ms: 1.7e12 + at_ms,
            at_ms,
            rss: Some(90 << 20),
            ..Pulse::default()
        };
        put_words(&mut file, &PULSE, 0, 10, &pulse(5000.0).pack());
        put_words(&mut file, &PULSE, 1, 11, &pulse(5500.0).pack());
        put_words(&mut file, &ISOLATE, 0, 12, &isolate(0).pack());
        put_words(&mut file, &ISOLATE, 1, 9, &isolate(0).pack());
        for place in 0..readings {
            let reading = reading(place as f64 * 10.0, place << 16).pack();
            put_words(&mut file, &FINE, place as usize, 20 + place, &reading);
        }
        for place in 0..8_u64 {
            let reading = reading(place as f64 * 1000.0, place << 16).pack();
            put_words(&mut file, &COARSE, place as usize, 20 + place, &reading);
        }
        file
    }

    #[test]
    fn the_newest_of_twins_counts_and_readings_are_one_series() {
        let recording = Recording::parse(&file()).unwrap();
        assert_eq!(recording.pulse.unwrap().at_ms as u64, 5500);
        assert_eq!((recording.skipped, recording.cut), (0, false));
        let [isolate] = &recording.isolates[..] else {
            panic!("one isolate");
        };
        let times: Vec<_> = isolate.readings.iter().map(|each| each.at_ms).collect();
        assert!(times.is_sorted());
        // The ring holds 512; what stands in both is told once.
        assert_eq!(times.len(), 512 + 2);
        let json = recording.to_json(true);
        assert_eq!(json["identity"]["name"], "shop");
        assert_eq!(json["isolates"][0]["state"], "leaking");
        assert_eq!(json["isolates"][0]["channels"]["heap"]["limit"], "heap");
        assert_eq!(json["isolates"][0]["newest"]["timeMs"], 1.7e12 + 7.0);
    }

    #[test]
    fn a_clock_that_is_set_back_an_hour_moves_readings_and_changes_no_order() {
        let mut file = file();
        let jumped = Pulse {
            wall_ms: 1.7e12 - 3_600_000.0 + 8000.0,
            at_ms: 8000.0,
            ..Pulse::default()
        };
        put_words(&mut file, &PULSE, 0, 13, &jumped.pack());
        let recording = Recording::parse(&file).unwrap();
        let json = recording.to_json(true);
        assert_eq!(json["process"]["timeMs"], jumped.wall_ms);
        assert_eq!(json["process"]["uptimeMs"], 8000.0);
        let readings = json["isolates"][0]["readings"].as_array().unwrap();
        let times: Vec<_> = readings
            .iter()
            .map(|each| each["timeMs"].as_f64().unwrap())
            .collect();
        let own = recording.isolates[0].readings.iter();
        let expected: Vec<_> = own.map(|each| each.at_ms + 1.7e12 - 3_600_000.0).collect();
        assert_eq!(times, expected);
        assert!(times.is_sorted());
    }

    #[test]
    fn a_torn_twin_leaves_the_one_before() {
        let mut file = file();
        file[PULSE.offset(1) + 40] ^= 1;
        file[ISOLATE.offset(0) + 100] ^= 1;
        file[IDENTITY.offset(0) + 30] ^= 1;
        let recording = Recording::parse(&file).unwrap();
        assert_eq!(recording.pulse.unwrap().at_ms as u64, 5000);
        assert_eq!(recording.isolates.len(), 1);
        assert_eq!(recording.identity.unwrap()["pid"], 4711);
        assert_eq!(recording.skipped, 3);
    }

    #[test]
    fn what_is_not_ours_or_of_another_version_says_so() {
        let unreadable = |bytes: &[u8]| Recording::parse(bytes).unwrap_err().to_string();
        assert!(unreadable(b"").contains("not a recorder file"));
        assert!(unreadable(&vec![7; SIZE]).contains("not a recorder file"));
        let mut other = file();
        other[12] = 9;
        assert!(unreadable(&other).contains("version 9"));
    }

    #[test]
    fn a_cut_file_gives_what_is_whole() {
        let file = file();
        let mut kept = Vec::new();
        for length in (64..file.len()).step_by(997).chain([64, SIZE]) {
            let recording = Recording::parse(&file[..length]).unwrap();
            assert_eq!(
                recording.cut,
                length < COARSE.offset(0) + 128 * COARSE.places,
                "{length}"
            );
            assert_eq!(recording.skipped, 0, "what is cut is not torn");
            kept.push((length, recording));
        }
        let (_, all) = kept.last().unwrap();
        for (length, recording) in &kept {
            if *length >= LEAK.offset(1) {
                assert_eq!(recording.identity, all.identity);
                assert_eq!(recording.leaks, all.leaks);
                assert_eq!(recording.isolates.len(), 1);
            }
        }
    }

    /// 2,000 by default; `TIDEMARK_MUTANTS=0..100000` for more.
    #[test]
    fn no_mutant_panics_and_what_was_not_touched_is_still_read() {
        let range = std::env::var("TIDEMARK_MUTANTS").unwrap_or_default();
        let (first, last) = range.split_once("..").unwrap_or(("0", "2000"));
        let file = file_with(40);
        for seed in first.parse().unwrap()..last.parse::<u64>().unwrap() {
            let mut random = Random(seed);
            let mut mutant = file.clone();
            let mut touched = Vec::new();
            for _ in 0..=random.below(40) {
                let at = random.below(SIZE as u64) as usize;
                let length = 1 + random.below(300) as usize;
                for byte in mutant.iter_mut().skip(at).take(length) {
                    *byte = random.below(256) as u8;
                }
                touched.push(at..at + length);
            }
            let length = if random.below(3) == 0 {
                random.below(SIZE as u64) as usize
            } else {
                SIZE
            };
            mutant.truncate(length);
            let Ok(recording) = Recording::parse(&mutant) else {
                assert!(length < 64 || touched.iter().any(|range| range.start < 64));
                continue;
            };
            let places: usize = AREAS.iter().map(|area| area.places).sum();
            assert!(recording.skipped as usize <= places);
            serde_json::to_string(&recording.to_json(true)).unwrap();
            // A pulse that nobody touched is there.
            let pulse = PULSE.offset(1)..PULSE.offset(2);
            let end = PULSE.offset(1) + 512;
            let whole = length >= end
                && touched
                    .iter()
                    .all(|range| range.end <= pulse.start || range.start >= end);
            if whole {
                assert_eq!(recording.pulse.unwrap().at_ms as u64, 5500, "seed {seed}");
            }
        }
    }

    /// xorshift64*
    struct Random(u64);

    impl Random {
        fn below(&mut self, most: u64) -> u64 {
            let mut x = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            x ^= x >> 12;
            x ^= x << 25;
            x ^= x >> 27;
            self.0 = x;
            x.wrapping_mul(0x2545_f491_4f6c_dd1d) % most
        }
    }
}
