//! The parent's thread that looks after the memory that is left while a child lives, and ends the child
//! before the kernel has to end somebody.
//!
//! The child does so too (`lookout`), but on a busy machine its low priority may keep it from its
//! processor for longer than an app needs to fill what is left, also when it is to die: so who ends it
//! takes its memory back, too.

use super::progress::Progress;
use crate::process::gauge::Gauge;
use std::ffi::{c_int, c_long, c_uint, c_void};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Faster than this nobody fills what is kept free.
const LOOK: Duration = Duration::from_millis(4);

/// The kernel gives a process up to be emptied only once its signal has arrived.
const RELEASE_TRIES: u32 = 20;
const RELEASE_PAUSE: Duration = Duration::from_millis(1);

const SYS_PIDFD_SEND_SIGNAL: c_long = 424;
const SYS_PIDFD_OPEN: c_long = 434;
const SYS_PROCESS_MRELEASE: c_long = 448;
const SIGKILL: c_int = 9;

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

pub(super) struct Warden {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Warden {
    /// `None` where the kernel (before 5.3) or its limits do not allow it: the child looks by itself.
    pub(super) fn over(process: u32, floor: u64, progress: Arc<Progress>) -> Option<Self> {
        const STACK: usize = 128 << 10;
        let child = Held::open(process)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("tidemark-warden".to_owned())
            .stack_size(STACK)
            .spawn(move || watch(&child, floor, &progress, &stopped))
            .ok()?;
        Some(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, the child looks by itself.
            let _ = thread.join();
        }
    }
}

fn watch(child: &Held, floor: u64, progress: &Progress, stop: &AtomicBool) {
    let gauge = Gauge::open();
    while !stop.load(Relaxed) {
        if let Some(left) = gauge.headroom()
            && left < floor
        {
            if child.kill() {
                progress.short(left);
                child.release();
            }
            return;
        }
        thread::sleep(LOOK);
    }
}

/// A process that is held by a descriptor: its number may be another's one day.
struct Held(OwnedFd);

impl Held {
    /// Only for a child that was not waited for.
    fn open(process: u32) -> Option<Self> {
        // SAFETY: takes two numbers.
        let file = unsafe { syscall(SYS_PIDFD_OPEN, process, 0 as c_uint) };
        let file = c_int::try_from(file).ok().filter(|&file| file >= 0)?;
        // SAFETY: just opened, and nobody else's.
        Some(Self(unsafe { OwnedFd::from_raw_fd(file) }))
    }

    /// Whether it was there to be ended.
    fn kill(&self) -> bool {
        let file = self.0.as_raw_fd();
        let no_info = std::ptr::null::<c_void>();
        // SAFETY: takes numbers, and null for the information that the kernel then fills in.
        unsafe { syscall(SYS_PIDFD_SEND_SIGNAL, file, SIGKILL, no_info, 0 as c_uint) == 0 }
    }

    /// Frees the memory of a process that was killed, without waiting for it. Linux 5.15 on.
    fn release(&self) {
        for _ in 0..RELEASE_TRIES {
            // SAFETY: takes two numbers; the kernel refuses a process that does not die.
            if unsafe { syscall(SYS_PROCESS_MRELEASE, self.0.as_raw_fd(), 0 as c_uint) } == 0 {
                return;
            }
            thread::sleep(RELEASE_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::course::{End, Step};
    use super::super::sys;
    use super::*;

    #[test]
    fn ends_a_child_that_leaves_too_little_and_says_so() {
        let progress = Arc::new(Progress::new().unwrap());
        let process = sys::clone_that_sleeps().unwrap();
        let warden = Warden::over(process, u64::MAX, Arc::clone(&progress));
        if warden.is_some() {
            assert_eq!(sys::reap(process, true), Some(End::Signal(SIGKILL)));
            drop(warden);
            assert_eq!(progress.read().failed, Step::Memory);
            assert!(progress.read().left > 0);
        } else {
            sys::kill(process);
            sys::reap(process, true);
        }
    }

    #[test]
    fn lets_a_child_live_that_leaves_enough() {
        let progress = Arc::new(Progress::new().unwrap());
        let process = sys::clone_that_sleeps().unwrap();
        let warden = Warden::over(process, 1, Arc::clone(&progress));
        thread::sleep(LOOK * 5);
        drop(warden);
        assert_eq!(sys::reap(process, false), None);
        assert_eq!(progress.read().failed, Step::None);
        sys::kill(process);
        sys::reap(process, true);
    }
}
