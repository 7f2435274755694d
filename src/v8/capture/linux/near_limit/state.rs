//! From the question of V8 to the file: what is waited for, and the child.

use super::super::super::course::{
    Look, NearLimitState, Need, Obstacle, Order, Phase, Place, Short, Told, Written,
};
use super::super::{Capture, Ground};
use super::{steps, words};
use crate::process::headroom::{self, Headroom};
use crate::process::unfinished::Unfinished;
use std::mem;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The process stands still for V8's workers to park, and some may wait for it.
const PARKING: Duration = Duration::from_millis(300);
const PARKING_LOOK: Duration = Duration::from_millis(1);

/// The child's own clock, where the process goes on and V8 does not ask again.
const SECONDS: u32 = 600;

/// The process stands still for it, and its own share of a processor is free then.
const NICE: u8 = 0;

/// Time without a processor after which a child waits for a lock that nobody will open.
const STALLED: Duration = Duration::from_secs(3);
const TRIES: u32 = 3;

/// Over less time its progress says little.
const FORESIGHT: Duration = Duration::from_secs(2);
/// Factor by which the predicted time may be wrong.
const DOUBT: f64 = 1.5;
/// Writing takes a third of the time that building took, or more.
const WRITING: f64 = 1.0 / 3.0;

pub(super) enum State {
    Waiting {
        /// How many children have hung.
        hung: u32,
        /// Why the last try came to nothing, in words; the next may not.
        delayed_by: Option<String>,
    },
    Writing(Box<Writing>),
    Ended(NearLimitState),
}

/// Why nothing is being written.
enum Refusal {
    Short(Short),
    Obstacle(Obstacle),
}

impl From<Obstacle> for Refusal {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl State {
    pub(super) fn waiting(hung: u32) -> Self {
        Self::Waiting {
            hung,
            delayed_by: None,
        }
    }

    /// Where there is too little memory for a snapshot now.
    pub(super) fn refused(need: &Need) -> Option<Self> {
        match spare(need, 0) {
            Err(Refusal::Short(short)) => Some(Self::Ended(NearLimitState::Refused(short))),
            _ => None,
        }
    }

    pub(super) fn failed(why: String) -> Self {
        Self::Ended(NearLimitState::Failed(why))
    }

    pub(super) fn advance(&mut self, place: &Place) {
        *self = match mem::replace(self, Self::waiting(0)) {
            Self::Writing(writing) => writing.advance(place),
            other => other,
        };
    }

    /// Forks, where that is waited for. Answers by how much V8's limit may be raised then.
    pub(super) fn begin(
        &mut self,
        ground: Ground,
        place: &Place,
        need: &Need,
        reached: Instant,
    ) -> Option<usize> {
        let Self::Waiting { hung, .. } = *self else {
            return None;
        };
        match Writing::begin(ground, place, need, reached, hung) {
            Ok((writing, raise)) => {
                *self = Self::Writing(Box::new(writing));
                return Some(raise);
            }
            Err(Refusal::Short(short)) => *self = Self::Ended(NearLimitState::Refused(short)),
            Err(Refusal::Obstacle(delay @ (Obstacle::Busy | Obstacle::NotParked))) => {
                *self = Self::Waiting {
                    hung,
                    delayed_by: Some(delay.to_string()),
                }
            }
            Err(Refusal::Obstacle(obstacle)) => *self = Self::failed(obstacle.to_string()),
        }
        None
    }
}

/// The child, and what it is to become.
pub(super) struct Writing {
    capture: Capture,
    file: Unfinished,
    /// When the heap was at its limit.
    reached: Instant,
    patience: Duration,
    forked: Instant,
    pause: Duration,
    /// The last look.
    told: Told,
    cpu: Duration,
    /// The first look that found objects walked, and how many.
    walking: Option<(Instant, u32)>,
    /// The child's processor time and bytes, and when they last changed.
    seen: (u64, u64),
    moved: Instant,
    /// When it began to write.
    writes: Option<Instant>,
    /// How many children before this one have hung.
    hung: u32,
}

impl Writing {
    fn begin(
        ground: Ground,
        place: &Place,
        need: &Need,
        reached: Instant,
        hung: u32,
    ) -> Result<(Self, usize), Refusal> {
        let started = Instant::now();
        let Place { folder, temporary } = place;
        let file = Unfinished::create(folder, temporary)
            .map_err(|error| Obstacle::System("open", error))?;
        let file_in_memory = checked_disk(&file, need.file)?;
        spare(need, file_in_memory)?;
        let mut capture = ground.start(None)?;
        let until = Instant::now() + PARKING;
        while !capture.ready().ok_or(Obstacle::NotParked)? {
            if Instant::now() > until {
                return Err(Obstacle::NotParked.into());
            }
            thread::sleep(PARKING_LOOK);
        }
        // Now, since others went on while the workers parked.
        let spare = spare(need, file_in_memory)?;
        let (memory, raise) = steps::divide(spare, need.usual, need.heap as usize);
        capture.fork(&Order {
            file: file.descriptor(),
            memory,
            floor: need.reserve / 4 * 3,
            objects: need.objects_for(memory),
            seconds: SECONDS,
            redact: true,
            nice: NICE,
        })?;
        let now = Instant::now();
        let writing = Self {
            capture,
            file,
            reached,
            patience: need.patience,
            forked: now,
            pause: started.elapsed(),
            told: Told::default(),
            cpu: Duration::ZERO,
            walking: None,
            seen: (0, 0),
            moved: now,
            writes: None,
            hung,
        };
        Ok((writing, raise))
    }

