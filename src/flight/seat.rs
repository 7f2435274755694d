//! What one isolate has to say, where the thread that writes can take it: memory and nothing else.
//!
//! The isolate's thread puts, the writer's takes. Putting never waits: a queue of one writer and one
//! reader for the readings, and for what is newest a copy between two counts of an even number (a sequence
//! lock), which the taker reads again where it was changed meanwhile.

use super::records::{
    Health, ISOLATE_WORDS, IsolateRecord, READING_WORDS, Reading, Standing, Words,
};
use crate::recorder::Recorder;
use crate::trend::{CHANNELS, Sample, SampleKind, State};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, fence};
use std::thread::Thread;
use std::time::Instant;

/// Full GCs and looks between two rounds of the thread. It comes twice a second.
const READINGS: usize = 64;

/// How often the taker looks again at what is being changed: a round later it is still there.
const TRIES: usize = 16;

/// A heap that is less full than this after a full GC is not at its limit.
const HEAP_HAS_ROOM: f64 = 0.9;

pub struct Seat {
    /// Distinguishes the isolates of a process, one after the other too.
    pub number: u32,
    pub thread_id: u32,
    /// Of the times of its samples, since the recorder began.
    offset_ms: f64,
    readings: Box<[[AtomicU64; READING_WORDS]; READINGS]>,
    /// Readings that were put, and taken.
    put: AtomicUsize,
    taken: AtomicUsize,
    lost: AtomicU64,
    /// Odd while `newest` is being changed.
    sequence: AtomicU64,
    newest: [AtomicU64; ISOLATE_WORDS],
    health: AtomicU8,
    near_heap_limit: AtomicBool,
    /// The limit that V8 had when it asked, in bytes: a worker thread's is raised then.
    asked_limit: AtomicU64,
    /// The newest full GC has left room.
    has_room: AtomicBool,
    closed: AtomicBool,
    /// The worst state that was put, to see that it changes.
    state: AtomicU8,
    /// `None` for a moment at its start: it comes by itself then.
    writer: Option<Thread>,
    /// Of the process and no forked child of it, which has no writer.
    process: u32,
}

impl Seat {
    /// `epoch`: of the samples' times. `began`: when the recorder did.
    pub(super) fn new(
        number: u32,
        thread_id: u32,
        epoch: Instant,
        began: Instant,
        writer: Option<Thread>,
    ) -> Self {
        let after = epoch.saturating_duration_since(began).as_secs_f64();
        let before = began.saturating_duration_since(epoch).as_secs_f64();
        Self {
            number,
            thread_id,
            offset_ms: (after - before) * 1000.0,
            readings: Box::new([const { [const { AtomicU64::new(0) }; READING_WORDS] }; READINGS]),
            put: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            newest: [const { AtomicU64::new(0) }; ISOLATE_WORDS],
            health: AtomicU8::new(0),
            near_heap_limit: AtomicBool::new(false),
            asked_limit: AtomicU64::new(u64::MAX),
            has_room: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            state: AtomicU8::new(0),
            writer,
            process: std::process::id(),
        }
    }

    /// Takes in what the recorder has just judged. Safe inside a GC callback.
    pub fn record(&self, recorder: &Recorder, sample: &Sample) {
        if !matches!(sample.kind, SampleKind::Major | SampleKind::Timer) {
            return;
        }
        // V8 asked, and the memory was free at last: what ends the process hours later is something else. A
        // worker thread that ends for its heap frees it too, but is looked at no more.
        let limit = sample.heap_limit.min(self.asked_limit.load(Relaxed));
        let room = limit as f64 * HEAP_HAS_ROOM;
        if sample.kind == SampleKind::Major {
            self.has_room
                .store((sample.used_heap as f64) < room, Relaxed);
        } else if self.has_room.load(Relaxed) {
            self.near_heap_limit.store(false, Relaxed);
        }
        let mut channels = [Standing::default(); CHANNELS.len()];
        let mut state = State::Settling;
        for status in recorder.statuses() {
            state = state.max(status.state);
            channels[status.channel as usize] = status.into();
        }
        let reading = Reading::new(sample, sample.at_ms + self.offset_ms, state);
        self.put(&reading);
        self.publish(&IsolateRecord {
            thread_id: self.thread_id,
            // These three have places of their own: others change them too.
            health: Health::Ok,
            near_heap_limit: false,
            closed: false,
            channels,
            counters: *recorder.counters(),
            newest: Some(reading),
            lost: self.lost.load(Relaxed),
        });
        if self.state.swap(state as u8, Relaxed) != state as u8 {
            self.wake();
        }
    }

    pub fn set_health(&self, health: Health) {
        if self.health.swap(health as u8, Relaxed) != health as u8 {
            self.wake();
        }
    }

    /// V8 asked for a higher limit than this, in bytes. Says whether that is news to the process that is recorded.
    pub fn near_heap_limit(&self, limit: u64) -> bool {
        self.asked_limit.store(limit, Relaxed);
        self.has_room.store(false, Relaxed);
        !self.near_heap_limit.swap(true, Relaxed) && self.process == std::process::id()
    }

