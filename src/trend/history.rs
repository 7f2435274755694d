//! The past at resolutions that double, in a fixed size.
//!
//! Each level is a ring of buckets, each twice as wide as those of the level
//! below: the last minutes finely, the last weeks coarsely. A bucket keeps the
//! least, the mean and the greatest size of each channel over the full GCs in
//! it, and the requests at its end. Behind the ring of samples this is what
//! shows a leak of 1 MB an hour after a day.
//!
//! What always holds: nothing is allocated after `new`; buckets come out in the
//! order of time; time that stands still or jumps moves nothing backwards.

use super::{CHANNELS, Channel};

/// The narrowest bucket.
pub const FIRST_WIDTH_MS: f64 = 10_000.0;
/// Widths from 10 seconds to 15 days.
pub const LEVELS: usize = 18;
/// Buckets of a level: each level reaches back twice as far as the one below.
pub const BUCKETS: usize = 60;

/// What one channel did in a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub min: f64,
    pub max: f64,
    pub mean: f64,
    /// Full GCs.
    pub count: u32,
}

impl Range {
    const EMPTY: Self = Self {
        min: 0.0,
        max: 0.0,
        mean: 0.0,
        count: 0,
    };

    fn add(&mut self, size: f64) {
        if self.count == 0 {
            *self = Self {
                min: size,
                max: size,
                mean: size,
                count: 1,
            };
            return;
        }
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(size);
        self.max = self.max.max(size);
        self.mean += (size - self.mean) / f64::from(self.count);
    }
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub start_ms: f64,
    pub width_ms: f64,
    /// By channel, in the order of [`CHANNELS`]; a count of 0 where nothing was seen.
    pub channels: [Range; 4],
    /// Requests served by the end of the bucket.
    pub requests: Option<u64>,
}

impl Bucket {
    /// What `channel` did, if it was seen.
    #[must_use]
    pub fn range(&self, channel: Channel) -> Option<Range> {
        let range = self.channels[channel as usize];
        (range.count > 0).then_some(range)
    }
}

struct Level {
    buckets: Box<[Option<Bucket>]>,
    next: usize,
    width_ms: f64,
}

/// All levels, finest first.
pub struct History {
    levels: Box<[Level]>,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    #[must_use]
    pub fn new() -> Self {
        let levels = (0..LEVELS)
            .map(|level| Level {
                buckets: vec![None; BUCKETS].into_boxed_slice(),
                next: 0,
                width_ms: FIRST_WIDTH_MS * (1u64 << level) as f64,
            })
            .collect();
        Self { levels }
    }

