//! The numbers of memwatch's 'stats' event, whatever decides about leaks.
//!
//! What always holds: sizes are 64-bit and differences of sizes are signed, so
//! that a falling heap shows as falling.

/// How many full GCs the estimated base goes back, and how many the long-run base: memwatch's own.
const RECENT: f64 = 10.0;
const ANCIENT: f64 = 120.0;

/// The numbers that depend on the past.
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

/// The same, with what the next one is made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Classic {
    stats: ClassicStats,
    long_run_base: f64,
}

impl Classic {
    pub fn stats(&self) -> ClassicStats {
        self.stats
    }

    /// One full GC.
    pub fn push(&mut self, used_heap: u64) {
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
    fn a_falling_heap_shows_as_a_falling_trend() {
        let mut classic = Classic::default();
        for i in 0..30u64 {
            classic.push(5_000_000_000 - i * 100_000_000);
        }
        let stats = classic.stats();
        assert!(stats.usage_trend < 0.0 && stats.usage_trend > -100.0);
        assert_eq!(stats.min, Some(2_100_000_000));
        assert_eq!(stats.max, Some(4_800_000_000));
    }

    #[test]
    fn the_trend_is_0_before_the_tenth_full_gc() {
        let mut classic = Classic::default();
        for i in 1..10u64 {
            classic.push(i * 1_000_000);
            assert!(classic.stats().usage_trend.abs() < f64::EPSILON);
        }
        for i in 10..30u64 {
            classic.push(i * 1_000_000);
        }
        assert!(classic.stats().usage_trend > 0.0);
    }
}
