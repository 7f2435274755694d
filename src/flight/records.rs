//! What stands in the file: plain numbers as 64-bit words, so that they fit into atomics as well.
//!
//! What is not known is [`NONE`]; a float that is none is a NaN.

use crate::recorder::{GcCounters, KindCounter};
use crate::trend::{ChannelStatus, Limit, Sample, SampleKind, State};

pub const NONE: u64 = u64::MAX;

/// A record that is a fixed number of words.
pub trait Words<const N: usize>: Sized {
    fn pack(&self) -> [u64; N];
    /// `None` where the words say what cannot be.
    fn unpack(words: &[u64; N]) -> Option<Self>;
}

fn float(value: Option<f64>) -> u64 {
    value.map_or(NONE, f64::to_bits)
}

fn as_float(word: u64) -> Option<f64> {
    let value = f64::from_bits(word);
    (word != NONE && value.is_finite()).then_some(value)
}

fn number(value: Option<u64>) -> u64 {
    value.unwrap_or(NONE)
}

fn as_number(word: u64) -> Option<u64> {
    (word != NONE).then_some(word)
}

fn state(byte: u64) -> Option<State> {
    [
        State::Settling,
        State::Steady,
        State::Suspect,
        State::Leaking,
    ]
    .get(byte as usize)
    .copied()
}

/// A reading of one isolate: after a full GC, or a look between two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Milliseconds since the recorder began.
    pub at_ms: f64,
    /// After a full GC.
    pub collected: bool,
    pub state: State,
    pub used_heap: u64,
    pub total_heap: u64,
    pub external: u64,
    pub heap_limit: u64,
    pub rss: Option<u64>,
    pub native: Option<f64>,
    pub requests: Option<u64>,
    pub resources: Option<u64>,
}

pub const READING_WORDS: usize = 10;

impl Reading {
    pub fn new(sample: &Sample, at_ms: f64, state: State) -> Self {
        Self {
            at_ms,
            collected: sample.kind == SampleKind::Major,
            state,
            used_heap: sample.used_heap,
            total_heap: sample.total_heap,
            external: sample.external,
            heap_limit: sample.heap_limit,
            rss: sample.rss,
            native: sample.native(),
            requests: sample.requests,
            resources: sample.resources.map(|resources| resources.count),
        }
    }
}

impl Words<READING_WORDS> for Reading {
    fn pack(&self) -> [u64; READING_WORDS] {
        [
            self.at_ms.to_bits(),
            u64::from(self.collected) | (self.state as u64) << 8,
            self.used_heap,
            self.total_heap,
            self.external,
            self.heap_limit,
            number(self.rss),
            float(self.native),
            number(self.requests),
            number(self.resources),
        ]
    }

    fn unpack(words: &[u64; READING_WORDS]) -> Option<Self> {
        let &[
            at,
            flags,
            used,
            total,
            external,
            limit,
            rss,
            native,
            requests,
            resources,
        ] = words;
        Some(Self {
            at_ms: as_float(at)?,
            collected: flags & 1 == 1,
            state: state(flags >> 8)?,
            used_heap: used,
            total_heap: total,
            external,
            heap_limit: limit,
            rss: as_number(rss),
            native: as_float(native),
            requests: as_number(requests),
            resources: as_number(resources),
        })
    }
}

/// What JavaScript says of the process, for readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Health {
    #[default]
    Ok = 0,
    Leaking = 1,
    Critical = 2,
}

impl Health {
    pub const ALL: [Self; 3] = [Self::Ok, Self::Leaking, Self::Critical];

    /// The word that users see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Leaking => "leaking",
            Self::Critical => "critical",
        }
    }
}

/// One channel, as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    pub watched: bool,
    pub state: State,
    pub level: Option<f64>,
    pub growth: f64,
    pub growth_rate: Option<f64>,
    pub time_to_limit_ms: Option<f64>,
    pub limit: Option<Limit>,
    pub full_gcs: u32,
}

const STANDING_WORDS: usize = 5;

impl From<ChannelStatus> for Standing {
    fn from(status: ChannelStatus) -> Self {
        Self {
            watched: true,
            state: status.state,
            level: status.floor,
            growth: status.growth,
            growth_rate: status.growth_rate,
            time_to_limit_ms: status.time_to_limit_ms,
            limit: status.limit,
            full_gcs: status.gcs,
        }
    }
}

