//! `dlsym` on everything the process has loaded, so that a node built as a shared library
//! (`libnode.so`) is found as well as a static one.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
}

/// `RTLD_DEFAULT`: 0 on Linux, -2 on macOS and FreeBSD.
#[cfg(any(target_os = "macos", target_os = "freebsd"))]
const RTLD_DEFAULT: *mut c_void = std::ptr::without_provenance_mut(usize::MAX - 1);
#[cfg(not(any(target_os = "macos", target_os = "freebsd")))]
const RTLD_DEFAULT: *mut c_void = std::ptr::null_mut();

pub(super) fn find(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: `name` ends with NUL and outlives the call; dlsym has no other precondition.
    NonNull::new(unsafe { dlsym(RTLD_DEFAULT, name.as_ptr()) })
}
