//! What the whole machine has left.

use std::fs;
use std::path::Path;

/// Bytes that can still be handed out without swapping: `MemAvailable` of `/proc/meminfo`.
/// `None` where there is no such file; the caller then asks Node (`os.freemem()`).
pub fn available() -> Option<u64> {
    available_in(Path::new("/proc/meminfo"))
}

fn available_in(meminfo: &Path) -> Option<u64> {
    parse_available(&fs::read_to_string(meminfo).ok()?)
}

fn parse_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_mem_available_in_bytes() {
        let text = "MemTotal:       24000000 kB\nMemFree: 1 kB\nMemAvailable:   16384 kB\n";
        assert_eq!(parse_available(text), Some(16_777_216));
    }

    #[test]
    fn says_none_rather_than_a_wrong_number() {
        assert_eq!(parse_available(""), None);
        assert_eq!(parse_available("MemAvailable: many kB"), None);
        assert_eq!(
            parse_available("MemAvailable: 18446744073709551615 kB"),
            None
        );
        assert_eq!(available_in(Path::new("/nonexistent/meminfo")), None);
    }
}
