//! The resident set size, cheap enough for the end of a full GC.

use super::symbol::{MissingSymbol, Symbol, function};
use std::ffi::c_int;
use std::sync::OnceLock;

type UvResidentSetMemory = unsafe extern "C" fn(*mut usize) -> c_int;

/// Bytes of physical memory that this process holds, by libuv's `uv_resident_set_memory`, which is
/// what `process.memoryUsage.rss()` tells. No heap allocation, no lock.
pub fn resident_set_size() -> Option<u64> {
    let read = uv_resident_set_memory()?;
    let mut bytes = 0_usize;
    // SAFETY: libuv writes one size_t.
    let code = unsafe { read(&raw mut bytes) };
    (code == 0).then_some(bytes as u64)
}

fn uv_resident_set_memory() -> Option<UvResidentSetMemory> {
    fn resolve() -> Result<UvResidentSetMemory, MissingSymbol> {
        Ok(function!(Symbol::c(c"uv_resident_set_memory") => UvResidentSetMemory))
    }
    static FUNCTION: OnceLock<Option<UvResidentSetMemory>> = OnceLock::new();
    *FUNCTION.get_or_init(|| resolve().ok())
}
