//! The C library's functions that capturing calls, and the kernel's numbers for x86-64.
//!
//! Thin and safe where there is nothing to get wrong; what can go wrong stays unsafe. All of them are
//! safe to call in the child of a process with threads.

mod c;
mod files;
mod limits;
mod memory;
mod processes;
mod signals;

use std::ffi::c_int;
use std::io;

pub(super) use files::{replace_descriptors, write_all};
pub(super) use limits::{Instruction, be_modest, die_first, filter_system_calls, limit_memory};
pub(super) use memory::{PAGE, SharedPage, make_read_only, replace_by_copy, set_copied_by_fork};
pub(super) use processes::{
    clone_that_sleeps, die_with_parent, exit_now, fork, is_dumpable, kill, reap, reap_later,
};
pub(super) use signals::{
    FaultInfo, SignalsBlocked, default_action, default_signals, end_after, on_alarm, on_fault,
};

pub(super) const EPERM: u32 = 1;
pub(super) const SIGKILL: c_int = 9;

fn checked(answer: c_int) -> io::Result<c_int> {
    if answer == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}
