//! What stands in the file: plain numbers as 64-bit words, so that they fit into atomics as well.
//!
//! What is not known is `NONE`; a float that is none is a NaN.

mod isolate;
mod pulse;
mod reading;
mod words;

pub use isolate::{Health, ISOLATE_WORDS, IsolateRecord, Standing};
#[cfg(test)]
pub use pulse::PULSE_WORDS;
pub use pulse::{End, Pulse};
pub use reading::{READING_WORDS, Reading};
pub use words::Words;

#[cfg(test)]
pub(super) mod tests {
    use super::words::NONE;
    use super::*;
    use crate::recorder::{GcCounters, KindCounter};
    use crate::trend::{Limit, State};

    pub(in crate::flight) fn reading(at_ms: f64, used_heap: u64) -> Reading {
        Reading {
            at_ms,
            collected: true,
            state: State::Suspect,
            used_heap,
            total_heap: 3 * used_heap,
            external: 7,
            heap_limit: 1 << 32,
            rss: Some(5 * used_heap),
            native: Some(-2.5),
            requests: None,
            resources: Some(12),
        }
    }

    pub(in crate::flight) fn isolate(thread_id: u32) -> IsolateRecord {
        IsolateRecord {
            thread_id,
            health: Health::Critical,
            near_heap_limit: true,
            closed: false,
            channels: [
                Standing {
                    watched: true,
                    state: State::Leaking,
                    level: Some(50e6),
                    growth: 1e6,
                    growth_rate: Some(12.5),
                    time_to_limit_ms: Some(60e3),
                    limit: Some(Limit::Heap),
                    full_gcs: 40,
                },
                Standing::default(),
                Standing {
                    watched: true,
                    ..Standing::default()
                },
                Standing::default(),
            ],
            counters: GcCounters {
                major: KindCounter {
                    count: 40,
                    duration_ms: 99.5,
                },
                ..GcCounters::default()
            },
            newest: Some(reading(7.0, 1 << 20)),
            lost: 3,
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_the_same() {
        let reading = reading(12.5, 1 << 20);
        assert_eq!(Reading::unpack(&reading.pack()), Some(reading));
        for newest in [None, Some(reading)] {
            let isolate = IsolateRecord {
                newest,
                ..isolate(2)
            };
            assert_eq!(IsolateRecord::unpack(&isolate.pack()), Some(isolate));
        }
        for end in [End::None, End::Exit(-1), End::Exit(137), End::Stopped] {
            let pulse = Pulse {
                wall_ms: 1.8e12,
                rss: Some(1),
                group_slows: true,
                end,
                ..Pulse::default()
            };
            assert_eq!(Pulse::unpack(&pulse.pack()), Some(pulse));
        }
    }

    #[test]
    fn words_that_cannot_be_are_no_record() {
        let mut words = reading(1.0, 1).pack();
        words[1] = 9 << 8;
        assert_eq!(Reading::unpack(&words), None);
        words = reading(1.0, 1).pack();
        words[0] = f64::INFINITY.to_bits();
        assert_eq!(Reading::unpack(&words), None);
        let mut words = isolate(1).pack();
        words[0] |= 200 << 32;
        assert_eq!(IsolateRecord::unpack(&words), None);
        assert_eq!(Pulse::unpack(&[NONE; PULSE_WORDS]), None);
    }
}
