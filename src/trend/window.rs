//! The marks of one horizon as columns, and what can be read off them without a judgement.

use super::horizon::Mark;
use super::stats::MAX_POINTS;

/// The marks of a horizon as columns.
pub struct Window {
    len: usize,
    at: [f64; MAX_POINTS],
    /// Sizes with the load's part and the excess of the largest step taken out.
    size: [f64; MAX_POINTS],
    /// `None` where unknown, or where the load was even, as is `allocated`.
    requests: Option<[f64; MAX_POINTS]>,
    allocated: Option<[f64; MAX_POINTS]>,
}

impl Window {
    pub fn new(marks: &[Mark]) -> Self {
        let mut window = Self {
            len: marks.len(),
            at: [0.0; MAX_POINTS],
            size: [0.0; MAX_POINTS],
            requests: None,
            allocated: None,
        };
        // Under an even load every clock tells the same time.
        if rate_varied(marks) {
            window.requests = column(marks, |mark| mark.requests);
            window.allocated = column(marks, |mark| mark.allocated);
        }
        for (i, mark) in marks.iter().enumerate() {
            window.at[i] = mark.at_ms;
            window.size[i] = mark.size;
        }
        window
    }

    pub fn at(&self) -> &[f64] {
        &self.at[..self.len]
    }

    pub fn size(&self) -> &[f64] {
        &self.size[..self.len]
    }

    pub fn size_mut(&mut self) -> &mut [f64] {
        &mut self.size[..self.len]
    }

    pub fn clocks(&self) -> impl Iterator<Item = &[f64]> {
        [
            Some(&self.at),
            self.requests.as_ref(),
            self.allocated.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|clock| &clock[..self.len])
    }

    /// The rise of the low-water mark: the lowest of the last quarter less the
    /// lowest of the first.
    pub fn growth(&self) -> f64 {
        let size = &self.size[..self.len];
        edge(size.iter().rev().copied(), self.len) - edge(size.iter().copied(), self.len)
    }

    /// For how long it has grown: since the last mark that had no more than a tenth
    /// of the growth, and a ninth of that time for what came before it.
    pub fn watched(&self) -> f64 {
        let (at, size) = (self.at(), self.size());
        let low = edge(size.iter().copied(), self.len) + 0.1 * self.growth();
        let began = size.iter().rposition(|&size| size <= low).unwrap_or(0);
        let end = at[self.len - 1];
        (end - at[0]).min((end - at[began]) / 0.9)
    }

    /// Cuts the largest step of the floor (the lowest size from a mark on) down
    /// to what the pace of the rest predicts for the time it took.
    pub fn cut_largest_step(&mut self) -> f64 {
        let n = self.len;
        let mut floor = [0.0; MAX_POINTS];
        let mut low = f64::INFINITY;
        for i in (0..n).rev() {
            low = low.min(self.size[i]);
            floor[i] = low;
        }
        let (mut step, mut at) = (0.0, 0);
        for i in 1..n {
            if floor[i] - floor[i - 1] > step {
                step = floor[i] - floor[i - 1];
                at = i;
            }
        }
        if at == 0 {
            return 0.0;
        }
        let excess = self
            .clocks()
            .map(|clock| {
                let run = clock[at] - clock[at - 1];
                let rest = (clock[n - 1] - clock[0]) - run;
                let pace = if rest > 0.0 {
                    (floor[n - 1] - floor[0] - step) / rest
                } else {
                    0.0
                };
                step - pace * run
            })
            .fold(f64::INFINITY, f64::min);
        if excess <= 0.5 * (floor[n - 1] - floor[0]) {
            return 0.0;
        }
        self.cut(at, excess);
        excess
    }

    /// Takes `height` off the marks from `at` on.
    pub fn cut(&mut self, at: usize, height: f64) {
        for size in &mut self.size[at..self.len] {
            *size -= height;
        }
    }
}

pub fn column(marks: &[Mark], get: impl Fn(&Mark) -> Option<f64>) -> Option<[f64; MAX_POINTS]> {
    let mut out = [0.0; MAX_POINTS];
    for (slot, mark) in out.iter_mut().zip(marks) {
        *slot = get(mark)?;
    }
    Some(out)
}

/// The lowest of the first quarter of `count` sizes, two at least.
pub fn edge(sizes: impl Iterator<Item = f64>, count: usize) -> f64 {
    sizes
        .take((count / 4).max(2))
        .reduce(f64::min)
        .unwrap_or(0.0)
}

pub fn lowest(sizes: &[f64]) -> f64 {
    sizes.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn largest_fall(sizes: impl Iterator<Item = f64>) -> f64 {
    let (mut high, mut fall) = (f64::NEG_INFINITY, 0.0f64);
    for size in sizes {
        high = high.max(size);
        fall = fall.max(high - size);
    }
    fall
}

/// Whether the rate swung by a fifth or more: then the clocks of requests and allocation tell
/// another time than the wall clock.
fn rate_varied(marks: &[Mark]) -> bool {
    rates(marks).is_some_and(|rates| varied(&rates[..marks.len()]))
}

pub fn varied(load: &[f64]) -> bool {
    let most = highest(load);
    most > 0.0 && most - lowest(load) >= 0.2 * most
}

pub fn highest(load: &[f64]) -> f64 {
    load.iter().copied().fold(0.0, f64::max)
}

/// The rate at each mark. Before the first request there is none yet: a service that has just
/// started has not doubled its load when the requests begin, so those marks take the first rate.
pub fn rates(marks: &[Mark]) -> Option<[f64; MAX_POINTS]> {
    let mut rates = column(marks, |mark| mark.rate)?;
    let idle = marks
        .iter()
        .take_while(|mark| mark.requests == Some(0.0))
        .count();
    if idle > 0 && idle < marks.len() {
        // The mark at which requests began covers a stretch that was idle in part.
        let first = if idle + 1 < marks.len() {
            rates[idle].max(rates[idle + 1])
        } else {
            rates[idle]
        };
        rates[..=idle].fill(first);
    }
    Some(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(requests: f64, rate: f64) -> Mark {
        Mark {
            requests: Some(requests),
            rate: Some(rate),
            ..Mark::default()
        }
    }

    #[test]
    fn a_load_does_not_rise_by_beginning() {
        let marks = [
            mark(0.0, 0.0),
            mark(9600.0, 0.2),
            mark(11_200.0, 0.4),
            mark(15_200.0, 0.41),
        ];
        let rates = rates(&marks).expect("every mark has one");
        assert_eq!(rates[..4], [0.4, 0.4, 0.4, 0.41]);
    }

    #[test]
    fn a_load_that_rises_from_the_first_request_on_stays_as_it_is() {
        let marks = [mark(10.0, 0.1), mark(30.0, 0.2), mark(70.0, 0.4)];
        assert_eq!(
            rates(&marks).expect("every mark has one")[..3],
            [0.1, 0.2, 0.4]
        );
    }
}
