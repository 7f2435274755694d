//! The control group's memory limit and usage: what kills the pod.
//!
//! Version 2 is one tree under `/sys/fs/cgroup`; version 1 has a `memory` controller below it. The
//! limit that counts is the one with the least headroom on the way from our group up to the root,
//! and usage is taken where it stands. Version 2's `memory.high` counts as one that slows: the kernel
//! throttles who is above it, so much that a process that leaks comes to a stop, and does not kill. Page
//! cache that the kernel would drop first (`inactive_file`) is not counted as used, as Kubernetes' working
//! set does.
//!
//! There are two questions, and often two groups that answer: which limit is the nearest ([`memory`]), and
//! which is the nearest that kills ([`killing`]).

use std::fs;
use std::path::{Path, PathBuf};

/// A limit and what is used of it, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CgroupMemory {
    pub version: u8,
    pub limit: u64,
    /// The working set: usage without the page cache that can be dropped.
    pub usage: u64,
    /// `memory.high`: who reaches it is slowed, not killed.
    pub slows: bool,
    /// What became of it so far, where that is counted.
    pub events: Option<Events>,
}

/// `memory.events` of version 2: how often the group was slowed at `memory.high`, was at its limit, and had
/// a process killed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events {
    pub high: u64,
    pub max: u64,
    pub oom_kill: u64,
}

impl CgroupMemory {
    pub fn headroom(&self) -> u64 {
        self.limit.saturating_sub(self.usage)
    }
}

/// From here on version 1's "no limit" begins: it writes the largest multiple of the page size.
const NO_LIMIT: u64 = 1 << 62;

/// The nearest limit. `None` without a cgroup, without a limit, or where neither can be read.
pub fn memory() -> Option<CgroupMemory> {
    memory_in(Path::new("/"), nearer_limit)
}

/// The nearest limit that ends a process: nothing is refused, and no end explained, for one that slows.
pub fn killing() -> Option<CgroupMemory> {
    memory_in(Path::new("/"), killing_limit)
}

/// Bytes, and whether it slows.
type FindLimit = fn(&Path, &Files) -> Option<(u64, bool)>;

/// `root` stands before `/proc` and `/sys`, for tests.
fn memory_in(root: &Path, find_limit: FindLimit) -> Option<CgroupMemory> {
    in_tree(root, |mount, group, files| {
        tightest(mount, group, files, find_limit)
    })
}

/// What `find` says of the first tree, a mount with the process's path in it, of which it says something.
fn in_tree<T>(root: &Path, find: impl Fn(&Path, &str, &'static Files) -> Option<T>) -> Option<T> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mount = root.join("sys/fs/cgroup");
    let (v2, v1) = paths(&groups);
    v1.and_then(|path| find(&mount.join("memory"), path, &V1))
        .or_else(|| v2.and_then(|path| find(&mount, path, &V2)))
        // "Hybrid" machines mount version 2 beside the controllers.
        .or_else(|| v2.and_then(|path| find(&mount.join("unified"), path, &V2)))
}

/// A group on the way up that has a limit, and the files that tell how much of it is used.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Limited {
    pub(super) limit: u64,
    pub(super) usage: PathBuf,
    pub(super) stat: PathBuf,
    /// The key in `stat`.
    pub(super) cache: &'static str,
}

#[cfg(target_os = "linux")]
pub(super) fn limited() -> Vec<Limited> {
    let all = |mount: &Path, group: &str, files: &'static Files| {
        let limited = |directory: PathBuf| {
            Some(Limited {
                limit: read_limit(&directory, files)?,
                usage: directory.join(files.usage),
                stat: directory.join(STAT),
                cache: files.cache,
            })
        };
        let all: Vec<_> = way_up(mount, group).filter_map(limited).collect();
        (!all.is_empty()).then_some(all)
    };
    in_tree(Path::new("/"), all).unwrap_or_default()
}

