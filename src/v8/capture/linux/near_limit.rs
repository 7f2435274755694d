//! A snapshot when the heap reaches its limit, where V8 would end the process.
//!
//! Before it gives up, V8 asks whoever has registered for a higher limit, outside of the collection
//! and in a state in which a snapshot can be taken; Node.js's `--heapsnapshot-near-heap-limit` takes
//! one there, in the process. Here the first question makes a child, and the process goes on:
//!
//! - While the child writes, the limit is raised step by step, as far as there is memory.
//! - When it cannot be raised further, the process waits for the child's end, for a bounded time: it
//!   would have ended anyway.
//! - V8 may ask while one of its workers waits for this very thread: for a safepoint to end, for memory.
//!   That worker cannot be parked until V8 has its answer, so the answer is a slightly higher limit, and
//!   the next question is another chance.
//! - Then V8 does as it would have done, and if it has asked once more, what became of the snapshot goes
//!   to stderr beside what V8 writes there: JavaScript will not hear of it any more.
//!
//! What always holds: one snapshot at the most; V8 hears the limit that it has, or a higher one.

use super::super::{
    End, Look, NearLimitState, Need, Obstacle, Order, Phase, Place, Step, Told, Written,
};
use super::symbols::{self, LimitSymbols};
use super::{Capture, Ground};
use crate::process::headroom;
use crate::process::unfinished::Unfinished;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::io::{self, Write};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// V8 has no way to tell two registrations of one function apart.
static ARMED: AtomicBool = AtomicBool::new(false);

/// The process stands still for V8's workers to park, and some may wait for it.
const PARKING: Duration = Duration::from_millis(500);
const PARKING_LOOK: Duration = Duration::from_millis(1);

/// How long the process stands still for the child's end, when it has no memory left to go on with.
const WAIT: Duration = Duration::from_secs(120);
const WAIT_LOOK: Duration = Duration::from_millis(20);

/// The child's own clock.
const SECONDS: u32 = 600;

/// The process may be waiting for it.
const NICE: u8 = 5;

/// A child that waits without a processor for so long has met a lock that nobody will open.
const STALLED: Duration = Duration::from_secs(3);
const TRIES: u32 = 3;

/// By so much the limit is raised at the least: what is young may all be old a moment later.
const STEP: usize = 64 << 20;
/// And by so much where nothing is being written yet: no less than V8's young generation.
const SMALL_STEP: usize = 16 << 20;
/// And by so much in all, where a quarter of the limit is less.
const ALL_STEPS: usize = 128 << 20;

/// V8 goes back to the limit that it had, once the heap is so small a part of it.
const RESTORE_BELOW: f64 = 0.95;

/// As long as it lives, V8 asks it. Dropping it ends a child that has not finished.
pub struct NearLimit {
    /// Counted, not boxed: V8 holds a pointer to it until `drop`.
    inner: Rc<Inner>,
}

struct Inner {
    ground: Ground,
    symbols: &'static LimitSymbols,
    place: Place,
    need: Cell<Need>,
    state: RefCell<State>,
    /// Somebody has heard what became of it.
    heard: Cell<bool>,
    /// This process, and no child of it.
    process: u32,
}

enum State {
    Waiting {
        /// How many children have hung.
        hung: u32,
        /// Why the last try came to nothing; the next may not.
        delayed_by: Option<Obstacle>,
    },
    Writing(Writing),
    Ended(NearLimitState),
}

impl NearLimit {
    /// Called by JavaScript on the isolate's thread.
    ///
    /// # Errors
    /// What is in the way of a capture by fork.
    pub fn arm(place: Place, need: Need) -> Result<Self, Obstacle> {
        let ground = Ground::find()?;
        Ground::may_fork()?;
        let symbols = symbols::limit()?;
        if ARMED.swap(true, Ordering::Relaxed) {
            return Err(Obstacle::Busy);
        }
        let inner = Rc::new(Inner {
            ground,
            symbols,
            place,
            need: Cell::new(need),
            state: RefCell::new(State::waiting(0)),
            heard: Cell::new(false),
            process: std::process::id(),
        });
        let data = Rc::as_ptr(&inner).cast_mut().cast::<c_void>();
        // SAFETY: the isolate is entered on this thread, `on_near_limit` has V8's signature, and
        // `data` stays valid until `drop` has removed it.
        unsafe { (symbols.add)(ground.isolate.raw(), on_near_limit, data) };
        Ok(Self { inner })
    }

