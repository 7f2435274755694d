//! The table of functions that tidemark calls in the running node, resolved once per process.
//!
//! Node-API has no GC callback, so these are V8's own C++ functions and libuv's C functions, found
//! by name at run time. All are present and unchanged from Node 18 to 26. This file is the only
//! place that knows their names and signatures.

use crate::process::symbol::{MissingSymbol, Symbol, function};
use std::ffi::{c_int, c_uint, c_void};
use std::sync::OnceLock;

/// `v8::Isolate`, never looked into.
#[repr(C)]
pub(super) struct RawIsolate {
    _opaque: [u8; 0],
}

/// `void (*)(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void* data)`
pub(super) type GcCallback =
    unsafe extern "C" fn(*mut RawIsolate, gc_type: c_uint, flags: c_uint, data: *mut c_void);
/// `uv_async_cb` and `uv_close_cb`: both take the handle.
pub(super) type UvCallback = unsafe extern "C" fn(*mut c_void);

type GetCurrent = unsafe extern "C" fn() -> *mut RawIsolate;
type AddGcCallback = unsafe extern "C" fn(*mut RawIsolate, GcCallback, *mut c_void, c_uint);
type RemoveGcCallback = unsafe extern "C" fn(*mut RawIsolate, GcCallback, *mut c_void);
type GetHeapStatistics = unsafe extern "C" fn(*mut RawIsolate, *mut u64);
type LowMemoryNotification = unsafe extern "C" fn(*mut RawIsolate);
type MemoryPressureNotification = unsafe extern "C" fn(*mut RawIsolate, level: c_int);
type GetHeapProfiler = unsafe extern "C" fn(*mut RawIsolate) -> *mut c_void;
type StartSampling = unsafe extern "C" fn(*mut c_void, u64, depth: c_int, flags: c_int) -> bool;
type StopSampling = unsafe extern "C" fn(*mut c_void);
/// `v8::ScriptOrigin`, which is six or seven words, with room for more.
#[repr(C)]
#[derive(Default)]
pub(super) struct OriginWords(pub(super) [usize; 16]);

/// `v8::ScriptOrigin v8::Function::GetScriptOrigin() const`, with the function's `v8::Local`.
pub(super) type GetScriptOrigin = unsafe extern "C" fn(*const c_void) -> OriginWords;
/// `v8::NearHeapLimitCallback`
pub(super) type OnHeapLimit =
    unsafe extern "C" fn(data: *mut c_void, current: usize, initial: usize) -> usize;
type AddHeapLimitCallback = unsafe extern "C" fn(*mut RawIsolate, OnHeapLimit, *mut c_void);
type RemoveHeapLimitCallback = unsafe extern "C" fn(*mut RawIsolate, OnHeapLimit, limit: usize);
type UvHandleSize = unsafe extern "C" fn(handle_type: c_int) -> usize;
type UvAsyncInit =
    unsafe extern "C" fn(uv_loop: *mut c_void, handle: *mut c_void, callback: UvCallback) -> c_int;
type UvHandle = unsafe extern "C" fn(handle: *mut c_void);
type UvAsyncSend = unsafe extern "C" fn(handle: *mut c_void) -> c_int;
type UvClose = unsafe extern "C" fn(handle: *mut c_void, callback: UvCallback);
type UvHandleGetData = unsafe extern "C" fn(handle: *const c_void) -> *mut c_void;
type UvHandleSetData = unsafe extern "C" fn(handle: *mut c_void, data: *mut c_void);

/// What the GC hook cannot do without.
#[derive(Clone, Copy)]
pub(super) struct V8Symbols {
    pub(super) get_current: GetCurrent,
    pub(super) add_prologue: AddGcCallback,
    pub(super) remove_prologue: RemoveGcCallback,
    pub(super) add_epilogue: AddGcCallback,
    pub(super) remove_epilogue: RemoveGcCallback,
    pub(super) get_heap_statistics: GetHeapStatistics,
    pub(super) low_memory_notification: LowMemoryNotification,
    pub(super) memory_pressure_notification: MemoryPressureNotification,
}

/// What sampling the heap without a GC takes.
#[derive(Clone, Copy)]
pub(super) struct SamplingSymbols {
    pub(super) get_heap_profiler: GetHeapProfiler,
    pub(super) start: StartSampling,
    pub(super) stop: StopSampling,
}

/// What hearing of the heap's limit takes.
#[derive(Clone, Copy)]
pub(super) struct HeapLimitSymbols {
    pub(super) add: AddHeapLimitCallback,
    pub(super) remove: RemoveHeapLimitCallback,
}

/// What waking the event loop cannot do without.
#[derive(Clone, Copy)]
pub(super) struct UvSymbols {
    pub(super) handle_size: UvHandleSize,
    pub(super) async_init: UvAsyncInit,
    pub(super) async_send: UvAsyncSend,
    pub(super) unref: UvHandle,
    pub(super) close: UvClose,
    pub(super) handle_get_data: UvHandleGetData,
    pub(super) handle_set_data: UvHandleSetData,
}

pub(super) fn v8() -> Result<&'static V8Symbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<V8Symbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS
        .get_or_init(resolve_v8)
        .as_ref()
        .map_err(Clone::clone)
}

pub(super) fn uv() -> Result<&'static UvSymbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<UvSymbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS
        .get_or_init(resolve_uv)
        .as_ref()
        .map_err(Clone::clone)
}

pub(super) fn sampling() -> Result<&'static SamplingSymbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<SamplingSymbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS
        .get_or_init(resolve_sampling)
        .as_ref()
        .map_err(Clone::clone)
}

