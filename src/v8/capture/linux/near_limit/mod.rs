//! A snapshot when the heap reaches its limit, where V8 would end the process.
//!
//! Before it gives up, V8 asks whoever has registered for a higher limit. On Node.js 18 and 20 it may ask
//! from inside a collection, with locks held that a child could never open; so its question is answered by
//! a slightly higher limit, and what it asked for happens in an interrupt, which V8 runs at the next call
//! or turn of a loop of JavaScript, outside of any collection. Then:
//!
//! - While the child writes, the limit is raised step by step, by what was left for that at the fork.
//! - When it cannot be raised further, the process waits for the child's end: it would have ended
//!   anyway. How long V8's own end is put off in all, the caller says.
//! - Where V8's workers could not be parked, or no interrupt came, the next question is another chance.
//! - Then V8 does as it would have done, and if it has asked once more, what became of the snapshot goes
//!   to stderr beside what V8 writes there: JavaScript will not hear of it any more.
//!
//! What always holds: one snapshot at the most; V8 hears the limit that it has, or a higher one; nothing
//! is forked inside V8's question.

mod state;
mod steps;
mod words;

use super::super::course::{NearLimitState, Need, Obstacle, Place};
use super::Ground;
use super::symbols::{self, LimitSymbols};
use crate::process::headroom;
use crate::v8::heap_limit;
use crate::v8::symbols::{HeapLimitSymbols, RawIsolate, heap_limit as heap_limit_symbols};
use state::State;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// V8 has no way to tell two registrations of one function apart.
static ARMED: AtomicBool = AtomicBool::new(false);

const WAIT_LOOK: Duration = Duration::from_millis(20);

/// V8 goes back to the limit that it had, once the heap is so small a part of it.
const RESTORE_BELOW: f64 = 0.95;

/// As long as it lives, V8 asks it. Dropping it ends a child that has not finished.
pub struct NearLimit {
    /// Counted, not boxed: V8 holds a pointer to it until `drop`, and another while an interrupt is due.
    inner: Rc<Inner>,
}

struct Inner {
    ground: Ground,
    symbols: &'static LimitSymbols,
    questions: &'static HeapLimitSymbols,
    place: Place,
    need: Cell<Need>,
    state: RefCell<State>,
    /// The highest limit that V8 is answered.
    most: Cell<usize>,
    /// What V8 was answered last.
    limit: Cell<usize>,
    /// When the heap was at its own limit, and V8 asked.
    reached: Cell<Instant>,
    /// An interrupt is due.
    due: Cell<bool>,
    /// Nobody wants a snapshot any more.
    closed: Cell<bool>,
    /// Somebody has heard what became of it.
    heard: Cell<bool>,
    /// This process, and no child of it.
    process: u32,
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
        let questions = heap_limit_symbols()?;
        if ARMED.swap(true, Ordering::Relaxed) {
            return Err(Obstacle::Busy);
        }
        let inner = Rc::new(Inner {
            ground,
            symbols,
            questions,
            place,
            need: Cell::new(need),
            state: RefCell::new(State::waiting(0)),
            most: Cell::new(0),
            limit: Cell::new(0),
            reached: Cell::new(Instant::now()),
            due: Cell::new(false),
            closed: Cell::new(false),
            heard: Cell::new(false),
            process: std::process::id(),
        });
        let data = Rc::as_ptr(&inner).cast_mut().cast::<c_void>();
        // SAFETY: the isolate is entered on this thread, `on_near_limit` has V8's signature, and
        // `data` stays valid until `drop` has removed it.
        unsafe { (questions.add)(ground.isolate.raw(), on_near_limit, data) };
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
            ground, questions, ..
        } = &*self.inner;
        // SAFETY: the isolate lives (the owner drops us in a cleanup hook at the latest), and the
        // function was added; 0 leaves the limit as it is.
        unsafe { (questions.remove)(ground.isolate.raw(), on_near_limit, 0) };
        self.inner.closed.set(true);
        // An interrupt that is due may hold the rest for longer; the child is not to wait for it.
        self.inner.state.replace(State::waiting(0));
        ARMED.store(false, Ordering::Relaxed);
    }
}

/// # Safety
/// Called by V8 with the `data` of `arm`, on the isolate's thread.
unsafe extern "C" fn on_near_limit(data: *mut c_void, current: usize, initial: usize) -> usize {
    // SAFETY: the counted inner, alive until the callback is removed, and only borrowed shared.
    let inner = unsafe { &*data.cast::<Inner>() };
    let answer = || inner.answer(current, initial);
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or(current)
}