    /// What a snapshot of the heap at its limit would take.
    pub fn expect(&self, need: Need) {
        self.inner.need.set(need);
    }

    /// Finishes the file of a child that is done. Not for V8's question.
    pub fn look(&self) -> NearLimitState {
        let mut state = self.inner.state.borrow_mut();
        state.advance(&self.inner.place);
        match &*state {
            State::Waiting { .. } => NearLimitState::Waiting,
            State::Writing(_) => NearLimitState::Writing,
            State::Ended(end) => {
                self.inner.heard.set(true);
                end.clone()
            }
        }
    }
}

impl Drop for NearLimit {
    fn drop(&mut self) {
        let Inner {
            ground, symbols, ..
        } = &*self.inner;
        // SAFETY: the isolate lives (the owner drops us in a cleanup hook at the latest), and the
        // function was added; 0 leaves the limit as it is.
        unsafe { (symbols.remove)(ground.isolate.raw(), on_near_limit, 0) };
        ARMED.store(false, Ordering::Relaxed);
    }
}

/// # Safety
/// Called by V8 with the `data` of `arm`, on the isolate's thread, outside of a collection.
unsafe extern "C" fn on_near_limit(data: *mut c_void, current: usize, initial: usize) -> usize {
    // SAFETY: the counted inner, alive until the callback is removed, and only borrowed shared.
    let inner = unsafe { &*data.cast::<Inner>() };
    let answer = || inner.limit(current, initial);
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or(current)
}

impl Inner {
    fn limit(&self, current: usize, initial: usize) -> usize {
        if std::process::id() != self.process {
            // A child that takes a snapshot collects first. Its memory is limited besides.
            return current.saturating_mul(2);
        }
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return current;
        };
        state.advance(&self.place);
        let until = Instant::now() + WAIT;
        loop {
            if let State::Waiting { hung, .. } = *state {
                *state = self.begin(hung);
            }
            let step = match &*state {
                State::Waiting {
                    delayed_by: Some(Obstacle::NotParked),
                    ..
                } => small_step(initial),
                State::Waiting { .. } | State::Writing(_) => step(initial),
                State::Ended(end) => {
                    self.last_words(end);
                    return current;
                }
            };
            if let Some(limit) = self.raised(current, initial, step) {
                return limit;
            }
            match &*state {
                State::Waiting {
                    delayed_by: Some(obstacle),
                    ..
                } => *state = State::failed(&obstacle.to_string()),
                _ if Instant::now() > until => {
                    *state = State::failed("there was no memory to go on with until it was whole");
                }
                _ => {
                    thread::sleep(WAIT_LOOK);
                    state.advance(&self.place);
                }
            }
        }
    }

    /// V8 is about to end the process, or will be soon.
    fn last_words(&self, end: &NearLimitState) {
        if !self.heard.replace(true) {
            // Where nobody reads stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "\n{}", words(end));
        }
    }

    /// What V8 is answered while a snapshot is being written: this one or one that the app takes.
    fn raised(&self, current: usize, initial: usize, step: usize) -> Option<usize> {
        let Need {
            reserve,
            memory_limit,
            ..
        } = self.need.get();
        let left = headroom::bytes(memory_limit).unwrap_or(u64::MAX);
        let limit = raised(current, initial, step, left, reserve)?;
        let isolate = self.ground.isolate.raw();
        // SAFETY: the isolate is entered on this thread; sets a number.
        unsafe { (self.symbols.restore_limit)(isolate, RESTORE_BELOW) };
        Some(limit)
    }

    fn begin(&self, hung: u32) -> State {
        match self.write(hung) {
            Ok(writing) => State::Writing(writing),
            Err(Refusal::Memory { need, available }) => {
                State::Ended(NearLimitState::Refused { need, available })
            }
            Err(Refusal::Obstacle(delay @ (Obstacle::Busy | Obstacle::NotParked))) => {
                State::Waiting {
                    hung,
                    delayed_by: Some(delay),
                }
            }
            Err(Refusal::Obstacle(obstacle)) => State::failed(&obstacle.to_string()),
        }
    }

    fn write(&self, hung: u32) -> Result<Writing, Refusal> {
        let started = Instant::now();
        let Need {
            child,
            objects,
            reserve,
            memory_limit,
        } = self.need.get();
        let need = child.saturating_add(reserve);
        let available = headroom::bytes(memory_limit).unwrap_or(u64::MAX);
        if need > available {
            return Err(Refusal::Memory { need, available });
        }
        let mut capture = self.ground.start()?;
        let until = Instant::now() + PARKING;
        while !capture.ready().ok_or(Obstacle::NotParked)? {
            if Instant::now() > until {
                return Err(Obstacle::NotParked.into());
            }
            thread::sleep(PARKING_LOOK);
        }
        let Place { folder, temporary } = &self.place;
        let file = Unfinished::create(folder, temporary)
            .map_err(|error| Obstacle::System("open", error))?;
        capture.fork(&Order {
            file: file.descriptor(),
            memory: available - reserve,
            objects,
            seconds: SECONDS,
            redact: true,
            nice: NICE,
        })?;
        Ok(Writing {
            capture,
            file,
            started,
            pause: started.elapsed(),
            seen: (0, 0),
            moved: Instant::now(),
            hung,
        })
    }
}

