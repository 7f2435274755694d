//! One channel's state over time: confirmation, hysteresis, recovery.
//!
//! What always holds: a leak is reported once; again only when it got
//! materially worse, or came back after it had recovered.

use super::change::Event;
use super::gate::Gate;
use super::gates;
use super::horizon::{Horizons, LEVELS, Mark};
use super::outlook::{Context, Outlook, PLENTY};
use super::report::Report;
use super::stats::MAX_POINTS;
use super::swing::Swing;
use super::{Channel, Config, State};

/// When full GCs are few, one is always worth asking for this long after the last.
pub const QUIET_MS: f64 = 9_000.0;

/// As many marks as this within the patience, and as many looks at a leak while it must last to end:
/// what is asked for, where V8 does not collect by itself.
const LOOKS: f64 = 12.0;

/// Before there are marks enough for a verdict: five are needed.
const FIRST_LOOKS: f64 = 6.0;

/// Full GCs within this time make one mark, the lowest of them. V8 collects many times a second when
/// external memory presses, and 24 such marks would be a window of two seconds.
const MARK_EVERY_MS: f64 = 1_000.0;

/// The last outlook of a level.
#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    outlook: Outlook,
    /// How many in a row passed.
    passed: u32,
    /// How many in a row passed or lacked nothing but time, with a shape that
    /// speaks for a leak.
    likely: u32,
}

impl Verdict {
    fn take(&mut self, outlook: Outlook) {
        let passed = outlook.gate.is_none();
        let likely = passed
            || (matches!(outlook.gate, Some(Gate::Patience { .. })) && outlook.evidence > PLENTY);
        self.passed = if passed { self.passed + 1 } else { 0 };
        self.likely = if likely { self.likely + 1 } else { 0 };
        self.outlook = outlook;
    }

    /// Full GCs that agree. Those before the time was up count where the newest
    /// one rose like all the others.
    fn agreeing(&self) -> u32 {
        if self.outlook.fresh {
            self.likely
        } else {
            self.passed
        }
    }
}

pub struct Tracker {
    pub channel: Channel,
    pub state: State,
    pub horizons: Horizons,
    /// What is shown: the outlook that says most.
    pub outlook: Outlook,
    outlooks: Box<[Verdict; LEVELS]>,
    /// Levels that have a point nobody has looked at, by bit. At each full GC one
    /// above the lowest is judged and, once marks are many, only at every second
    /// one: so none is dear.
    unseen: u32,
    /// The last level above the lowest that was judged.
    judged: usize,
    /// Marks so far.
    marks: usize,
    swings: [Swing; LEVELS],
    report: Option<Report>,
    /// All that the newest outlook lacks is time.
    waiting: bool,
    /// To the limit, at the newest mark; 0 before there is one.
    room: f64,
    /// Twice as long as a growth lasted that was reported and ended by itself.
    learnt_patience_ms: f64,
}

impl Tracker {
    pub fn new(channel: Channel) -> Self {
        Self {
            channel,
            state: State::Settling,
            horizons: Horizons::new(),
            outlook: Outlook::default(),
            outlooks: Box::new([Verdict::default(); LEVELS]),
            unseen: 0,
            judged: 0,
            marks: 0,
            swings: [Swing::default(); LEVELS],
            report: None,
            waiting: false,
            room: 0.0,
            learnt_patience_ms: 0.0,
        }
    }

    /// The memory on the heap.
    pub fn own_memory(&self) -> usize {
        self.horizons.own_memory() + size_of_val(&*self.outlooks)
    }

    /// A full GC: one mark in. `rival` is the fastest growth of another channel.
    pub fn push(
        &mut self,
        config: &Config,
        mark: Mark,
        room: f64,
        rival: Option<(Channel, f64)>,
    ) -> Option<Event> {
        self.room = room;
        if let Some(newest) = self.horizons.newest()
            && mark.at_ms - newest.at_ms < MARK_EVERY_MS
        {
            self.horizons.lower(mark.size);
            return None;
        }
        let touched = self.horizons.push(mark, |level, leaving| {
            self.swings[level].push(leaving.size);
        });
        self.unseen |= (1 << touched) - 1;
        self.marks = self.marks.saturating_add(1);
        let many = self.marks > 2 * MAX_POINTS;
        if !many || self.marks.is_multiple_of(2) {
            self.judge(config, 0, room);
            self.unseen &= !1;
        }
        if !many || !self.marks.is_multiple_of(2) {
            self.judge_next_above(config, room);
        }
        self.conclude(config, mark, rival)
    }

