//! For a child: a function that is called again and again, whatever the child is at, and the C library's
//! functions for it.

use super::sys;
use std::ffi::c_int;
use std::io;

mod c {
    use super::c_int;

    /// `struct timeval`
    #[repr(C)]
    pub struct Time {
        pub seconds: i64,
        pub micros: i64,
    }

    /// `struct itimerval`
    #[repr(C)]
    pub struct Timer {
        pub interval: Time,
        pub first: Time,
    }

    unsafe extern "C" {
        pub fn setitimer(which: c_int, new: *const Timer, old: *mut Timer) -> c_int;
        pub fn __errno_location() -> *mut c_int;
    }
}

/// The clock goes on while the child has no processor.
const ITIMER_REAL: c_int = 0;

/// Calls `handler` every so many microseconds. It takes the place of `sys::end_after`, whose clock is the
/// same one.
pub(super) fn every(micros: i64, handler: extern "C" fn(c_int)) -> io::Result<()> {
    sys::on_alarm(handler);
    let time = || c::Time { seconds: 0, micros };
    let timer = c::Timer {
        interval: time(),
        first: time(),
    };
    // SAFETY: reads one struct.
    let answer = unsafe { c::setitimer(ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// What a signal handler must leave as it was.
pub(super) struct Errno {
    place: *mut c_int,
    was: c_int,
}

impl Errno {
    pub(super) fn keep() -> Self {
        // SAFETY: has no precondition.
        let place = unsafe { c::__errno_location() };
        // SAFETY: this thread's own, always valid.
        let was = unsafe { *place };
        Self { place, was }
    }
}

impl Drop for Errno {
    fn drop(&mut self) {
        // SAFETY: as in `keep`, and on the same thread.
        unsafe { *self.place = self.was };
    }
}
