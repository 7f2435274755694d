//! The table of functions that capturing calls in the running node. A missing one means that there
//! is no capture by fork, and nothing else.

use super::super::super::symbols::RawIsolate;
use crate::process::symbol::{MissingSymbol, Symbol, function};
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;
use std::sync::OnceLock;

type GetCurrentContext = unsafe extern "C" fn(*mut RawIsolate) -> *mut c_void;
type GetCurrentEnvironment = unsafe extern "C" fn(context: *mut c_void) -> *mut c_void;
type GetPlatform = unsafe extern "C" fn(environment: *mut c_void) -> *mut c_void;
type CountWorkers = unsafe extern "C" fn(platform: *mut c_void) -> c_int;
/// A `unique_ptr<Task>` argument is the address of one.
type PostTask = unsafe extern "C" fn(platform: *mut c_void, task: *mut *mut c_void);
type PostTaskWithPriority = unsafe extern "C" fn(
    platform: *mut c_void,
    priority: u8,
    task: *mut *mut c_void,
    location: *const c_void,
);
type OnLock = unsafe extern "C" fn(lock: *mut c_void);
type GetHeapProfiler = unsafe extern "C" fn(*mut RawIsolate) -> *mut c_void;
type TakeSnapshot =
    unsafe extern "C" fn(profiler: *mut c_void, options: *const c_void) -> *mut c_void;
type TakeSnapshotOld = unsafe extern "C" fn(
    profiler: *mut c_void,
    control: *mut c_void,
    resolver: *mut c_void,
    global_objects_as_roots: bool,
    numeric_values: bool,
) -> *mut c_void;
type Serialize = unsafe extern "C" fn(snapshot: *const c_void, stream: *mut c_void, format: c_int);

/// `v8::InterruptCallback`
pub(super) type OnInterrupt = unsafe extern "C" fn(*mut RawIsolate, data: *mut c_void);
type RequestInterrupt = unsafe extern "C" fn(*mut RawIsolate, OnInterrupt, data: *mut c_void);
type RestoreLimit = unsafe extern "C" fn(*mut RawIsolate, threshold: f64);

/// How a task gets to the platform's workers.
#[derive(Clone, Copy)]
pub(super) enum Post {
    Plain(PostTask),
    WithPriority(PostTaskWithPriority),
}

#[derive(Clone, Copy)]
pub(super) enum Take {
    WithOptions(TakeSnapshot),
    Old(TakeSnapshotOld),
}

#[derive(Clone, Copy)]
pub(super) struct CaptureSymbols {
    pub(super) get_current_context: GetCurrentContext,
    pub(super) get_current_environment: GetCurrentEnvironment,
    pub(super) get_platform: GetPlatform,
    /// Where `node::NodePlatform`'s virtual functions are listed.
    pub(super) platform_table: *const c_void,
    pub(super) count_workers: CountWorkers,
    pub(super) post: Post,
    pub(super) lock_regions: OnLock,
    pub(super) unlock_regions: OnLock,
    pub(super) get_heap_profiler: GetHeapProfiler,
    pub(super) take: Take,
    pub(super) serialize: Serialize,
}

/// What acting at the heap limit takes, beside hearing of it.
#[derive(Clone, Copy)]
pub(super) struct LimitSymbols {
    pub(super) restore_limit: RestoreLimit,
    pub(super) request_interrupt: RequestInterrupt,
}

// SAFETY: the one pointer is to constant data of the executable.
unsafe impl Send for CaptureSymbols {}
// SAFETY: as above.
unsafe impl Sync for CaptureSymbols {}

pub(super) fn capture() -> Result<&'static CaptureSymbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<CaptureSymbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS.get_or_init(resolve).as_ref().map_err(Clone::clone)
}

pub(super) fn limit() -> Result<&'static LimitSymbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<LimitSymbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS
        .get_or_init(resolve_limit)
        .as_ref()
        .map_err(Clone::clone)
}

/// Captures are made on Linux only, so there is one mangling.
const fn itanium(name: &'static CStr) -> Symbol {
    Symbol::c(name)
}

fn address(name: &'static CStr) -> Result<NonNull<c_void>, MissingSymbol> {
    itanium(name).find()
}

fn resolve() -> Result<CaptureSymbols, MissingSymbol> {
    Ok(CaptureSymbols {
        get_current_context: function!(itanium(c"_ZN2v87Isolate17GetCurrentContextEv") => GetCurrentContext),
        get_current_environment: function!(itanium(c"_ZN4node21GetCurrentEnvironmentEN2v85LocalINS0_7ContextEEE") => GetCurrentEnvironment),
        get_platform: function!(itanium(c"_ZN4node23GetMultiIsolatePlatformEPNS_11EnvironmentE") => GetPlatform),
        platform_table: address(c"_ZTVN4node12NodePlatformE")?.as_ptr(),
        count_workers: function!(itanium(c"_ZN4node12NodePlatform21NumberOfWorkerThreadsEv") => CountWorkers),
        post: resolve_post()?,
        lock_regions: function!(itanium(c"_ZN5cppgc8internal20PersistentRegionLockC1Ev") => OnLock),
        unlock_regions: function!(itanium(c"_ZN5cppgc8internal20PersistentRegionLockD1Ev") => OnLock),
        get_heap_profiler: function!(itanium(c"_ZN2v87Isolate15GetHeapProfilerEv") => GetHeapProfiler),
        take: resolve_take()?,
        serialize: function!(itanium(c"_ZNK2v812HeapSnapshot9SerializeEPNS_12OutputStreamENS0_19SerializationFormatE") => Serialize),
    })
}

fn resolve_limit() -> Result<LimitSymbols, MissingSymbol> {
    Ok(LimitSymbols {
        restore_limit: function!(itanium(c"_ZN2v87Isolate36AutomaticallyRestoreInitialHeapLimitEd") => RestoreLimit),
        request_interrupt: function!(itanium(c"_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_") => RequestInterrupt),
    })
}

/// Node 22 on, then Node 18 and 20.
fn resolve_post() -> Result<Post, MissingSymbol> {
    fn with_priority() -> Result<Post, MissingSymbol> {
        Ok(Post::WithPriority(
            function!(itanium(c"_ZN4node12NodePlatform26PostTaskOnWorkerThreadImplEN2v812TaskPriorityESt10unique_ptrINS1_4TaskESt14default_deleteIS4_EERKNS1_14SourceLocationE") => PostTaskWithPriority),
        ))
    }
    fn plain() -> Result<Post, MissingSymbol> {
        Ok(Post::Plain(
            function!(itanium(c"_ZN4node12NodePlatform18CallOnWorkerThreadESt10unique_ptrIN2v84TaskESt14default_deleteIS3_EE") => PostTask),
        ))
    }
    with_priority().or_else(|missing| plain().map_err(|_| missing))
}

/// Node 20 on, then Node 18.
fn resolve_take() -> Result<Take, MissingSymbol> {
    fn old() -> Result<Take, MissingSymbol> {
        Ok(Take::Old(
            function!(itanium(c"_ZN2v812HeapProfiler16TakeHeapSnapshotEPNS_15ActivityControlEPNS0_18ObjectNameResolverEbb") => TakeSnapshotOld),
        ))
    }
    fn with_options() -> Result<Take, MissingSymbol> {
        Ok(Take::WithOptions(
            function!(itanium(c"_ZN2v812HeapProfiler16TakeHeapSnapshotERKNS0_19HeapSnapshotOptionsE") => TakeSnapshot),
        ))
    }
    with_options().or_else(|missing| old().map_err(|_| missing))
}
