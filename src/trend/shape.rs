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
//! A step in the early part of a line (a load of data while something leaks) looks to these like a
//! ceiling. [`step_beside_a_line`] finds it.
//!
//! This module must not know what grows.

use super::stats::MAX_POINTS;

/// The longest time constants of the saturating curve, in spans. Each is followed
/// by half of it and so on, so that a height is the square of the one before.
/// Beyond 1.5 spans the curve cannot be told from a line.
const TAUS: [f64; 2] = [1.4, 1.0];
const HALVINGS: usize = 4;
/// Where a ramp may begin and end, in spans. It has ended when a sixth of the
/// span at least is flat.
const STARTS: [f64; 8] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
const ENDS: [f64; 8] = [0.16, 0.26, 0.36, 0.46, 0.56, 0.66, 0.76, 0.84];

/// By how much the best curve without a ceiling is preferred to the best with
/// one. Positive: no ceiling; below -2: a ceiling, with "positive evidence" in
/// the words of Kass and Raftery (1995). `at` must not fall. `grain` is the
/// smallest difference that means anything: residuals below it are not held
/// against a curve.
pub fn unbounded_over_bounded(at: &[f64], values: &[f64], grain: f64) -> f64 {
    let n = at.len().min(values.len()).min(MAX_POINTS);
    if n < 5 || at[n - 1] <= at[0] {
        return 0.0;
    }
    let series = Series::new(&at[..n], &values[..n]);
    let mut unbounded = Best::new(&series, grain);
    unbounded.add(2, series.ramp(0.0, 1.0));
    for start in &STARTS[1..] {
        unbounded.add(3, series.ramp(*start, 1.0));
    }
    match (unbounded.score(), series.bounded(grain).score()) {
        (Some(unbounded), Some(bounded)) => bounded - unbounded,
        _ => 0.0,
    }
}

/// A step up before one of the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The first point after it.
    pub at: usize,
    pub height: f64,
    /// By how much the line with this step is preferred to the best curve with a ceiling.
    pub evidence: f64,
}

/// The step in the first half of the span with which a rising line explains the points best. A later
/// one looks like growth that gathers speed, and needs no explanation. `None` where there is none.
pub fn step_beside_a_line(at: &[f64], values: &[f64], grain: f64) -> Option<Step> {
    let n = at.len().min(values.len()).min(MAX_POINTS);
    if n < 6 || at[n - 1] <= at[0] {
        return None;
    }
    let series = Series::new(&at[..n], &values[..n]);
    let (at, height, residual) = (1..n)
        .take_while(|&at| series.x[at] <= 0.5)
        .filter_map(|at| series.stepped(at))
        .min_by(|one, other| one.2.total_cmp(&other.2))?;
    let mut stepped = Best::new(&series, grain);
    stepped.add(4, residual);
    Some(Step {
        at,
        height,
        evidence: series.bounded(grain).score()? - stepped.score()?,
    })
}

/// The points over a clock from 0 to 1, with the sums that make the least
/// squares of any ramp a matter of a few additions.
struct Series {
    n: usize,
    x: [f64; MAX_POINTS],
    /// Less their mean.
    value: [f64; MAX_POINTS],
    /// Sums over the first so many points: of `x`, its square, its product with
    /// the value, and the value.
    sums: [Sums; MAX_POINTS + 1],
    /// Of the squares of the values.
    total: f64,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    x: f64,
    square: f64,
    product: f64,
    value: f64,
}

impl Series {
    fn new(at: &[f64], values: &[f64]) -> Self {
        let n = at.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let span = at[n - 1] - at[0];
        let mut series = Self {
            n,
            x: [0.0; MAX_POINTS],
            value: [0.0; MAX_POINTS],
            sums: [Sums::default(); MAX_POINTS + 1],
            total: 0.0,
        };
        for i in 0..n {
            let (x, value) = ((at[i] - at[0]) / span, values[i] - mean);
            let before = series.sums[i];
            series.x[i] = x;
            series.value[i] = value;
            series.total += value * value;
            series.sums[i + 1] = Sums {
                x: before.x + x,
                square: before.square + x * x,
                product: before.product + x * value,
                value: before.value + value,
            };
        }
        series
    }

