//! The fork itself: all that the parent is stopped for.
//!
//! V8 marks its memory `MADV_DONTFORK`, so that starting other programs stays cheap; a plain fork would
//! leave the heap out. Which mappings those are, the kernel shows in what a fork leaves out: a first
//! clone does nothing but sleep until its list of mappings has been read. What it lacks is marked
//! `MADV_DOFORK` for the second fork, and then as before. (`smaps` would tell too, for half a second at
//! 2 GB.)

use super::super::super::symbols::RawIsolate;
use super::super::course::{Obstacle, Order};
use super::child::Child;
use super::progress::Progress;
use super::symbols::CaptureSymbols;
use super::sys;
use crate::process::mappings::{self, Addresses};

/// Forks the child that follows the order. The caller holds V8's workers parked.
pub(super) fn fork(
    isolate: *mut RawIsolate,
    symbols: &'static CaptureSymbols,
    progress: &Progress,
    order: &Order,
) -> Result<u32, Obstacle> {
    let child = Child {
        isolate,
        symbols,
        progress,
        order,
        parent: std::process::id(),
    };
    // No handler of ours may run in the child: libuv's writes to a pipe that the parent reads.
    let _signals = sys::SignalsBlocked::new();
    let left_out = left_out_by_fork()?;
    // The child must not inherit it locked by a thread that it does not have.
    let regions = RegionLock::new(symbols);
    let _marks = CopiedByFork::new(&left_out);
    // SAFETY: what the child does is safe after the fork of a process with threads: see `child`.
    let process = unsafe { sys::fork() }.map_err(|error| Obstacle::System("fork", error))?;
    if process == 0 {
        drop(regions);
        // SAFETY: just forked, from the isolate's thread, with the workers parked.
        unsafe { child.run() }
    }
    Ok(process)
}

/// What a fork would not copy now.
fn left_out_by_fork() -> Result<Vec<Addresses>, Obstacle> {
    struct Sleeper(u32);
    impl Drop for Sleeper {
        fn drop(&mut self) {
            sys::kill(self.0);
            sys::reap(self.0, true);
        }
    }
    let list = |process: &str| mappings::of(process).ok_or(Obstacle::NoMappings);
    let before = list("self")?;
    let sleeper = sys::clone_that_sleeps().map_err(|error| Obstacle::System("clone", error))?;
    let sleeper = Sleeper(sleeper);
    let copied = list(&sleeper.0.to_string())?;
    drop(sleeper);
    // Other threads go on. What one of them maps after the clone would be left marked for ever, and a
    // program that the app starts by fork, as Node.js 18 does, would lack it.
    Ok(mappings::left_out(&before, &copied, &list("self")?))
}

/// Memory that forks copy until this is dropped.
struct CopiedByFork<'a>(&'a [Addresses]);

impl<'a> CopiedByFork<'a> {
    fn new(left_out: &'a [Addresses]) -> Self {
        for addresses in left_out {
            sys::set_copied_by_fork(addresses, true);
        }
        Self(left_out)
    }
}

impl Drop for CopiedByFork<'_> {
    fn drop(&mut self) {
        for addresses in self.0 {
            sys::set_copied_by_fork(addresses, false);
        }
    }
}

/// V8's process-wide lock of cppgc's persistent handles.
struct RegionLock {
    symbols: &'static CaptureSymbols,
    /// The C++ object has no members; a word for each that some version may add, which stays where it
    /// was constructed.
    object: Box<[u64; 4]>,
}

impl RegionLock {
    fn new(symbols: &'static CaptureSymbols) -> Self {
        let mut lock = Self {
            symbols,
            object: Box::default(),
        };
        // SAFETY: a constructor; it locks a mutex that this thread does not hold.
        unsafe { (symbols.lock_regions)(lock.object.as_mut_ptr().cast()) };
        lock
    }
}

impl Drop for RegionLock {
    fn drop(&mut self) {
        // SAFETY: the destructor of what the constructor locked, on the same thread or its copy.
        unsafe { (self.symbols.unlock_regions)(self.object.as_mut_ptr().cast()) };
    }
}
