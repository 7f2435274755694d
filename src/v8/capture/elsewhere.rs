//! Where there is no capture by fork.

use super::course::{Look, NearLimitState, Need, Observed, Obstacle, Order, Place};
use std::convert::Infallible;
use std::time::Duration;

/// There is none.
pub struct Capture(Infallible);

impl Capture {
    /// # Errors
    /// Always.
    pub fn check() -> Result<(), Obstacle> {
        Err(Obstacle::Platform)
    }

    /// # Errors
    /// Always.
    pub fn start() -> Result<Self, Obstacle> {
        Err(Obstacle::Platform)
    }

    pub fn ready(&mut self) -> Option<bool> {
        match self.0 {}
    }

    pub fn observed(&self) -> Option<Observed> {
        match self.0 {}
    }

    /// # Errors
    /// Never called.
    pub fn fork(&mut self, _order: &Order) -> Result<Duration, Obstacle> {
        match self.0 {}
    }

    pub fn look(&mut self) -> Option<Look> {
        match self.0 {}
    }

    pub fn process(&self) -> Option<u32> {
        match self.0 {}
    }

    pub fn kill(&self) {
        match self.0 {}
    }
}

/// There is none.
pub struct NearLimit(Infallible);

impl NearLimit {
    /// # Errors
    /// Always.
    pub fn arm(_place: Place, _need: Need) -> Result<Self, Obstacle> {
        Err(Obstacle::Platform)
    }

    pub fn expect(&self, _need: Need) {
        match self.0 {}
    }

    pub fn look(&self) -> NearLimitState {
        match self.0 {}
    }
}