    /// The levels above the lowest take turns.
    fn judge_next_above(&mut self, config: &Config, room: f64) {
        let waiting = self.unseen & !1;
        let later = waiting & (!1 << self.judged);
        let next = if later == 0 { waiting } else { later }.trailing_zeros() as usize;
        if next < LEVELS {
            self.unseen &= !(1 << next);
            self.judged = next;
            self.judge(config, next, room);
        }
    }

    fn judge(&mut self, config: &Config, level: usize, room: f64) {
        let mut marks = [Mark::default(); MAX_POINTS];
        let count = self.horizons.read(level, &mut marks);
        // Up to here the level below has the same stretch in finer detail.
        if level > 0 && count * 2 <= MAX_POINTS {
            return;
        }
        let context = Context {
            config,
            channel: self.channel,
            room,
            gcs_per_mark: 1 << level,
            swing: self.swings[level].fall(&marks[..1]),
            learnt_patience_ms: self.learnt_patience_ms,
        };
        let horizons = &self.horizons;
        let mut best = gates::judge(&marks[..count], &context, |at| horizons.around(at));
        // The finest level also looks at its newer part alone: a leak that
        // began late, or after a cache had filled.
        let whole = best.gate;
        if level == 0 && whole.is_some() {
            for start in [count / 4, count / 2] {
                let context = Context {
                    swing: self.swings[level].fall(&marks[..=start]),
                    ..context
                };
                let part = gates::judge(&marks[start..count], &context, |at| horizons.around(at));
                // Of growth that slows down the newer part must be a line beyond
                // doubt, and one that is long and does not slow down itself to be
                // told without another mark.
                let slows = matches!(whole, Some(Gate::Slowing { .. } | Gate::Saturating { .. }));
                let doubtful = part.gate.is_none() && part.evidence <= PLENTY;
                if says_more(&part, &best) && !(slows && doubtful) {
                    best = part;
                    best.clean &= !slows || (part.pace >= 0.95 && count - start >= 8);
                    best.fresh &= !slows;
                }
            }
        }
        self.outlooks[level].take(best);
    }

    fn conclude(
        &mut self,
        config: &Config,
        mark: Mark,
        rival: Option<(Channel, f64)>,
    ) -> Option<Event> {
        let mut best = self.outlooks[0].outlook;
        let mut streak = self.outlooks[0].agreeing();
        for verdict in &self.outlooks[1..] {
            let outlook = &verdict.outlook;
            if outlook.gcs > 0
                && (says_more(outlook, &best)
                    || (outlook.gate.is_none() && verdict.agreeing() > streak))
            {
                best = *outlook;
                streak = verdict.agreeing();
            }
        }
        if best.gate.is_none() && best.gcs > 0 {
            let need = if best.clean {
                1
            } else {
                config.confirmations.max(1)
            };
            if let Some((by, rate)) = rival
                && rate > 8.0 * best.rate.median
            {
                best.gate = Some(Gate::Overshadowed {
                    by,
                    times: rate / best.rate.median.max(f64::MIN_POSITIVE),
                });
            } else if streak < need {
                best.gate = Some(Gate::Confirmation { have: streak, need });
            }
        }
        self.waiting = matches!(best.gate, Some(Gate::Patience { .. }));
        self.outlook = best;
        self.step(config, mark)
    }

    /// The state machine.
    fn step(&mut self, config: &Config, mark: Mark) -> Option<Event> {
        let outlook = self.outlook;
        if let Some(report) = &mut self.report {
            report.count();
            let report = *report;
            if report.is_over(&self.horizons, mark) {
                let lasted = 2.0 * (mark.at_ms - report.start_ms);
                self.learnt_patience_ms = self.learnt_patience_ms.max(lasted);
                self.report = None;
                self.state = if outlook.rising {
                    State::Suspect
                } else {
                    State::Steady
                };
                for verdict in &mut *self.outlooks {
                    (verdict.passed, verdict.likely) = (0, 0);
                }
                return Some(Event::Recovered);
            }
            let grown = mark.size - report.base;
            let worse = outlook.gate.is_none()
                && outlook.rate.low >= config.worse_rate * report.rate.median
                && grown > 1.5 * report.growth;
            if worse {
                self.report = Some(Report::new(&outlook, mark));
                return Some(Event::Leak);
            }
            return None;
        }
        if outlook.gate.is_none() && outlook.gcs > 0 {
            self.report = Some(Report::new(&outlook, mark));
            self.state = State::Leaking;
            return Some(Event::Leak);
        }
        self.state = match outlook.gate {
            Some(Gate::Few { .. }) => State::Settling,
            _ if outlook.rising => State::Suspect,
            _ => State::Steady,
        };
        None
    }

