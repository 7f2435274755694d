//! tidemark's own judge: low-water marks of each channel, put through the gates.

use super::change::Changes;
use super::horizon::Mark;
use super::judge::{Judge, View};
use super::limits::Room;
use super::tide::Tide;
use super::tracker::Tracker;
use super::{CHANNELS, Channel, Config, Gate, Sample, SampleKind, State};

pub struct TrendRule {
    config: Config,
    tide: Tide,
    trackers: [Tracker; CHANNELS.len()],
    majors: u64,
}

impl TrendRule {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            tide: Tide::default(),
            trackers: CHANNELS.map(Tracker::new),
            majors: 0,
        }
    }

    fn take_marks(
        &mut self,
        marks: &[Option<Mark>; CHANNELS.len()],
        room: &Room,
        changes: &mut Changes,
    ) {
        for (i, &mark) in marks.iter().enumerate() {
            let Some(mark) = mark.filter(|_| self.config.channels[i]) else {
                continue;
            };
            let left = room.left(&self.config, CHANNELS[i], mark.size);
            let rival = self.rival(CHANNELS[i]);
            let tracker = &mut self.trackers[i];
            let from = tracker.state;
            let event = tracker.push(&self.config, mark, left, rival);
            changes.note(tracker.channel, from, tracker.state, event);
        }
    }

    fn between(&mut self, sample: &Sample, room: &Room, changes: &mut Changes) {
        if matches!(sample.kind, SampleKind::Timer | SampleKind::Minor)
            && let Some(marks) = self.tide.settle(sample.at_ms)
            && self.majors > 1
        {
            self.take_marks(&marks, room, changes);
        }
        if sample.kind != SampleKind::Minor {
            return;
        }
        let Some((live, kept)) = self.tide.live_estimate(sample.used_heap) else {
            return;
        };
        let tracker = &mut self.trackers[Channel::Heap as usize];
        let from = tracker.state;
        let event = tracker.wait(sample.at_ms, live, kept);
        changes.note(Channel::Heap, from, tracker.state, event);
    }

    /// The fastest growth among the other channels that count in bytes.
    fn rival(&self, channel: Channel) -> Option<(Channel, f64)> {
        if !channel.is_bytes() {
            return None;
        }
        self.trackers
            .iter()
            .filter(|tracker| {
                tracker.channel != channel && tracker.channel.is_bytes() && tracker.outlook.rising
            })
            .map(|tracker| (tracker.channel, tracker.outlook.rate.median))
            .max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// A channel rose a lot since the last full GC. V8 collects for its heap's sake: a
    /// small one that leaks can go for minutes without, a quiet one beside which native
    /// memory or handles grow for hours.
    fn is_unseen(&self, tracker: &Tracker, since_ms: f64) -> bool {
        let channel = tracker.channel;
        if channel == Channel::Heap {
            let (live, risen) = self.tide.unseen();
            return tracker.state == State::Settling
                && risen >= 4.0 * self.config.material(channel, live)
                && tracker.is_quiet(&self.config, risen, since_ms, since_ms);
        }
        let before = tracker.horizons.newest().map(|mark| mark.size);
        let before = before.or_else(|| self.tide.first(channel));
        self.tide
            .recent(channel)
            .zip(before)
            .is_some_and(|(now, before)| tracker.has_news(&self.config, now - before, since_ms))
    }
}

impl Judge for TrendRule {
    fn push(&mut self, sample: &Sample, room: &Room, changes: &mut Changes) {
        self.tide.dip(sample);
        if sample.kind != SampleKind::Major {
            self.between(sample, room, changes);
            return;
        }
        let turn = self.tide.turn(sample);
        self.majors += 1;
        if self.majors == 1 {
            return;
        }
        for (tracker, lowered) in self.trackers.iter_mut().zip(turn.lowered) {
            if let Some(size) = lowered {
                tracker.horizons.lower(size);
            }
        }
        self.take_marks(&turn.marks, room, changes);
    }

    fn view(&self, channel: Channel) -> View {
        let tracker = &self.trackers[channel as usize];
        View {
            state: tracker.state,
            floor: tracker.horizons.newest().map(|mark| mark.size),
            outlook: tracker.outlook,
            gate: match (tracker.state, tracker.outlook.gate) {
                (State::Leaking, _) => None,
                // Not one mark yet.
                (State::Settling, None) => Some(Gate::Few {
                    have: 0,
                    need: self.config.min_points as u32,
                }),
                (_, gate) => gate,
            },
            run: None,
        }
    }

    /// A suspicion that is there, or one that cannot form because full GCs are few.
    fn wants_gc(&self) -> bool {
        let since_ms = self.tide.since_full_gc_ms();
        self.trackers.iter().any(|tracker| {
            self.config.channels[tracker.channel as usize]
                && (tracker.wants_gc(&self.config, since_ms) || self.is_unseen(tracker, since_ms))
        })
    }

    fn own_memory(&self) -> usize {
        size_of_val(self) + self.trackers.iter().map(Tracker::own_memory).sum::<usize>()
    }
}
