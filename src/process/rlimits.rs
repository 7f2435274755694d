//! What the kernel lets this process map beyond what it has: its limits of address space and data.

use std::fs;

/// On x86-64, the only place where it counts: elsewhere nothing forks.
const PAGE: u64 = 4096;

/// A line of `/proc/self/limits`, and the number in `/proc/self/statm` that the kernel holds against it.
const LIMITS: [(&str, usize); 2] = [("Max address space", 0), ("Max data size", 5)];

/// Bytes; `None` where it is not limited.
pub fn left() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    least(&limits, &statm)
}

fn least(limits: &str, statm: &str) -> Option<u64> {
    let left = |(name, field)| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        // `unlimited` is no number.
        let limit: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
        let pages: u64 = statm.split_ascii_whitespace().nth(field)?.parse().ok()?;
        Some(limit.saturating_sub(pages.saturating_mul(PAGE)))
    };
    LIMITS.into_iter().filter_map(left).min()
}

#[cfg(test)]
mod tests {
    use super::least;

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
        assert_eq!(least(&limits("unlimited", "unlimited"), STATM), None);
        assert_eq!(least("", ""), None);
    }

    #[test]
    fn leave_what_is_not_mapped_yet() {
        assert_eq!(least(&limits("unlimited", "50960"), STATM), Some(10_000));
        assert_eq!(least(&limits("410600", "unlimited"), STATM), Some(1_000));
        assert_eq!(least(&limits("410600", "41000"), STATM), Some(40));
        assert_eq!(least(&limits("1", "unlimited"), STATM), Some(0));
    }
}