    fn advance(mut self: Box<Self>, place: &Place) -> State {
        let Some(look) = self.capture.look() else {
            return State::Writing(self);
        };
        self.told = look.told;
        self.cpu = Duration::from_millis(look.cpu_ms);
        if look.told.walked > 0 {
            let walked = look.told.walked;
            self.walking.get_or_insert_with(|| (Instant::now(), walked));
        }
        if look.told.phase == Phase::Writing {
            self.writes.get_or_insert_with(Instant::now);
        }
        match look.end {
            Some(end) => match words::fault(look.told, end) {
                Some(fault) => State::failed(fault),
                None => State::Ended(self.finish(place)),
            },
            None if !self.stalled(&look) => State::Writing(self),
            None if self.hung + 1 < TRIES => State::Waiting {
                hung: self.hung + 1,
                delayed_by: Some(words::hung(look.told)),
            },
            None => State::failed(words::hung(look.told)),
        }
    }

    fn stalled(&mut self, look: &Look) -> bool {
        let seen = (look.cpu_ms, look.told.written);
        if !look.sleeps || seen != self.seen {
            self.seen = seen;
            self.moved = Instant::now();
        }
        self.moved.elapsed() > STALLED
    }

    /// Why waiting longer makes no sense, for who may wait until then.
    pub(super) fn hopeless(&self, until: Instant) -> Option<String> {
        let now = Instant::now();
        if now > until {
            let share = self.cpu.as_secs_f64() / (now - self.forked).as_secs_f64();
            return Some(words::too_late(self.patience, self.told, share));
        }
        let rest = self.rest(now)?;
        let left = (until - now).as_secs_f64();
        (rest > left * DOUBT).then(|| {
            let seconds = (now - self.reached).as_secs_f64() + rest;
            words::hopeless(self.patience, seconds)
        })
    }

    /// For how many seconds the child will go on, by its progress so far.
    fn rest(&self, now: Instant) -> Option<f64> {
        if let Some(since) = self.writes {
            // How long the file will be, nobody knows.
            let built = (since - self.forked).as_secs_f64();
            return Some((built * WRITING - (now - since).as_secs_f64()).max(0.0));
        }
        let (since, walked) = self.walking?;
        let walking = now - since;
        let step = f64::from(self.told.walked.saturating_sub(walked));
        if walking < FORESIGHT || step <= 0.0 {
            return None;
        }
        let to_walk = f64::from(self.told.objects.saturating_sub(self.told.walked));
        let rest = walking.as_secs_f64() * to_walk / step;
        Some(rest + ((now - self.forked).as_secs_f64() + rest) * WRITING)
    }

    fn finish(self, place: &Place) -> NearLimitState {
        let path = place.folder.join(file_name());
        match self.file.finish(&path) {
            Ok(bytes) => NearLimitState::Written(Written {
                path,
                bytes,
                pause: self.pause,
                took: self.reached.elapsed(),
            }),
            Err(error) => NearLimitState::Failed(format!("the file got no name: {error}")),
        }
    }
}

/// Answers with the bytes of memory that the file will take, where it is in memory.
fn checked_disk(file: &Unfinished, bytes: u64) -> Result<u64, Refusal> {
    let disk = file
        .disk()
        .map_err(|error| Obstacle::System("statfs", error))?;
    if bytes > disk.free {
        return Err(Refusal::Short(Short {
            need: bytes,
            available: disk.free,
            place: "on the disk of its folder",
            of_disk: true,
        }));
    }
    Ok(if disk.in_memory { bytes } else { 0 })
}

/// What the child and the limit may take now.
fn spare(need: &Need, file_in_memory: u64) -> Result<u64, Refusal> {
    let Some(Headroom { bytes, limit }) = headroom::least(need.memory_limit, true) else {
        return Ok(u64::MAX);
    };
    let reserve = need.reserve.saturating_add(file_in_memory);
    let least = need.child.saturating_add(reserve);
    if least > bytes {
        return Err(Refusal::Short(Short {
            need: least,
            available: bytes,
            place: limit.place(),
            of_disk: false,
        }));
    }
    Ok(bytes - reserve)
}

/// As node-heapdump names them: seconds and microseconds.
fn file_name() -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    format!("heapdump-{seconds}.{micros}.heapsnapshot").into()
}
