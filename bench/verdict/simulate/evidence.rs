//! What evidence adds: a growth is held back while containers that say where they end explain it.
//!
//! As `lib/evidence/excuse.js` and `lib/monitor.js` do it, for containers that are all found: half of the growth or more
//! must be theirs. It is asked again every ten seconds; once they explain it no longer and it goes on at half
//! of its pace, it is reported. That every cap and every life of an entry is seen is more than can be expected.

use crate::parts::{Held, MINUTE};
use crate::rules::Said;
use std::collections::VecDeque;

const ASK_AGAIN: f64 = 10.0;
const LEAST_SHARE: f64 = 0.5;
const GOES_ON: f64 = 0.5;
/// Bytes and bounded bytes are kept at so many moments.
const KEPT: usize = 4000;

#[derive(Clone, Copy)]
struct Look {
    at: f64,
    all: f64,
    bounded: f64,
}

/// An alarm that is held back.
#[derive(Clone, Copy)]
struct Excused {
    /// Bytes a second when the alarm came.
    pace: f64,
    asked_at: f64,
    /// When the excuse last held.
    held: Look,
}

#[derive(Default)]
pub struct Evidence {
    looks: VecDeque<Look>,
    excused: Option<Excused>,
}

impl Evidence {
    /// What is said when evidence was asked. `window`: for how long the growth was watched, in seconds.
    pub fn hear(&mut self, said: Said, at: f64, live: &Held, window: f64) -> Said {
        let now = Look {
            at,
            all: live.heap + live.external,
            bounded: live.bounded,
        };
        if self.looks.len() == KEPT {
            // Every other one goes: the far past needs fewer.
            let mut odd = false;
            self.looks.retain(|_| {
                odd = !odd;
                odd
            });
        }
        self.looks.push_back(now);
        match said {
            Said::Alarm if self.explains(window, now) => {
                let then = self.before(at - window);
                self.excused = Some(Excused {
                    pace: (now.all - then.all) / (at - then.at).max(1.0),
                    asked_at: at,
                    held: now,
                });
                Said::Nothing
            }
            Said::Recovered if self.excused.take().is_some() => Said::Nothing,
            Said::Nothing => self.ask_again(now),
            said => said,
        }
    }

    fn ask_again(&mut self, now: Look) -> Said {
        let Some(mut excused) = self.excused else {
            return Said::Nothing;
        };
        if now.at - excused.asked_at < ASK_AGAIN {
            return Said::Nothing;
        }
        excused.asked_at = now.at;
        let since = now.at - excused.held.at;
        if self.explains(MINUTE.max(since), now) {
            excused.held = now;
        } else if now.all - excused.held.all > GOES_ON * excused.pace * since {
            self.excused = None;
            return Said::Alarm;
        } else if since > MINUTE {
            excused.held = now;
        }
        self.excused = Some(excused);
        Said::Nothing
    }

    fn explains(&self, window: f64, now: Look) -> bool {
        let then = self.before(now.at - window);
        let grown = now.all - then.all;
        let bounded = now.bounded - then.bounded;
        bounded > 0.0 && bounded >= LEAST_SHARE * grown
    }

    fn before(&self, at: f64) -> Look {
        let next = self.looks.partition_point(|look| look.at < at);
        self.looks[next.min(self.looks.len() - 1)]
    }
}
