//! Memory that the process shares with others: the child must not write there.
//!
//! A fork does not copy such memory, and V8 may run finalizers of any addon while it collects in the
//! child: one that gives back its place in a table there would do so for the parent. So the child makes
//! all of it read-only, and a page that is written to all the same becomes its own, as if the fork had
//! copied it. What nobody writes to costs nothing, however large it is.

use super::super::course::Step;
use super::progress::Progress;
use super::sys;
use crate::process::mappings::{self, Addresses};
use std::ffi::c_int;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Shared {
    /// The mappings that were writable.
    mappings: Vec<Addresses>,
    /// Where the child says that it could not go on.
    progress: *const Progress,
}

// SAFETY: set and read by the one thread of a child.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Set in a child only.
static SHARED: OnceLock<Shared> = OnceLock::new();

/// For a child: what it writes from now on nobody else sees, but for the page of `progress`, which
/// lives as long as the child.
pub(super) fn keep_out(progress: &Progress) -> io::Result<()> {
    let all = mappings::of("self").ok_or(io::ErrorKind::InvalidData)?;
    let mappings: Vec<Addresses> = all
        .into_iter()
        .filter(|mapping| mapping.shared_writable && !progress.is_at(mapping.addresses.start))
        .map(|mapping| mapping.addresses)
        .collect();
    let shared = SHARED.get_or_init(|| Shared { mappings, progress });
    sys::on_fault(fault);
    shared.mappings.iter().try_for_each(sys::make_read_only)
}

/// The child was about to write to `address`, or touched what is not there.
extern "C" fn fault(signal: c_int, info: *const sys::FaultInfo, _: *mut std::ffi::c_void) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    // SAFETY: the kernel's, valid in the handler.
    let address = unsafe { (*info).address };
    let page = address & !(sys::PAGE - 1);
    let shared = SHARED.get().filter(|shared| {
        let there = |addresses: &Addresses| addresses.contains(&address);
        // A second time it is not for the writing.
        shared.mappings.iter().any(there) && LAST.swap(page, Relaxed) != page
    });
    let Some(shared) = shared else {
        // It happens again at once, and ends the child.
        return sys::default_action(signal);
    };
    // SAFETY: one page of a mapping that can be read; the child's only thread waits for us.
    if let Err(error) = unsafe { sys::replace_by_copy(page) } {
        // SAFETY: lives as long as the child: see `keep_out`.
        unsafe { &*shared.progress }.fail(Step::SharedMemory, Some(&error));
        sys::exit_now(1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::course::End;
    use super::*;

    const SIGSEGV: c_int = 11;

    /// What the child ends with.
    fn forked(child: impl FnOnce() -> c_int) -> End {
        // SAFETY: the child makes system calls and allocates, and ends.
        let process = unsafe { sys::fork() }.unwrap();
        if process == 0 {
            sys::exit_now(child());
        }
        sys::reap(process, true).unwrap()
    }

    fn word(page: &sys::SharedPage, at: usize) -> *mut u64 {
        page.start().cast::<u64>().wrapping_add(at)
    }

    fn read(page: &sys::SharedPage, at: usize) -> u64 {
        // SAFETY: within the page, which lives; the other process is not there any more, or reads.
        unsafe { word(page, at).read_volatile() }
    }

    fn write(page: &sys::SharedPage, at: usize, value: u64) {
        // SAFETY: as in `read`.
        unsafe { word(page, at).write_volatile(value) };
    }

    #[test]
    fn what_a_child_writes_its_parent_does_not_see() {
        let progress = Progress::new().unwrap();
        let pages = [(); 2].map(|()| sys::SharedPage::new().unwrap());
        for page in &pages {
            write(page, 1, 7);
        }
        let end = forked(|| {
            if keep_out(&progress).is_err() {
                return 2;
            }
            for round in 0..3 {
                for page in &pages {
                    write(page, 0, read(page, 1) + round);
                }
            }
            progress.wrote(5);
            let kept = pages
                .iter()
                .all(|page| (read(page, 0), read(page, 1)) == (9, 7));
            c_int::from(!kept)
        });
        assert_eq!(end, End::Exit(0), "{:?}", progress.read());
        for page in &pages {
            assert_eq!((read(page, 0), read(page, 1)), (0, 7));
        }
        assert_eq!(progress.read().written, 5, "its own page stays shared");
        for page in &pages {
            write(page, 0, 1);
        }
    }

    #[test]
    fn a_fault_elsewhere_ends_the_child_as_ever() {
        let progress = Progress::new().unwrap();
        let end = forked(|| {
            let gone = sys::SharedPage::new().unwrap().start();
            let _ = keep_out(&progress);
            // SAFETY: not valid, which is the point; the process is a child made for it.
            unsafe { gone.cast::<u64>().write_volatile(1) };
            0
        });
        assert_eq!(end, End::Signal(SIGSEGV));
    }
}
