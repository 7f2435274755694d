//! Files without a name (`O_TMPFILE`): what a process that is killed leaves of them is nothing.

#![cfg_attr(
    not(target_os = "linux"),
    expect(unused_variables, reason = "there are none elsewhere")
)]

use std::io;
use std::path::Path;

/// Gives the file behind a descriptor a name, which must be free.
///
/// # Errors
/// The kernel's; always where there are no such files.
#[cfg(target_os = "linux")]
pub fn give_name(file: i32, name: &Path) -> io::Result<()> {
    use std::ffi::{CString, c_char, c_int};
    use std::os::unix::ffi::OsStrExt;

    const AT_FDCWD: c_int = -100;
    const AT_SYMLINK_FOLLOW: c_int = 0x400;
    unsafe extern "C" {
        fn linkat(
            from_directory: c_int,
            from: *const c_char,
            to_directory: c_int,
            to: *const c_char,
            flags: c_int,
        ) -> c_int;
    }
    let from = CString::new(format!("/proc/self/fd/{file}"))?;
    let to = CString::new(name.as_os_str().as_bytes())?;
    // SAFETY: both paths end with NUL and outlive the call.
    let answer = unsafe {
        linkat(
            AT_FDCWD,
            from.as_ptr(),
            AT_FDCWD,
            to.as_ptr(),
            AT_SYMLINK_FOLLOW,
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(not(target_os = "linux"))]
pub fn give_name(file: i32, name: &Path) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
