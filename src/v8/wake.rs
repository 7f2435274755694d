//! Wakes JavaScript from inside a GC callback.
//!
//! `uv_async_send` is the one thing that may be called there: it neither allocates nor locks. On the
//! next turn of the event loop libuv calls us back, and we call one JavaScript function. The handle
//! is unreferenced, so it never keeps the process alive.
//!
//! A threadsafe function would be the usual way; it takes a mutex and allocates, and has crashed
//! peers at the exit of a worker.

use super::symbols::{self, UvSymbols};
use crate::process::symbol::MissingSymbol;
use napi::bindgen_prelude::{Function, JsValue};
use napi::{Env, Error, Status, sys};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

/// `UV_ASYNC` of `uv_handle_type`, the same since libuv 1.0.
const UV_ASYNC: c_int = 1;

/// An open handle. Dropping it closes the handle; so does the end of the environment, after which
/// [`Waker::wake`] does nothing.
pub struct Waker {
    shared: Rc<Shared>,
}

/// Kept alive by the `Waker` and, until libuv has closed the handle, by the handle's data.
struct Shared {
    uv: &'static UvSymbols,
    env: sys::napi_env,
    callback: Cell<sys::napi_ref>,
    context: Cell<sys::napi_async_context>,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
    /// The `uv_async_t`: as many words as libuv asks for.
    handle: Box<[Cell<u64>]>,
    closing: Cell<bool>,
    at_exit: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Waker {
    /// Opens a handle that calls `callback` on the event loop after each [`Waker::wake`] (several
    /// wakes may become one call). `at_exit` runs if the environment ends while the handle is open.
    ///
    /// # Errors
    /// When a libuv function is missing or Node refuses one of the steps.
    pub fn open(
        env: &Env,
        callback: &Function<(), ()>,
        at_exit: Box<dyn FnOnce()>,
    ) -> napi::Result<Self> {
        let uv = symbols::uv().map_err(|MissingSymbol(name)| {
            Error::new(
                Status::GenericFailure,
                format!("libuv does not export {name}"),
            )
        })?;
        let raw_env = env.raw();
        let event_loop = env.get_uv_event_loop()?;
        // SAFETY: a pure function of the handle type.
        let size = unsafe { (uv.handle_size)(UV_ASYNC) };
        let shared = Rc::new(Shared {
            uv,
            env: raw_env,
            callback: Cell::new(ptr::null_mut()),
            context: Cell::new(ptr::null_mut()),
            cleanup: Cell::new(ptr::null_mut()),
            handle: vec![Cell::new(0); size.div_ceil(size_of::<u64>())].into_boxed_slice(),
            closing: Cell::new(false),
            at_exit: Cell::new(Some(at_exit)),
        });

        // SAFETY: the loop belongs to this environment and thread; the handle has the size that
        // libuv asked for and lives until `on_closed`.
        let code = unsafe { (uv.async_init)(event_loop.cast(), shared.uv_handle(), on_wake) };
        if code != 0 {
            return Err(Error::new(
                Status::GenericFailure,
                format!("uv_async_init failed ({code})"),
            ));
        }
        let data = Rc::into_raw(Rc::clone(&shared)).cast_mut().cast::<c_void>();
        // SAFETY: the handle is initialised; `on_closed` takes the count that `into_raw` gave away.
        unsafe { (uv.handle_set_data)(shared.uv_handle(), data) };
        // SAFETY: the handle is initialised.
        unsafe { (uv.unref)(shared.uv_handle()) };

        // From here on a failure closes the handle by dropping the waker.
        let waker = Self { shared };
        waker.shared.attach(callback.value().value, data)?;
        Ok(waker)
    }

    /// Safe inside a GC callback.
    pub fn wake(&self) {
        if !self.shared.closing.get() {
            // SAFETY: the handle is open.
            unsafe { (self.shared.uv.async_send)(self.shared.uv_handle()) };
        }
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Shared {
    fn uv_handle(&self) -> *mut c_void {
        // The content is cells: libuv writes to it through this shared pointer.
        self.handle.as_ptr().cast_mut().cast()
    }

    fn attach(&self, callback: sys::napi_value, data: *mut c_void) -> napi::Result<()> {
        let mut reference = ptr::null_mut();
        // SAFETY: called by JavaScript, so the environment is alive and `callback` is on its stack.
        let status =
            unsafe { sys::napi_create_reference(self.env, callback, 1, &raw mut reference) };
        napi::check_status!(status)?;
        self.callback.set(reference);

        let mut name = ptr::null_mut();
        let text = c"tidemark";
        // SAFETY: as above; the text is 8 bytes long.
        let status =
            unsafe { sys::napi_create_string_utf8(self.env, text.as_ptr(), 8, &raw mut name) };
        napi::check_status!(status)?;
        let mut context = ptr::null_mut();
        // SAFETY: as above; a null resource makes Node create one.
        let status =
            unsafe { sys::napi_async_init(self.env, ptr::null_mut(), name, &raw mut context) };
        napi::check_status!(status)?;
        self.context.set(context);

        let mut cleanup = ptr::null_mut();
        // SAFETY: as above; `data` stays valid until the hook is removed in `on_closed`.
        let status = unsafe {
            sys::napi_add_async_cleanup_hook(self.env, Some(on_cleanup), data, &raw mut cleanup)
        };
        napi::check_status!(status)?;
        self.cleanup.set(cleanup);
        Ok(())
    }

    /// Closes once, by whoever comes first: the waker's drop or the environment's end. Both run on
    /// the loop's thread while the environment is alive.
    fn close(&self) {
        if self.closing.replace(true) {
            return;
        }
        self.at_exit.take();
        let callback = self.callback.replace(ptr::null_mut());
        if !callback.is_null() {
            // SAFETY: the reference is ours and deleted once.
            unsafe { sys::napi_delete_reference(self.env, callback) };
        }
        let context = self.context.replace(ptr::null_mut());
        if !context.is_null() {
            // SAFETY: the context is ours and destroyed once.
            unsafe { sys::napi_async_destroy(self.env, context) };
        }
        // SAFETY: the handle is open (only we close it) and this is its loop's thread.
        unsafe { (self.uv.close)(self.uv_handle(), on_closed) };
    }

    fn call(&self) -> Option<()> {
        let mut scope = ptr::null_mut();
        // SAFETY: on the loop's thread with no JavaScript running; the environment is alive because
        // the handle is not closed.
        let status = unsafe { sys::napi_open_handle_scope(self.env, &raw mut scope) };
        (status == sys::Status::napi_ok).then_some(())?;
        self.call_in_scope();
        // SAFETY: closes the scope that was opened above.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
        Some(())
    }

    fn call_in_scope(&self) -> Option<()> {
        let mut function = ptr::null_mut();
        // SAFETY: the reference is alive until `close`.
        let status = unsafe {
            sys::napi_get_reference_value(self.env, self.callback.get(), &raw mut function)
        };
        (status == sys::Status::napi_ok).then_some(())?;
        let mut global = ptr::null_mut();
        // SAFETY: a handle scope is open.
        let status = unsafe { sys::napi_get_global(self.env, &raw mut global) };
        (status == sys::Status::napi_ok).then_some(())?;
        // SAFETY: all handles are of this scope; no arguments, the result is not wanted.
        let status = unsafe {
            sys::napi_make_callback(
                self.env,
                self.context.get(),
                global,
                function,
                0,
                ptr::null(),
                ptr::null_mut(),
            )
        };
        if status == sys::Status::napi_pending_exception {
            self.report_exception();
        }
        Some(())
    }

    /// What the callback threw becomes an 'uncaughtException', as from any event.
    fn report_exception(&self) -> Option<()> {
        let mut exception = ptr::null_mut();
        // SAFETY: a handle scope is open.
        let status =
            unsafe { sys::napi_get_and_clear_last_exception(self.env, &raw mut exception) };
        (status == sys::Status::napi_ok).then_some(())?;
        // SAFETY: `exception` is of this scope.
        unsafe { sys::napi_fatal_exception(self.env, exception) };
        Some(())
    }
}

/// # Safety
/// Called by libuv with our open handle.
unsafe extern "C" fn on_wake(handle: *mut c_void) {
    let Ok(uv) = symbols::uv() else { return };
    // SAFETY: the handle is ours and initialised.
    let data = unsafe { (uv.handle_get_data)(handle) }.cast::<Shared>();
    if data.is_null() {
        return;
    }
    // SAFETY: the data holds one count of the `Rc`; this adds ours, so that a stop() inside the
    // callback cannot free what we stand on.
    unsafe { Rc::increment_strong_count(data) };
    // SAFETY: takes the count that was just added.
    let shared = unsafe { Rc::from_raw(data.cast_const()) };
    if !shared.closing.get() {
        shared.call();
    }
}

/// # Safety
/// Called by Node when the environment ends, with the `data` of `attach`.
unsafe extern "C" fn on_cleanup(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the hook is removed before the count behind `data` is released.
    let shared = unsafe { &*data.cast::<Shared>() };
    if let Some(at_exit) = shared.at_exit.take() {
        at_exit();
    }
    shared.close();
}

/// # Safety
/// Called by libuv once, when it no longer touches the handle.
unsafe extern "C" fn on_closed(handle: *mut c_void) {
    let Ok(uv) = symbols::uv() else { return };
    // SAFETY: the handle's memory is still ours.
    let data = unsafe { (uv.handle_get_data)(handle) }.cast::<Shared>();
    if data.is_null() {
        return;
    }
    // SAFETY: takes back the count that `Waker::open` gave to the handle.
    let shared = unsafe { Rc::from_raw(data.cast_const()) };
    let cleanup = shared.cleanup.replace(ptr::null_mut());
    if !cleanup.is_null() {
        // SAFETY: the hook was added once and is removed once; Node waits for this at the end.
        unsafe { sys::napi_remove_async_cleanup_hook(cleanup) };
    }
}
