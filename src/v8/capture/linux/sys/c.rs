//! What the C library is called by.

use std::ffi::{c_int, c_long, c_uint, c_void};

/// glibc's `sigset_t`: 1024 bits.
#[repr(C)]
pub struct SignalSet(pub [u64; 16]);

/// `struct rlimit`
#[repr(C)]
pub struct Limit {
    pub soft: u64,
    pub hard: u64,
}

/// `struct sigaction`
#[repr(C)]
pub struct SignalAction {
    pub handler: usize,
    pub mask: SignalSet,
    pub flags: c_int,
    pub restorer: usize,
}

unsafe extern "C" {
    pub fn fork() -> c_int;
    pub fn _exit(code: c_int) -> !;
    pub fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int;
    pub fn kill(process: c_int, signal: c_int) -> c_int;
    pub fn getppid() -> c_int;
    pub fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    pub fn mmap(
        address: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: i64,
    ) -> *mut c_void;
    pub fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int;
    pub fn munmap(address: *mut c_void, length: usize) -> c_int;
    pub fn dup2(from: c_int, to: c_int) -> c_int;
    pub fn write(file: c_int, data: *const c_void, length: usize) -> isize;
    pub fn prctl(option: c_int, ...) -> c_int;
    pub fn getrlimit(resource: c_int, limit: *mut Limit) -> c_int;
    pub fn setrlimit(resource: c_int, limit: *const Limit) -> c_int;
    pub fn alarm(seconds: c_uint) -> c_uint;
    pub fn setpriority(which: c_int, who: c_uint, value: c_int) -> c_int;
    pub fn signal(signal: c_int, handler: usize) -> usize;
    pub fn sigaction(signal: c_int, new: *const SignalAction, old: *mut SignalAction) -> c_int;
    pub fn pthread_sigmask(how: c_int, new: *const SignalSet, old: *mut SignalSet) -> c_int;
    pub fn syscall(number: c_long, ...) -> c_long;
}
