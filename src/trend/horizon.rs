//! Low-water marks at horizons that double.
//!
//! Level 0 keeps the last [`MAX_POINTS`] marks, level 1 as many that are each
//! the lower of two, level 2 the lowest of four, and so on. So a fixed number
//! of points covers ten full GCs as well as ten million, no time constant is
//! needed, and the swings of a process die out on the way up.
//!
//! What always holds: the points of a level are in the order of time.

use super::stats::MAX_POINTS;

/// 24 points of 2^16 full GCs each: a year at one full GC every 20 seconds.
pub const LEVELS: usize = 17;

/// A low-water mark: what was left at one full GC.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mark {
    pub at_ms: f64,
    pub size: f64,
    /// Requests served until then, since the start.
    pub requests: Option<f64>,
    /// Bytes allocated until then, since the start.
    pub allocated: Option<f64>,
    /// Requests, or else allocated bytes, per millisecond since the full GC before.
    pub rate: Option<f64>,
    /// Connections that clients had open then.
    pub connections: Option<f32>,
    /// Requests that waited for the end of their response then.
    pub in_flight: Option<f32>,
}

#[derive(Clone, Copy)]
struct Level {
    marks: [Mark; MAX_POINTS],
    /// Where the next mark goes.
    next: usize,
    len: usize,
    /// The first of the pair that makes a mark of the level above.
    pending: Option<Mark>,
}

const EMPTY: Level = Level {
    marks: [Mark {
        at_ms: 0.0,
        size: 0.0,
        requests: None,
        allocated: None,
        rate: None,
        connections: None,
        in_flight: None,
    }; MAX_POINTS],
    next: 0,
    len: 0,
    pending: None,
};

/// The marks of one channel.
pub struct Horizons {
    levels: Box<[Level]>,
}

impl Horizons {
    pub fn new() -> Self {
        Self {
            levels: vec![EMPTY; LEVELS].into_boxed_slice(),
        }
    }

    /// The memory on the heap.
    pub fn own_memory(&self) -> usize {
        size_of_val(&*self.levels)
    }

    /// One mark in. Returns the number of levels that have a new point: at least
    /// one, two at every second mark, and so on. `leaving` gets the marks that a
    /// full level gives up.
    pub fn push(&mut self, mark: Mark, mut leaving: impl FnMut(usize, Mark)) -> usize {
        let mut mark = mark;
        for (index, level) in self.levels.iter_mut().enumerate() {
            if level.len == MAX_POINTS {
                leaving(index, level.marks[level.next]);
            }
            level.marks[level.next] = mark;
            level.next = (level.next + 1) % MAX_POINTS;
            level.len = (level.len + 1).min(MAX_POINTS);
            match level.pending.take() {
                None => {
                    level.pending = Some(mark);
                    return index + 1;
                }
                Some(first) => {
                    if first.size < mark.size {
                        mark = first;
                    }
                }
            }
        }
        LEVELS
    }

    /// Lowers the newest mark, and what it became part of at the levels above.
    pub fn lower(&mut self, size: f64) {
        for level in &mut self.levels {
            if level.len == 0 {
                return;
            }
            let newest = &mut level.marks[(level.next + MAX_POINTS - 1) % MAX_POINTS];
            newest.size = newest.size.min(size);
            if let Some(first) = &mut level.pending {
                first.size = first.size.min(size);
                return;
            }
        }
    }

    /// The points of `level`, oldest first, into `out`; returns how many.
    pub fn read(&self, level: usize, out: &mut [Mark; MAX_POINTS]) -> usize {
        let level = &self.levels[level];
        for (i, slot) in out.iter_mut().take(level.len).enumerate() {
            *slot = level.marks[(level.next + MAX_POINTS - level.len + i) % MAX_POINTS];
        }
        level.len
    }

    /// The newest mark.
    pub fn newest(&self) -> Option<Mark> {
        let level = &self.levels[0];
        (level.len > 0).then(|| level.marks[(level.next + MAX_POINTS - 1) % MAX_POINTS])
    }

    /// The lowest and the highest of the last `count` marks; 0 where there are none.
    pub fn recent_range(&self, count: usize) -> (f64, f64) {
        let level = &self.levels[0];
        (0..count.min(level.len))
            .map(|back| level.marks[(level.next + MAX_POINTS - 1 - back) % MAX_POINTS].size)
            .map(|size| (size, size))
            .reduce(|(low, high), (size, _)| (low.min(size), high.max(size)))
            .unwrap_or_default()
    }

