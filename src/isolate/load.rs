//! The work at hand, as JavaScript counts it.

/// Numbers that JavaScript writes and we read: requests, requests that have ended, and open connections.
/// NaN: it does not count that.
pub struct LoadCounters(Box<dyn AsRef<[f64]>>);

impl LoadCounters {
    pub fn new(numbers: impl AsRef<[f64]> + 'static) -> Self {
        Self(Box::new(numbers))
    }

    pub fn requests(&self) -> Option<u64> {
        self.read(0)
    }

    pub fn connections(&self) -> Option<u32> {
        self.read(2).map(|count| count as u32)
    }

    /// Requests whose connection broke off never end: there are no more in flight than connections.
    pub fn in_flight(&self) -> Option<u32> {
        let open = self.requests()?.saturating_sub(self.read(1)?);
        Some(self.connections()?.min(open as u32))
    }

    fn read(&self, place: usize) -> Option<u64> {
        // JavaScript writes on this same thread, and never while we run.
        let count = *(*self.0).as_ref().get(place)?;
        (count >= 0.0).then_some(count as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_requests_are_in_flight_than_connections_are_open() {
        let load = |numbers: &[f64]| LoadCounters::new(Vec::from(numbers));
        assert_eq!(load(&[10.0, 4.0, 9.0]).in_flight(), Some(6));
        assert_eq!(load(&[10.0, 4.0, 2.0]).in_flight(), Some(2));
        assert_eq!(load(&[4.0, 5.0, 2.0]).in_flight(), Some(0));
    }

    #[test]
    fn what_is_not_counted_is_not_known() {
        let load = LoadCounters::new(vec![f64::NAN, 0.0, 3.0]);
        assert_eq!(
            (load.requests(), load.connections(), load.in_flight()),
            (None, Some(3), None)
        );
        assert_eq!(LoadCounters::new(Vec::new()).connections(), None);
    }
}
