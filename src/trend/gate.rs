//! The reasons why a growth is not (yet) called a leak, and how to say them.
//!
//! This module must not know how a gate decides: that is `gates`.

use std::fmt;

use super::Channel;
use crate::format;

/// What holds a suspicion back, with the numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gate {
    /// Too few full GCs yet.
    Few { have: u32, need: u32 },
    /// The growth goes with the load.
    Load { by: Load, growth: f64, left: f64 },
    /// Too small to mean anything.
    Material { growth: f64, need: f64, gcs: u32 },
    /// Late marks are no higher than early ones.
    Separated { low_late: f64, high_early: f64 },
    /// No steady rise.
    Trend { z: f64, need: f64 },
    /// It has fallen by as much before.
    NewGround { growth: f64, fall: f64 },
    /// It climbs slower than it did.
    Slowing { pace: f64 },
    /// A curve with a ceiling fits better than a line.
    Saturating { evidence: f64 },
    /// At its pace it will never hurt anybody.
    Remote { left_ms: f64 },
    /// Not watched for long enough.
    Patience { watched_ms: f64, need_ms: f64 },
    /// Another channel grows far faster and explains this one.
    Overshadowed { by: Channel, times: f64 },
    /// It passed everything, but not often enough in a row.
    Confirmation { have: u32, need: u32 },
}

impl Gate {
    /// One word, for tables and tests.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Few { .. } => "few",
            Self::Load { .. } => "load",
            Self::Material { .. } => "material",
            Self::Separated { .. } => "separated",
            Self::Trend { .. } => "trend",
            Self::NewGround { .. } => "new-ground",
            Self::Slowing { .. } => "slowing",
            Self::Saturating { .. } => "saturating",
            Self::Remote { .. } => "remote",
            Self::Patience { .. } => "patience",
            Self::Overshadowed { .. } => "overshadowed",
            Self::Confirmation { .. } => "confirmation",
        }
    }

    /// A sentence that a tired human understands, in the unit of `channel`.
    #[must_use]
    pub const fn describe(self, channel: Channel) -> Sentence {
        Sentence {
            gate: self,
            channel,
        }
    }
}

/// In bytes; [`Gate::describe`] knows the unit of the channel.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(Channel::Heap).fmt(f)
    }
}

/// A [`Gate`] in words.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    gate: Gate,
    channel: Channel,
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |size: f64| Size(size, self.channel);
        match self.gate {
            Gate::Few { have, need } => {
                write!(
                    f,
                    "nothing can be told before {need} full GCs after start-up; {have} so far"
                )
            }
            Gate::Load { by, growth, left } => write!(
                f,
                "grew {}, but {} grew as well; {} of it is not explained by that",
                size(growth),
                by.noun(),
                size(left),
            ),
            Gate::Material { growth, need, gcs } if growth > 0.0 => write!(
                f,
                "grew {} over {gcs} full GCs, less than the {} that count as material here",
                size(growth),
                size(need),
            ),
            Gate::Material { gcs, .. } => write!(f, "did not grow over {gcs} full GCs"),
            Gate::Separated {
                low_late,
                high_early,
            } => write!(
                f,
                "is down to {} at times, as low as it was before ({})",
                size(low_late),
                size(high_early),
            ),
            Gate::Trend { z, need } => {
                write!(
                    f,
                    "goes up and down, with no steady rise (z {z:.2}, a trend has {need:.2})"
                )
            }
            Gate::NewGround { growth, fall } => write!(
                f,
                "grew {}, but it has fallen by {} before, so it may swing back",
                size(growth),
                size(fall),
            ),
            Gate::Slowing { pace } => write!(
                f,
                "growth is slowing down, to {:.0} % of its earlier pace",
                (pace * 100.0).clamp(0.0, 100.0),
            ),
            Gate::Saturating { evidence } => write!(
                f,
                "is levelling off, as a cache that fills (a curve with a ceiling fits better by {:.1})",
                -evidence,
            ),
            Gate::Remote { left_ms } => {
                write!(f, "would take {} to reach the limit", Time(left_ms))
            }
            Gate::Patience {
                watched_ms,
                need_ms,
            } => write!(
                f,
                "has risen for {}; growth this slow is watched for {} before it is called a leak",
                Time(watched_ms),
                Time(need_ms),
            ),
            Gate::Overshadowed { by, times } => write!(
                f,
                "{} grows {times:.0} times as fast and most likely takes this along",
                by.as_str(),
            ),
            Gate::Confirmation { have, need } => {
                write!(f, "looks like a leak at {have} of {need} full GCs in a row")
            }
        }
    }
}

/// What memory may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Of requests, or else of allocation.
    Rate,
    /// That clients have open.
    Connections,
    /// Requests that wait for the end of their response.
    InFlight,
}

impl Load {
    pub const ALL: [Self; 3] = [Self::Rate, Self::Connections, Self::InFlight];

    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Connections => "connections",
            Self::InFlight => "inFlight",
        }
    }

    /// The subject of a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Rate => "the load",
            Self::Connections => "the number of open connections",
            Self::InFlight => "the number of requests in flight",
        }
    }
}

struct Size(f64, Channel);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(size, channel) = *self;
        if channel.is_bytes() {
            f.write_str(&format::bytes(size))
        } else {
            write!(f, "{size:.0} handles")
        }
    }
}

struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::duration(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_speaks_in_the_unit_of_its_channel() {
        let gate = Gate::Material {
            growth: 1.2e6,
            need: 4e6,
            gcs: 9,
        };
        assert_eq!(
            gate.describe(Channel::Heap).to_string(),
            "grew 1.2 MB over 9 full GCs, less than the 4.0 MB that count as material here"
        );
        let gate = Gate::NewGround {
            growth: 60.0,
            fall: 55.0,
        };
        assert_eq!(
            gate.describe(Channel::Resources).to_string(),
            "grew 60 handles, but it has fallen by 55 handles before, so it may swing back"
        );
    }

    #[test]
    fn time_is_told_in_the_unit_that_fits() {
        let told = |watched_ms: f64| {
            Gate::Patience {
                watched_ms,
                need_ms: 45_000.0,
            }
            .describe(Channel::Heap)
            .to_string()
        };
        assert!(told(20_000.0).starts_with("has risen for 20 s;"));
        assert!(told(600_000.0).starts_with("has risen for 10 min;"));
        assert!(told(9_000_000.0).starts_with("has risen for 2 h 30 min;"));
    }
}
