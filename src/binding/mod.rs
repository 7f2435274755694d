//! The face to JavaScript: convert, call, convert. `binding.d.ts` is generated from it; the public
//! types are index.d.ts.
//!
//! What always holds: no borrow of a [`Recorder`](crate::recorder::Recorder) lives across a napi
//! call. A napi call may allocate, allocation may collect, and the collection's callback wants the
//! recorder. And a method of a class catches its panics (`catch_unwind`): they become exceptions.

#![cfg_attr(
    test,
    allow(dead_code, reason = "napi registers nothing in test builds")
)]

mod capture;
mod detector;
mod evidence;
mod flight;
mod near_heap_limit;
mod redactor;
mod shapes;
mod snapshot;
mod watch;
mod work;

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

#[cfg(test)]
mod tests {
    #[test]
    fn every_method_of_what_lives_beside_an_app_catches_its_panics() {
        for source in [
            include_str!("watch.rs"),
            include_str!("capture.rs"),
            include_str!("flight.rs"),
            include_str!("near_heap_limit.rs"),
        ] {
            let mut methods = source
                .lines()
                .filter_map(|line| line.strip_prefix("    #[napi"))
                .peekable();
            assert!(methods.peek().is_some());
            for method in methods {
                assert!(method.contains("catch_unwind"), "#[napi{method}");
            }
        }
    }
}
