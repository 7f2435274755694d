//! What a round writes, and where: the file and the places in it.

use super::layout::{self, Area, COARSE, FINE, Framed, ISOLATE, ISOLATES, LEAK, PULSE};
use super::records::{IsolateRecord, Pulse, Reading, Words};
use super::seat::Seat;
use super::shared::Shared;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

/// One reading in so long stands for the hours before the last minutes.
const COARSE_MS: f64 = 30_000.0;

/// The file, and where the next record of each kind goes.
pub(super) struct Writer {
    file: File,
    /// Of a record, and of its payload.
    bytes: Vec<u8>,
    payload: Vec<u8>,
    number: u64,
    pulses: usize,
    leaks: usize,
    fine: usize,
    coarse: usize,
    desks: Vec<Desk>,
    pub(super) failed: u64,
    problem: Option<String>,
    /// Isolates that found no place so far, the first one first.
    waiting: Vec<Arc<Seat>>,
}

/// The place of one isolate.
struct Desk {
    seat: Arc<Seat>,
    /// Of the twins.
    place: usize,
    turns: usize,
    written: Option<IsolateRecord>,
    /// The lowest reading since the last one that was kept for long.
    lowest: Option<Reading>,
    kept_at_ms: f64,
}

impl Writer {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            bytes: Vec::with_capacity(4096),
            payload: Vec::with_capacity(4096),
            number: 1,
            pulses: 1,
            leaks: 0,
            fine: 0,
            coarse: 0,
            desks: Vec::with_capacity(ISOLATES),
            failed: 0,
            problem: None,
            waiting: Vec::new(),
        }
    }

    /// Writes what there is. Says whether a state has changed.
    pub(super) fn round(&mut self, shared: &Shared, pulse: &Pulse) -> bool {
        self.problem = None;
        self.seat_newcomers(shared);
        let mut changed = false;
        let mut desks = std::mem::take(&mut self.desks);
        for desk in &mut desks {
            changed |= self.write_isolate(desk);
        }
        self.desks = desks;
        loop {
            // The lock is not held while a leak is written.
            let leak = shared.leaks.lock().pop_front();
            let Some((owner, text)) = leak else { break };
            self.write(&LEAK, self.leaks, owner, text.as_bytes());
            self.leaks += 1;
        }
        // Last: it says when all of this was so.
        self.write_words(&PULSE, self.pulses, 0, &pulse.pack());
        self.pulses += 1;
        self.tell(shared);
        changed
    }

    fn seat_newcomers(&mut self, shared: &Shared) {
        self.waiting.retain(|seat| !seat.is_closed());
        let mut seats = shared.seats.lock();
        let newcomers = std::mem::take(&mut *seats);
        drop(seats);
        self.waiting.extend(newcomers);
        for seat in std::mem::take(&mut self.waiting) {
            let Some(place) = self.free_place() else {
                self.waiting.push(seat);
                continue;
            };
            self.desks.retain(|desk| desk.place != place);
            self.desks.push(Desk {
                seat,
                place,
                turns: 0,
                written: None,
                lowest: None,
                kept_at_ms: f64::NEG_INFINITY,
            });
        }
    }

    /// One that nobody had yet, or of the isolate that was closed first and of which all is written.
    fn free_place(&self) -> Option<usize> {
        let is_taken = |place: &usize| self.desks.iter().any(|desk| desk.place == *place);
        (0..ISOLATES).find(|place| !is_taken(place)).or_else(|| {
            let is_free =
                |desk: &&Desk| desk.seat.is_closed() && desk.written == desk.seat.newest();
            self.desks.iter().find(is_free).map(|desk| desk.place)
        })
    }

    fn write_isolate(&mut self, desk: &mut Desk) -> bool {
        let owner = desk.seat.number;
        let mut newest = None;
        let mut collected = None;
        while let Some(reading) = desk.seat.take() {
            if reading.collected {
                collected = Some(reading);
                let lowest = desk.lowest.get_or_insert(reading);
                if !lowest.collected || reading.used_heap <= lowest.used_heap {
                    *lowest = reading;
                }
            } else {
                desk.lowest.get_or_insert(reading);
                newest = Some(reading);
            }
        }
        // Of many collections in one round the last one is kept.
        for reading in [collected, newest].into_iter().flatten() {
            self.write_words(&FINE, self.fine, owner, &reading.pack());
            self.fine += 1;
            if reading.at_ms - desk.kept_at_ms >= COARSE_MS
                && let Some(lowest) = desk.lowest.take()
            {
                self.write_words(&COARSE, self.coarse, owner, &lowest.pack());
                self.coarse += 1;
                desk.kept_at_ms = reading.at_ms;
            }
        }
        let Some(record) = desk.seat.newest() else {
            return false;
        };
        if desk.written == Some(record) {
            return false;
        }
        let changed = desk
            .written
            .is_none_or(|written| differs(&written, &record));
        self.write_words(
            &ISOLATE,
            2 * desk.place + desk.turns % 2,
            owner,
            &record.pack(),
        );
        desk.turns += 1;
        desk.written = Some(record);
        changed
    }

    fn write_words(&mut self, area: &Area, place: usize, owner: u32, words: &[u64]) {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        layout::put_words(&mut payload, words);
        self.write(area, place, owner, &payload);
        self.payload = payload;
    }

    fn write(&mut self, area: &Area, place: usize, owner: u32, payload: &[u8]) {
        self.number += 1;
        let record = Framed {
            number: self.number,
            owner,
            payload,
        };
        layout::frame(&mut self.bytes, area, &record);
        if let Err(error) = write_at(&self.file, &self.bytes, area.offset(place)) {
            self.failed += 1;
            self.problem = Some(format!("its file cannot be written: {error}"));
        }
    }

    fn tell(&mut self, shared: &Shared) {
        let refused = self.waiting.len();
        if self.problem.is_none() && refused > 0 {
            self.problem = Some(format!(
                "{refused} threads are not recorded: a file has places for {ISOLATES} at a time"
            ));
        }
        if self.problem.is_none() && shared.search_failed.load(Acquire) {
            self.problem = Some("the thread that looks for the last run has failed".to_owned());
        }
        let mut look = shared.look.lock();
        if look.problem != self.problem {
            look.problem.clone_from(&self.problem);
        }
    }

    /// A change of state is to outlive the machine as well.
    pub(super) fn hurry(&self) {
        #[cfg(target_os = "linux")]
        crate::process::disk::begin_writing(&self.file);
    }
}

