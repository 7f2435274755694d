//! What evidence asks V8 for, and the inspector has only at the price of a long pause.

use crate::v8::{Isolate, script_name as name_of};
use napi::bindgen_prelude::Function;
use napi::{CleanupEnvHook, Env};
use napi_derive::napi;
use std::cell::Cell;

thread_local! {
    /// While this thread samples. A profiler that still runs when V8 takes its isolate down crashes there.
    static AT_EXIT: Cell<Option<CleanupEnvHook<()>>> = const { Cell::new(None) };
}

/// The name of the script that a function is from: a path, a URL, 'node:...'. Null where there is none.
#[napi]
pub fn script_name(env: Env, callable: Function<(), ()>) -> Option<String> {
    name_of(env, &callable)
}

/// Begins V8's heap sampling without a GC before each profile, until `stopSampling()` or the end of
/// the environment. False where somebody samples already, null where this Node.js does not export the
/// function.
///
/// # Errors
/// When Node.js takes no cleanup hook: then nothing is sampled.
#[napi]
pub fn start_sampling(env: Env, interval_bytes: f64) -> napi::Result<Option<bool>> {
    let Ok(Some(isolate)) = Isolate::current() else {
        return Ok(None);
    };
    let started = isolate.start_sampling(interval_bytes as u64).ok();
    if started == Some(true) {
        let hook = env.add_env_cleanup_hook((), |()| {
            AT_EXIT.take();
            stop();
        });
        match hook {
            Ok(hook) => AT_EXIT.set(Some(hook)),
            Err(error) => {
                isolate.stop_sampling();
                return Err(error);
            }
        }
    }
    Ok(started)
}

#[napi]
pub fn stop_sampling(env: Env) -> napi::Result<()> {
    stop();
    AT_EXIT
        .take()
        .map_or(Ok(()), |hook| env.remove_env_cleanup_hook(hook))
}

fn stop() {
    if let Ok(Some(isolate)) = Isolate::current() {
        isolate.stop_sampling();
    }
}
