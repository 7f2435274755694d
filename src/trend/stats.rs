//! The statistics the verdict stands on: pure functions over slices.
//!
//! What always holds: no function panics, returns NaN or divides by zero for
//! finite input, whatever the length; ties and a clock that stands still are
//! ordinary input. This module must not know what a heap is.
//!
//! Sources:
//! - Mann, H. B. (1945). Nonparametric tests against trend. *Econometrica* 13.
//! - Kendall, M. G. (1975). *Rank Correlation Methods*, 4th ed.
//! - Sen, P. K. (1968). Estimates of the regression coefficient based on
//!   Kendall's tau. *JASA* 63.
//! - Hamed, K. H., Rao, A. R. (1998). A modified Mann-Kendall trend test for
//!   autocorrelated data. *Journal of Hydrology* 204.
//! - Schwarz, G. (1978). Estimating the dimension of a model. *Ann. Statist.* 6.
//! - Abramowitz, M., Stegun, I. (1964), 7.1.26: the error function.

/// The longest series these functions look at; what is beyond is ignored.
pub const MAX_POINTS: usize = 24;
const MAX_PAIRS: usize = MAX_POINTS * (MAX_POINTS - 1) / 2;

/// The Mann-Kendall test: does the series tend to rise?
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trend {
    /// Pairs that rise less pairs that fall.
    pub s: i32,
    /// Variance of `s` when there is no trend, ties and autocorrelation allowed for.
    pub variance: f64,
    /// `s` in standard deviations, with the continuity correction.
    pub z: f64,
}

/// Mann-Kendall with Kendall's correction for ties and, from ten points on,
/// Hamed and Rao's for autocorrelation (only ever to widen the variance: a
/// series that swings back and forth gains nothing by it).
#[must_use]
pub fn mann_kendall(values: &[f64]) -> Trend {
    let n = values.len().min(MAX_POINTS);
    if n < 3 {
        return Trend::default();
    }
    let values = &values[..n];
    let mut s = 0i32;
    for i in 0..n {
        for j in i + 1..n {
            s += sign(values[j] - values[i]);
        }
    }
    let len = n as f64;
    let mut variance = len * (len - 1.0) * (2.0 * len + 5.0) / 18.0 - tie_correction(values);
    if n >= 10 {
        variance *= hamed_rao(values);
    }
    let z = if s == 0 || variance <= 0.0 {
        0.0
    } else {
        (f64::from(s) - f64::from(s.signum())) / variance.sqrt()
    };
    Trend { s, variance, z }
}

fn sign(difference: f64) -> i32 {
    i32::from(difference > 0.0) - i32::from(difference < 0.0)
}

fn tie_correction(values: &[f64]) -> f64 {
    let mut correction = 0.0;
    for (i, &value) in values.iter().enumerate() {
        if values[..i].contains(&value) {
            continue;
        }
        let ties = values[i..]
            .iter()
            .filter(|&&other| sign(other - value) == 0)
            .count() as f64;
        correction += ties * (ties - 1.0) * (2.0 * ties + 5.0) / 18.0;
    }
    correction
}

/// How much autocorrelation of the ranks of the detrended series inflates the
/// variance of S. Only lags up to a third of the length, only correlations that
/// are significant at 5 %, and never below 1.
fn hamed_rao(values: &[f64]) -> f64 {
    let n = values.len();
    let mut at = [0.0; MAX_POINTS];
    for (i, slot) in at.iter_mut().enumerate() {
        *slot = i as f64;
    }
    let slope = fit(&at[..n], values).slope;
    let mut left = [0.0; MAX_POINTS];
    for i in 0..n {
        left[i] = values[i] - slope * at[i];
    }
    let left = &left[..n];
    let mut rank = [0.0; MAX_POINTS];
    for i in 0..n {
        rank[i] = left.iter().filter(|&&other| other < left[i]).count() as f64;
    }
    let mean = rank[..n].iter().sum::<f64>() / n as f64;
    let square: f64 = rank[..n].iter().map(|r| (r - mean) * (r - mean)).sum();
    if square <= 0.0 {
        return 1.0;
    }
    let len = n as f64;
    let mut sum = 0.0;
    for lag in 1..=n / 3 {
        let product: f64 = (0..n - lag)
            .map(|i| (rank[i] - mean) * (rank[i + lag] - mean))
            .sum();
        let correlation = product / square;
        if correlation.abs() > 1.96 / len.sqrt() {
            let left = len - lag as f64;
            sum += left * (left - 1.0) * (left - 2.0) * correlation;
        }
    }
    (1.0 + 2.0 / (len * (len - 1.0) * (len - 2.0)) * sum).max(1.0)
}

/// Sen's slope: the median of the slopes between all pairs, with the interval
/// that Kendall's variance gives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slope {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