    /// The lowest mark since `at_ms`, of those that are kept one by one.
    pub fn lowest_since(&self, at_ms: f64) -> f64 {
        let level = &self.levels[0];
        level.marks[..level.len]
            .iter()
            .filter(|mark| mark.at_ms >= at_ms)
            .map(|mark| mark.size)
            .fold(f64::INFINITY, f64::min)
    }

    /// The mark nearest to `at_ms` from the right, at the finest level that
    /// reaches back that far; the oldest one known if none does.
    pub fn around(&self, at_ms: f64) -> Option<Mark> {
        let mut oldest: Option<Mark> = None;
        for level in &self.levels {
            if level.len == 0 {
                break;
            }
            let start = level.next + MAX_POINTS - level.len;
            let point = |i: usize| level.marks[(start + i) % MAX_POINTS];
            if point(0).at_ms <= at_ms {
                return (0..level.len).map(point).find(|mark| mark.at_ms >= at_ms);
            }
            if oldest.is_none_or(|mark| point(0).at_ms < mark.at_ms) {
                oldest = Some(point(0));
            }
        }
        oldest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(i: u32, size: f64) -> Mark {
        Mark {
            at_ms: f64::from(i),
            size,
            ..Mark::default()
        }
    }

    #[test]
    fn each_level_holds_the_lowest_of_twice_as_many_as_the_one_below() {
        let sizes: Vec<f64> = (0..3000u32)
            .map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8))
            .collect();
        let mut horizons = Horizons::new();
        for (i, &size) in sizes.iter().enumerate() {
            horizons.push(mark(i as u32, size), |_, _| {});
        }
        for level in 0..8 {
            let naive: Vec<f64> = sizes
                .chunks_exact(1 << level)
                .map(|chunk| chunk.iter().copied().fold(f64::INFINITY, f64::min))
                .collect();
            let mut out = [Mark::default(); MAX_POINTS];
            let count = horizons.read(level, &mut out);
            assert_eq!(count, naive.len().min(MAX_POINTS));
            let found: Vec<f64> = out[..count].iter().map(|mark| mark.size).collect();
            assert_eq!(found, naive[naive.len() - count..]);
            assert!(
                out[..count]
                    .windows(2)
                    .all(|pair| pair[0].at_ms < pair[1].at_ms)
            );
        }
    }

    #[test]
    fn the_newest_mark_is_lowered_at_every_level_that_holds_it() {
        for count in 1..40 {
            let sizes: Vec<f64> = (0..count).map(|i| 100.0 + f64::from(i * 7 % 11)).collect();
            let (mut late, mut whole) = (Horizons::new(), Horizons::new());
            for (i, &size) in sizes.iter().enumerate() {
                let last = i + 1 == sizes.len();
                late.push(mark(i as u32, size), |_, _| {});
                whole.push(mark(i as u32, if last { 50.0 } else { size }), |_, _| {});
            }
            late.lower(50.0);
            for level in 0..6 {
                let mut out = [[Mark::default(); MAX_POINTS]; 2];
                let len = late.read(level, &mut out[0]);
                assert_eq!(len, whole.read(level, &mut out[1]));
                let sizes = |i: usize| out[i][..len].iter().map(|mark| mark.size);
                assert!(sizes(0).eq(sizes(1)), "{count} marks, level {level}");
            }
        }
    }

    #[test]
    fn the_past_is_found_at_the_finest_level_that_reaches_it() {
        let mut horizons = Horizons::new();
        assert!(horizons.around(5.0).is_none());
        for i in 0..1000 {
            horizons.push(mark(i, f64::from(i)), |_, _| {});
        }
        let at = |at_ms: f64| horizons.around(at_ms).map(|mark| mark.at_ms);
        assert_eq!(at(990.0), Some(990.0));
        let earlier = at(900.0).expect("known");
        assert!((900.0..910.0).contains(&earlier), "{earlier}");
        assert!(at(-1.0).expect("the oldest") < 100.0);
        assert_eq!(horizons.recent_range(3), (997.0, 999.0));
        assert_eq!(horizons.newest().map(|mark| mark.size), Some(999.0));
    }
}
