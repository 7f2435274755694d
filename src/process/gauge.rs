//! The headroom of the control group and of the machine, read again and again: from files that stay open,
//! with no allocation, so that a signal handler can.

use super::cgroup::{self, Limited};
use super::machine;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

/// `memory.stat` and `/proc/meminfo` have 2 to 4 kB.
const LONGEST: usize = 8192;

#[derive(Debug)]
pub struct Gauge {
    groups: Vec<Group>,
    machine: Option<File>,
}

#[derive(Debug)]
struct Group {
    limit: u64,
    usage: File,
    stat: File,
    cache: &'static str,
}

impl Gauge {
    /// What cannot be opened is not looked at.
    pub fn open() -> Self {
        Self {
            groups: cgroup::limited().iter().filter_map(Group::open).collect(),
            machine: File::open("/proc/meminfo").ok(),
        }
    }

    /// Bytes that are left; `None` where nothing limits them.
    pub fn headroom(&self) -> Option<u64> {
        let groups = self.groups.iter().filter_map(Group::headroom);
        groups.chain(self.machine()).min()
    }

    pub fn descriptors(&self) -> impl Iterator<Item = i32> {
        let files = self
            .groups
            .iter()
            .flat_map(|group| [&group.usage, &group.stat]);
        files.chain(&self.machine).map(AsRawFd::as_raw_fd)
    }

    fn machine(&self) -> Option<u64> {
        let mut text = [0; LONGEST];
        machine::parse_available(read(self.machine.as_ref()?, &mut text)?)
    }
}

impl Group {
    fn open(limited: &Limited) -> Option<Self> {
        Some(Self {
            limit: limited.limit,
            usage: File::open(&limited.usage).ok()?,
            stat: File::open(&limited.stat).ok()?,
            cache: limited.cache,
        })
    }

    /// As [`cgroup::CgroupMemory::headroom`].
    fn headroom(&self) -> Option<u64> {
        let mut text = [0; LONGEST];
        let usage: u64 = read(&self.usage, &mut text)?.trim().parse().ok()?;
        let cache = read(&self.stat, &mut text)
            .and_then(|stat| cgroup::stat_value(stat, self.cache))
            .unwrap_or(0);
        Some(self.limit.saturating_sub(usage.saturating_sub(cache)))
    }
}

fn read<'a>(file: &File, text: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    let length = file.read_at(text, 0).ok()?;
    std::str::from_utf8(&text[..length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_machine_has_left() {
        let left = Gauge::open().headroom().unwrap();
        assert!(left > 1 << 20, "{left}");
    }

    #[test]
    fn follows_what_a_group_uses() {
        let folder = std::env::temp_dir().join(format!("tidemark-gauge-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("usage", "700\n");
        write("stat", "anon 1\ninactive_file 100\n");
        let limited = Limited {
            limit: 1000,
            usage: folder.join("usage"),
            stat: folder.join("stat"),
            cache: "inactive_file",
        };
        let gauge = Gauge {
            groups: vec![Group::open(&limited).unwrap()],
            machine: None,
        };
        assert_eq!(gauge.headroom(), Some(400));
        write("usage", "1200\n");
        assert_eq!(gauge.headroom(), Some(0));
        assert_eq!(gauge.descriptors().count(), 2);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