pub(super) fn heap_limit() -> Result<&'static HeapLimitSymbols, MissingSymbol> {
    static SYMBOLS: OnceLock<Result<HeapLimitSymbols, MissingSymbol>> = OnceLock::new();
    SYMBOLS
        .get_or_init(resolve_heap_limit)
        .as_ref()
        .map_err(Clone::clone)
}

pub(super) fn script_origin() -> Result<GetScriptOrigin, MissingSymbol> {
    static SYMBOL: OnceLock<Result<GetScriptOrigin, MissingSymbol>> = OnceLock::new();
    SYMBOL.get_or_init(resolve_script_origin).clone()
}

fn resolve_v8() -> Result<V8Symbols, MissingSymbol> {
    Ok(V8Symbols {
        get_current: function!(Symbol {
            itanium: c"_ZN2v87Isolate10GetCurrentEv",
            msvc: c"?GetCurrent@Isolate@v8@@SAPEAV12@XZ",
        } => GetCurrent),
        add_prologue: function!(Symbol {
            itanium: c"_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_",
            msvc: c"?AddGCPrologueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z31@Z",
        } => AddGcCallback),
        remove_prologue: function!(Symbol {
            itanium: c"_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_",
            msvc: c"?RemoveGCPrologueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z3@Z",
        } => RemoveGcCallback),
        add_epilogue: function!(Symbol {
            itanium: c"_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_",
            msvc: c"?AddGCEpilogueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z31@Z",
        } => AddGcCallback),
        remove_epilogue: function!(Symbol {
            itanium: c"_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_",
            msvc: c"?RemoveGCEpilogueCallback@Isolate@v8@@QEAAXP6AXPEAV12@W4GCType@2@W4GCCallbackFlags@2@PEAX@Z3@Z",
        } => RemoveGcCallback),
        get_heap_statistics: function!(Symbol {
            itanium: c"_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE",
            msvc: c"?GetHeapStatistics@Isolate@v8@@QEAAXPEAVHeapStatistics@2@@Z",
        } => GetHeapStatistics),
        low_memory_notification: function!(Symbol {
            itanium: c"_ZN2v87Isolate21LowMemoryNotificationEv",
            msvc: c"?LowMemoryNotification@Isolate@v8@@QEAAXXZ",
        } => LowMemoryNotification),
        memory_pressure_notification: function!(Symbol {
            itanium: c"_ZN2v87Isolate26MemoryPressureNotificationENS_19MemoryPressureLevelE",
            msvc: c"?MemoryPressureNotification@Isolate@v8@@QEAAXW4MemoryPressureLevel@2@@Z",
        } => MemoryPressureNotification),
    })
}

fn resolve_uv() -> Result<UvSymbols, MissingSymbol> {
    Ok(UvSymbols {
        handle_size: function!(Symbol::c(c"uv_handle_size") => UvHandleSize),
        async_init: function!(Symbol::c(c"uv_async_init") => UvAsyncInit),
        async_send: function!(Symbol::c(c"uv_async_send") => UvAsyncSend),
        unref: function!(Symbol::c(c"uv_unref") => UvHandle),
        close: function!(Symbol::c(c"uv_close") => UvClose),
        handle_get_data: function!(Symbol::c(c"uv_handle_get_data") => UvHandleGetData),
        handle_set_data: function!(Symbol::c(c"uv_handle_set_data") => UvHandleSetData),
    })
}

fn resolve_sampling() -> Result<SamplingSymbols, MissingSymbol> {
    Ok(SamplingSymbols {
        get_heap_profiler: function!(Symbol {
            itanium: c"_ZN2v87Isolate15GetHeapProfilerEv",
            msvc: c"?GetHeapProfiler@Isolate@v8@@QEAAPEAVHeapProfiler@2@XZ",
        } => GetHeapProfiler),
        start: function!(Symbol {
            // `uint64_t` is `unsigned long` on Linux, and `unsigned long long` on macOS.
            itanium: if cfg!(target_os = "macos") {
                c"_ZN2v812HeapProfiler25StartSamplingHeapProfilerEyiNS0_13SamplingFlagsE"
            } else {
                c"_ZN2v812HeapProfiler25StartSamplingHeapProfilerEmiNS0_13SamplingFlagsE"
            },
            msvc: c"?StartSamplingHeapProfiler@HeapProfiler@v8@@QEAA_N_KHW4SamplingFlags@12@@Z",
        } => StartSampling),
        stop: function!(Symbol {
            itanium: c"_ZN2v812HeapProfiler24StopSamplingHeapProfilerEv",
            msvc: c"?StopSamplingHeapProfiler@HeapProfiler@v8@@QEAAXXZ",
        } => StopSampling),
    })
}

fn resolve_heap_limit() -> Result<HeapLimitSymbols, MissingSymbol> {
    Ok(HeapLimitSymbols {
        add: function!(Symbol {
            itanium: c"_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_",
            msvc: c"?AddNearHeapLimitCallback@Isolate@v8@@QEAAXP6A_KPEAX_K1@Z0@Z",
        } => AddHeapLimitCallback),
        remove: function!(Symbol {
            itanium: c"_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm",
            msvc: c"?RemoveNearHeapLimitCallback@Isolate@v8@@QEAAXP6A_KPEAX_K1@Z1@Z",
        } => RemoveHeapLimitCallback),
    })
}

/// Not on Windows: there a method that returns a class takes `this` first and the room for the
/// answer second, which is another signature and was never tried.
fn resolve_script_origin() -> Result<GetScriptOrigin, MissingSymbol> {
    let symbol = Symbol::c(c"_ZNK2v88Function15GetScriptOriginEv");
    Ok(function!(symbol => GetScriptOrigin))
}
