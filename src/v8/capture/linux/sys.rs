//! The C library's functions that capturing calls, and the kernel's numbers for x86-64.
//!
//! Thin and safe where there is nothing to get wrong; what can go wrong stays unsafe. All of them are
//! safe to call in the child of a process with threads.

use super::super::End;
use crate::process::rlimits;
use std::ffi::{CStr, c_int, c_long, c_uint, c_ulong, c_void};
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::thread;

mod c {
    use super::{c_int, c_long, c_uint, c_void};

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
}

pub(super) const EPERM: u32 = 1;
const EINTR: i32 = 4;

const WNOHANG: c_int = 1;
/// Also children that send no signal when they end.
const WALL: c_int = 0x4000_0000;

const MADV_DONTFORK: c_int = 10;
const MADV_DOFORK: c_int = 11;

const PR_SET_PDEATHSIG: c_int = 1;
const PR_GET_DUMPABLE: c_int = 3;
const PR_SET_DUMPABLE: c_int = 4;
const PR_SET_SECCOMP: c_int = 22;
const PR_SET_NO_NEW_PRIVS: c_int = 38;
const SECCOMP_MODE_FILTER: c_ulong = 2;

const RLIMIT_DATA: c_int = 2;
const RLIMIT_CORE: c_int = 4;

const PROTECTION_READ: c_int = 1;
const PROTECTION_READ_WRITE: c_int = 3;

const SIG_SETMASK: c_int = 2;
const SIG_DFL: usize = 0;
const SIG_IGN: usize = 1;
pub(super) const SIGKILL: c_int = 9;
const SIGSEGV: c_int = 11;
const SIGPIPE: c_int = 13;
const SIGALRM: c_int = 14;
const LAST_SIGNAL: c_int = 64;

const SYS_PAUSE: c_long = 34;
const SYS_CLONE: c_long = 56;
const SYS_GETDENTS64: c_long = 217;
/// The clone shares its parent's descriptors and current directory instead of copying them.
const CLONE_FS_AND_FILES: c_ulong = 0x200 | 0x400;

fn checked(answer: c_int) -> io::Result<c_int> {
    if answer == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}

/// # Safety
/// The child of a process with threads may only call what is safe in a signal handler, and malloc.
pub(super) unsafe fn fork() -> io::Result<u32> {
    // SAFETY: the caller's promise.
    checked(unsafe { c::fork() }).map(c_int::cast_unsigned)
}

pub(super) fn exit_now(code: c_int) -> ! {
    // SAFETY: ends the process and runs nothing of it.
    unsafe { c::_exit(code) }
}

