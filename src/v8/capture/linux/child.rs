//! What the forked child does: it makes itself harmless, takes the snapshot, and ends.
//!
//! What always holds: native code only, on the one thread that there is; it never returns; of the
//! world it reaches the output file and the shared page, and nothing else.

use super::super::super::symbols::RawIsolate;
use super::super::course::{Order, Phase, Step};
use super::control::Control;
use super::progress::Progress;
use super::stream::Stream;
use super::symbols::{CaptureSymbols, Take};
use super::{lookout, sandbox, shared, sys};
use crate::process::gauge::Gauge;
use std::ffi::c_void;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

pub(super) struct Child<'a> {
    pub(super) isolate: *mut RawIsolate,
    pub(super) symbols: &'static CaptureSymbols,
    pub(super) progress: &'a Progress,
    pub(super) order: &'a Order,
    /// The process that forked it.
    pub(super) parent: u32,
}

impl Child<'_> {
    /// # Safety
    /// Only in a child just forked from the thread of the isolate, with no signal unblocked yet and
    /// no V8 worker left in the middle of its work.
    pub(super) unsafe fn run(&self) -> ! {
        // SAFETY: the caller's promise.
        let work = || unsafe { self.work() };
        let code = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(())) => 0,
            Ok(Err((step, error))) => {
                self.progress.fail(step, error.as_ref());
                1
            }
            Err(_) => {
                self.progress.fail(Step::Panic, None);
                1
            }
        };
        sys::exit_now(code)
    }

    /// # Safety
    /// As [`Child::run`].
    unsafe fn work(&self) -> Result<(), (Step, Option<io::Error>)> {
        self.withdraw()?;
        self.progress.reach(Phase::Building);
        let mut control = Control::new(self.order.objects, self.progress);
        // SAFETY: the caller's promise.
        let snapshot = unsafe { self.take(&raw mut control) };
        if control.aborted() {
            return Err((Step::Objects, None));
        }
        if snapshot.is_null() {
            return Err((Step::Take, None));
        }
        self.progress.reach(Phase::Writing);
        let mut stream = Stream::to(self.order.file, self.order.redact, self.progress);
        // SAFETY: the snapshot is V8's own; 0 is JSON, the only format there is.
        unsafe { (self.symbols.serialize)(snapshot, (&raw mut stream).cast(), 0) };
        if stream.finish() {
            self.progress.reach(Phase::Done);
        }
        Ok(())
    }

    /// Out of everything that it shares with its parent, in the order of the harm it could do.
    fn withdraw(&self) -> Result<(), (Step, Option<io::Error>)> {
        let at = |step| move |error| (step, Some(error));
        let gauge = Gauge::open();
        let mut kept: Vec<_> = gauge.descriptors().collect();
        kept.push(self.order.file);
        sys::replace_descriptors(&kept).map_err(at(Step::Descriptors))?;
        sys::default_signals();
        sys::die_with_parent(self.parent);
        sys::end_after(self.order.seconds);
        sys::die_first().map_err(at(Step::OomScore))?;
        // Hidden from others, and so from the parent too, if it did not look already.
        self.progress.until_watched();
        sys::be_modest(self.order.nice);
        sys::limit_memory(self.order.memory).map_err(at(Step::MemoryLimit))?;
        let Order { floor, seconds, .. } = *self.order;
        lookout::begin(gauge, floor, seconds, self.progress).map_err(at(Step::Memory))?;
        shared::keep_out(self.progress).map_err(at(Step::SharedMemory))?;
        sandbox::enter().map_err(at(Step::Sandbox))
    }

    /// # Safety
    /// As [`Child::run`].
    unsafe fn take(&self, control: *mut Control<'_>) -> *mut c_void {
        // SAFETY: the isolate is entered on this thread, of which the fork made a copy.
        let profiler = unsafe { (self.symbols.get_heap_profiler)(self.isolate) };
        match self.symbols.take {
            Take::WithOptions(take) => {
                // The control comes first. Every other default is zero or null, and no version has
                // more than 32 bytes.
                let mut options = [0_usize; 16];
                options[0] = control.expose_provenance();
                // SAFETY: reads the options during the call.
                unsafe { take(profiler, options.as_ptr().cast()) }
            }
            // SAFETY: the control is used during the call; null is the resolver's default.
            Take::Old(take) => unsafe {
                take(profiler, control.cast(), ptr::null_mut(), true, false)
            },
        }
    }
}
