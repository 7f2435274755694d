//! The classic rule of memwatch.
//!
//! A leak is so many consecutive full GCs, each with strictly more used heap
//! than the one before. Equal or less starts the run again, and so does a
//! report. The very first full GC counts, since there is nothing before it. No
//! least size, no least time, no warm-up: this is what callers of memwatch know.
//!
//! As a judge: every report is a leak anew, and a heap that did not grow ends it.

use super::change::{Changes, Event};
use super::judge::{Judge, Run, View};
use super::limits::Room;
use super::outlook::Outlook;
use super::stats::Slope;
use super::tide::Tide;
use super::tracker::QUIET_MS;
use super::{CHANNELS, Channel, Config, Sample, SampleKind, State};

/// The rule and its memory.
pub struct MemwatchRule {
    config: Config,
    /// Only to see where full GCs are missing.
    tide: Tide,
    consecutive: u32,
    /// Used heap after the last full GC.
    last: Option<u64>,
    growths: u32,
    start_ms: u64,
    start_base: u64,
    /// The run that was reported last.
    run: Option<Run>,
    state: State,
    /// What is shown: the run, until the heap did not grow.
    outlook: Outlook,
}

impl MemwatchRule {
    #[must_use]
    pub fn new(config: Config, consecutive: u32) -> Self {
        Self {
            config,
            tide: Tide::default(),
            consecutive: consecutive.max(1),
            last: None,
            growths: 0,
            start_ms: 0,
            start_base: 0,
            run: None,
            state: State::Settling,
            outlook: Outlook::default(),
        }
    }

    /// One full GC. Returns the run when it is long enough to be called a leak.
    fn count(&mut self, at_ms: f64, used_heap: u64) -> Option<Run> {
        let grew = self.last.is_none_or(|last| used_heap > last);
        self.last = Some(used_heap);
        if !grew {
            self.growths = 0;
            return None;
        }
        if self.growths == 0 {
            self.start_ms = at_ms.max(0.0) as u64;
            self.start_base = used_heap;
        }
        self.growths += 1;
        if self.growths < self.consecutive {
            return None;
        }
        let run = Run {
            start_ms: self.start_ms,
            end_ms: at_ms.max(0.0) as u64,
            growth: used_heap.saturating_sub(self.start_base),
            consecutive: self.growths,
        };
        self.growths = 0;
        self.run = Some(run);
        Some(run)
    }

    fn conclude(&mut self, at_ms: f64, used_heap: u64) -> Option<Event> {
        if let Some(run) = self.count(at_ms, used_heap) {
            self.state = State::Leaking;
            self.outlook = outlook(&run, used_heap);
            return Some(Event::Leak);
        }
        if self.growths > 0 {
            return None;
        }
        let leaking = self.state == State::Leaking;
        self.state = State::Steady;
        self.outlook = Outlook::default();
        leaking.then_some(Event::Recovered)
    }
}

/// A run in the words of the other judge.
fn outlook(run: &Run, used_heap: u64) -> Outlook {
    let rate = run.rate().unwrap_or(0.0) / 1000.0;
    let growth = run.growth as f64;
    Outlook {
        rising: run.rate().is_some(),
        base: used_heap as f64 - growth,
        rise: growth,
        growth,
        rate: Slope {
            low: rate,
            median: rate,
            high: rate,
        },
        start_ms: run.start_ms as f64,
        end_ms: run.end_ms as f64,
        gcs: run.consecutive,
        ..Outlook::default()
    }
}

impl Judge for MemwatchRule {
    fn push(&mut self, sample: &Sample, _: &Room, changes: &mut Changes) {
        self.tide.dip(sample);
        if sample.kind != SampleKind::Major {
            return;
        }
        let from = self.state;
        let event = self.conclude(sample.at_ms, sample.used_heap);
        changes.note(Channel::Heap, from, self.state, event);
    }

    /// Of other channels than the heap it knows nothing.
    fn view(&self, channel: Channel) -> View {
        if channel != Channel::Heap {
            return View::default();
        }
        View {
            state: self.state,
            floor: self.last.map(|used_heap| used_heap as f64),
            outlook: self.outlook,
            gate: None,
            run: self.run,
        }
    }

    /// Where V8 does not collect by itself, this rule has nothing to count. So a full GC is worth asking
    /// for when the heap has risen since the start and none has said yet what that is, or when another
    /// channel has risen by a part of what is material.
    fn wants_gc(&self) -> bool {
        let material = |channel| self.config.material(channel, 0.0);
        let rose = |channel| {
            let (now, first) = (self.tide.recent(channel), self.tide.first(channel));
            now.zip(first)
                .is_some_and(|(now, first)| now - first >= material(channel) / 3.0)
        };
        let (_, heap) = self.tide.unseen();
        let unseen = self.state == State::Settling
            && heap >= 4.0 * material(Channel::Heap)
            && (self.last.is_some() || self.tide.since_full_gc_ms() >= QUIET_MS);
        CHANNELS.into_iter().any(|channel| {
            self.config.channels[channel as usize]
                && if channel == Channel::Heap {
                    unseen
                } else {
                    rose(channel)
                }
        })
    }

    fn own_memory(&self) -> usize {
        size_of_val(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_of(consecutive: u32) -> MemwatchRule {
        MemwatchRule::new(Config::default(), consecutive)
    }

    #[test]
    fn five_growths_are_a_leak_and_the_first_gc_counts() {
        let mut rule = rule_of(5);
        for i in 0..4u32 {
            assert_eq!(rule.count(f64::from(i) * 1000.0, 100 + u64::from(i)), None);
        }
        let run = rule.count(4000.0, 200).expect("the fifth growth");
        assert_eq!((run.start_ms, run.end_ms, run.growth), (0, 4000, 100));
        assert_eq!(run.rate(), Some(25.0));
    }

    #[test]
    fn equal_or_less_starts_the_run_again_and_so_does_a_report() {
        let mut rule = rule_of(3);
        let reports: Vec<bool> = [1, 2, 2, 3, 4, 5, 6, 7, 8, 1]
            .iter()
            .map(|&used| rule.count(0.0, used).is_some())
            .collect();
        assert_eq!(
            reports,
            [
                false, false, false, false, false, true, false, false, true, false
            ]
        );
    }

    #[test]
    fn a_run_that_took_no_time_has_no_rate() {
        let mut rule = rule_of(2);
        rule.count(7.0, 1);
        assert_eq!(rule.count(7.0, 2).and_then(|run| run.rate()), None);
    }

    #[test]
    fn counters_at_their_end_do_no_harm() {
        let mut rule = rule_of(1);
        let run = rule.count(f64::MAX, u64::MAX).expect("a run of one");
        assert_eq!(run.growth, 0);
        assert_eq!(rule.count(f64::NAN, 0), None);
    }
}
