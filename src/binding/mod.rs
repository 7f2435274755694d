//! The face to JavaScript: convert, call, convert. `binding.d.ts` is generated from it; the public
//! types are index.d.ts.
//!
//! What always holds: no borrow of a [`Recorder`](crate::recorder::Recorder) lives across a napi
//! call. A napi call may allocate, allocation may collect, and the collection's callback wants the
//! recorder.

#![cfg_attr(
    test,
    allow(dead_code, reason = "napi registers nothing in test builds")
)]

mod detector;
mod monitor;
mod shapes;
mod watch;

use crate::v8::Isolate;
use napi_derive::napi;

/// The version of this binary, to be compared with package.json's.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// A full collection, now. False where this Node.js does not export the function.
#[napi]
pub fn collect_garbage() -> bool {
    let isolate = Isolate::current().ok().flatten();
    if let Some(isolate) = &isolate {
        isolate.collect_all_garbage();
    }
    isolate.is_some()
}

/// Asks V8 for a full collection in small steps; it goes on by itself.
#[napi]
pub fn start_incremental_gc() {
    if let Ok(Some(isolate)) = Isolate::current() {
        isolate.start_incremental_gc();
    }
}

/// How many isolates of this process are watched now.
#[napi]
pub fn watched_isolates() -> u32 {
    crate::process::isolates::count() as u32
}
