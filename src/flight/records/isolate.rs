use super::reading::{READING_WORDS, Reading};
use super::words::{NONE, Words, as_float, collect, float, state};
use crate::recorder::{GcCounters, KindCounter};
use crate::trend::{ChannelStatus, Limit, State};

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
