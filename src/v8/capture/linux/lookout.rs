//! The child looks after the memory that is left, and ends itself before it runs out.
//!
//! What it needs, its limit of memory bounds; what its parent and others take meanwhile, nothing does:
//! an app that allocates, pages that the parent writes to and that are there twice from then on. Where
//! the kernel would have to end somebody, a control group may end all of its processes. So a timer
//! interrupts the child whatever V8 is at, and its handler reads two or three open files; that is safe in
//! a handler: no allocation, no lock, and `errno` stays.

use super::super::course::Step;
use super::alarm::{self, Errno};
use super::progress::Progress;
use super::sys;
use crate::process::gauge::Gauge;
use std::ffi::c_int;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Faster than this nobody fills what is kept free.
const LOOK_MICROS: i64 = 10_000;

struct Lookout {
    gauge: Gauge,
    floor: u64,
    ends: Instant,
    progress: *const Progress,
}

// SAFETY: set and read by the one thread of a child.
unsafe impl Send for Lookout {}
// SAFETY: as above.
unsafe impl Sync for Lookout {}

/// Set in a child only.
static LOOKOUT: OnceLock<Lookout> = OnceLock::new();

/// For a child: it ends when fewer than `floor` bytes are left, and after so many seconds. `progress`
/// lives as long as the child.
pub(super) fn begin(gauge: Gauge, floor: u64, seconds: u32, progress: &Progress) -> io::Result<()> {
    LOOKOUT.get_or_init(|| Lookout {
        gauge,
        floor,
        ends: Instant::now() + Duration::from_secs(seconds.into()),
        progress,
    });
    alarm::every(LOOK_MICROS, look)
}

extern "C" fn look(_: c_int) {
    let _errno = Errno::keep();
    let Some(lookout) = LOOKOUT.get() else {
        return;
    };
    // SAFETY: lives as long as the child: see `begin`.
    let progress = unsafe { &*lookout.progress };
    if let Some(left) = lookout.gauge.headroom()
        && left < lookout.floor
    {
        progress.short(left);
        sys::exit_now(1);
    }
    if Instant::now() > lookout.ends {
        progress.fail(Step::Time, None);
        sys::exit_now(1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::course::End;
    use super::*;

    /// A child that does nothing but be interrupted.
    fn forked(floor: u64, seconds: u32) -> (End, Progress) {
        let progress = Progress::new().unwrap();
        // SAFETY: the child makes system calls and allocates, and ends.
        let process = unsafe { sys::fork() }.unwrap();
        if process == 0 {
            sys::default_signals();
            let until = Instant::now() + Duration::from_secs(20);
            let begun = begin(Gauge::open(), floor, seconds, &progress);
            while begun.is_ok() && Instant::now() < until {
                std::hint::spin_loop();
            }
            sys::exit_now(7);
        }
        (sys::reap(process, true).unwrap(), progress)
    }

    #[test]
    fn ends_a_child_that_has_too_little_left_whatever_it_is_at() {
        let (end, progress) = forked(u64::MAX, 60);
        assert_eq!(end, End::Exit(1));
        let told = progress.read();
        assert_eq!(told.failed, Step::Memory);
        assert!(told.left > 0);
    }

    #[test]
    fn ends_a_child_whose_time_is_over() {
        let (end, progress) = forked(0, 0);
        assert_eq!(end, End::Exit(1));
        assert_eq!(progress.read().failed, Step::Time);
    }
}
