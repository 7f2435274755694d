//! The disk that a file is on.

use std::ffi::{c_int, c_uint};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that this process may still write.
    pub free: u64,
    /// What is written there takes memory.
    pub in_memory: bool,
}

/// tmpfs and ramfs.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// `struct statfs` of 64-bit Linux.
#[repr(C)]
#[derive(Default)]
struct FileSystem {
    kind: u64,
    block_size: u64,
    blocks: u64,
    free: u64,
    available: u64,
    rest: [u64; 16],
}

unsafe extern "C" {
    fn fstatfs(file: c_int, answer: *mut FileSystem) -> c_int;
    fn sync_file_range(file: c_int, offset: i64, length: i64, flags: c_uint) -> c_int;
}

/// Has the kernel begin to write what it holds of the file, without waiting for it.
pub fn begin_writing(file: &File) {
    const WRITE: c_uint = 2;
    // SAFETY: takes numbers; where a file system cannot do it, it is written later all the same.
    unsafe { sync_file_range(file.as_raw_fd(), 0, 0, WRITE) };
}

pub(super) fn of(file: &File) -> io::Result<Disk> {
    let mut answer = FileSystem::default();
    // SAFETY: writes one struct, which is no larger than ours.
    if unsafe { fstatfs(file.as_raw_fd(), &raw mut answer) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(Disk {
        free: answer.available.saturating_mul(answer.block_size),
        in_memory: IN_MEMORY.contains(&answer.kind),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_disk_from_memory() {
        let disk = |name: &str| of(&File::open(name).unwrap()).unwrap();
        assert!(disk("/").free > 1 << 20);
        if std::fs::exists("/dev/shm").unwrap() {
            assert!(disk("/dev/shm").in_memory);
        }
        assert!(!disk("/proc/self").in_memory);
    }
}
