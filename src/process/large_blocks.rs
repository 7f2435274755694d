//! Large blocks of memory come from the kernel, and go back to it when they are freed.
//!
//! glibc raises the size from which it does the same to as much as 32 MB as blocks are freed, and then keeps
//! twice as much at the end of each of its heaps, one for each thread that allocates. An analysis of a
//! snapshot, which is a few columns of many megabytes, took 30 to 130 MB more than its columns that way, and the
//! app's memory stayed larger after it (`bench/snapshot/hostile.js`).
//!
//! What always holds: which blocks are large is told by the layout alone, so who frees one knows it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_int, c_void};
use std::ptr;

/// A page fault for each 4 kB costs little beside filling a block of this size.
const LARGE: usize = 1 << 20;

/// The smallest page there is: the kernel aligns blocks to at least this.
const PAGE: usize = 4096;

const PROT_READ_WRITE: c_int = 1 | 2;
const MAP_PRIVATE_ANONYMOUS: c_int = 0x02 | 0x20;
const MREMAP_MAYMOVE: c_int = 1;

unsafe extern "C" {
    fn mmap(
        address: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: i64,
    ) -> *mut c_void;
    fn munmap(address: *mut c_void, length: usize) -> c_int;
    fn mremap(address: *mut c_void, old: usize, new: usize, flags: c_int, ...) -> *mut c_void;
}

pub struct LargeBlocks;

fn is_large(layout: Layout) -> bool {
    layout.size() >= LARGE && layout.align() <= PAGE
}

/// The kernel's answer; null where it has no memory.
fn block(answer: *mut c_void) -> *mut u8 {
    // MAP_FAILED is -1.
    if answer.addr() == usize::MAX {
        ptr::null_mut()
    } else {
        answer.cast()
    }
}

fn map(size: usize) -> *mut u8 {
    // SAFETY: a new private mapping, where the kernel likes.
    let answer = unsafe {
        mmap(
            ptr::null_mut(),
            size,
            PROT_READ_WRITE,
            MAP_PRIVATE_ANONYMOUS,
            -1,
            0,
        )
    };
    block(answer)
}

// SAFETY: blocks are the system allocator's, or mappings of their own that nobody else has; null where there
// is no memory; nothing here panics.
unsafe impl GlobalAlloc for LargeBlocks {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return map(layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return map(layout.size());
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_large(layout) {
            // SAFETY: by `is_large` a mapping of this size, and the caller does not use it any more.
            unsafe { munmap(block.cast(), layout.size()) };
        } else {
            // SAFETY: by `is_large` the system allocator's, with this layout.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size, rounded up to the alignment, is no overflow.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (is_large(layout), is_large(new)) {
            // SAFETY: the system allocator's, with this layout.
            (false, false) => unsafe { System.realloc(old, layout, size) },
            (true, true) => {
                // SAFETY: a mapping of this size; where the kernel moves it, the caller has the new address only.
                block(unsafe { mremap(old.cast(), layout.size(), size, MREMAP_MAYMOVE) })
            }
            _ => {
                // SAFETY: the layout is valid, and the caller promises that it is not empty.
                let block = unsafe { self.alloc(new) };
                if !block.is_null() {
                    let kept = layout.size().min(size);
                    // SAFETY: both blocks have these bytes, and are two.
                    unsafe { ptr::copy_nonoverlapping(old, block, kept) };
                    // SAFETY: the caller's promise of the old one.
                    unsafe { self.dealloc(old, layout) };
                }
                block
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of this address space, by the kernel.
    fn mapped_at(address: usize) -> bool {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().any(|line| {
            let (start, rest) = line.split_once('-').unwrap();
            let end = rest.split(' ').next().unwrap();
            let at = |text| usize::from_str_radix(text, 16).unwrap();
            (at(start)..at(end)).contains(&address)
        })
    }

    fn allocate(layout: Layout) -> &'static mut [u8] {
        // SAFETY: no layout here is empty.
        let block = unsafe { LargeBlocks.alloc_zeroed(layout) };
        of_size(block, layout)
    }

    fn resize(block: &'static mut [u8], layout: Layout, size: usize) -> &'static mut [u8] {
        // SAFETY: by `allocate`, with this layout.
        let block = unsafe { LargeBlocks.realloc(block.as_mut_ptr(), layout, size) };
        assert!(!block.is_null());
        if let Some(more) = size.checked_sub(layout.size()) {
            // SAFETY: what the block has grown by.
            unsafe { block.wrapping_add(layout.size()).write_bytes(0, more) };
        }
        of_size(
            block,
            Layout::from_size_align(size, layout.align()).unwrap(),
        )
    }

    fn of_size(block: *mut u8, layout: Layout) -> &'static mut [u8] {
        assert!(!block.is_null());
        assert_eq!(block.addr() % layout.align(), 0);
        // SAFETY: the block is so large, and its bytes are zeros or were written.
        unsafe { std::slice::from_raw_parts_mut(block, layout.size()) }
    }

    fn free(block: &'static mut [u8], layout: Layout) {
        // SAFETY: by `allocate` or `resize`, with this layout, and nobody has it any more.
        unsafe { LargeBlocks.dealloc(block.as_mut_ptr(), layout) }
    }

    #[test]
    fn what_is_freed_is_the_kernels_again() {
        let layout = Layout::from_size_align(5 * LARGE + 1, 8).unwrap();
        let block = allocate(layout);
        let address = block.as_ptr().addr();
        assert!(block.iter().all(|&byte| byte == 0));
        assert!(mapped_at(address));
        free(block, layout);
        assert!(!mapped_at(address));
    }

    /// Sizes on both sides of each border, in every order of two.
    #[test]
    fn a_block_keeps_its_bytes_whatever_size_it_gets() {
        let sizes = [1, 4095, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE + 77];
        for align in [8, 2 * PAGE] {
            for old in sizes {
                for new in sizes {
                    keeps(Layout::from_size_align(old, align).unwrap(), new);
                }
            }
        }
    }

    fn keeps(layout: Layout, size: usize) {
        let kept = layout.size().min(size);
        // In every page, and both ends.
        let places = || (0..kept).step_by(509).chain([kept - 1]);
        let byte = |at: usize| (at % 251) as u8;
        let block = allocate(layout);
        places().for_each(|at| block[at] = byte(at));
        let block = resize(block, layout, size);
        assert!(places().all(|at| block[at] == byte(at)));
        // All of it can be written to.
        block.fill(7);
        free(
            block,
            Layout::from_size_align(size, layout.align()).unwrap(),
        );
    }

    #[test]
    fn without_memory_there_is_no_block() {
        let layout = Layout::from_size_align(isize::MAX as usize - 4096, 1).unwrap();
        // SAFETY: the layout is not empty.
        assert!(unsafe { LargeBlocks.alloc(layout) }.is_null());
    }
}
