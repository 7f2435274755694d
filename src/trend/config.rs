//! What can be set, with the reason for each default.

use super::{CHANNELS, Channel};

/// Which rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The gates of this module.
    Trend,
    /// memwatch's: so many consecutive full GCs, each with more used heap than
    /// the one before.
    Memwatch { consecutive: u32 },
}

/// The settings of a detector. Shares are of 1, times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    pub rule: Rule,
    /// The channels that are watched, in the order of [`CHANNELS`]. Of the others
    /// nothing is known: they stay settling.
    pub channels: [bool; CHANNELS.len()],
    /// Growth of the JavaScript heap below this many bytes is not material.
    /// 1 MiB: about twice what compiled code and inline caches come and go by.
    pub heap_floor: f64,
    /// Growth of the JavaScript heap below this share of its base is not material.
    /// 0.01: noise is for the other gates; this one is for what nobody cares about.
    pub heap_share: f64,
    /// The same for external memory. 4 MiB: a few dozen sockets' read buffers.
    pub external_floor: f64,
    pub external_share: f64,
    /// The same for native memory. 16 MiB: the arenas and the free lists of
    /// malloc, and pages that V8 gave back but the kernel has not taken.
    pub native_floor: f64,
    /// 0.25: fragmentation goes with the size.
    pub native_share: f64,
    /// The same for resources, in handles.
    pub resources_floor: f64,
    pub resources_share: f64,
    /// Least standard deviations of Mann-Kendall's test. 2.0: one in forty-four by
    /// chance. With 5 to 7 points 1.8 will do, with four in order 1.6: fewer points
    /// cannot have more.
    pub trend_z: f64,
    /// A growth is watched for this share of the time that is left to its limit, where that is half
    /// an hour or more; for less where it is nearer, see `patience`. 1/12: a thirteenth of the way has
    /// gone then, and the marks at which it shows take a few per cent more. 15 % is the latest that
    /// is promised.
    pub patience_share: f64,
    /// The shortest patience, unless the limit is so near that this would be more than an eighth of
    /// the time left. 20 s: as long as code commonly takes to warm up under full load.
    pub warm_up_ms: f64,
    /// Handles that a process may have where the limit is not known, in handles; it may always double
    /// them. 2,000: half of the 4,096 open files that many systems allow.
    pub handles_limit: f64,
    /// The limit where none is known, in bytes. 4 GiB: V8's own on a large machine.
    pub unknown_limit: f64,
    /// A leak that would take longer than this to its limit is none. A year: what
    /// no process lives for.
    pub remote_ms: f64,
    /// Full GCs in a row that must agree.
    pub confirmations: u32,
    /// Fewest full GCs (after the first, which is start-up) for a verdict.
    pub min_points: usize,
    /// A leak is told again when its rate is this many times the reported one.
    pub worse_rate: f64,
}

impl Default for Config {
    fn default() -> Self {
        const MIB: f64 = 1_048_576.0;
        Self {
            rule: Rule::Trend,
            channels: [true; CHANNELS.len()],
            heap_share: 0.01,
            external_share: 0.08,
            native_share: 0.25,
            resources_share: 0.08,
            heap_floor: MIB,
            external_floor: 4.0 * MIB,
            native_floor: 16.0 * MIB,
            resources_floor: 50.0,
            trend_z: 2.0,
            patience_share: 1.0 / 12.0,
            warm_up_ms: 20_000.0,
            handles_limit: 2_000.0,
            unknown_limit: 4096.0 * MIB,
            remote_ms: 365.0 * 86_400_000.0,
            confirmations: 2,
            min_points: 5,
            worse_rate: 2.0,
        }
    }
}

impl Config {
    /// The least growth that means something on `channel`, above `base`.
    #[must_use]
    pub fn material(&self, channel: Channel, base: f64) -> f64 {
        let (floor, share) = match channel {
            Channel::Heap => (self.heap_floor, self.heap_share),
            Channel::External => (self.external_floor, self.external_share),
            Channel::Native => (self.native_floor, self.native_share),
            Channel::Resources => (self.resources_floor, self.resources_share),
        };
        floor.max(share * base.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name: number` of everything that can be set.
    fn defaults() -> Vec<(String, f64)> {
        let text = format!("{:?}", Config::default());
        text.trim_end_matches(" }")
            .split([',', '{'])
            .filter_map(|pair| pair.trim().split_once(": "))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect()
    }

    /// `1,048,576` or `1/12`.
    fn number(text: &str) -> Option<f64> {
        let whole = |text: &str| text.replace(',', "").parse::<f64>().ok();
        match text.split_once('/') {
            Some((one, other)) => Some(whole(one)? / whole(other)?),
            None => whole(text),
        }
    }

    #[test]
    fn the_docs_list_every_threshold_with_its_default() {
        let docs = include_str!("../../docs/verdict.md");
        let (_, section) = docs.split_once("## Thresholds").expect("a section");
        let section = section.split("\n## ").next().unwrap_or_default();
        let listed: Vec<(String, f64)> = section
            .lines()
            .filter_map(|line| {
                let mut cells = line.strip_prefix("| `")?.split(" | ");
                let name = cells.next()?.trim_end_matches('`').to_owned();
                Some((name, number(cells.next()?)?))
            })
            .collect();
        assert_eq!(listed, defaults());
        assert!(listed.len() > 15);
    }
}