    /// The curves with a ceiling.
    fn bounded(&self, grain: f64) -> Best {
        let mut bounded = Best::new(self, grain);
        for residual in TAUS.iter().flat_map(|&tau| self.saturating(tau)) {
            bounded.add(3, residual);
        }
        for start in STARTS {
            let parameters = if start > 0.0 { 4 } else { 3 };
            for end in ENDS {
                if end > start {
                    bounded.add(parameters, self.ramp(start, end));
                }
            }
        }
        bounded
    }

    /// A rising line with a step up before the point `at`: that, the step's height and the residual.
    fn stepped(&self, at: usize) -> Option<(usize, f64, f64)> {
        let (all, before) = (self.sums[self.n], self.sums[at]);
        let (len, after) = (self.n as f64, (self.n - at) as f64);
        // Sums about the means: of x and of the step, which is 0 and then 1.
        let xx = all.square - all.x * all.x / len;
        let ss = after - after * after / len;
        let xs = (all.x - before.x) - after * all.x / len;
        let xv = all.product - all.x * all.value / len;
        let sv = (all.value - before.value) - after * all.value / len;
        let determinant = xx * ss - xs * xs;
        if determinant <= 1e-6 * xx * ss {
            return None;
        }
        let slope = (ss * xv - xs * sv) / determinant;
        let height = (xx * sv - xs * xv) / determinant;
        let residual = (self.total - slope * xv - height * sv).max(0.0);
        (slope > 0.0 && height > 0.0).then_some((at, height, residual))
    }

    /// The residual of `x` held between `start` and `end`.
    fn ramp(&self, start: f64, end: f64) -> f64 {
        let x = &self.x[..self.n];
        let from = x.partition_point(|&x| x <= start);
        let to = x.partition_point(|&x| x < end).max(from);
        let (low, high, all) = (self.sums[from], self.sums[to], self.sums[self.n]);
        // Heights above `start`: nothing, then x - start, then end - start.
        let (inside, after) = ((to - from) as f64, (self.n - to) as f64);
        let top = end - start;
        let (xs, squares) = (high.x - low.x, high.square - low.square);
        let sum = xs - inside * start + after * top;
        let square = squares - 2.0 * start * xs + inside * start * start + after * top * top;
        let product = high.product - low.product - start * (high.value - low.value)
            + top * (all.value - high.value);
        self.residual(sum, square, product)
    }

    /// The residuals of `1 - exp(-x / tau)`, for `tau` and its halves.
    fn saturating(&self, tau: f64) -> [f64; HALVINGS] {
        let mut left = [0.0; MAX_POINTS];
        for (slot, x) in left.iter_mut().zip(&self.x[..self.n]) {
            *slot = (-x / tau).exp();
        }
        let mut residuals = [f64::INFINITY; HALVINGS];
        for residual in &mut residuals {
            let (mut sum, mut square, mut product) = (0.0, 0.0, 0.0);
            for (left, value) in left[..self.n].iter_mut().zip(&self.value) {
                let height = 1.0 - *left;
                sum += height;
                square += height * height;
                product += height * value;
                *left *= *left;
            }
            *residual = self.residual(sum, square, product);
        }
        residuals
    }

    /// Of the line through the heights with these sums; infinite where it does not rise.
    fn residual(&self, sum: f64, square: f64, product: f64) -> f64 {
        let spread = square - sum * sum / self.n as f64;
        if spread <= 1e-9 || product <= 0.0 {
            return f64::INFINITY;
        }
        (self.total - product * product / spread).max(0.0)
    }
}

/// The least residual for each number of parameters.
struct Best {
    len: f64,
    allowance: f64,
    residual: [f64; 5],
}

impl Best {
    fn new(series: &Series, grain: f64) -> Self {
        let len = series.n as f64;
        Self {
            len,
            allowance: len * grain * grain,
            residual: [f64::INFINITY; 5],
        }
    }

    fn add(&mut self, parameters: usize, residual: f64) {
        let best = &mut self.residual[parameters];
        *best = best.min(residual);
    }