    /// The low-water marks of one full GC, by channel in the order of
    /// [`CHANNELS`]; `None` where there was none.
    pub fn push(&mut self, at_ms: f64, sizes: [Option<f64>; 4], requests: Option<u64>) {
        if !at_ms.is_finite() || at_ms < 0.0 {
            return;
        }
        for level in &mut self.levels {
            let bucket = level.at(at_ms);
            for channel in CHANNELS {
                if let Some(size) = sizes[channel as usize] {
                    bucket.channels[channel as usize].add(size);
                }
            }
            bucket.requests = requests.or(bucket.requests);
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn own_memory(&self) -> usize {
        self.levels.len() * (size_of::<Level>() + BUCKETS * size_of::<Option<Bucket>>())
    }

    #[must_use]
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The buckets of one level, oldest first; stretches without a full GC have
    /// none. Nothing for a level that does not exist.
    pub fn iter(&self, level: usize) -> impl Iterator<Item = &Bucket> {
        self.levels
            .get(level)
            .into_iter()
            .flat_map(|level| {
                level.buckets[level.next..]
                    .iter()
                    .chain(&level.buckets[..level.next])
            })
            .flatten()
    }

    /// The finest level that reaches back to `from_ms` or, if none does, the coarsest.
    #[must_use]
    pub fn level_for(&self, from_ms: f64) -> usize {
        let first = |level: usize| {
            self.iter(level)
                .next()
                .map_or(f64::INFINITY, |bucket| bucket.start_ms)
        };
        let oldest = first(self.levels.len() - 1);
        (0..self.levels.len())
            .find(|&level| first(level) <= from_ms.max(oldest + self.levels[level].width_ms))
            .unwrap_or(self.levels.len() - 1)
    }
}

impl Level {
    /// The bucket for `at_ms`: the newest one, unless time has left it.
    fn at(&mut self, at_ms: f64) -> &mut Bucket {
        let newest = (self.next + BUCKETS - 1) % BUCKETS;
        let start_ms = (at_ms / self.width_ms).floor() * self.width_ms;
        let fresh = self.buckets[newest].is_none_or(|bucket| start_ms > bucket.start_ms);
        let index = if fresh {
            self.buckets[self.next] = None;
            let index = self.next;
            self.next = (self.next + 1) % BUCKETS;
            index
        } else {
            newest
        };
        self.buckets[index].get_or_insert(Bucket {
            start_ms,
            width_ms: self.width_ms,
            channels: [Range::EMPTY; 4],
            requests: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_1_mb_an_hour_is_visible() {
        let mut history = History::new();
        for minute in 0..24 * 60u32 {
            let size = 60e6 + f64::from(minute) / 60.0 * 1e6 + f64::from(minute % 7) * 1e5;
            history.push(
                f64::from(minute) * 60_000.0,
                [Some(size), None, None, None],
                Some(u64::from(minute)),
            );
        }
        let level = history.level_for(0.0);
        let buckets: Vec<&Bucket> = history.iter(level).collect();
        assert!(buckets.len() > BUCKETS / 3, "{} buckets", buckets.len());
        let first = buckets[0].range(Channel::Heap).expect("seen").min;
        let last = buckets[buckets.len() - 1]
            .range(Channel::Heap)
            .expect("seen")
            .min;
        assert!((22e6..25e6).contains(&(last - first)), "{}", last - first);
        assert!(
            buckets
                .iter()
                .all(|bucket| bucket.range(Channel::Native).is_none())
        );
    }

    #[test]
    fn a_bucket_is_what_a_naive_count_says() {
        let mut history = History::new();
        let sizes = [5.0, 3.0, 9.0, 4.0];
        for (i, size) in sizes.iter().enumerate() {
            history.push(i as f64, [Some(*size), None, None, None], None);
        }
        for level in 0..history.levels() {
            let range = history
                .iter(level)
                .next()
                .and_then(|bucket| bucket.range(Channel::Heap))
                .expect("seen");
            assert!((range.min - 3.0).abs() < 1e-9 && (range.max - 9.0).abs() < 1e-9);
            assert!((range.mean - 5.25).abs() < 1e-9 && range.count == 4);
        }
    }

    #[test]
    fn time_that_stands_still_jumps_or_goes_back_keeps_the_order() {
        let mut history = History::new();
        for at in [
            0.0,
            0.0,
            1e4,
            1e15,
            5.0,
            f64::NAN,
            f64::INFINITY,
            -1.0,
            1e15 + 1e5,
        ] {
            history.push(at, [Some(1.0), None, None, None], None);
        }
        for level in 0..history.levels() {
            let starts: Vec<f64> = history.iter(level).map(|bucket| bucket.start_ms).collect();
            assert!(
                starts.windows(2).all(|pair| pair[0] < pair[1]),
                "{starts:?}"
            );
        }
        assert_eq!(history.iter(99).count(), 0);
    }

    #[test]
    fn old_buckets_make_room() {
        let mut history = History::new();
        for i in 0..1000u32 {
            history.push(
                f64::from(i) * FIRST_WIDTH_MS,
                [Some(f64::from(i)), None, None, None],
                None,
            );
        }
        assert_eq!(history.iter(0).count(), BUCKETS);
        let first = history.iter(0).next().expect("one").start_ms;
        assert!((first - 940.0 * FIRST_WIDTH_MS).abs() < 1.0);
    }
}
