//! A `v8::ActivityControl`: V8 counts the objects before it builds the graph, and tells how far it is.
//!
//! So the child gives up early when its memory will not suffice (`lib/snapshot/need.js` knows for how
//! many objects it does), instead of dying for it at the end.

use super::progress::Progress;
use std::ffi::c_int;

const CONTINUE: c_int = 0;
const ABORT: c_int = 1;

/// The virtual functions in the order of v8-profiler.h; both destructors come first.
#[repr(C)]
struct Table {
    destroy: unsafe extern "C" fn(*mut Control<'_>),
    delete: unsafe extern "C" fn(*mut Control<'_>),
    report: unsafe extern "C" fn(*mut Control<'_>, done: u32, total: u32) -> c_int,
}

static TABLE: Table = Table {
    destroy: nothing,
    delete: nothing,
    report,
};

#[repr(C)]
pub(super) struct Control<'a> {
    table: &'static Table,
    progress: &'a Progress,
    /// It may not be more.
    objects: u64,
    aborted: bool,
}

impl<'a> Control<'a> {
    pub(super) fn new(objects: u64, progress: &'a Progress) -> Self {
        Self {
            table: &TABLE,
            progress,
            objects,
            aborted: false,
        }
    }

    pub(super) fn aborted(&self) -> bool {
        self.aborted
    }
}

/// # Safety
/// Called by V8 with our control; so is the one below.
unsafe extern "C" fn nothing(_: *mut Control<'_>) {}

/// # Safety
/// See [`nothing`].
unsafe extern "C" fn report(control: *mut Control<'_>, done: u32, total: u32) -> c_int {
    // SAFETY: V8 gives back the pointer it was given, and nobody else uses the control meanwhile.
    let control = unsafe { &mut *control };
    control.progress.walked(done, total);
    if u64::from(total) > control.objects {
        control.aborted = true;
        return ABORT;
    }
    CONTINUE
}
