//! The classic rule of memwatch, and the numbers of its 'stats' event.
//!
//! A leak is so many consecutive full GCs, each with strictly more used heap
//! than the one before. Equal or less starts the run again, and so does a
//! report. The very first full GC counts, since there is nothing before it. No
//! least size, no least time, no warm-up: this is what callers of memwatch know.
//!
//! What always holds: sizes are 64-bit and differences of sizes are signed, so
//! that a falling heap shows as falling.

const RECENT: f64 = 10.0;
const ANCIENT: f64 = 120.0;

/// A run of growths that was reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub start_ms: u64,
    pub end_ms: u64,
    /// Used heap at the last GC less that at the first of the run.
    pub growth: u64,
    pub consecutive: u32,
}

impl Run {
    /// Bytes per second; `None` over a run that took no time.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let run = self.end_ms.saturating_sub(self.start_ms);
        (run > 0).then(|| self.growth as f64 / (run as f64 / 1000.0))
    }
}

/// The numbers of the classic 'stats' event that depend on the past.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassicStats {
    pub full_gcs: u64,
    pub current_base: u64,
    pub estimated_base: f64,
    /// The estimated base against the long-run base, in percent, to one decimal.
    pub usage_trend: f64,
    /// Least and most used heap from the third full GC on, `None` before.
    pub min: Option<u64>,
    pub max: Option<u64>,
}

/// The rule and its memory.
#[derive(Clone, Copy, Debug)]
pub struct Memwatch {
    consecutive: u32,
    last: Option<u64>,
    growths: u32,
    start_ms: u64,
    start_base: u64,
    run: Option<Run>,
    long_run_base: f64,
    stats: ClassicStats,
}

impl Memwatch {
    #[must_use]
    pub fn new(consecutive: u32) -> Self {
        Self {
            consecutive: consecutive.max(1),
            last: None,
            growths: 0,
            start_ms: 0,
            start_base: 0,
            run: None,
            long_run_base: 0.0,
            stats: ClassicStats::default(),
        }
    }

    /// One full GC. Returns the run when it is long enough to be called a leak.
    pub fn push(&mut self, at_ms: f64, used_heap: u64) -> Option<Run> {
        self.count(used_heap);
        let grew = self.last.is_none_or(|last| used_heap > last);
        self.last = Some(used_heap);
        if !grew {
            self.growths = 0;
            return None;
        }
        if self.growths == 0 {
            self.start_ms = at_ms.max(0.0) as u64;
            self.start_base = used_heap;
        }
        self.growths += 1;
        if self.growths < self.consecutive {
            return None;
        }
        let run = Run {
            start_ms: self.start_ms,
            end_ms: at_ms.max(0.0) as u64,
            growth: used_heap.saturating_sub(self.start_base),
            consecutive: self.growths,
        };
        self.growths = 0;
        self.run = Some(run);
        Some(run)
    }

    /// The run that was reported last.
    #[must_use]
    pub fn last_run(&self) -> Option<Run> {
        self.run
    }

    /// How many growths in a row there are now.
    #[must_use]
    pub fn growths(&self) -> u32 {
        self.growths
    }

    /// The numbers of the classic 'stats' event.
    #[must_use]
    pub fn stats(&self) -> ClassicStats {
        self.stats
    }

    fn count(&mut self, used_heap: u64) {
        let stats = &mut self.stats;
        let used = used_heap as f64;
        stats.full_gcs += 1;
        stats.current_base = used_heap;
        let count = stats.full_gcs as f64;
        if count < RECENT {
            // Start-up swings: the estimate forgets at first, and slower and slower.
            let decay = (count / RECENT).powf(2.5) * (count - 1.0);
            stats.estimated_base = (stats.estimated_base * decay + used) / (1.0 + decay);
            self.long_run_base = stats.estimated_base;
        } else {
            stats.estimated_base = (stats.estimated_base * (RECENT - 1.0) + used) / RECENT;
            let period = count.min(ANCIENT);
            self.long_run_base = (self.long_run_base * (period - 1.0) + used) / period;
            stats.usage_trend = if self.long_run_base > 0.0 {
                let trend = (stats.estimated_base - self.long_run_base) / self.long_run_base;
                (trend * 1000.0).round() / 10.0
            } else {
                0.0
            };
        }
        if stats.full_gcs >= 3 {
            stats.min = Some(stats.min.map_or(used_heap, |least| least.min(used_heap)));
            stats.max = Some(stats.max.map_or(used_heap, |most| most.max(used_heap)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_growths_are_a_leak_and_the_first_gc_counts() {
        let mut rule = Memwatch::new(5);
        for i in 0..4u32 {
            assert_eq!(rule.push(f64::from(i) * 1000.0, 100 + u64::from(i)), None);
        }
        let run = rule.push(4000.0, 200).expect("the fifth growth");
        assert_eq!((run.start_ms, run.end_ms, run.growth), (0, 4000, 100));
        assert_eq!(run.rate(), Some(25.0));
    }

    #[test]
    fn equal_or_less_starts_the_run_again_and_so_does_a_report() {
        let mut rule = Memwatch::new(3);
        let reports: Vec<bool> = [1, 2, 2, 3, 4, 5, 6, 7, 8, 1]
            .iter()
            .map(|&used| rule.push(0.0, used).is_some())
            .collect();
        assert_eq!(
            reports,
            [
                false, false, false, false, false, true, false, false, true, false
            ]
        );
    }

    #[test]
    fn a_run_that_took_no_time_has_no_rate() {
        let mut rule = Memwatch::new(2);
        rule.push(7.0, 1);
        assert_eq!(rule.push(7.0, 2).and_then(|run| run.rate()), None);
    }

    #[test]
    fn a_falling_heap_shows_as_a_falling_trend() {
        let mut rule = Memwatch::new(5);
        for i in 0..30u64 {
            rule.push(i as f64, 5_000_000_000 - i * 100_000_000);
        }
        let stats = rule.stats();
        assert!(stats.usage_trend < 0.0 && stats.usage_trend > -100.0);
        assert_eq!(stats.min, Some(2_100_000_000));
        assert_eq!(stats.max, Some(4_800_000_000));
    }

    #[test]
    fn the_trend_is_0_before_the_tenth_full_gc() {
        let mut rule = Memwatch::new(5);
        for i in 1..10u64 {
            rule.push(i as f64, i * 1_000_000);
            assert!(rule.stats().usage_trend.abs() < f64::EPSILON);
        }
        for i in 10..30u64 {
            rule.push(i as f64, i * 1_000_000);
        }
        assert!(rule.stats().usage_trend > 0.0);
    }

    #[test]
    fn counters_at_their_end_do_no_harm() {
        let mut rule = Memwatch::new(1);
        let run = rule.push(f64::MAX, u64::MAX).expect("a run of one");
        assert_eq!(run.growth, 0);
        assert_eq!(rule.push(f64::NAN, 0), None);
    }
}
