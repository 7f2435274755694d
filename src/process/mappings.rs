//! The memory mappings of a process, from `/proc/<process>/maps`.
//!
//! Only addresses and two flags are read. `smaps` would say more and walk every page table for it:
//! half a second at 2 GB.

use std::fs;
use std::ops::Range;

/// Addresses of one mapping.
pub type Addresses = Range<usize>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub addresses: Addresses,
    /// Neither shared nor of a file nor the kernel's own.
    pub private_anonymous: bool,
    /// What is written there, other processes see.
    pub shared_writable: bool,
}

/// All mappings of a process (`"self"`, or a number), by rising address. `None` where there is no
/// `/proc` or it cannot be read.
pub fn of(process: &str) -> Option<Vec<Mapping>> {
    // The path of a file that is mapped may be any bytes.
    let text = fs::read(format!("/proc/{process}/maps")).ok()?;
    String::from_utf8_lossy(&text).lines().map(parse).collect()
}

/// What of the private anonymous memory in `parent` is not in `child`, by rising address. Both are
/// sorted, as the kernel lists them.
fn missing(parent: &[Mapping], child: &[Mapping]) -> Vec<Addresses> {
    let mut missing = Vec::new();
    let mut next = 0;
    for Mapping { addresses, .. } in parent.iter().filter(|mapping| mapping.private_anonymous) {
        let mut from = addresses.start;
        while next < child.len() && child[next].addresses.end <= from {
            next += 1;
        }
        for there in child[next..].iter().map(|mapping| &mapping.addresses) {
            if there.start >= addresses.end {
                break;
            }
            if there.start > from {
                missing.push(from..there.start);
            }
            from = from.max(there.end);
        }
        if from < addresses.end {
            missing.push(from..addresses.end);
        }
    }
    missing
}

/// What of the private anonymous memory, there before a clone was made and after, is not in it. What
/// other threads mapped or gave back meanwhile was not left out.
pub fn left_out(before: &[Mapping], clone: &[Mapping], after: &[Mapping]) -> Vec<Addresses> {
    let absent = missing(before, clone);
    let gone = missing(&anonymous(&absent), after);
    missing(&anonymous(&absent), &anonymous(&gone))
}

fn anonymous(addresses: &[Addresses]) -> Vec<Mapping> {
    let mapping = |addresses: &Addresses| Mapping {
        addresses: addresses.clone(),
        private_anonymous: true,
        shared_writable: false,
    };
    addresses.iter().map(mapping).collect()
}

/// `55d0-55d8 rw-p 00000000 00:00 0    [heap]`
fn parse(line: &str) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?.as_bytes();
    let private = rights.get(3) == Some(&b'p');
    let inode = fields.nth(2)?;
    // `[vdso]` and its like belong to the kernel; `[anon:name]` is memory that somebody named.
    let own = match fields.next() {
        None | Some("[heap]" | "[stack]") => true,
        Some(name) => name.starts_with("[anon:"),
    };
    Some(Mapping {
        addresses: usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?,
        private_anonymous: private && inode == "0" && own,
        shared_writable: !private && rights.get(1) == Some(&b'w'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(addresses: Addresses, private_anonymous: bool) -> Mapping {
        Mapping {
            addresses,
            private_anonymous,
            shared_writable: false,
        }
    }

    #[test]
    fn tells_what_is_written_for_others_to_see() {
        let flag = |rights| {
            let line = format!("7f00-7f01 {rights} 00000000 00:01 7 /dev/zero (deleted)");
            parse(&line).map(|mapping| mapping.shared_writable)
        };
        for (rights, shared_writable) in [
            ("rw-s", true),
            ("-w-s", true),
            ("rwxs", true),
            ("r--s", false),
            ("rw-p", false),
        ] {
            assert_eq!(flag(rights), Some(shared_writable), "{rights}");
        }
    }

    #[test]
    fn tells_private_anonymous_memory_from_all_other() {
        let flags = |line| parse(line).map(|mapping| mapping.private_anonymous);
        assert_eq!(
            parse("55d0-55d8 rw-p 00000000 00:00 0          [heap]"),
            Some(mapping(0x55d0..0x55d8, true))
        );
        assert_eq!(flags("7f00-7f01 ---p 00000000 00:00 0 "), Some(true));
        assert_eq!(
            flags("7f00-7f01 rw-p 00000000 00:00 0  [anon:v8]"),
            Some(true)
        );
        assert_eq!(
            flags("7f00-7f01 rw-s 00000000 00:01 7 /dev/zero (deleted)"),
            Some(false)
        );
        assert_eq!(
            flags("7f00-7f01 r-xp 00000000 fd:00 42 /usr/bin/node"),
            Some(false)
        );
        assert_eq!(flags("7f00-7f01 r--p 00000000 00:00 0 [vvar]"), Some(false));
        assert_eq!(flags("nonsense"), None);
        assert_eq!(flags(""), None);
    }

    #[test]
    fn finds_what_the_child_lacks_whole_or_in_part() {
        let parent = [
            mapping(0..10, true),
            mapping(10..20, false),
            mapping(20..40, true),
            mapping(50..60, true),
            mapping(60..70, true),
        ];
        let child = [
            mapping(0..10, true),
            mapping(24..30, true),
            mapping(35..40, true),
            mapping(60..65, true),
        ];
        assert_eq!(
            missing(&parent, &child),
            [20..24, 30..35, 50..60, 65..70],
            "what is not private and anonymous does not count"
        );
        assert_eq!(missing(&parent, &parent), []);
        assert_eq!(missing(&[], &child), []);
        assert_eq!(missing(&parent[..1], &[]), vec![0..10]);
    }

    #[test]
    fn what_was_mapped_or_given_back_meanwhile_is_not_left_out() {
        let before = [mapping(0..40, true), mapping(50..60, true)];
        let clone = [mapping(0..10, true), mapping(50..60, true)];
        let after = [
            mapping(0..20, true),
            mapping(30..40, true),
            mapping(50..60, true),
            mapping(70..80, true),
        ];
        assert_eq!(left_out(&before, &clone, &after), [10..20, 30..40]);
        assert_eq!(left_out(&before, &before, &after), []);
    }

    /// Against a table of single addresses.
    #[test]
    fn agrees_with_a_count_of_every_address() {
        let mut seed = 7_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..500 {
            let mut list = || {
                let mut at = 0;
                let mut mappings = Vec::new();
                while at < 60 {
                    let start = at + random(5) as usize;
                    let end = start + 1 + random(9) as usize;
                    mappings.push(mapping(start..end, random(4) > 0));
                    at = end;
                }
                mappings
            };
            let (parent, child) = (list(), list());
            let found = missing(&parent, &child);
            for address in 0..100 {
                let wanted = parent
                    .iter()
                    .any(|each| each.private_anonymous && each.addresses.contains(&address))
                    && !child.iter().any(|each| each.addresses.contains(&address));
                let is = found.iter().any(|range| range.contains(&address));
                assert_eq!(is, wanted, "{address} of {parent:?} and {child:?}");
            }
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn reads_this_process() {
        let here = of("self").unwrap();
        let value = Box::new(1_u8);
        let address = (&raw const *value).addr();
        assert!(
            here.iter()
                .any(|mapping| mapping.private_anonymous && mapping.addresses.contains(&address))
        );
        assert_eq!(of("nobody"), None);
    }
}
