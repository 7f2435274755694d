//! Hears when V8 is about to give up: at the heap's limit it asks for a higher one, and ends the process
//! where nobody grants it.
//!
//! V8 asks only who registered last. So whoever grants a higher limit says so here ([`asked`]), and who
//! only wants to hear of it never grants one.

use super::isolate::Isolate;
use super::symbols::{self, HeapLimitSymbols};
use crate::process::symbol::MissingSymbol;
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Called in the middle of an allocation or a collection: must not call napi or V8, nor wait for longer than
/// the end of a process may be put off.
type OnAsked = Rc<dyn Fn()>;

thread_local! {
    /// Of this thread's isolate. V8 cannot tell two registrations of one function apart.
    static ON_ASKED: RefCell<Option<OnAsked>> = const { RefCell::new(None) };
}

/// As long as it lives it is heard. Dropped at the latest when the environment ends.
pub struct HeapLimitWatch {
    isolate: Isolate,
    symbols: &'static HeapLimitSymbols,
}

impl HeapLimitWatch {
    /// `None` where this thread has one already.
    ///
    /// # Errors
    /// The symbol that this Node.js lacks.
    pub fn install(isolate: Isolate, on_asked: OnAsked) -> Result<Option<Self>, MissingSymbol> {
        let symbols = symbols::heap_limit()?;
        let is_taken = ON_ASKED.with_borrow(Option::is_some);
        if is_taken {
            return Ok(None);
        }
        ON_ASKED.set(Some(on_asked));
        // SAFETY: the isolate is entered on this thread and the callback has V8's signature; it needs no
        // data.
        unsafe { (symbols.add)(isolate.raw(), on_limit, std::ptr::null_mut()) };
        Ok(Some(Self { isolate, symbols }))
    }
}

impl Drop for HeapLimitWatch {
    fn drop(&mut self) {
        // SAFETY: the isolate lives (see the type) and the function was added; 0 leaves the limit as it is.
        unsafe { (self.symbols.remove)(self.isolate.raw(), on_limit, 0) };
        ON_ASKED.take();
    }
}

/// V8 has asked somebody who registered later.
pub(super) fn asked() {
    let _ = ON_ASKED.try_with(|on_asked| {
        if let Ok(on_asked) = on_asked.try_borrow()
            && let Some(on_asked) = &*on_asked
        {
            on_asked();
        }
    });
}

/// # Safety
/// Called by V8 on the isolate's thread.
unsafe extern "C" fn on_limit(_: *mut c_void, current: usize, _initial: usize) -> usize {
    let _ = catch_unwind(AssertUnwindSafe(asked));
    current
}