/// Why nothing is being written.
enum Refusal {
    Memory { need: u64, available: u64 },
    Obstacle(Obstacle),
}

impl From<Obstacle> for Refusal {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(obstacle)
    }
}

impl State {
    fn waiting(hung: u32) -> Self {
        Self::Waiting {
            hung,
            delayed_by: None,
        }
    }

    fn failed(why: &str) -> Self {
        Self::Ended(NearLimitState::Failed(why.to_owned()))
    }

    fn advance(&mut self, place: &Place) {
        *self = match mem::replace(self, Self::waiting(0)) {
            Self::Writing(writing) => writing.advance(place),
            other => other,
        };
    }
}

/// The child, and what it is to become.
struct Writing {
    capture: Capture,
    file: Unfinished,
    started: Instant,
    pause: Duration,
    /// The child's processor time and bytes, and when they last changed.
    seen: (u64, u64),
    moved: Instant,
    /// How many children before this one have hung.
    hung: u32,
}

impl Writing {
    fn advance(mut self, place: &Place) -> State {
        let Some(look) = self.capture.look() else {
            return State::Writing(self);
        };
        match look.end {
            Some(end) => State::Ended(self.finish(&look, end, place)),
            None if !self.stalled(&look) => State::Writing(self),
            None if self.hung + 1 < TRIES => State::waiting(self.hung + 1),
            None => State::failed(&format!("the child hung while {}", look.told.phase.name())),
        }
    }

    fn stalled(&mut self, look: &Look) -> bool {
        let seen = (look.cpu_ms, look.told.written);
        if !look.sleeps || seen != self.seen {
            self.seen = seen;
            self.moved = Instant::now();
        }
        self.moved.elapsed() > STALLED
    }

    fn finish(self, look: &Look, end: End, place: &Place) -> NearLimitState {
        if let Some(fault) = fault(look.told, end) {
            return NearLimitState::Failed(fault);
        }
        let path = place.folder.join(file_name());
        match self.file.finish(&path) {
            Ok(bytes) => NearLimitState::Written(Written {
                path,
                bytes,
                pause: self.pause,
                took: self.started.elapsed(),
            }),
            Err(error) => NearLimitState::Failed(format!("the file got no name: {error}")),
        }
    }
}

/// Why the file is not whole. What the child told counts: how it ended, somebody else may have heard.
fn fault(told: Told, end: End) -> Option<String> {
    let phase = told.phase.name();
    match (told.failed, told.failed.name()) {
        (Step::Objects, _) => {
            let count = told.objects;
            Some(format!("{count} objects need more memory than is left"))
        }
        (_, Some(step)) => Some(format!("the child gave up at {step}")),
        (_, None) => {
            (told.phase != Phase::Done).then(|| format!("the child ended while {phase} ({end:?})"))
        }
    }
}

