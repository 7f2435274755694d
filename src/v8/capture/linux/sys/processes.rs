//! Children: made, waited for, ended.

use super::super::super::course::End;
use super::{SIGKILL, c, checked};
use std::ffi::{c_int, c_long, c_ulong};
use std::io;
use std::thread;

const EINTR: i32 = 4;

const WNOHANG: c_int = 1;
/// Also children that send no signal when they end.
const WALL: c_int = 0x4000_0000;

const PR_SET_PDEATHSIG: c_int = 1;
const PR_GET_DUMPABLE: c_int = 3;

const SYS_PAUSE: c_long = 34;
const SYS_CLONE: c_long = 56;
/// The clone shares its parent's descriptors and current directory instead of copying them.
const CLONE_FS_AND_FILES: c_ulong = 0x200 | 0x400;

/// # Safety
/// The child of a process with threads may only call what is safe in a signal handler, and malloc.
pub(in super::super) unsafe fn fork() -> io::Result<u32> {
    // SAFETY: the caller's promise.
    checked(unsafe { c::fork() }).map(c_int::cast_unsigned)
}

pub(in super::super) fn exit_now(code: c_int) -> ! {
    // SAFETY: ends the process and runs nothing of it.
    unsafe { c::_exit(code) }
}

/// `None` while it runs.
pub(in super::super) fn reap(process: u32, wait: bool) -> Option<End> {
    let options = WALL | if wait { 0 } else { WNOHANG };
    loop {
        let mut status = 0;
        // SAFETY: writes one int.
        match checked(unsafe { c::waitpid(process.cast_signed(), &raw mut status, options) }) {
            Ok(0) => return None,
            Ok(_) => return Some(end(status)),
            Err(error) if error.raw_os_error() == Some(EINTR) => {}
            Err(_) => return Some(End::Unknown),
        }
    }
}

/// For a child that ends: the kernel takes a tenth of a second to free a gigabyte, and nobody waits for it.
pub(in super::super) fn reap_later(process: u32) {
    const STACK: usize = 64 << 10;
    let thread = thread::Builder::new()
        .name("tidemark-reaper".to_owned())
        .stack_size(STACK);
    if thread.spawn(move || reap(process, true)).is_err() {
        reap(process, true);
    }
}

/// What `waitpid` says: the signal in 7 bits, the code in the next byte.
fn end(status: c_int) -> End {
    match status & 0x7f {
        0 => End::Exit(status >> 8 & 0xff),
        signal => End::Signal(signal),
    }
}

/// Only for a child that was not waited for: its number cannot belong to another process yet.
pub(in super::super) fn kill(process: u32) {
    // SAFETY: has no precondition.
    unsafe { c::kill(process.cast_signed(), SIGKILL) };
}

/// Whether `/proc` shows this process, and its children, to those who run as its user.
pub(in super::super) fn is_dumpable() -> bool {
    // SAFETY: takes no more arguments.
    unsafe { c::prctl(PR_GET_DUMPABLE) == 1 }
}

fn parent() -> u32 {
    // SAFETY: has no precondition.
    unsafe { c::getppid() }.cast_unsigned()
}

/// A process that holds a copy of this one's memory, runs nothing, shares its descriptors, sends no
/// signal when it ends, and dies with its parent.
pub(in super::super) fn clone_that_sleeps() -> io::Result<u32> {
    let this = std::process::id();
    // SAFETY: no stack given, so the clone goes on with a copy of ours. It makes system calls only.
    let answer = unsafe {
        c::syscall(
            SYS_CLONE,
            CLONE_FS_AND_FILES,
            0_usize,
            0_usize,
            0_usize,
            0_usize,
        )
    };
    match answer {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            die_with_parent(this);
            loop {
                // SAFETY: has no precondition.
                unsafe { c::syscall(SYS_PAUSE) };
            }
        }
        process => Ok(process as u32),
    }
}

/// For a child: ends it when the thread that made it ends, which was in the process `parent`.
pub(in super::super) fn die_with_parent(parent_was: u32) {
    // SAFETY: takes one number.
    unsafe { c::prctl(PR_SET_PDEATHSIG, SIGKILL as c_ulong) };
    if parent() != parent_was {
        exit_now(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_reaped_without_waiting_for_its_end() {
        let child = clone_that_sleeps().unwrap();
        let stat = format!("/proc/{child}/stat");
        // Would not come back if it waited.
        reap_later(child);
        assert!(std::fs::exists(&stat).unwrap());
        kill(child);
        while std::fs::exists(&stat).unwrap() {
            thread::yield_now();
        }
    }
}
