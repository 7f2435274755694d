//! What a signal does.

use super::c;
use std::ffi::{c_int, c_void};

const SIG_SETMASK: c_int = 2;
const SIG_DFL: usize = 0;
const SIG_IGN: usize = 1;
const SIGSEGV: c_int = 11;
const SIGPIPE: c_int = 13;
const SIGALRM: c_int = 14;
const LAST_SIGNAL: c_int = 64;

/// Blocks every signal on this thread until dropped.
pub(in super::super) struct SignalsBlocked(c::SignalSet);

impl SignalsBlocked {
    pub(in super::super) fn new() -> Self {
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
pub(in super::super) fn default_signals() {
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
pub(in super::super) struct FaultInfo {
    _signal: [c_int; 4],
    pub(in super::super) address: usize,
}

type OnFault = extern "C" fn(signal: c_int, info: *const FaultInfo, context: *mut c_void);

/// For a child: what is called when it touches memory that it may not.
pub(in super::super) fn on_fault(handler: OnFault) {
    const WITH_INFO: c_int = 4;
    on(SIGSEGV, handler as usize, WITH_INFO);
}

/// For a child: what is called when its timer has run down; what it interrupts goes on.
pub(in super::super) fn on_alarm(handler: extern "C" fn(c_int)) {
    const GO_ON: c_int = 0x1000_0000;
    on(SIGALRM, handler as usize, GO_ON);
}

/// `handler` is a function that takes what the flags ask for.
fn on(signal: c_int, handler: usize, flags: c_int) {
    let action = c::SignalAction {
        handler,
        mask: c::SignalSet([0; 16]),
        flags,
        restorer: 0,
    };
    // SAFETY: reads one struct; the callers name a handler that fits the flags.
    unsafe { c::sigaction(signal, &raw const action, std::ptr::null_mut()) };
}

pub(in super::super) fn default_action(signal: c_int) {
    // SAFETY: the default action is always valid.
    unsafe { c::signal(signal, SIG_DFL) };
}

/// For a child: whatever it does then.
pub(in super::super) fn end_after(seconds: u32) {
    // SAFETY: has no precondition; the default action of the signal ends the process.
    unsafe { c::alarm(seconds) };
}