impl Words<STANDING_WORDS> for Standing {
    fn pack(&self) -> [u64; STANDING_WORDS] {
        let limit = self.limit.map_or(0, |limit| 1 + limit as u64);
        [
            u64::from(self.watched)
                | (self.state as u64) << 8
                | limit << 16
                | u64::from(self.full_gcs) << 32,
            float(self.level),
            float(Some(self.growth)),
            float(self.growth_rate),
            float(self.time_to_limit_ms),
        ]
    }

    fn unpack(words: &[u64; STANDING_WORDS]) -> Option<Self> {
        let &[flags, level, growth, growth_rate, time_to_limit_ms] = words;
        let limit = match flags >> 16 & 0xffff {
            0 => None,
            number => Some(*Limit::ALL.get(number as usize - 1)?),
        };
        Some(Self {
            watched: flags & 1 == 1,
            state: state(flags >> 8 & 0xff)?,
            level: as_float(level),
            growth: as_float(growth).unwrap_or(0.0),
            growth_rate: as_float(growth_rate),
            time_to_limit_ms: as_float(time_to_limit_ms),
            limit,
            full_gcs: (flags >> 32) as u32,
        })
    }
}

/// An isolate, as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IsolateRecord {
    pub thread_id: u32,
    pub health: Health,
    /// V8 asked for a higher heap limit.
    pub near_heap_limit: bool,
    /// It is not watched any more.
    pub closed: bool,
    /// In the order of [`crate::trend::CHANNELS`].
    pub channels: [Standing; 4],
    pub counters: GcCounters,
    pub newest: Option<Reading>,
    /// Readings that found no room.
    pub lost: u64,
}

pub const ISOLATE_WORDS: usize = 2 + 4 * STANDING_WORDS + 8 + READING_WORDS;

impl Words<ISOLATE_WORDS> for IsolateRecord {
    fn pack(&self) -> [u64; ISOLATE_WORDS] {
        let head = [
            u64::from(self.thread_id)
                | (self.health as u64) << 32
                | u64::from(self.near_heap_limit) << 40
                | u64::from(self.closed) << 48,
            self.lost,
        ];
        let channels = self.channels.iter().flat_map(Words::pack);
        let counters = kinds(&self.counters)
            .into_iter()
            .flat_map(|kind| [kind.count, kind.duration_ms.to_bits()]);
        let newest = self
            .newest
            .map_or([NONE; READING_WORDS], |reading| reading.pack());
        collect(
            head.into_iter()
                .chain(channels)
                .chain(counters)
                .chain(newest),
        )
    }

    fn unpack(words: &[u64; ISOLATE_WORDS]) -> Option<Self> {
        let (&[flags, lost], rest) = words.split_first_chunk()?;
        let (channels, rest) = rest.split_at_checked(4 * STANDING_WORDS)?;
        let mut standings = [Standing::default(); 4];
        for (standing, words) in standings.iter_mut().zip(channels.chunks(STANDING_WORDS)) {
            *standing = Standing::unpack(words.try_into().ok()?)?;
        }
        let (counters, newest) = rest.split_at_checked(8)?;
        let kind = |at: usize| KindCounter {
            count: counters[at],
            duration_ms: as_float(counters[at + 1]).unwrap_or(0.0),
        };
        Some(Self {
            thread_id: flags as u32,
            health: *Health::ALL.get((flags >> 32 & 0xff) as usize)?,
            near_heap_limit: flags >> 40 & 1 == 1,
            closed: flags >> 48 & 1 == 1,
            channels: standings,
            counters: GcCounters {
                minor: kind(0),
                major: kind(2),
                incremental: kind(4),
                weak_callback: kind(6),
            },
            newest: Reading::unpack(newest.try_into().ok()?),
            lost,
        })
    }
}

fn kinds(counters: &GcCounters) -> [KindCounter; 4] {
    [
        counters.minor,
        counters.major,
        counters.incremental,
        counters.weak_callback,
    ]
}

fn collect<const N: usize>(words: impl Iterator<Item = u64>) -> [u64; N] {
    let mut all = [0; N];
    for (word, value) in all.iter_mut().zip(words) {
        *word = value;
    }
    all
}

/// How the recorder ended, where it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    #[default]
    None,
    /// The process left by itself, with this code.
    Exit(i32),
    /// Nobody wanted a recorder any more, and the process went on.
    Stopped,
}

