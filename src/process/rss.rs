//! The resident set size, cheap enough for the end of a full GC: no heap allocation, no lock.
//!
//! On Linux `/proc/self/statm` is opened once and read from then on: right after a full GC, with cold
//! caches, that took 12 us where libuv's way (open, read and close `/proc/self/stat`) took 31 to 55
//! on the same machine. Elsewhere libuv is asked.

use super::symbol::{MissingSymbol, Symbol, function};
use std::ffi::c_int;
use std::sync::OnceLock;

/// Bytes of physical memory that this process holds, as `process.memoryUsage.rss()` tells.
pub fn resident_set_size() -> Option<u64> {
    #[cfg(target_os = "linux")]
    if let Some(bytes) = linux::resident_set_size() {
        return Some(bytes);
    }
    by_libuv()
}

/// Opens and looks up what reading needs, so that no GC callback has to.
pub fn prepare() {
    let _ = resident_set_size();
}

type UvResidentSetMemory = unsafe extern "C" fn(*mut usize) -> c_int;

fn by_libuv() -> Option<u64> {
    fn resolve() -> Result<UvResidentSetMemory, MissingSymbol> {
        Ok(function!(Symbol::c(c"uv_resident_set_memory") => UvResidentSetMemory))
    }
    static FUNCTION: OnceLock<Option<UvResidentSetMemory>> = OnceLock::new();
    let read = (*FUNCTION.get_or_init(|| resolve().ok()))?;
    let mut bytes = 0_usize;
    // SAFETY: libuv writes one size_t.
    let code = unsafe { read(&raw mut bytes) };
    (code == 0).then_some(bytes as u64)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::c_ulong;
    use std::fs::File;
    use std::os::unix::fs::FileExt;
    use std::sync::OnceLock;

    unsafe extern "C" {
        fn getauxval(kind: c_ulong) -> c_ulong;
    }

    /// `AT_PAGESZ`
    const PAGE_SIZE: c_ulong = 6;

    struct Statm {
        /// Whose file it is: a forked child must not read its parent's.
        process: u32,
        file: File,
        page_size: u64,
    }

    pub(super) fn resident_set_size() -> Option<u64> {
        static STATM: OnceLock<Option<Statm>> = OnceLock::new();
        STATM.get_or_init(Statm::open).as_ref()?.read()
    }

    impl Statm {
        fn open() -> Option<Self> {
            let file = File::open("/proc/self/statm").ok()?;
            // SAFETY: getauxval only reads what the kernel handed the process at its start.
            let page_size = unsafe { getauxval(PAGE_SIZE) };
            (page_size > 0).then_some(Self {
                process: std::process::id(),
                file,
                page_size: page_size as u64,
            })
        }

        fn read(&self) -> Option<u64> {
            if self.process != std::process::id() {
                return None;
            }
            let mut text = [0; 128];
            let length = self.file.read_at(&mut text, 0).ok()?;
            resident_pages(&text[..length])?.checked_mul(self.page_size)
        }
    }

    /// The second number of `size resident shared text lib data dt`.
    pub(super) fn resident_pages(statm: &[u8]) -> Option<u64> {
        std::str::from_utf8(statm)
            .ok()?
            .split_ascii_whitespace()
            .nth(1)?
            .parse()
            .ok()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_second_number() {
        assert_eq!(linux::resident_pages(b"100 25 3 1 0 7 0\n"), Some(25));
        assert_eq!(linux::resident_pages(b"100"), None);
        assert_eq!(linux::resident_pages(b""), None);
    }

    #[test]
    fn agrees_with_the_kernels_status() {
        let rss = resident_set_size().unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
        // Other tests allocate meanwhile.
        assert!(
            rss.abs_diff(kilobytes * 1024) < 64 << 20,
            "{rss} {kilobytes}"
        );
    }
}