/// Sen's slope of `values` over `at`; pairs taken at one and the same time say
/// nothing and are left out. `z` is the two-sided normal quantile of the
/// interval, 1.645 for 90 %.
#[must_use]
pub fn sen_slope(at: &[f64], values: &[f64], variance: f64, z: f64) -> Slope {
    let mut slopes = [0.0; MAX_PAIRS];
    let count = pair_slopes(at, values, &mut slopes);
    if count == 0 {
        return Slope::default();
    }
    let slopes = &mut slopes[..count];
    let half = z * variance.max(0.0).sqrt();
    let below = ((count as f64 - half) / 2.0).floor().max(0.0) as usize;
    let above = (f64::midpoint(count as f64, half).ceil().max(0.0) as usize).min(count - 1);
    // Each selection leaves the greater ones behind it, for the next to look at.
    let below = below.min(count / 2);
    let (_, low, rest) = slopes.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let half = count / 2;
    let (median, rest) = if half > below {
        let (lesser, upper, rest) = rest.select_nth_unstable_by(half - below - 1, f64::total_cmp);
        let lower = lesser.iter().copied().fold(low, f64::max);
        let upper = *upper;
        let even = count.is_multiple_of(2);
        (
            if even {
                f64::midpoint(lower, upper)
            } else {
                upper
            },
            rest,
        )
    } else {
        (low, rest)
    };
    let high = match above.checked_sub(half + 1) {
        Some(rank) => *rest.select_nth_unstable_by(rank, f64::total_cmp).1,
        None => median,
    };
    Slope {
        low,
        median,
        high: high.max(median),
    }
}

fn pair_slopes(at: &[f64], values: &[f64], slopes: &mut [f64; MAX_PAIRS]) -> usize {
    let n = at.len().min(values.len()).min(MAX_POINTS);
    let mut count = 0;
    for i in 0..n {
        for j in i + 1..n {
            let run = at[j] - at[i];
            if run > 0.0 {
                slopes[count] = (values[j] - values[i]) / run;
                count += 1;
            }
        }
    }
    count
}

/// An ordinary least squares line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    pub intercept: f64,
    pub slope: f64,
    /// Sum of squared residuals.
    pub residual: f64,
}

/// Least squares of `values` on `at`.
#[must_use]
pub fn fit(at: &[f64], values: &[f64]) -> Line {
    let n = at.len().min(values.len());
    if n == 0 {
        return Line::default();
    }
    let len = n as f64;
    let mean_x = at[..n].iter().sum::<f64>() / len;
    let mean_y = values[..n].iter().sum::<f64>() / len;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for i in 0..n {
        let (dx, dy) = (at[i] - mean_x, values[i] - mean_y);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    Line {
        intercept: mean_y - slope * mean_x,
        slope,
        residual: (yy - slope * xy).max(0.0),
    }
}

/// A plane `values = a + load * by_load + clock * by_clock`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plane {
    pub by_load: f64,
    pub by_load_error: f64,
    pub by_clock: f64,
    pub by_clock_error: f64,
    /// Sum of squared residuals.
    pub residual: f64,
}

/// Least squares on two explanations at once, with standard errors. `None` when
/// the two cannot be told apart (one is a linear function of the other) or when
/// there are too few points to have an error.
#[must_use]
pub fn fit_plane(load: &[f64], clock: &[f64], values: &[f64]) -> Option<Plane> {
    let n = load.len().min(clock.len()).min(values.len());
    if n < 5 {
        return None;
    }
    let len = n as f64;
    let mean = |series: &[f64]| series[..n].iter().sum::<f64>() / len;
    let (mean_l, mean_c, mean_v) = (mean(load), mean(clock), mean(values));
    let (mut ll, mut lc, mut cc, mut lv, mut cv) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for i in 0..n {
        let (l, c, v) = (load[i] - mean_l, clock[i] - mean_c, values[i] - mean_v);
        ll += l * l;
        lc += l * c;
        cc += c * c;
        lv += l * v;
        cv += c * v;
    }
    let determinant = ll * cc - lc * lc;
    // 1 - r^2 of the two explanations: what of one is not in the other.
    if ll <= 0.0 || cc <= 0.0 || determinant <= 1e-6 * ll * cc {
        return None;
    }
    let by_load = (cc * lv - lc * cv) / determinant;
    let by_clock = (ll * cv - lc * lv) / determinant;
    let residual: f64 = (0..n)
        .map(|i| {
            let error =
                values[i] - mean_v - by_load * (load[i] - mean_l) - by_clock * (clock[i] - mean_c);
            error * error
        })
        .sum();
    let variance = residual / (len - 3.0);
    Some(Plane {
        by_load,
        by_load_error: (variance * cc / determinant).sqrt(),
        by_clock,
        by_clock_error: (variance * ll / determinant).sqrt(),
        residual,
    })
}

