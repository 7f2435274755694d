//! Keeps this library in memory until the process ends.
//!
//! Node.js closes the addons of a worker thread when it ends, and the system then takes the code away. A
//! thread of ours would go on without it.

/// `false` where that could not be done: then no thread may be started that is not waited for.
pub fn library() -> bool {
    platform::pin()
}

#[cfg(unix)]
mod platform {
    use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    /// `Dl_info`
    #[repr(C)]
    struct Info {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        address: *mut c_void,
    }

    const LAZY: c_int = 1;
    /// Only what is loaded already; never unloaded.
    #[cfg(target_os = "macos")]
    const LOADED_FOR_GOOD: c_int = 0x10 | 0x80;
    #[cfg(not(target_os = "macos"))]
    const LOADED_FOR_GOOD: c_int = 0x4 | 0x1000;

    unsafe extern "C" {
        fn dladdr(address: *const c_void, info: *mut Info) -> c_int;
        fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    }

    pub(super) fn pin() -> bool {
        let mut info = Info {
            file: std::ptr::null(),
            base: std::ptr::null_mut(),
            symbol: std::ptr::null(),
            address: std::ptr::null_mut(),
        };
        let own = pin as *const c_void;
        // SAFETY: writes one struct; the address is one of this library's.
        if unsafe { dladdr(own, &raw mut info) } == 0 || info.file.is_null() {
            return false;
        }
        // SAFETY: the name is the loader's own, and ends with NUL. Nothing is loaded or run.
        let found = unsafe { dlopen(info.file, LAZY | LOADED_FOR_GOOD) };
        // SAFETY: as above.
        !found.is_null() || is_the_program(unsafe { CStr::from_ptr(info.file) })
    }

    /// It is never unloaded, and cannot be asked for by its name.
    fn is_the_program(file: &CStr) -> bool {
        let file = fs::canonicalize(OsStr::from_bytes(file.to_bytes()));
        matches!((file, std::env::current_exe()), (Ok(file), Ok(program)) if file == program)
    }
}

#[cfg(windows)]
mod platform {
    use std::ffi::c_void;

    /// `GET_MODULE_HANDLE_EX_FLAG_PIN` and `..._FROM_ADDRESS`
    const PINNED_BY_ADDRESS: u32 = 1 | 4;

    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    }

    pub(super) fn pin() -> bool {
        let mut module = std::ptr::null_mut();
        let own = pin as *const c_void;
        // SAFETY: the address is one of this library's; writes one handle.
        unsafe { GetModuleHandleExW(PINNED_BY_ADDRESS, own, &raw mut module) != 0 }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_library_that_is_loaded_can_be_pinned() {
        assert!(super::library());
    }
}