/// # Safety
/// Called by V8 with the `data` of `ask_for_interrupt`, on the isolate's thread, outside of a collection.
unsafe extern "C" fn on_interrupt(_: *mut RawIsolate, data: *mut c_void) {
    // SAFETY: from `Rc::into_raw`, and V8 runs an interrupt once.
    let inner = unsafe { Rc::from_raw(data.cast::<Inner>()) };
    // Nobody is there to hear of a panic; the next question finds what state there is.
    let _ = catch_unwind(AssertUnwindSafe(|| inner.interrupted()));
}

impl Inner {
    /// What V8 is told when it asks.
    fn answer(self: &Inner, current: usize, initial: usize) -> usize {
        if std::process::id() != self.process {
            // A child that takes a snapshot collects first. Its memory is limited besides.
            return current.saturating_mul(2);
        }
        heap_limit::asked(current);
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return current;
        };
        state.advance(&self.place);
        if current <= initial {
            self.reached.set(Instant::now());
            self.most.set(steps::most(initial));
        }
        let until = self.reached.get() + self.need.get().patience;
        loop {
            let step = match &*state {
                State::Waiting { .. } => {
                    self.ask_for_interrupt();
                    steps::small_step(initial)
                }
                State::Writing(_) => steps::step(initial),
                State::Ended(end) => {
                    self.last_words(end);
                    return current;
                }
            };
            let too_late = Instant::now() > until;
            if !too_late && let Some(limit) = self.raised(current, step) {
                self.limit.set(limit);
                return limit;
            }
            match &mut *state {
                State::Waiting { delayed_by, .. } => {
                    let why = delayed_by.take().unwrap_or_else(words::no_interrupt);
                    let need = self.need.get();
                    *state = if too_late {
                        State::failed(words::not_begun(need.patience, &why))
                    } else {
                        // What cannot be raised for want of memory cannot be captured either.
                        State::refused(&need).unwrap_or_else(|| State::failed(why))
                    };
                }
                State::Writing(writing) => {
                    if let Some(why) = writing.hopeless(until) {
                        *state = State::failed(why);
                    } else {
                        thread::sleep(WAIT_LOOK);
                        state.advance(&self.place);
                    }
                }
                State::Ended(_) => {}
            }
        }
    }

    /// V8 is about to end the process, or will be soon.
    fn last_words(&self, end: &NearLimitState) {
        if !self.heard.replace(true) {
            // Where nobody reads stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "\n{}", words::of(end));
        }
    }

    /// What V8 is answered while a snapshot is due or being written: this one or one that the app takes.
    fn raised(&self, current: usize, step: usize) -> Option<usize> {
        let Need {
            reserve,
            memory_limit,
            ..
        } = self.need.get();
        let left = headroom::least(memory_limit, false).map_or(u64::MAX, |left| left.bytes);
        // V8 asks but once after a collection, and one large object may have gone far beyond the limit.
        let heap = self.ground.isolate.heap_statistics().total_heap_size as usize;
        let limit = steps::raised(current.max(heap), self.most.get(), step, left, reserve)?;
        let isolate = self.ground.isolate.raw();
        // SAFETY: the isolate is entered on this thread; sets a number.
        unsafe { (self.symbols.restore_limit)(isolate, RESTORE_BELOW) };
        Some(limit)
    }

    fn ask_for_interrupt(&self) {
        if self.due.replace(true) {
            return;
        }
        // SAFETY: `self` is inside of the `Rc` that `arm` made.
        unsafe { Rc::increment_strong_count(std::ptr::from_ref(self)) };
        let data = std::ptr::from_ref(self).cast_mut().cast();
        let isolate = self.ground.isolate.raw();
        // SAFETY: may be called at any time; `on_interrupt` has V8's signature and takes back the count.
        unsafe { (self.symbols.request_interrupt)(isolate, on_interrupt, data) };
    }

    fn interrupted(&self) {
        self.due.set(false);
        if self.closed.get() || std::process::id() != self.process {
            return;
        }
        if let Ok(mut state) = self.state.try_borrow_mut() {
            let (need, place) = (self.need.get(), &self.place);
            let granted = state.begin(self.ground, place, &need, self.reached.get());
            if let Some(granted) = granted {
                let most = self.limit.get().saturating_add(granted);
                self.most.set(most.min(self.most.get()));
            }
        }
    }
}
