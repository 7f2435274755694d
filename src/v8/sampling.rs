//! V8's sampling heap profiler, without the full GC that the inspector's has before each profile.
//! Its profiles are read by the inspector all the same.

use super::isolate::Isolate;
use super::symbols;
use crate::process::symbol::MissingSymbol;
use std::ffi::c_int;

/// Frames of a stack that are kept, as the inspector does.
const STACK_DEPTH: c_int = 128;
/// `v8::HeapProfiler::kSamplingNoFlags`: `kSamplingForceGC` is the other one.
const NO_FLAGS: c_int = 0;

impl Isolate {
    /// Begins to sample, about every `interval` bytes. False where somebody samples already.
    ///
    /// # Errors
    /// The first symbol that this Node.js does not export.
    pub fn start_sampling(&self, interval: u64) -> Result<bool, MissingSymbol> {
        let symbols = symbols::sampling()?;
        // SAFETY: the isolate is entered on this thread (see the type).
        let profiler = unsafe { (symbols.get_heap_profiler)(self.raw()) };
        // SAFETY: the profiler lives as long as its isolate. The interval is not 0, which V8 checks.
        Ok(unsafe { (symbols.start)(profiler, interval.max(1), STACK_DEPTH, NO_FLAGS) })
    }

    /// Ends the sampling of this isolate, whoever began it; nothing where nobody did.
    pub fn stop_sampling(&self) {
        let Ok(symbols) = symbols::sampling() else {
            return;
        };
        // SAFETY: as above.
        let profiler = unsafe { (symbols.get_heap_profiler)(self.raw()) };
        // SAFETY: as above; V8 ignores it where nobody samples.
        unsafe { (symbols.stop)(profiler) };
    }
}
