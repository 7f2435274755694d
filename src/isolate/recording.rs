//! An isolate's part in the flight recorder.

use crate::flight::{Flight, Health, Plan, Seat};
use std::sync::Arc;
use std::time::Instant;

/// It ends with its isolate's watch.
pub struct Recording {
    pub seat: Arc<Seat>,
    pub flight: Flight,
}

impl Recording {
    pub fn new(plan: Plan, thread_id: u32, epoch: Instant) -> Result<Self, String> {
        let flight = Flight::join(plan)?;
        let seat = flight.seat(thread_id, epoch);
        Ok(Self { seat, flight })
    }

    pub fn set_health(&self, word: &str) {
        let health = Health::ALL.into_iter().find(|each| each.as_str() == word);
        self.seat.set_health(health.unwrap_or_default());
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.seat.close();
    }
}