    /// Whether another full GC would tell something; the last was `since_ms` ago. Load and a
    /// faster channel are not told apart by one more mark. Of a leak it would tell whether it ended.
    pub fn wants_gc(&self, config: &Config, since_ms: f64) -> bool {
        let outlook = &self.outlook;
        match (self.state, outlook.gate) {
            (State::Suspect, Some(Gate::Load { .. } | Gate::Overshadowed { .. })) => false,
            (State::Suspect, Some(Gate::Patience { need_ms, .. })) => since_ms >= need_ms / LOOKS,
            (State::Suspect, _) => since_ms >= (outlook.end_ms - outlook.start_ms) / LOOKS,
            (State::Settling, Some(Gate::Few { .. })) => {
                outlook.growth >= config.material(self.channel, outlook.base)
                    && self.is_quiet(
                        config,
                        outlook.growth,
                        outlook.end_ms - outlook.start_ms,
                        since_ms,
                    )
            }
            (State::Leaking, _) => self
                .report
                .is_some_and(|report| since_ms >= (report.flat_for_ms() / LOOKS).max(QUIET_MS)),
            _ => false,
        }
    }

    /// Whether V8 has not collected for long, when `risen` within `run_ms` goes on.
    pub fn is_quiet(&self, config: &Config, risen: f64, run_ms: f64, since_ms: f64) -> bool {
        if self.horizons.newest().is_none() {
            return since_ms >= QUIET_MS;
        }
        let left_ms = self.room * run_ms / risen.max(f64::MIN_POSITIVE);
        since_ms >= (config.patience(left_ms) / FIRST_LOOKS).min(QUIET_MS)
    }

    /// Whether a rise of `risen` since the newest mark, within `since_ms`, is worth a full GC:
    /// it is a part of what is material, and of what must have grown before it is reported.
    pub fn has_news(&self, config: &Config, risen: f64, since_ms: f64) -> bool {
        let material = config.material(self.channel, self.outlook.base);
        if risen < material / 3.0 || since_ms <= 0.0 {
            return false;
        }
        let left_ms = self.room * since_ms / risen;
        left_ms <= config.remote_ms && since_ms >= config.patience(left_ms) / LOOKS
    }

    /// Between full GCs: a growth that lacked nothing but time gets its verdict
    /// when the time has passed, if what V8 holds by now shows that it goes on.
    /// `live` is an estimate that takes `kept` of what V8 holds for alive: had
    /// the growth ended, it would still rise by `1 - kept`, the garbage's part.
    pub fn wait(&mut self, at_ms: f64, live: f64, kept: f64) -> Option<Event> {
        if !self.waiting || self.state != State::Suspect {
            return None;
        }
        let Some(Gate::Patience { need_ms, .. }) = self.outlook.gate else {
            return None;
        };
        let outlook = &self.outlook;
        let run = at_ms - outlook.end_ms;
        let mark = self.horizons.around(outlook.end_ms)?;
        let least = (1.0 - 0.5 * kept) * outlook.rate.median * run;
        if !outlook.clean || outlook.watched_ms + run < need_ms || live - mark.size < least {
            return None;
        }
        self.waiting = false;
        self.outlook.pass();
        self.report = Some(Report::new(&self.outlook, mark));
        self.state = State::Leaking;
        Some(Event::Leak)
    }
}

/// Passing says more than rising, rising more than not.
fn says_more(one: &Outlook, other: &Outlook) -> bool {
    let rank = |outlook: &Outlook| u8::from(outlook.gate.is_none()) + u8::from(outlook.rising);
    rank(one) > rank(other)
}
