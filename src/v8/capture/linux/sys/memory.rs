//! Pages: whether a fork copies them, and who may write to them.

use super::{c, checked};
use std::ffi::{c_int, c_void};
use std::io;
use std::ops::Range;

const MADV_DONTFORK: c_int = 10;
const MADV_DOFORK: c_int = 11;

const PROTECTION_READ: c_int = 1;
const PROTECTION_READ_WRITE: c_int = 3;

/// Whether a fork copies these addresses. Changes no content.
pub(in super::super) fn set_copied_by_fork(addresses: &Range<usize>, copied: bool) -> bool {
    let advice = if copied { MADV_DOFORK } else { MADV_DONTFORK };
    let start = std::ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: these two advices only set a flag; addresses that are gone are an error.
    unsafe { c::madvise(start, addresses.len(), advice) == 0 }
}

pub(in super::super) fn make_read_only(addresses: &Range<usize>) -> io::Result<()> {
    let start = std::ptr::with_exposed_provenance_mut(addresses.start);
    // SAFETY: takes a right away; what writes there all the same is a fault.
    checked(unsafe { c::mprotect(start, addresses.len(), PROTECTION_READ) }).map(drop)
}

/// The page at this address becomes this process's own, writable, with the same content.
///
/// # Safety
/// It is a page, it can be read, and nobody writes to it meanwhile.
pub(in super::super) unsafe fn replace_by_copy(page: usize) -> io::Result<()> {
    const PRIVATE_ANONYMOUS_FIXED: c_int = 0x32;
    let start = std::ptr::with_exposed_provenance_mut::<u64>(page);
    let mut content = [0_u64; PAGE / size_of::<u64>()];
    // Word by word: as one array the compiler writes an instruction for every byte of it.
    for (at, word) in content.iter_mut().enumerate() {
        // SAFETY: `at` is below the number of words of the page.
        let from = unsafe { start.add(at) };
        // SAFETY: the caller's promise.
        *word = unsafe { from.read_volatile() };
    }
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
    for (at, word) in content.iter().enumerate() {
        // SAFETY: as above.
        let to = unsafe { start.add(at) };
        // SAFETY: just mapped, writable.
        unsafe { to.write_volatile(*word) };
    }
    Ok(())
}

/// A page that parent and child share, zeroed.
pub(in super::super) struct SharedPage(*mut c_void);

pub(in super::super) const PAGE: usize = 4096;

impl SharedPage {
    pub(in super::super) fn new() -> io::Result<Self> {
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

    pub(in super::super) fn start(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for SharedPage {
    fn drop(&mut self) {
        // SAFETY: our own mapping, of which nothing is borrowed any more.
        unsafe { c::munmap(self.0, PAGE) };
    }
}
