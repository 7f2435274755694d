//! How much memory can still be taken before something ends this process, and what that something is.
//!
//! The one place that decides it: JavaScript asks here, and so does the child of a capture.

use super::{cgroup, machine, rlimits, rss};

/// What leaves the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The one that the caller named.
    Named,
    Group,
    Machine,
    AddressSpace,
    Data,
    Claims,
}

impl Limit {
    /// Where so many bytes are left: 'N MB are left ...'.
    pub fn place(self) -> &'static str {
        match self {
            Self::Named => "below `memoryLimit`",
            Self::Group => "below the limit of the control group",
            Self::Machine => "on the machine",
            Self::AddressSpace => "below the process's limit of address space (ulimit -v)",
            Self::Data => "below the process's limit of data (ulimit -d)",
            Self::Claims => {
                "to be claimed on the machine, where vm.overcommit_memory is 2 and a fork claims the memory of its process once more"
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    pub bytes: u64,
    pub limit: Limit,
}

/// The least of what the control group, the machine, the kernel's limits of a process and `memory_limit`
/// (bytes of RSS) leave; `None` where none of them is known. `forks`: whether the process is about to
/// fork, which claims its memory once more.
pub fn least(memory_limit: Option<u64>, forks: bool) -> Option<Headroom> {
    let [address_space, data] = rlimits::left();
    let named = memory_limit
        .zip(rss::resident_set_size())
        .map(|(limit, rss)| limit.saturating_sub(rss));
    least_of([
        (Limit::Named, named),
        (
            Limit::Group,
            cgroup::killing().map(|memory| memory.headroom()),
        ),
        (Limit::Machine, machine::available()),
        (Limit::AddressSpace, address_space),
        (Limit::Data, data),
        (Limit::Claims, machine::claimable(forks)),
    ])
}

fn least_of(all: [(Limit, Option<u64>); 6]) -> Option<Headroom> {
    all.into_iter()
        .filter_map(|(limit, bytes)| bytes.map(|bytes| Headroom { bytes, limit }))
        .min_by_key(|headroom| headroom.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(named: Option<u64>, group: Option<u64>, data: Option<u64>) -> Option<Headroom> {
        least_of([
            (Limit::Named, named),
            (Limit::Group, group),
            (Limit::Machine, None),
            (Limit::AddressSpace, None),
            (Limit::Data, data),
            (Limit::Claims, None),
        ])
    }

    #[test]
    fn is_the_least_of_what_is_known_and_says_what_leaves_it() {
        assert_eq!(least(None, None, None), None);
        let headroom = |bytes, limit| Some(Headroom { bytes, limit });
        assert_eq!(
            least(Some(30), Some(20), Some(25)),
            headroom(20, Limit::Group)
        );
        assert_eq!(least(Some(7), Some(30), None), headroom(7, Limit::Named));
        assert_eq!(least(None, None, Some(0)), headroom(0, Limit::Data));
    }

    #[test]
    fn is_known_on_this_machine() {
        if cfg!(target_os = "linux") {
            assert!(super::least(None, true).is_some());
            let named = super::least(Some(1), false).unwrap();
            assert_eq!(
                named,
                Headroom {
                    bytes: 0,
                    limit: Limit::Named
                }
            );
        }
    }
}
