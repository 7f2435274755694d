//! Hears when V8 is about to give up: at the heap's limit it asks for a higher one, and ends the process
//! where nobody grants it.
//!
//! V8 asks only who registered last. So whoever grants a higher limit says so here ([`asked`]), and who
//! only wants to hear of it never grants one. In a worker thread Node.js itself has registered, to end the
//! thread and not the process: there we hear one question, step aside, and grant so much that V8 comes to ask
//! Node.js.

use super::isolate::Isolate;
use super::symbols::{self, HeapLimitSymbols};
use crate::process::symbol::MissingSymbol;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// Called with the limit of the old generation, in bytes, in the middle of an allocation or a collection: must not call napi or V8, nor wait for longer than
/// the end of a process may be put off.
type OnAsked = Rc<dyn Fn(usize)>;

thread_local! {
    /// Of this thread's isolate. V8 cannot tell two registrations of one function apart.
    static ON_ASKED: RefCell<Option<OnAsked>> = const { RefCell::new(None) };
    /// Whether V8 asks us.
    static REGISTERED: Cell<bool> = const { Cell::new(false) };
}

/// What Node.js grants a worker thread for its end.
const ALLOWANCE: usize = 16 << 20;

/// As long as it lives it is heard. Dropped at the latest when the environment ends.
pub struct HeapLimitWatch {
    isolate: Isolate,
    symbols: &'static HeapLimitSymbols,
    callback: OnLimit,
}

impl HeapLimitWatch {
    /// `None` where this thread has one already. `worker`: Node.js is to be asked after us.
    ///
    /// # Errors
    /// The symbol that this Node.js lacks.
    pub fn install(
        isolate: Isolate,
        on_asked: OnAsked,
        worker: bool,
    ) -> Result<Option<Self>, MissingSymbol> {
        let symbols = symbols::heap_limit()?;
        let is_taken = ON_ASKED.with_borrow(Option::is_some);
        if is_taken {
            return Ok(None);
        }
        ON_ASKED.set(Some(on_asked));
        let callback = callback(worker);
        REGISTERED.set(true);
        // SAFETY: the isolate is entered on this thread and the callback has V8's signature; it needs no
        // data.
        unsafe { (symbols.add)(isolate.raw(), callback, std::ptr::null_mut()) };
        Ok(Some(Self {
            isolate,
            symbols,
            callback,
        }))
    }
}

impl Drop for HeapLimitWatch {
    fn drop(&mut self) {
        unregister(self.isolate, self.symbols, self.callback);
        ON_ASKED.take();
    }
}

/// V8 has asked somebody who registered later.
pub(super) fn asked(limit: usize) {
    let _ = ON_ASKED.try_with(|on_asked| {
        if let Ok(on_asked) = on_asked.try_borrow()
            && let Some(on_asked) = &*on_asked
        {
            on_asked(limit);
        }
    });
}

type OnLimit = unsafe extern "C" fn(*mut c_void, usize, usize) -> usize;

fn callback(worker: bool) -> OnLimit {
    if worker { on_worker_limit } else { on_limit }
}

/// V8 takes it badly to be told twice.
fn unregister(isolate: Isolate, symbols: &HeapLimitSymbols, callback: OnLimit) {
    if REGISTERED.replace(false) {
        // SAFETY: the isolate lives (see `HeapLimitWatch`) and the function was added; 0 leaves the limit as
        // it is.
        unsafe { (symbols.remove)(isolate.raw(), callback, 0) };
    }
}

/// # Safety
/// Called by V8 on the isolate's thread.
unsafe extern "C" fn on_limit(_: *mut c_void, current: usize, _initial: usize) -> usize {
    let _ = catch_unwind(AssertUnwindSafe(|| asked(current)));
    current
}

/// # Safety
/// Called by V8 on the isolate's thread, which a callback may leave while it is called: V8 reads its list
/// no more after that.
unsafe extern "C" fn on_worker_limit(_: *mut c_void, current: usize, _initial: usize) -> usize {
    let step_aside = || {
        asked(current);
        let (Ok(Some(isolate)), Ok(symbols)) = (Isolate::current(), symbols::heap_limit()) else {
            return;
        };
        unregister(isolate, symbols, on_worker_limit);
    };
    let _ = catch_unwind(AssertUnwindSafe(step_aside));
    current.saturating_add(ALLOWANCE)
}
