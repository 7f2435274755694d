//! One V8 isolate: a handle for the thread that runs it.

use super::heap::{HeapStatistics, WORDS};
use super::symbols::{self, RawIsolate, V8Symbols};
use crate::process::symbol::MissingSymbol;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// `v8::MemoryPressureLevel`
const PRESSURE_NONE: i32 = 0;
const PRESSURE_MODERATE: i32 = 1;

/// The isolate of the current thread. Neither `Send` nor `Sync`: V8 wants its own thread.
///
/// Valid as long as the environment it was taken in; the owner drops it in a cleanup hook.
#[derive(Clone, Copy)]
pub struct Isolate {
    raw: NonNull<RawIsolate>,
    symbols: &'static V8Symbols,
    _not_send: PhantomData<*const ()>,
}

impl Isolate {
    /// The isolate that this thread has entered, `None` when it runs no JavaScript.
    ///
    /// # Errors
    /// The first symbol that this Node.js does not export.
    pub fn current() -> Result<Option<Self>, MissingSymbol> {
        let symbols = symbols::v8()?;
        // SAFETY: GetCurrent reads a thread local and has no precondition.
        let raw = unsafe { (symbols.get_current)() };
        Ok(NonNull::new(raw).map(|raw| Self {
            raw,
            symbols,
            _not_send: PhantomData,
        }))
    }

    /// Reads the heap's numbers: under a microsecond, also inside a GC callback.
    pub fn heap_statistics(&self) -> HeapStatistics {
        let mut words = [0_u64; WORDS];
        // SAFETY: the isolate is entered on this thread (see the type), and `words` is larger and
        // at least as aligned as any version's HeapStatistics.
        unsafe { (self.symbols.get_heap_statistics)(self.raw.as_ptr(), words.as_mut_ptr()) };
        HeapStatistics::from_words(&words)
    }

    /// Collects all garbage, now: V8 repeats full GCs until weak callbacks free nothing more.
    /// Not for a GC callback.
    pub fn collect_all_garbage(&self) {
        // SAFETY: the isolate is entered on this thread and not inside a GC (the caller is JavaScript).
        unsafe { (self.symbols.low_memory_notification)(self.raw.as_ptr()) };
    }

    /// Asks V8 to start an incremental full GC, which then goes on in small steps and finishes by
    /// itself. Returns at once. Not for a GC callback.
    pub fn start_incremental_gc(&self) {
        let notify = self.symbols.memory_pressure_notification;
        // SAFETY: the isolate is entered on this thread and not inside a GC.
        unsafe { notify(self.raw.as_ptr(), PRESSURE_MODERATE) };
        // SAFETY: as above; takes the pressure back, so that V8 does not shrink its heap limits.
        unsafe { notify(self.raw.as_ptr(), PRESSURE_NONE) };
    }

    pub(super) fn raw(&self) -> *mut RawIsolate {
        self.raw.as_ptr()
    }

    pub(super) fn symbols(&self) -> &'static V8Symbols {
        self.symbols
    }
}