/// Whether a reader would say something else of it.
fn differs(one: &IsolateRecord, other: &IsolateRecord) -> bool {
    let states = |record: &IsolateRecord| record.channels.map(|standing| standing.state);
    let rest = |record: &IsolateRecord| (record.health, record.near_heap_limit, record.closed);
    states(one) != states(other) || rest(one) != rest(other)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: usize) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset as u64)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], offset: usize) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    let written = file.seek_write(bytes, offset as u64)?;
    if written < bytes.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flight::shared::tests::{folder, plan};
    use std::time::Instant;

    #[test]
    fn who_was_refused_gets_the_place_of_who_left_without_a_word() {
        let directory = folder("places");
        let shared = Arc::new(Shared::new(plan(&directory)));
        let file = File::create(directory.join("file")).unwrap();
        let mut writer = Writer::new(file);
        let now = Instant::now();
        let seat = |number| Arc::new(Seat::new(number, number, now, now, None));
        let seats: Vec<_> = (0..20).map(seat).collect();
        shared.seats.lock().extend(seats.iter().cloned());
        let mut round = || {
            writer.round(&shared, &Pulse::default());
            shared.look.lock().problem.clone().unwrap_or_default()
        };
        assert!(round().starts_with("4 threads are not recorded"));
        seats[3].close();
        assert!(round().starts_with("3 threads"));
        seats[19].close();
        assert!(round().starts_with("2 threads"), "who was refused leaves");
        seats[0].close();
        seats[1].close();
        assert_eq!(round(), "");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