    /// The criterion of the best curve.
    fn score(&self) -> Option<f64> {
        self.residual
            .iter()
            .enumerate()
            .filter(|(_, residual)| residual.is_finite())
            .map(|(parameters, &residual)| {
                let error = (residual + self.allowance).max(f64::MIN_POSITIVE) / self.len;
                self.len * error.ln() + parameters as f64 * self.len.ln()
            })
            .min_by(f64::total_cmp)
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
        let three = [1.0, 2.0, 3.0];
        for (at, values) in [(&[][..], &[][..]), (&[1.0; 8], &[2.0; 8]), (&three, &three)] {
            assert!(unbounded_over_bounded(at, values, 1.0).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn a_ramp_by_sums_is_a_ramp_point_by_point() {
        let at: Vec<f64> = (0..17).map(|i| f64::from(i * i)).collect();
        let values: Vec<f64> = (0..17).map(|i| f64::from(i * 7 % 11 + i)).collect();
        let series = Series::new(&at, &values);
        for (start, end) in [
            (0.0, 1.0),
            (0.3, 0.46),
            (0.7, 0.84),
            (0.1, 0.16),
            (0.5, 1.0),
        ] {
            let heights: Vec<f64> = series.x[..17].iter().map(|x| x.clamp(start, end)).collect();
            let naive = super::super::stats::fit(&heights, &values);
            let found = series.ramp(start, end);
            if naive.slope > 0.0 {
                assert!((found - naive.residual).abs() < 1e-6, "{start} {end}");
            } else {
                assert!(found.is_infinite());
            }
        }
    }

    /// As the formulas of ordinary least squares have it: the normal equations of 1, x and the step.
    fn naive(at: &[f64], values: &[f64], from: usize) -> (f64, f64) {
        let n = at.len();
        let row = |i: usize| {
            [
                1.0,
                (at[i] - at[0]) / (at[n - 1] - at[0]),
                if i >= from { 1.0 } else { 0.0 },
                values[i],
            ]
        };
        let mut m = [[0.0; 4]; 3];
        for i in 0..n {
            for (a, line) in m.iter_mut().enumerate() {
                for (b, cell) in line.iter_mut().enumerate() {
                    *cell += row(i)[a] * row(i)[b];
                }
            }
        }
        for a in 0..3 {
            let line = m[a].map(|cell| cell / m[a][a]);
            m[a] = line;
            for (b, other) in m.iter_mut().enumerate() {
                let times = other[a];
                if b != a {
                    for (cell, of) in other.iter_mut().zip(line) {
                        *cell -= times * of;
                    }
                }
            }
        }
        let [base, slope, height] = [m[0][3], m[1][3], m[2][3]];
        let residual = (0..n)
            .map(|i| row(i)[3] - base - slope * row(i)[1] - height * row(i)[2])
            .map(|error| error * error)
            .sum();
        (height, residual)
    }

    #[test]
    fn a_step_beside_a_line_is_that_of_ordinary_least_squares() {
        let mut state = 5u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as f64 / f64::from(u32::MAX)
        };
        for n in 6..=MAX_POINTS {
            for height in [2.0, 5.0, 20.0] {
                let at: Vec<f64> = (0..n).map(|i| (i * i) as f64 + noise()).collect();
                let span = at[n - 1] - at[0];
                let up = |i: usize| if i >= 3 { height } else { 0.0 };
                let values: Vec<f64> = (0..n)
                    .map(|i| 10.0 * (at[i] - at[0]) / span + up(i) + noise())
                    .collect();
                let found = step_beside_a_line(&at, &values, 0.0).expect("one");
                let best = (1..n)
                    .filter(|&from| at[from] - at[0] <= 0.5 * span)
                    .map(|from| (from, naive(&at, &values, from)))
                    .filter(|(_, (height, _))| *height > 0.0)
                    .min_by(|one, other| one.1.1.total_cmp(&other.1.1))
                    .expect("one");
                assert_eq!(found.at, best.0, "{n} points");
                assert!((found.height - best.1.0).abs() < 1e-6, "{n} points");
                assert!(height < 5.0 || found.at == 3, "{n} points");
            }
        }
    }

    #[test]
    fn a_step_explains_a_line_with_one_and_no_curve_with_a_ceiling() {
        let at: Vec<f64> = (0..16).map(f64::from).collect();
        let evidence = |of: &dyn Fn(f64) -> f64| {
            let values: Vec<f64> = at.iter().map(|&x| 30.0 * of(x / 15.0)).collect();
            step_beside_a_line(&at, &values, 0.3).map_or(f64::NEG_INFINITY, |step| step.evidence)
        };
        assert!(evidence(&|x| x + if x > 0.3 { 0.5 } else { 0.0 }) > 10.0);
        assert!(evidence(&|x| 1.0 - (-x / 0.3).exp()) < 0.0);
        assert!(evidence(&|x| 1.0 - (-x).exp()) < 0.0);
        assert!(evidence(&|x| (x / 0.5).min(1.0)) < 0.0);
        assert!(evidence(&|_| 1.0) < 0.0);
    }
}