    /// Nothing more will come.
    pub fn close(&self) {
        self.closed.store(true, Release);
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Acquire)
    }

    /// The kernel's answer to a waiter, or nothing: no lock.
    fn wake(&self) {
        if let Some(writer) = &self.writer
            && self.process == std::process::id()
        {
            writer.unpark();
        }
    }

    fn put(&self, reading: &Reading) {
        let put = self.put.load(Relaxed);
        if put.wrapping_sub(self.taken.load(Acquire)) >= READINGS {
            // What is newest is in `newest` all the same.
            self.lost.fetch_add(1, Relaxed);
            return;
        }
        for (word, value) in self.readings[put % READINGS].iter().zip(reading.pack()) {
            word.store(value, Relaxed);
        }
        self.put.store(put.wrapping_add(1), Release);
    }

    /// The oldest reading that was not taken yet. For the writer's thread alone.
    pub(super) fn take(&self) -> Option<Reading> {
        let taken = self.taken.load(Relaxed);
        if taken == self.put.load(Acquire) {
            return None;
        }
        let words = read(&self.readings[taken % READINGS]);
        self.taken.store(taken.wrapping_add(1), Release);
        Reading::unpack(&words)
    }

    fn publish(&self, record: &IsolateRecord) {
        let sequence = self.sequence.load(Relaxed);
        self.sequence.store(sequence.wrapping_add(1), Relaxed);
        fence(Release);
        for (word, value) in self.newest.iter().zip(record.pack()) {
            word.store(value, Relaxed);
        }
        self.sequence.store(sequence.wrapping_add(2), Release);
    }

    /// How it stands; `None` where that is being changed, or was never said.
    pub(super) fn newest(&self) -> Option<IsolateRecord> {
        for _ in 0..TRIES {
            let before = self.sequence.load(Acquire);
            let words = read(&self.newest);
            fence(Acquire);
            if before.is_multiple_of(2) && self.sequence.load(Relaxed) == before {
                if before == 0 {
                    return None;
                }
                let health = usize::from(self.health.load(Relaxed));
                return Some(IsolateRecord {
                    health: Health::ALL[health % Health::ALL.len()],
                    near_heap_limit: self.near_heap_limit.load(Relaxed),
                    closed: self.is_closed(),
                    ..IsolateRecord::unpack(&words)?
                });
            }
            std::hint::spin_loop();
        }
        None
    }
}

fn read<const N: usize>(words: &[AtomicU64; N]) -> [u64; N] {
    let mut copy = [0; N];
    for (copy, word) in copy.iter_mut().zip(words) {
        *copy = word.load(Relaxed);
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flight::life::tests::sample;
    use crate::flight::records::tests::{isolate, reading};
    use crate::recorder::Settings;
    use crate::trend::Config;
    use std::thread;

    fn seat() -> Seat {
        let now = Instant::now();
        Seat::new(1, 2, now, now, Some(thread::current()))
    }

    #[test]
    fn readings_come_out_in_order_and_what_finds_no_room_is_counted() {
        let seat = seat();
        for at in 0..100 {
            seat.put(&reading(f64::from(at), 1));
        }
        for at in 0..64 {
            assert_eq!(seat.take(), Some(reading(f64::from(at), 1)));
        }
        assert_eq!(seat.take(), None);
        assert_eq!(seat.lost.load(Relaxed), 36);
        seat.put(&reading(5.0, 9));
        assert_eq!(seat.take(), Some(reading(5.0, 9)));
    }

    #[test]
    fn a_heap_that_was_at_its_limit_and_has_room_again_is_not_at_it_any_more() {
        let seat = seat();
        let mut recorder = Recorder::new(Settings {
            config: Config::default(),
            history_size: 16,
        });
        assert!(seat.near_heap_limit(80), "it is news");
        assert!(!seat.near_heap_limit(80));
        let mut collect = |kind, used_heap| {
            let sample = Sample {
                kind,
                heap_limit: 100,
                ..sample(1.0, used_heap)
            };
            recorder.record(sample, None);
            seat.record(&recorder, &sample);
            seat.newest().unwrap().near_heap_limit
        };
        assert!(collect(SampleKind::Major, 72), "of the 80 that it had");
        assert!(collect(SampleKind::Timer, 20), "no collection");
        assert!(
            collect(SampleKind::Major, 71),
            "its thread may be at its end"
        );
        assert!(!collect(SampleKind::Timer, 71));
        assert!(seat.near_heap_limit(80), "it is news again");
    }

    #[test]
    fn what_is_taken_while_it_is_put_is_never_mixed() {
        let seat = seat();
        assert_eq!(seat.newest(), None);
        thread::scope(|scope| {
            scope.spawn(|| {
                for count in 0..20_000_u64 {
                    seat.put(&reading(count as f64, count));
                    seat.publish(&IsolateRecord {
                        lost: count,
                        newest: Some(reading(count as f64, count)),
                        ..isolate(2)
                    });
                }
            });
            let mut last = -1.0;
            let mut seen = 0;
            while seen < 19_999 {
                if let Some(taken) = seat.take() {
                    assert!(taken.at_ms > last);
                    last = taken.at_ms;
                    assert_eq!(taken, reading(taken.at_ms, taken.at_ms as u64));
                }
                if let Some(newest) = seat.newest() {
                    assert!(newest.lost >= seen);
                    seen = newest.lost;
                    assert_eq!(newest.newest, Some(reading(seen as f64, seen)));
                }
            }
        });
    }
}
