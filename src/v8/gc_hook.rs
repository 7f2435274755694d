//! The hook: V8 calls it before and after every collection of one isolate.
//!
//! The model is Node's own `src/node_perf.cc`. The prologue notes the time and the heap before, the
//! epilogue reads the heap after and hands plain numbers to a [`GcObserver`].

use super::heap::HeapStatistics;
use super::isolate::Isolate;
use super::symbols::RawIsolate;
use std::cell::Cell;
use std::ffi::{c_uint, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Instant;

/// `v8::kGCTypeAll`
const ALL_GC_TYPES: c_uint = (1 << 5) - 1;
/// `v8::kGCCallbackFlagForced`
const FLAG_FORCED: c_uint = 1 << 2;

/// One finished collection. Times are nanoseconds since the hook's epoch.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// V8's number of the kind, one bit set; what it means differs between versions.
    pub gc_type: u32,
    pub forced: bool,
    pub started_ns: u64,
    pub ended_ns: u64,
    /// What the prologue took before the collection began.
    pub prologue_ns: u64,
    /// `used_heap_size` before the collection.
    pub used_before: u64,
    pub after: HeapStatistics,
}

/// Who is told. Called inside the GC: must not allocate, block, call napi or panic.
pub trait GcObserver {
    fn collected(&self, collection: &Collection);
    /// The observer panicked: it is told once, and never called again.
    fn failed(&self);
}

/// An installed hook. Dropping it takes the callbacks away.
pub struct GcHook<O: GcObserver> {
    /// V8 holds a pointer to it until `drop`. Counted, not boxed: moving a box claims that nobody
    /// else points to its content.
    state: Rc<State<O>>,
}

struct State<O> {
    isolate: Isolate,
    observer: Rc<O>,
    epoch: Instant,
    /// The collections under way, by bit number of their type: they nest (a full GC may run a young
    /// one first).
    started: [Cell<Started>; 32],
    poisoned: Cell<bool>,
}

#[derive(Clone, Copy, Default)]
struct Started {
    entered_ns: u64,
    at_ns: u64,
    used: u64,
}

impl<O: GcObserver> GcHook<O> {
    /// Registers the callbacks. `epoch` is the zero of all times.
    pub fn install(isolate: Isolate, epoch: Instant, observer: Rc<O>) -> Self {
        let state = Rc::new(State {
            isolate,
            observer,
            epoch,
            started: Default::default(),
            poisoned: Cell::new(false),
        });
        let data = Rc::as_ptr(&state).cast_mut().cast::<c_void>();
        let symbols = isolate.symbols();
        // SAFETY: `prologue::<O>` has V8's callback signature and `data` stays valid until `drop`
        // has removed it: `state` keeps a count.
        unsafe { (symbols.add_prologue)(isolate.raw(), prologue::<O>, data, ALL_GC_TYPES) };
        // SAFETY: as above.
        unsafe { (symbols.add_epilogue)(isolate.raw(), epilogue::<O>, data, ALL_GC_TYPES) };
        Self { state }
    }
}

impl<O: GcObserver> Drop for GcHook<O> {
    fn drop(&mut self) {
        let data = Rc::as_ptr(&self.state).cast_mut().cast::<c_void>();
        let isolate = self.state.isolate;
        let symbols = isolate.symbols();
        // SAFETY: the isolate lives (its owner drops us in a cleanup hook at the latest); the pair of
        // function and data is the one that was added.
        unsafe { (symbols.remove_prologue)(isolate.raw(), prologue::<O>, data) };
        // SAFETY: as above.
        unsafe { (symbols.remove_epilogue)(isolate.raw(), epilogue::<O>, data) };
    }
}

/// # Safety
/// Called by V8 with the `data` of `install`, on the isolate's thread.
unsafe extern "C" fn prologue<O: GcObserver>(
    _isolate: *mut RawIsolate,
    gc_type: c_uint,
    _flags: c_uint,
    data: *mut c_void,
) {
    // SAFETY: `data` is the counted state, alive until the callback is removed, and only ever borrowed
    // shared (its fields are cells).
    let state = unsafe { &*data.cast::<State<O>>() };
    state.guarded(|| state.begin(gc_type));
}

/// # Safety
/// As [`prologue`].
unsafe extern "C" fn epilogue<O: GcObserver>(
    _isolate: *mut RawIsolate,
    gc_type: c_uint,
    flags: c_uint,
    data: *mut c_void,
) {
    // SAFETY: as in `prologue`.
    let state = unsafe { &*data.cast::<State<O>>() };
    state.guarded(|| state.end(gc_type, flags));
}

impl<O: GcObserver> State<O> {
    fn begin(&self, gc_type: u32) {
        let entered_ns = self.now_ns();
        let used = self.isolate.heap_statistics().used_heap_size;
        self.slot(gc_type).set(Started {
            entered_ns,
            at_ns: self.now_ns(),
            used,
        });
    }

    fn end(&self, gc_type: u32, flags: u32) {
        let ended_ns = self.now_ns();
        // Taken, so that a collection whose prologue was missed does not seem to last since the one before.
        let started = self.slot(gc_type).take();
        let started = if started.at_ns == 0 {
            Started {
                entered_ns: ended_ns,
                at_ns: ended_ns,
                ..started
            }
        } else {
            started
        };
        self.observer.collected(&Collection {
            gc_type,
            forced: flags & FLAG_FORCED != 0,
            started_ns: started.at_ns,
            ended_ns,
            prologue_ns: started.at_ns.saturating_sub(started.entered_ns),
            used_before: started.used,
            after: self.isolate.heap_statistics(),
        });
    }

    fn slot(&self, gc_type: u32) -> &Cell<Started> {
        &self.started[(gc_type.trailing_zeros() & 31) as usize]
    }

    fn now_ns(&self) -> u64 {
        self.epoch.elapsed().as_nanos() as u64
    }

    /// A panic must not leave an `extern "C"` function: that aborts the process.
    fn guarded(&self, body: impl FnOnce()) {
        if self.poisoned.get() {
            return;
        }
        if catch_unwind(AssertUnwindSafe(body)).is_err() {
            self.poisoned.set(true);
            let _ = catch_unwind(AssertUnwindSafe(|| self.observer.failed()));
        }
    }
}
