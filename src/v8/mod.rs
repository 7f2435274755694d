//! The only code that knows V8, and the price of the hook: unsafe lives here.
//!
//! What always holds:
//! - Every function of V8 or libuv is found at run time; a missing one is an error value.
//! - Nothing here outlives the isolate: whoever installs a [`GcHook`] or a [`Waker`] drops it at the
//!   latest in a cleanup hook of its environment.
//! - In a GC callback nothing is allocated, no lock can block, napi is not called, and a panic stops
//!   at the callback's edge.
//!
//! What it must not know: trends, verdicts, events, options.

pub mod capture;
mod gc_hook;
mod heap;
mod heap_limit;
mod isolate;
mod sampling;
mod script;
mod symbols;
mod wake;

pub use gc_hook::{Collection, GcHook, GcObserver};
pub use heap::HeapStatistics;
pub use heap_limit::HeapLimitWatch;
pub use isolate::Isolate;
pub use script::script_name;
pub use wake::Waker;
