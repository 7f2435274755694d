//! How long a growth is watched before it is called a leak.
//!
//! A cache that fills, sessions that wait for their expiry and connections that join are straight
//! lines for as long as they last: no test on a series of sizes tells them from a leak. Time does.
//! Who has days to the limit loses nothing by waiting for an hour; who has two minutes loses all.
//! So the wait is a share of the time that is left, without a ceiling in seconds. Below half an hour
//! the share falls by the cube root: there every second of warning counts. docs/verdict.md shows the
//! curve.

use super::Config;

/// From here on the share is [`Config::patience_share`].
const AMPLE_MS: f64 = 30.0 * 60_000.0;

/// Warming up may take this share of the time left at most.
const WARM_UP_SHARE: f64 = 1.0 / 8.0;

impl Config {
    /// How long a growth that is `left_ms` from its limit must have lasted, in milliseconds.
    #[must_use]
    pub fn patience(&self, left_ms: f64) -> f64 {
        let left_ms = left_ms.max(0.0);
        let share = self.patience_share * (left_ms / AMPLE_MS).cbrt().min(1.0);
        let warm_up = self.warm_up_ms.min(WARM_UP_SHARE * left_ms);
        (left_ms * share).max(warm_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: f64 = 60_000.0;
    const HOUR: f64 = 60.0 * MINUTE;
    const DAY: f64 = 24.0 * HOUR;

    fn patience(left_ms: f64) -> f64 {
        Config::default().patience(left_ms)
    }

    #[test]
    fn minutes_left_are_seconds_of_patience_hours_minutes_and_days_an_hour_or_more() {
        assert!((5_000.0..=25_000.0).contains(&patience(3.0 * MINUTE)));
        assert!((2.0 * MINUTE..10.0 * MINUTE).contains(&patience(HOUR)));
        assert!((10.0 * MINUTE..HOUR).contains(&patience(5.0 * HOUR)));
        assert!(patience(DAY) >= HOUR);
    }

    #[test]
    fn no_patience_takes_more_than_15_percent_of_the_way() {
        for left_ms in [1.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e11] {
            let watched = patience(left_ms);
            assert!(watched / (watched + left_ms) < 0.13, "{left_ms}");
        }
    }

    #[test]
    fn patience_grows_with_the_time_left_and_has_no_ceiling() {
        let steps: Vec<f64> = (0..40).map(|i| patience(1e3 * 1.5f64.powi(i))).collect();
        assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{steps:?}");
        assert!(patience(30.0 * DAY) > 2.0 * DAY);
    }

    #[test]
    fn at_the_limit_there_is_none() {
        assert!(patience(0.0) < f64::EPSILON && patience(-1.0) < f64::EPSILON);
    }
}
