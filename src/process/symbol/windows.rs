//! `GetProcAddress` on the host executable: node.exe exports V8 and libuv itself.
//!
//! Never run by us: no Windows machine was at hand. The decorated names were derived by Microsoft's
//! rules (with their back-references), and the GC callbacks' compared with those that rusty_v8 links.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn GetModuleHandleW(name: *const u16) -> *mut c_void;
    fn GetProcAddress(module: *mut c_void, name: *const c_char) -> *mut c_void;
}

pub(super) fn find(name: &CStr) -> Option<NonNull<c_void>> {
    // SAFETY: a null name asks for the executable's own module, which is never unloaded.
    let host = unsafe { GetModuleHandleW(std::ptr::null()) };
    // SAFETY: `host` is a loaded module or null (then the answer is null); `name` ends with NUL.
    NonNull::new(unsafe { GetProcAddress(host, name.as_ptr()) })
}