/// The process, twice a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pulse {
    /// The clock on the wall, in milliseconds since 1970, and the recorder's own at the same moment:
    /// all other times are of the latter, so that a clock that jumps moves all of them alike.
    pub wall_ms: f64,
    pub at_ms: f64,
    pub rss: Option<u64>,
    pub peak_rss: Option<u64>,
    pub group_limit: Option<u64>,
    pub group_usage: Option<u64>,
    /// That limit slows and does not kill.
    pub group_slows: bool,
    pub machine_available: Option<u64>,
    pub memory_limit: Option<u64>,
    pub end: End,
    /// Processor time of the thread that writes, in nanoseconds.
    pub cpu_ns: Option<u64>,
    /// Writes that failed.
    pub failed: u64,
}

pub const PULSE_WORDS: usize = 12;

impl Words<PULSE_WORDS> for Pulse {
    fn pack(&self) -> [u64; PULSE_WORDS] {
        let end = match self.end {
            End::None => 0,
            End::Exit(code) => 1 | u64::from(code.cast_unsigned()) << 32,
            End::Stopped => 2,
        };
        [
            self.wall_ms.to_bits(),
            self.at_ms.to_bits(),
            number(self.rss),
            number(self.peak_rss),
            number(self.group_limit),
            number(self.group_usage),
            number(self.machine_available),
            number(self.memory_limit),
            end,
            number(self.cpu_ns),
            self.failed,
            u64::from(self.group_slows),
        ]
    }

    fn unpack(words: &[u64; PULSE_WORDS]) -> Option<Self> {
        let &[
            wall,
            at,
            rss,
            peak,
            limit,
            usage,
            machine,
            named,
            end,
            cpu,
            failed,
            slows,
        ] = words;
        Some(Self {
            wall_ms: as_float(wall)?,
            at_ms: as_float(at)?,
            rss: as_number(rss),
            peak_rss: as_number(peak),
            group_limit: as_number(limit),
            group_usage: as_number(usage),
            group_slows: slows == 1,
            machine_available: as_number(machine),
            memory_limit: as_number(named),
            end: match end as u32 {
                0 => End::None,
                1 => End::Exit(((end >> 32) as u32).cast_signed()),
                2 => End::Stopped,
                _ => return None,
            },
            cpu_ns: as_number(cpu),
            failed,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::flight) fn reading(at_ms: f64, used_heap: u64) -> Reading {
        Reading {
            at_ms,
            collected: true,
            state: State::Suspect,
            used_heap,
            total_heap: 3 * used_heap,
            external: 7,
            heap_limit: 1 << 32,
            rss: Some(5 * used_heap),
            native: Some(-2.5),
            requests: None,
            resources: Some(12),
        }
    }

    pub(in crate::flight) fn isolate(thread_id: u32) -> IsolateRecord {
        IsolateRecord {
            thread_id,
            health: Health::Critical,
            near_heap_limit: true,
            closed: false,
            channels: [
                Standing {
                    watched: true,
                    state: State::Leaking,
                    level: Some(50e6),
                    growth: 1e6,
                    growth_rate: Some(12.5),
                    time_to_limit_ms: Some(60e3),
                    limit: Some(Limit::Heap),
                    full_gcs: 40,
                },
                Standing::default(),
                Standing {
                    watched: true,
                    ..Standing::default()
                },
                Standing::default(),
            ],
            counters: GcCounters {
                major: KindCounter {
                    count: 40,
                    duration_ms: 99.5,
                },
                ..GcCounters::default()
            },
            newest: Some(reading(7.0, 1 << 20)),
            lost: 3,
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_the_same() {
        let reading = reading(12.5, 1 << 20);
        assert_eq!(Reading::unpack(&reading.pack()), Some(reading));
        for newest in [None, Some(reading)] {
            let isolate = IsolateRecord {
                newest,
                ..isolate(2)
            };
            assert_eq!(IsolateRecord::unpack(&isolate.pack()), Some(isolate));
        }
        for end in [End::None, End::Exit(-1), End::Exit(137), End::Stopped] {
            let pulse = Pulse {
                wall_ms: 1.8e12,
                rss: Some(1),
                group_slows: true,
                end,
                ..Pulse::default()
            };
            assert_eq!(Pulse::unpack(&pulse.pack()), Some(pulse));
        }
    }

    #[test]
    fn words_that_cannot_be_are_no_record() {
        let mut words = reading(1.0, 1).pack();
        words[1] = 9 << 8;
        assert_eq!(Reading::unpack(&words), None);
        words = reading(1.0, 1).pack();
        words[0] = f64::INFINITY.to_bits();
        assert_eq!(Reading::unpack(&words), None);
        let mut words = isolate(1).pack();
        words[0] |= 200 << 32;
        assert_eq!(IsolateRecord::unpack(&words), None);
        assert_eq!(Pulse::unpack(&[NONE; PULSE_WORDS]), None);
    }
}
