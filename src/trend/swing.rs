//! How far the marks of a level are used to fall, before those in the ring. A
//! process that rises and falls alike does not leak, so a rise is news only when
//! it exceeds the falls. What was seen is forgotten slowly, for a process may
//! change its ways.

use super::horizon::Mark;
use super::stats::MAX_POINTS;
use super::window::largest_fall;

#[derive(Clone, Copy, Debug, Default)]
pub struct Swing {
    /// The largest fall.
    fall: f64,
    /// The highest mark of the newest stretch, a ring's length or less.
    peak: f64,
    marks: usize,
}

impl Swing {
    /// A mark leaves the ring.
    pub fn push(&mut self, size: f64) {
        if self.marks == MAX_POINTS {
            self.marks = 0;
            self.fall *= 0.95;
        }
        self.peak = if self.marks == 0 {
            size
        } else {
            self.peak.max(size)
        };
        self.marks += 1;
        self.fall = self.fall.max(self.peak - size);
    }

    /// The largest fall before the newest of `marks`, which are what is in the ring.
    pub fn fall(&self, marks: &[Mark]) -> f64 {
        let before = (self.marks > 0).then_some(self.peak);
        let sizes = marks.iter().map(|mark| mark.size);
        largest_fall(before.into_iter().chain(sizes)).max(self.fall)
    }
}
