//! How much memory can still be taken before something ends this process.

use super::{cgroup, machine, rlimits, rss};

/// The least of what the control group, the machine, the process's own limits and `memory_limit` (bytes
/// of RSS) leave; `None` where none of them is known.
pub fn bytes(memory_limit: Option<u64>) -> Option<u64> {
    let outside = [
        cgroup::memory().map(|memory| memory.headroom()),
        machine::available(),
        rlimits::left(),
    ];
    least(outside, memory_limit, rss::resident_set_size())
}

fn least(outside: [Option<u64>; 3], memory_limit: Option<u64>, rss: Option<u64>) -> Option<u64> {
    let named = memory_limit
        .zip(rss)
        .map(|(limit, rss)| limit.saturating_sub(rss));
    outside.into_iter().chain([named]).flatten().min()
}

#[cfg(test)]
mod tests {
    use super::least;

    #[test]
    fn is_the_least_of_what_is_known() {
        assert_eq!(least([None; 3], None, Some(5)), None);
        assert_eq!(
            least([Some(30), Some(20), Some(25)], None, Some(5)),
            Some(20)
        );
        assert_eq!(least([Some(30), None, None], Some(12), Some(5)), Some(7));
        assert_eq!(least([None, Some(20), None], Some(12), None), Some(20));
        assert_eq!(least([None, None, Some(20)], Some(12), Some(13)), Some(0));
    }
}
