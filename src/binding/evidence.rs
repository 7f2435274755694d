//! What evidence asks V8 for, and the inspector has only at the price of a long pause.

use crate::v8::{Isolate, script_name as name_of};
use napi::Env;
use napi::bindgen_prelude::Function;
use napi_derive::napi;

/// The name of the script that a function is from: a path, a URL, 'node:...'. Null where there is none.
#[napi]
pub fn script_name(env: &Env, function: Function<(), ()>) -> Option<String> {
    name_of(env, &function)
}

/// Begins V8's heap sampling without a GC before each profile. False where somebody samples already,
/// null where this Node.js does not export the function.
#[napi]
pub fn start_sampling(interval_bytes: f64) -> Option<bool> {
    Isolate::current()
        .ok()
        .flatten()?
        .start_sampling(interval_bytes as u64)
        .ok()
}

#[napi]
pub fn stop_sampling() {
    if let Ok(Some(isolate)) = Isolate::current() {
        isolate.stop_sampling();
    }
}
