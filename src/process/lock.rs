//! A lock on an open file that the kernel lets go of however its process ends (`flock`).

use std::fs::File;
use std::io;

/// What a look at another's lock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Held,
    Free,
    /// This file system has no locks.
    Unknown,
}

/// Locks the file as long as it is open, here or in a copy of its descriptor.
///
/// # Errors
/// The kernel's: somebody else has it, or there are no locks.
pub fn hold(file: &File) -> io::Result<()> {
    platform::lock(file, platform::EXCLUSIVE)
}

/// Whether somebody has it locked. Whoever looks at the same moment is not seen.
pub fn look(file: &File) -> Lock {
    match platform::lock(file, platform::SHARED) {
        Ok(()) => {
            // It ends with the descriptor at the latest.
            let _ = platform::lock(file, platform::UNLOCK);
            Lock::Free
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Lock::Held,
        Err(_) => Lock::Unknown,
    }
}

#[cfg(unix)]
mod platform {
    use std::ffi::c_int;
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;

    const AT_ONCE: c_int = 4;
    pub(super) const SHARED: c_int = 1 | AT_ONCE;
    pub(super) const EXCLUSIVE: c_int = 2 | AT_ONCE;
    pub(super) const UNLOCK: c_int = 8;

    unsafe extern "C" {
        fn flock(file: c_int, operation: c_int) -> c_int;
    }

    pub(super) fn lock(file: &File, operation: c_int) -> io::Result<()> {
        // SAFETY: takes two numbers; the descriptor is open.
        if unsafe { flock(file.as_raw_fd(), operation) } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::File;
    use std::io;

    pub(super) const SHARED: i32 = 1;
    pub(super) const EXCLUSIVE: i32 = 2;
    pub(super) const UNLOCK: i32 = 8;

    pub(super) fn lock(_: &File, _: i32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn is_held_until_the_last_descriptor_is_closed() {
        let name = std::env::temp_dir().join(format!("tidemark-lock-{}", std::process::id()));
        let file = File::create(&name).unwrap();
        let other = File::open(&name).unwrap();
        assert_eq!(look(&other), Lock::Free);
        hold(&file).unwrap();
        let copy = file.try_clone().unwrap();
        assert_eq!(look(&other), Lock::Held);
        assert!(hold(&other).is_err());
        drop(file);
        assert_eq!(look(&other), Lock::Held);
        drop(copy);
        assert_eq!(look(&other), Lock::Free);
        std::fs::remove_file(name).unwrap();
    }
}
