//! What the operating system says about this process: resident memory, cgroup and machine limits.
//!
//! What always holds: reading never fails loudly. What cannot be read is `None`, never 0. Everything
//! but [`rss::resident_set_size`] and [`isolates`] is for outside the GC: it opens files.
//!
//! What it must not know: V8, napi, verdicts.

pub mod cgroup;
#[cfg(target_os = "linux")]
pub mod disk;
#[cfg(target_os = "linux")]
pub mod gauge;
pub mod headroom;
pub mod isolates;
#[cfg(target_os = "linux")]
pub mod large_blocks;
pub mod lock;
pub mod machine;
pub mod mappings;
pub mod nameless;
#[cfg(target_os = "linux")]
pub mod other;
pub mod owner;
pub mod pin;
pub mod rlimits;
pub mod rss;
pub(crate) mod symbol;
#[cfg(target_os = "linux")]
pub mod unfinished;