/// The group's path in the version 2 tree and in version 1's memory controller.
fn paths(groups: &str) -> (Option<&str>, Option<&str>) {
    let mut v2 = None;
    let mut v1 = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if controllers.is_empty() {
            v2 = Some(path);
        } else if controllers.split(',').any(|name| name == "memory") {
            v1 = Some(path);
        }
    }
    (v2, v1)
}

const STAT: &str = "memory.stat";

struct Files {
    version: u8,
    limit: &'static str,
    /// A limit that slows.
    slows: Option<&'static str>,
    events: Option<&'static str>,
    usage: &'static str,
    /// The key in `memory.stat`.
    cache: &'static str,
}

const V1: Files = Files {
    version: 1,
    limit: "memory.limit_in_bytes",
    slows: None,
    events: None,
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};
const V2: Files = Files {
    version: 2,
    limit: "memory.max",
    slows: Some("memory.high"),
    events: Some("memory.events"),
    usage: "memory.current",
    cache: "inactive_file",
};

/// Walks up from the group to the mount. Inside a container the path is often the host's and does
/// not exist: then only the mount itself, which is the container's own group, is left.
fn tightest(
    mount: &Path,
    group: &str,
    files: &Files,
    find_limit: FindLimit,
) -> Option<CgroupMemory> {
    way_up(mount, group)
        .filter_map(|directory| read(&directory, files, find_limit))
        .min_by_key(CgroupMemory::headroom)
}

fn way_up(mount: &Path, group: &str) -> impl Iterator<Item = PathBuf> {
    let group = mount.join(group.trim_start_matches('/'));
    let up = |directory: &PathBuf| directory.parent().map(Path::to_owned);
    let mount = mount.to_owned();
    std::iter::successors(Some(group), up).take_while(move |path| path.starts_with(&mount))
}

fn read(directory: &Path, files: &Files, find_limit: FindLimit) -> Option<CgroupMemory> {
    let (limit, slows) = find_limit(directory, files)?;
    let usage = read_number(&directory.join(files.usage))?;
    let cache = fs::read_to_string(directory.join(STAT))
        .ok()
        .and_then(|stat| stat_value(&stat, files.cache))
        .unwrap_or(0);
    Some(CgroupMemory {
        version: files.version,
        limit,
        usage: usage.saturating_sub(cache),
        slows,
        events: files
            .events
            .and_then(|name| read_events(&directory.join(name))),
    })
}

fn killing_limit(directory: &Path, files: &Files) -> Option<(u64, bool)> {
    read_limit(directory, files).map(|limit| (limit, false))
}

fn nearer_limit(directory: &Path, files: &Files) -> Option<(u64, bool)> {
    let kills = killing_limit(directory, files);
    let slows = files
        .slows
        .and_then(|name| read_number(&directory.join(name)));
    let slows = slows.map(|limit| (limit, true));
    kills.into_iter().chain(slows).min()
}

fn read_events(file: &Path) -> Option<Events> {
    let text = fs::read_to_string(file).ok()?;
    Some(Events {
        high: stat_value(&text, "high")?,
        max: stat_value(&text, "max")?,
        oom_kill: stat_value(&text, "oom_kill")?,
    })
}

fn read_limit(directory: &Path, files: &Files) -> Option<u64> {
    read_number(&directory.join(files.limit)).filter(|&limit| limit < NO_LIMIT)
}

/// `max` (no limit) and nonsense are both `None`.
fn read_number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

