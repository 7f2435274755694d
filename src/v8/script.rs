//! Which file a function is from, without the debugger: switching that on walks the whole heap.

use super::symbols::{self, OriginWords};
use napi::Env;
use napi::bindgen_prelude::{FromNapiValue, Function, JsValue};
use std::ptr::NonNull;

/// The name of the script that `function` is from, as V8 has it: a path, a URL, `node:...`.
/// `None` where it has no name, is native or bound, or where this Node.js does not export the function.
pub fn script_name(env: Env, function: &Function<(), ()>) -> Option<String> {
    let get_origin = symbols::script_origin().ok()?;
    let current = symbols::v8().ok()?.get_current;
    let local = NonNull::new(function.raw())?;
    // SAFETY: a `napi_value` is the `v8::Local` of its value on every Node.js, and `Function` was
    // checked to be one when it crossed. V8 reads its script, and neither allocates nor runs code.
    let origin = unsafe { get_origin(local.as_ptr().cast()) };
    // SAFETY: GetCurrent reads a thread local and has no precondition.
    let isolate = unsafe { current() };
    let name = name_of(&origin, isolate as usize)?;
    // SAFETY: `name` is a `v8::Local` that V8 made in the handle scope of this call into native code.
    let name = unsafe { String::from_napi_value(env.raw(), name as _) };
    name.ok()
}

/// The name is the first word; before V8 12 the isolate comes first.
fn name_of(OriginWords(words): &OriginWords, isolate: usize) -> Option<usize> {
    let name = if words[0] == isolate {
        words[1]
    } else {
        words[0]
    };
    (name != 0).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(first: usize, second: usize) -> OriginWords {
        let mut origin = OriginWords::default();
        origin.0[0] = first;
        origin.0[1] = second;
        origin
    }

    #[test]
    fn the_name_comes_first_or_behind_the_isolate() {
        assert_eq!(name_of(&origin(8, 16), 99), Some(8));
        assert_eq!(name_of(&origin(99, 16), 99), Some(16));
    }

    #[test]
    fn a_function_without_a_script_has_no_name() {
        assert_eq!(name_of(&origin(0, 0), 99), None);
        assert_eq!(name_of(&origin(99, 0), 99), None);
    }
}
