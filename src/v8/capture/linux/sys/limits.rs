//! What a child may not do, and how little it takes.

use super::{c, checked};
use crate::process::rlimits;
use std::ffi::{c_int, c_ulong};
use std::fs::File;
use std::io::{self, Write};

const PR_SET_DUMPABLE: c_int = 4;
const PR_SET_SECCOMP: c_int = 22;
const PR_SET_NO_NEW_PRIVS: c_int = 38;
const SECCOMP_MODE_FILTER: c_ulong = 2;

const RLIMIT_DATA: c_int = 2;
const RLIMIT_CORE: c_int = 4;

/// For a child: the first to be killed when memory runs out.
pub(in super::super) fn die_first() -> io::Result<()> {
    let mut score = File::options()
        .write(true)
        .open("/proc/self/oom_score_adj")?;
    score.write_all(b"1000")
}

/// For a child: no core file, whatever reads them; nobody else may look into it; a low priority.
pub(in super::super) fn be_modest(nice: u8) {
    let none = c::Limit { soft: 0, hard: 0 };
    // SAFETY: reads one struct.
    unsafe { c::setrlimit(RLIMIT_CORE, &raw const none) };
    // SAFETY: takes one number.
    unsafe { c::prctl(PR_SET_DUMPABLE, 0_usize) };
    // SAFETY: has no precondition.
    unsafe { c::setpriority(0, 0, c_int::from(nice)) };
}

/// For a child: it may map this many bytes of writable memory more than it has now, or what its parent
/// may where that is less.
pub(in super::super) fn limit_memory(more: u64) -> io::Result<()> {
    let data = rlimits::data().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let bytes = data.saturating_add(more);
    let mut limit = c::Limit { soft: 0, hard: 0 };
    // SAFETY: writes one struct.
    checked(unsafe { c::getrlimit(RLIMIT_DATA, &raw mut limit) })?;
    // A higher hard limit than it has would take a capability.
    limit.soft = limit.soft.min(bytes);
    limit.hard = limit.soft;
    // SAFETY: reads one struct.
    checked(unsafe { c::setrlimit(RLIMIT_DATA, &raw const limit) }).map(drop)
}

/// One instruction of the kernel's classic packet filter.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Instruction {
    pub(in super::super) code: u16,
    pub(in super::super) if_true: u8,
    pub(in super::super) if_false: u8,
    pub(in super::super) value: u32,
}

/// For a child: every system call from now on goes through the filter. Cannot be undone.
pub(in super::super) fn filter_system_calls(program: &[Instruction]) -> io::Result<()> {
    #[repr(C)]
    struct Program {
        length: u16,
        instructions: *const Instruction,
    }
    let program = Program {
        length: program.len() as u16,
        instructions: program.as_ptr(),
    };
    // SAFETY: takes four numbers.
    checked(unsafe { c::prctl(PR_SET_NO_NEW_PRIVS, 1_usize, 0_usize, 0_usize, 0_usize) })?;
    // SAFETY: reads the program, which outlives the call.
    checked(unsafe { c::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &raw const program) }).map(drop)
}
