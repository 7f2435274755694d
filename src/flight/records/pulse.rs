use super::words::{Words, as_float, as_number, number};

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