/// `None` while it runs.
pub(super) fn reap(process: u32, wait: bool) -> Option<End> {
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
pub(super) fn reap_later(process: u32) {
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
pub(super) fn kill(process: u32) {
    // SAFETY: has no precondition.
    unsafe { c::kill(process.cast_signed(), SIGKILL) };
}

/// Whether `/proc` shows this process, and its children, to those who run as its user.
pub(super) fn is_dumpable() -> bool {
    // SAFETY: takes no more arguments.
    unsafe { c::prctl(PR_GET_DUMPABLE) == 1 }
}

pub(super) fn parent() -> u32 {
    // SAFETY: has no precondition.
    unsafe { c::getppid() }.cast_unsigned()
}

/// Whether a fork copies these addresses. Changes no content.
pub(super) fn set_copied_by_fork(addresses: &Range<usize>, copied: bool) -> bool {
    let advice = if copied { MADV_DOFORK } else { MADV_DONTFORK };
    let start = std::ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: these two advices only set a flag; addresses that are gone are an error.
    unsafe { c::madvise(start, addresses.len(), advice) == 0 }
}

/// A process that holds a copy of this one's memory, runs nothing, shares its descriptors, sends no
/// signal when it ends, and dies with its parent.
pub(super) fn clone_that_sleeps() -> io::Result<u32> {
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
pub(super) fn die_with_parent(parent_was: u32) {
    // SAFETY: takes one number.
    unsafe { c::prctl(PR_SET_PDEATHSIG, SIGKILL as c_ulong) };
    if parent() != parent_was {
        exit_now(0);
    }
}

/// Blocks every signal on this thread until dropped.
pub(super) struct SignalsBlocked(c::SignalSet);

impl SignalsBlocked {
    pub(super) fn new() -> Self {
        let all = c::SignalSet([u64::MAX; 16]);
        let mut before = c::SignalSet([0; 16]);
        // SAFETY: both sets are as large as glibc's.
        unsafe { c::pthread_sigmask(SIG_SETMASK, &raw const all, &raw mut before) };
        Self(before)
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: as in `new`; the old set is not wanted.
        unsafe { c::pthread_sigmask(SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// For a child: no handler of the parent runs any more, and no signal is blocked.
pub(super) fn default_signals() {
    for signal in 1..=LAST_SIGNAL {
        let handler = if signal == SIGPIPE { SIG_IGN } else { SIG_DFL };
        // SAFETY: the default action and ignoring are always valid; what must not be set is an error.
        unsafe { c::signal(signal, handler) };
    }
    let none = c::SignalSet([0; 16]);
    // SAFETY: as in `SignalsBlocked::new`.
    unsafe { c::pthread_sigmask(SIG_SETMASK, &raw const none, std::ptr::null_mut()) };
}

/// `siginfo_t` of a fault.
#[repr(C)]
pub(super) struct FaultInfo {
    _signal: [c_int; 4],
    pub(super) address: usize,
}

pub(super) type OnFault =
    extern "C" fn(signal: c_int, info: *const FaultInfo, context: *mut c_void);

/// For a child: what is called when it touches memory that it may not.
pub(super) fn on_fault(handler: OnFault) {
    const WITH_INFO: c_int = 4;
    let action = c::SignalAction {
        handler: handler as usize,
        mask: c::SignalSet([0; 16]),
        flags: WITH_INFO,
        restorer: 0,
    };
    // SAFETY: reads one struct, which names a handler for signals with information.
    unsafe { c::sigaction(SIGSEGV, &raw const action, std::ptr::null_mut()) };
}

/// For a child: what is called when its timer has run down; what it interrupts goes on.
pub(super) fn on_alarm(handler: extern "C" fn(c_int)) {
    const GO_ON: c_int = 0x1000_0000;
    let action = c::SignalAction {
        handler: handler as usize,
        mask: c::SignalSet([0; 16]),
        flags: GO_ON,
        restorer: 0,
    };
    // SAFETY: reads one struct, which names a handler for signals without information.
    unsafe { c::sigaction(SIGALRM, &raw const action, std::ptr::null_mut()) };
}

pub(super) fn default_action(signal: c_int) {
    // SAFETY: the default action is always valid.
    unsafe { c::signal(signal, SIG_DFL) };
}

pub(super) fn make_read_only(addresses: &Range<usize>) -> io::Result<()> {
    let start = std::ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: takes a right away; what writes there all the same is a fault.
    checked(unsafe { c::mprotect(start, addresses.len(), PROTECTION_READ) }).map(drop)
}

/// The page at this address becomes this process's own, writable, with the same content.
///
/// # Safety
/// It is a page, it can be read, and nobody writes to it meanwhile.
pub(super) unsafe fn replace_by_copy(page: usize) -> io::Result<()> {
    const PRIVATE_ANONYMOUS_FIXED: c_int = 0x32;
    let start = std::ptr::with_exposed_provenance_mut::<[u8; PAGE]>(page);
    // SAFETY: the caller's promise.
    let content = unsafe { start.read_volatile() };
    // SAFETY: takes the place of the page, whose content is put back below.
    let mapped = unsafe {
        c::mmap(
            start.cast(),
            PAGE,
            PROTECTION_READ_WRITE,
            PRIVATE_ANONYMOUS_FIXED,
            -1,
            0,
        )
    };
    if mapped.addr() == usize::MAX {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just mapped, writable.
    unsafe { start.write_volatile(content) };
    Ok(())
}

/// For a child: `/dev/null` in the place of every descriptor but these. Not closed, since libuv ends
/// the process when a write to its own descriptors fails.
pub(super) fn replace_descriptors(but: &[c_int]) -> io::Result<()> {
    let null_file = File::options().read(true).write(true).open("/dev/null")?;
    let list_file = File::open("/proc/self/fd")?;
    let (null, list) = (null_file.as_raw_fd(), list_file.as_raw_fd());
    // Aligned as the kernel's entries are.
    let mut buffer = [0_u64; 1024];
    loop {
        // SAFETY: the kernel writes at most as many bytes as the buffer has.
        let length = unsafe {
            c::syscall(
                SYS_GETDENTS64,
                list,
                buffer.as_mut_ptr(),
                size_of_val(&buffer),
            )
        };
        if length <= 0 {
            return if length == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error())
            };
        }
        let bytes: Vec<u8> = buffer.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let mut rest = &bytes[..length as usize];
        while let Some((number, next)) = descriptor(rest) {
            rest = next;
            if let Some(number) = number
                && ![null, list].contains(&number)
                && !but.contains(&number)
            {
                // SAFETY: nothing in the child but what uses `but` is meant to reach a file.
                checked(unsafe { c::dup2(null, number) })?;
            }
        }
    }
}

/// The first entry of `struct linux_dirent64`s, as a descriptor where it is one, and the rest.
fn descriptor(entries: &[u8]) -> Option<(Option<c_int>, &[u8])> {
    const LENGTH: usize = 16;
    const NAME: usize = 19;
    let length = u16::from_ne_bytes([*entries.get(LENGTH)?, *entries.get(LENGTH + 1)?]) as usize;
    let name = CStr::from_bytes_until_nul(entries.get(NAME..length)?).ok()?;
    let number = name.to_str().ok().and_then(|name| name.parse().ok());
    Some((number, &entries[length..]))
}

/// Writes all of `data`.
pub(super) fn write_all(file: c_int, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        // SAFETY: reads `data.len()` bytes.
        let written = unsafe { c::write(file, data.as_ptr().cast(), data.len()) };
        if written > 0 {
            data = &data[written as usize..];
        } else {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(EINTR) {
                return Err(error);
            }
        }
    }
    Ok(())
}

/// For a child: the first to be killed when memory runs out.
pub(super) fn die_first() -> io::Result<()> {
    let mut score = File::options()
        .write(true)
        .open("/proc/self/oom_score_adj")?;
    score.write_all(b"1000")
}

/// For a child: whatever it does then.
pub(super) fn end_after(seconds: u32) {
    // SAFETY: has no precondition; the default action of the signal ends the process.
    unsafe { c::alarm(seconds) };
}

/// For a child: no core file, whatever reads them; nobody else may look into it; a low priority.
pub(super) fn be_modest(nice: u8) {
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
pub(super) fn limit_memory(more: u64) -> io::Result<()> {
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
pub(super) struct Instruction {
    pub(super) code: u16,
    pub(super) if_true: u8,
    pub(super) if_false: u8,
    pub(super) value: u32,
}

/// For a child: every system call from now on goes through the filter. Cannot be undone.
pub(super) fn filter_system_calls(program: &[Instruction]) -> io::Result<()> {
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

/// A page that parent and child share, zeroed.
pub(super) struct SharedPage(*mut c_void);

pub(super) const PAGE: usize = 4096;

impl SharedPage {
    pub(super) fn new() -> io::Result<Self> {
        const SHARED_ANONYMOUS: c_int = 0x21;
        // SAFETY: a new mapping wherever the kernel likes.
        let address = unsafe {
            c::mmap(
                std::ptr::null_mut(),
                PAGE,
                PROTECTION_READ_WRITE,
                SHARED_ANONYMOUS,
                -1,
                0,
            )
        };
        if address.addr() == usize::MAX {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(address))
    }

    pub(super) fn start(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: our own mapping, of which nothing is borrowed any more.
        unsafe { c::munmap(self.0, PAGE) };
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
