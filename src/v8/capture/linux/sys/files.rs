//! Descriptors of a child.

use super::{c, checked};
use std::ffi::{CStr, c_int, c_long};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

const EINTR: i32 = 4;

const SYS_GETDENTS64: c_long = 217;

/// For a child: `/dev/null` in the place of every descriptor but these. Not closed, since libuv ends
/// the process when a write to its own descriptors fails.
pub(in super::super) fn replace_descriptors(but: &[c_int]) -> io::Result<()> {
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
pub(in super::super) fn write_all(file: c_int, mut data: &[u8]) -> io::Result<()> {
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
