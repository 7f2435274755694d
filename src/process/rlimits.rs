//! What the kernel lets this process map beyond what it has: its limits of address space and data.

use std::fs;

/// On x86-64, the only place where it counts: elsewhere nothing forks.
const PAGE: u64 = 4096;

/// A line of `/proc/self/limits`, and the number in `/proc/self/statm` that the kernel holds against it.
const LIMITS: [(&str, usize); 2] = [("Max address space", 0), ("Max data size", 5)];

/// Bytes of address space and of data; `None` where they are not limited.
pub fn left() -> [Option<u64>; 2] {
    let read = |name| fs::read_to_string(name).unwrap_or_default();
    parse(&read("/proc/self/limits"), &read("/proc/self/statm"))
}

/// Bytes of writable memory that this process has mapped, as the kernel counts it.
pub fn data() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let [_, (_, field)] = LIMITS;
    bytes(&statm, field)
}

fn parse(limits: &str, statm: &str) -> [Option<u64>; 2] {
    LIMITS.map(|(name, field)| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        // `unlimited` is no number.
        let limit: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
        Some(limit.saturating_sub(bytes(statm, field)?))
    })
}

fn bytes(statm: &str, field: usize) -> Option<u64> {
    let pages: u64 = statm.split_ascii_whitespace().nth(field)?.parse().ok()?;
    Some(pages.saturating_mul(PAGE))
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HEAD: &str =
        "Limit                     Soft Limit           Hard Limit           Units     \n";
    const STATM: &str = "100 25 9 1 0 10 0\n";

    fn limits(address_space: &str, data: &str) -> String {
        format!(
            "{HEAD}Max data size             {data}            unlimited            bytes     \nMax address space         {address_space}            unlimited            bytes     \n"
        )
    }

    #[test]
    fn are_none_on_most_machines() {
        assert_eq!(parse(&limits("unlimited", "unlimited"), STATM), [None; 2]);
        assert_eq!(parse("", ""), [None; 2]);
    }

    #[test]
    fn leave_what_is_not_mapped_yet() {
        let left = |address_space, data| parse(&limits(address_space, data), STATM);
        assert_eq!(left("unlimited", "50960"), [None, Some(10_000)]);
        assert_eq!(left("410600", "unlimited"), [Some(1_000), None]);
        assert_eq!(left("410600", "41000"), [Some(1_000), Some(40)]);
        assert_eq!(left("1", "unlimited"), [Some(0), None]);
    }
}
