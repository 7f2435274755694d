//! Does growth have a ceiling? Curves without one against curves with one.
//!
//! Every curve is `a + c * basis(x)` with one of a family of shapes; its
//! breakpoints and time constants come from fixed grids relative to the span, so
//! that each fit is an ordinary least squares line. The Bayesian information
//! criterion (Schwarz 1978) pays for the parameters.
//!
//! - Without a ceiling: a line; nothing at first and then a line (a leak that
//!   begins late).
//! - With a ceiling: `1 - exp(-x / tau)` (a cache under uniform access); a ramp
//!   that ends (a cache or a pool that fills to its cap, also after a while of
//!   nothing, also steep: one load of data).
//!
//! This module must not know what grows.

use super::stats::MAX_POINTS;

/// Time constants of the saturating curve, in spans. Beyond 1.5 spans it cannot
/// be told from a line.
const TAUS: [f64; 7] = [0.08, 0.15, 0.25, 0.4, 0.6, 0.9, 1.4];
/// Where a ramp may begin and end, in spans. It has ended when a sixth of the
/// span at least is flat.
const STARTS: [f64; 8] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
const ENDS: [f64; 8] = [0.16, 0.26, 0.36, 0.46, 0.56, 0.66, 0.76, 0.84];

/// By how much the best curve without a ceiling is preferred to the best with
/// one. Positive: no ceiling; below -2: a ceiling, with "positive evidence" in
/// the words of Kass and Raftery (1995). `grain` is the smallest difference that
/// means anything: residuals below it are not held against a curve.
pub fn unbounded_over_bounded(at: &[f64], values: &[f64], grain: f64) -> f64 {
    let n = at.len().min(values.len()).min(MAX_POINTS);
    if n < 5 {
        return 0.0;
    }
    let (at, values) = (&at[..n], &values[..n]);
    let span = at[n - 1] - at[0];
    if span <= 0.0 {
        return 0.0;
    }
    let mut x = [0.0; MAX_POINTS];
    for (slot, &at_ms) in x.iter_mut().zip(at) {
        *slot = (at_ms - at[0]) / span;
    }
    let x = &x[..n];
    let len = n as f64;
    let allowance = len * grain * grain;
    let mean = values.iter().sum::<f64>() / len;
    let total: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    // Least squares of one curve in a single pass: this runs 60 times.
    let score = |parameters: f64, basis: &dyn Fn(f64) -> f64| {
        let (mut sum, mut square, mut product) = (0.0, 0.0, 0.0);
        for (&x, &value) in x.iter().zip(values) {
            let height = basis(x);
            sum += height;
            square += height * height;
            product += height * (value - mean);
        }
        let spread = square - sum * sum / len;
        if spread <= 1e-9 || product <= 0.0 {
            return f64::INFINITY;
        }
        let residual = (total - product * product / spread).max(0.0) + allowance;
        len * (residual.max(f64::MIN_POSITIVE) / len).ln() + parameters * len.ln()
    };
    let mut unbounded = score(2.0, &|x| x);
    for start in &STARTS[1..] {
        unbounded = unbounded.min(score(3.0, &|x| (x - start).max(0.0)));
    }
    let mut bounded = f64::INFINITY;
    for tau in TAUS {
        bounded = bounded.min(score(3.0, &|x| 1.0 - (-x / tau).exp()));
    }
    for start in STARTS {
        let parameters = if start > 0.0 { 4.0 } else { 3.0 };
        for end in ENDS {
            if end > start {
                bounded = bounded.min(score(parameters, &|x| x.clamp(start, end)));
            }
        }
    }
    if unbounded.is_finite() && bounded.is_finite() {
        bounded - unbounded
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(of: impl Fn(f64) -> f64, noise: f64) -> f64 {
        let mut state = 11u64;
        let at: Vec<f64> = (0..20).map(f64::from).collect();
        let values: Vec<f64> = at
            .iter()
            .map(|&x| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                of(x / 19.0) + noise * ((state >> 33) as f64 / f64::from(u32::MAX) - 0.25)
            })
            .collect();
        unbounded_over_bounded(&at, &values, 0.01)
    }

    #[test]
    fn growth_without_a_ceiling_is_seen_as_such() {
        assert!(evidence(|x| x, 0.1) > 0.0);
        assert!(evidence(|x| x * x, 0.05) > 0.0);
        assert!(evidence(|x| (x - 0.5).max(0.0), 0.05) > 2.0);
    }

    #[test]
    fn growth_with_a_ceiling_is_seen_as_such() {
        assert!(evidence(|x| 1.0 - (-x / 0.2).exp(), 0.05) < -2.0);
        assert!(evidence(|x| x.min(0.4), 0.02) < -2.0);
        assert!(evidence(|x| f64::from(u8::from(x > 0.3)), 0.1) < -2.0);
        assert!(evidence(|x| 1.0 / (1.0 + (-(x - 0.4) / 0.07).exp()), 0.05) < -2.0);
    }

    #[test]
    fn too_little_says_nothing() {
        assert!(unbounded_over_bounded(&[], &[], 1.0).abs() < f64::EPSILON);
        assert!(unbounded_over_bounded(&[1.0; 8], &[2.0; 8], 1.0).abs() < f64::EPSILON);
        assert!(
            unbounded_over_bounded(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0], 1.0).abs() < f64::EPSILON
        );
    }
}