pub(super) fn stat_value(stat: &str, key: &str) -> Option<u64> {
    stat.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(name, _)| *name == key)
        .and_then(|(_, value)| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A tree of files below a directory of its own, removed at the end.
    struct Tree(PathBuf);

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let root = std::env::temp_dir()
                .join(format!("tidemark-cgroup-{}-{number}", std::process::id()));
            for (name, content) in files {
                let file = root.join(name);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const MB: u64 = 1 << 20;

    #[test]
    fn version_2_takes_the_tightest_limit_on_the_way_up() {
        let tree = Tree::new(&[
            ("proc/self/cgroup", "0::/pod/app\n"),
            ("sys/fs/cgroup/pod/app/memory.max", "max\n"),
            ("sys/fs/cgroup/pod/app/memory.current", "1048576\n"),
            ("sys/fs/cgroup/pod/memory.max", "536870912\n"),
            ("sys/fs/cgroup/pod/memory.current", "209715200\n"),
            (
                "sys/fs/cgroup/pod/memory.stat",
                "anon 1\ninactive_file 104857600\n",
            ),
        ]);
        assert_eq!(
            memory_in(&tree.0, nearer_limit),
            Some(CgroupMemory {
                version: 2,
                limit: 512 * MB,
                usage: 100 * MB,
                slows: false,
                events: None,
            })
        );
    }

    #[test]
    fn a_container_that_sees_the_hosts_path_falls_back_to_its_own_mount() {
        let tree = Tree::new(&[
            (
                "proc/self/cgroup",
                "9:cpu:/x\n4:memory:/kubepods/pod1/abc\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "268435456"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "67108864"),
            (
                "sys/fs/cgroup/memory/memory.stat",
                "inactive_file 5\ntotal_inactive_file 1048576\n",
            ),
        ]);
        assert_eq!(
            memory_in(&tree.0, nearer_limit),
            Some(CgroupMemory {
                version: 1,
                limit: 256 * MB,
                usage: 63 * MB,
                slows: false,
                events: None,
            })
        );
    }

    #[test]
    fn a_limit_that_slows_counts_where_it_is_nearer_and_follows_when_it_moves() {
        let tree = Tree::new(&[
            ("proc/self/cgroup", "0::/app\n"),
            ("sys/fs/cgroup/app/memory.max", "536870912\n"),
            ("sys/fs/cgroup/app/memory.high", "max\n"),
            ("sys/fs/cgroup/app/memory.current", "104857600\n"),
            (
                "sys/fs/cgroup/app/memory.events",
                "low 0\nhigh 7\nmax 2\noom 1\noom_kill 1\noom_group_kill 0\n",
            ),
        ]);
        let write = |name: &str, limit: &str| {
            fs::write(tree.0.join("sys/fs/cgroup/app").join(name), limit).unwrap();
        };
        let limit = || {
            let memory = memory_in(&tree.0, nearer_limit).unwrap();
            (memory.limit / MB, memory.slows)
        };
        let kills = || memory_in(&tree.0, killing_limit).map(|memory| memory.headroom() / MB);
        assert_eq!((limit(), kills()), ((512, false), Some(412)));
        write("memory.high", "52428800");
        assert_eq!((limit(), kills()), ((50, true), Some(412)));
        write("memory.max", "134217728");
        write("memory.high", "268435456");
        assert_eq!((limit(), kills()), ((128, false), Some(28)));
        write("memory.max", "max");
        assert_eq!((limit(), kills()), ((256, true), None));
        assert_eq!(
            memory_in(&tree.0, nearer_limit).unwrap().events,
            Some(Events {
                high: 7,
                max: 2,
                oom_kill: 1
            })
        );
    }

    #[test]
    fn no_limit_no_file_and_nonsense_are_none() {
        let unlimited = Tree::new(&[
            ("proc/self/cgroup", "4:memory:/\n"),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1"),
        ]);
        assert_eq!(memory_in(&unlimited.0, nearer_limit), None);
        let nonsense = Tree::new(&[
            ("proc/self/cgroup", "hello\n0::/../../etc\n"),
            ("sys/fs/cgroup/memory.max", "-5"),
        ]);
        assert_eq!(memory_in(&nonsense.0, nearer_limit), None);
        assert_eq!(memory_in(Path::new("/nonexistent"), nearer_limit), None);
    }

    #[test]
    fn usage_above_the_limit_leaves_no_headroom() {
        let over = CgroupMemory {
            version: 2,
            limit: 5,
            usage: 9,
            slows: false,
            events: None,
        };
        assert_eq!(over.headroom(), 0);
    }
}