/// For stderr.
fn words(end: &NearLimitState) -> String {
    let why = match end {
        NearLimitState::Written(Written { path, .. }) => {
            return format!(
                "tidemark: the snapshot of the heap at its limit is {}",
                path.display()
            );
        }
        NearLimitState::Refused { need, available } => {
            let [need, available] = [need, available].map(|bytes| bytes.div_ceil(1_000_000));
            format!("it would need about {need} MB and {available} MB are left")
        }
        NearLimitState::Failed(fault) => fault.clone(),
        NearLimitState::Waiting | NearLimitState::Writing => "it is not done".to_owned(),
    };
    format!("tidemark: there is no snapshot of the heap at its limit: {why}")
}

/// As node-heapdump names them: seconds and microseconds.
fn file_name() -> PathBuf {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    format!("heapdump-{seconds}.{micros}.heapsnapshot").into()
}

fn step(initial: usize) -> usize {
    STEP.max(initial / 16)
}

fn small_step(initial: usize) -> usize {
    SMALL_STEP.max(initial / 64)
}

/// The next limit of the heap, or `None` where it is high enough or there is no memory for it.
fn raised(current: usize, initial: usize, step: usize, left: u64, reserve: u64) -> Option<usize> {
    let most = initial.saturating_add(ALL_STEPS.max(initial / 4));
    let step = step.min(most.saturating_sub(current));
    let fits = left > (step as u64).saturating_add(reserve / 2);
    (step >= SMALL_STEP && fits).then(|| current.saturating_add(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;
    const GB: u64 = 1 << 30;

    fn told(phase: Phase, failed: Step) -> Told {
        Told {
            phase,
            walked: 0,
            objects: 9,
            written: 0,
            failed,
            errno: 0,
        }
    }

    #[test]
    fn a_file_is_whole_when_the_child_said_so_whoever_heard_of_its_end() {
        for end in [End::Exit(0), End::Unknown] {
            assert_eq!(fault(told(Phase::Done, Step::None), end), None);
            let fault = fault(told(Phase::Writing, Step::None), end).unwrap();
            assert!(fault.contains("ended while writing"), "{fault}");
        }
    }

    #[test]
    fn what_the_child_gave_up_at_is_said() {
        let said = |step| fault(told(Phase::Building, step), End::Exit(1)).unwrap();
        assert!(said(Step::Objects).starts_with("9 objects"));
        assert!(said(Step::Sandbox).contains("seccomp"));
    }

    fn steps(initial: usize, step: usize, left: u64) -> Vec<usize> {
        let next = |&current: &usize| raised(current, initial, step, left, 64 << 20);
        std::iter::successors(Some(initial), next)
            .skip(1)
            .map(|limit| limit / MB)
            .collect()
    }

    #[test]
    fn the_limit_is_raised_by_a_quarter_or_a_little_more() {
        let [small, large] = [100 * MB, 2048 * MB];
        assert_eq!(steps(small, step(small), GB), [164, 228]);
        assert_eq!(steps(large, step(large), GB), [2176, 2304, 2432, 2560]);
    }

    #[test]
    fn there_are_many_chances_to_begin() {
        for (initial, chances) in [(32 * MB, 8), (2048 * MB, 16), (8192 * MB, 16)] {
            let steps = steps(initial, small_step(initial), 4 * GB);
            assert_eq!(steps.len(), chances);
        }
    }

    #[test]
    fn what_is_left_of_the_steps_is_not_lost() {
        let after = |current| raised(current * MB, 100 * MB, STEP, GB, 0).map(|limit| limit / MB);
        assert_eq!(after(190), Some(228));
        assert_eq!(after(212), Some(228));
        assert_eq!(after(213), None);
        assert_eq!(after(228), None);
        assert_eq!(after(300), None);
    }

    #[test]
    fn the_limit_is_not_raised_without_memory_for_it() {
        assert!(steps(100 * MB, STEP, 96 << 20).is_empty());
        assert_eq!(steps(100 * MB, STEP, (96 << 20) + 1), [164, 228]);
    }

    #[test]
    fn a_limit_beyond_numbers_does_not_overflow() {
        assert_eq!(raised(usize::MAX, usize::MAX, STEP, u64::MAX, 0), None);
    }
}
