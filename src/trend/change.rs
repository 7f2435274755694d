//! Changes of a channel's state, and those that nobody has taken yet.

use super::{CHANNELS, Channel, State};

/// What a change of state means to those who listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A leak, for the first time or materially worse than reported.
    Leak,
    /// A leak that was reported has ended.
    Recovered,
}

/// A change of one channel's state. `from` and `to` are equal when a leak that
/// was reported got materially worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub channel: Channel,
    pub from: State,
    pub to: State,
    pub event: Option<Event>,
}

impl Change {
    /// A leak is more important than a recovery, a recovery than a mere change of state, and then the
    /// worse state.
    fn importance(self) -> (u8, State) {
        let event = match self.event {
            Some(Event::Leak) => 2,
            Some(Event::Recovered) => 1,
            None => 0,
        };
        (event, self.to)
    }
}

/// The changes that nobody has taken yet, one a channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes([Option<Change>; CHANNELS.len()]);

impl Changes {
    /// Notes what changed on one channel, if anything did. What was not taken yet and this are one
    /// change, and a leak that recovered before anybody heard of it was none.
    pub fn note(&mut self, channel: Channel, from: State, to: State, event: Option<Event>) {
        if event.is_none() && from == to {
            return;
        }
        let slot = &mut self.0[channel as usize];
        let before = *slot;
        let event = match (before.and_then(|change| change.event), event) {
            (Some(Event::Leak), Some(Event::Recovered)) => None,
            (before, event) => event.or(before),
        };
        *slot = Some(Change {
            channel,
            from: before.map_or(from, |change| change.from),
            to,
            event,
        });
    }

    /// The most important one, the first channel's of several.
    pub fn take(&mut self) -> Option<Change> {
        let mut most: Option<Change> = None;
        for change in self.0.iter().flatten() {
            if most.is_none_or(|other| change.importance() > other.importance()) {
                most = Some(*change);
            }
        }
        most.and_then(|change| self.0[change.channel as usize].take())
    }
}
