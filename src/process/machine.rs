//! What the whole machine has left.

use super::rlimits;
use std::fs;
use std::path::Path;

/// Bytes that can still be handed out without swapping: `MemAvailable` of `/proc/meminfo`.
/// `None` where there is no such file; the caller then asks Node (`os.freemem()`).
pub fn available() -> Option<u64> {
    available_in(Path::new("/proc/meminfo"))
}

/// Bytes that can still be claimed where the kernel counts what is claimed and not what is used
/// (`vm.overcommit_memory` is 2); `None` elsewhere. A fork claims what the process may write to.
pub fn claimable(forks: bool) -> Option<u64> {
    const STRICT: &str = "2";
    let mode = fs::read_to_string("/proc/sys/vm/overcommit_memory").ok()?;
    if mode.trim() != STRICT {
        return None;
    }
    let claim = if forks { rlimits::data()? } else { 0 };
    parse_claimable(&fs::read_to_string("/proc/meminfo").ok()?, claim)
}

fn available_in(meminfo: &Path) -> Option<u64> {
    parse_available(&fs::read_to_string(meminfo).ok()?)
}

pub(super) fn parse_available(meminfo: &str) -> Option<u64> {
    bytes(meminfo, "MemAvailable:")
}

fn parse_claimable(meminfo: &str, claim: u64) -> Option<u64> {
    let [limit, claimed] = ["CommitLimit:", "Committed_AS:"].map(|name| bytes(meminfo, name));
    Some(limit?.saturating_sub(claimed?).saturating_sub(claim))
}

fn bytes(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
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
    fn a_fork_claims_the_memory_of_its_process_once_more() {
        let text = "CommitLimit:     4096 kB\nCommitted_AS:    1024 kB\n";
        assert_eq!(parse_claimable(text, 0), Some(3 << 20));
        assert_eq!(parse_claimable(text, 1 << 20), Some(2 << 20));
        assert_eq!(parse_claimable(text, 9 << 20), Some(0));
        assert_eq!(parse_claimable("CommitLimit:     4096 kB\n", 0), None);
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