/// The distribution function of the standard normal, to about 1e-7.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let series = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let erf = 1.0 - series * (-x * x).exp();
    if z >= 0.0 {
        0.5 * (1.0 + erf)
    } else {
        0.5 * (1.0 - erf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: f64, other: f64, by: f64) {
        assert!((one - other).abs() <= by, "{one} is not {other}");
    }

    #[test]
    fn mann_kendall_agrees_with_kendalls_formulas() {
        // Without ties: the variance is n (n - 1) (2 n + 5) / 18.
        let trend = mann_kendall(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(trend.s, 10);
        near(trend.variance, 50.0 / 3.0, 1e-9);
        near(trend.z, 9.0 / (50.0f64 / 3.0).sqrt(), 1e-9);
        // With ties each group of t takes off t (t - 1) (2 t + 5) / 18.
        let trend = mann_kendall(&[1.0, 2.0, 2.0, 3.0]);
        assert_eq!(trend.s, 5);
        near(trend.variance, (4.0 * 3.0 * 13.0 - 2.0 * 9.0) / 18.0, 1e-9);
    }

    #[test]
    fn ties_falls_and_short_series_are_ordinary_input() {
        assert_eq!(mann_kendall(&[3.0; 12]).s, 0);
        near(mann_kendall(&[3.0; 12]).z, 0.0, 0.0);
        assert!(mann_kendall(&[5.0, 4.0, 3.0, 2.0, 1.0]).z < -2.0);
        for series in [&[][..], &[1.0], &[1.0, 2.0]] {
            assert_eq!(mann_kendall(series), Trend::default());
        }
    }

    #[test]
    fn swings_widen_the_variance_and_nothing_narrows_it() {
        let swings: Vec<f64> = (0..24).map(|i| (f64::from(i) / 4.0).sin()).collect();
        let plain = 24.0 * 23.0 * 53.0 / 18.0;
        assert!(mann_kendall(&swings).variance > 1.5 * plain);
        let alternating: Vec<f64> = (0..24)
            .map(|i| f64::from(i % 2) + f64::from(i) * 1e-3)
            .collect();
        assert!(mann_kendall(&alternating).variance >= plain - 1e-6);
    }

    #[test]
    fn sen_slope_is_the_median_of_the_naive_slopes() {
        let mut state = 7u64;
        for n in 2..=MAX_POINTS {
            let at: Vec<f64> = (0..n).map(|i| (i * i) as f64).collect();
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 40) as f64
                })
                .collect();
            let mut naive = Vec::new();
            for i in 0..n {
                for j in i + 1..n {
                    naive.push((values[j] - values[i]) / (at[j] - at[i]));
                }
            }
            naive.sort_by(f64::total_cmp);
            let half = naive.len() / 2;
            let median = if naive.len() % 2 == 1 {
                naive[half]
            } else {
                f64::midpoint(naive[half - 1], naive[half])
            };
            let slope = sen_slope(&at, &values, 100.0, 1.645);
            near(slope.median, median, 1e-9);
            assert!(slope.low <= slope.median && slope.median <= slope.high);
        }
    }

    #[test]
    fn a_clock_that_stands_still_has_no_slope() {
        let (at, values) = ([4.0; 6], [1.0, 5.0, 2.0, 8.0, 3.0, 9.0]);
        assert_eq!(sen_slope(&at, &values, 10.0, 1.645), Slope::default());
        near(fit(&at, &values).slope, 0.0, 0.0);
        assert_eq!(fit_plane(&at, &values, &values), None);
    }

    #[test]
    fn a_line_and_a_plane_are_found_again() {
        let at: Vec<f64> = (0..12).map(f64::from).collect();
        let line = fit(&at, &at.iter().map(|x| 3.0 + 2.0 * x).collect::<Vec<_>>());
        near(line.slope, 2.0, 1e-9);
        near(line.intercept, 3.0, 1e-9);
        near(line.residual, 0.0, 1e-9);
        let load: Vec<f64> = at.iter().map(|x| (x * 1.3).sin()).collect();
        let values: Vec<f64> = at
            .iter()
            .zip(&load)
            .map(|(x, l)| 1.0 + 0.5 * x + 4.0 * l)
            .collect();
        let plane = fit_plane(&load, &at, &values).expect("a plane");
        near(plane.by_load, 4.0, 1e-9);
        near(plane.by_clock, 0.5, 1e-9);
        near(plane.residual, 0.0, 1e-9);
        assert_eq!(fit_plane(&at, &at, &values), None, "one is the other");
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        for (z, p) in [
            (0.0, 0.5),
            (1.0, 0.841_345),
            (1.96, 0.975_002),
            (2.33, 0.990_097),
            (-1.645, 0.049_985),
        ] {
            near(normal_cdf(z), p, 2e-6);
        }
        near(normal_cdf(40.0), 1.0, 1e-9);
        near(normal_cdf(-40.0), 0.0, 1e-9);
    }
}
