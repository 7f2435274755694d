//! What the hook costs.

/// Of one kind of collection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub callbacks: u64,
    nanoseconds: u64,
}

impl Cost {
    pub fn add(&mut self, nanoseconds: u64) {
        self.callbacks += 1;
        self.nanoseconds += nanoseconds;
    }

    /// Microseconds a callback; `None` before the first.
    pub fn mean_us(self) -> Option<f64> {
        (self.callbacks > 0).then(|| self.nanoseconds as f64 / self.callbacks as f64 / 1000.0)
    }
}
