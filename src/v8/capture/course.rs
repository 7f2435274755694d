//! What is ordered of a capture, and what is told of its course.

#![cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")),
    allow(dead_code, reason = "where there is no capture, nobody tells of one")
)]

use crate::process::symbol::MissingSymbol;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no capture by fork.
#[derive(Debug)]
pub enum Obstacle {
    /// Not Linux on x86-64 with glibc.
    #[cfg_attr(
        all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"),
        expect(dead_code, reason = "said elsewhere")
    )]
    Platform,
    Missing(MissingSymbol),
    ForeignPlatform,
    NoIsolate,
    NotMainThread,
    /// The kernel hides from it what it and its children have in /proc.
    Hidden,
    NoMappings,
    NotParked,
    /// Another capture of this process goes on.
    Busy,
    /// The call that failed.
    System(&'static str, io::Error),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("it was made for Linux on x86-64 with glibc"),
            Self::Missing(MissingSymbol(name)) => write!(f, "this Node.js does not export {name}"),
            Self::ForeignPlatform => f.write_str("the V8 platform is not Node.js's own"),
            Self::NoIsolate => f.write_str("no isolate is entered on this thread"),
            Self::NotMainThread => f.write_str("only the main thread can fork"),
            Self::Hidden => f.write_str(
                "the kernel hides the memory of a process that has changed its user, or whose program has capabilities",
            ),
            Self::NoMappings => f.write_str("the list of what is mapped (/proc/PID/maps) cannot be read"),
            Self::NotParked => f.write_str("V8's worker threads are not parked"),
            Self::Busy => f.write_str("another one is being taken"),
            Self::System(call, error) => write!(f, "{call} failed: {error}"),
        }
    }
}

impl From<MissingSymbol> for Obstacle {
    fn from(missing: MissingSymbol) -> Self {
        Self::Missing(missing)
    }
}

/// What a snapshot of the heap at its limit would take; bytes where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The limit of V8's heap.
    pub heap: u64,
    /// The child will use so much at the least, and usually.
    pub child: u64,
    pub usual: u64,
    /// The child gives up at more objects when it may use `budget`.
    pub objects: u64,
    pub budget: u64,
    /// What must be left for the app meanwhile.
    pub reserve: u64,
    /// What the file will have.
    pub file: u64,
    /// RSS at which the caller says that something ends the process.
    pub memory_limit: Option<u64>,
    /// By how much V8's own end of the process is put off at the most.
    pub patience: Duration,
}

impl Need {
    /// For how many objects so much memory suffices.
    pub(super) fn objects_for(&self, memory: u64) -> u64 {
        if memory >= self.budget {
            return self.objects;
        }
        let objects = u128::from(self.objects) * u128::from(memory) / u128::from(self.budget);
        u64::try_from(objects).unwrap_or(u64::MAX)
    }
}

/// What there is too little of: bytes, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    pub need: u64,
    pub available: u64,
    /// So many 'are left ...'.
    pub place: &'static str,
    /// Of disk, not of memory.
    pub of_disk: bool,
}

/// Where the snapshot of [`NearLimit`] goes.
#[derive(Clone, Debug)]
pub struct Place {
    pub folder: PathBuf,
    /// A name in it for what is not finished, where files must have names.
    pub temporary: PathBuf,
}

/// How the snapshot near the heap limit is getting on.
#[derive(Clone, Debug)]
pub enum NearLimitState {
    Waiting,
    Writing,
    Written(Written),
    /// Nothing was begun.
    Refused(Short),
    /// In words.
    Failed(String),
}

#[derive(Clone, Debug)]
pub struct Written {
    pub path: PathBuf,
    pub bytes: u64,
    /// What the process stood still for the fork.
    pub pause: Duration,
    /// From the limit to the whole file.
    pub took: Duration,
}

/// Bytes of memory that were left over some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    pub least: u64,
    pub most: u64,
}

/// What the child gets to do its work.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The descriptor that it writes to.
    pub file: i32,
    /// Bytes of writable memory that it may map beyond what it inherits.
    pub memory: u64,
    /// It gives up when fewer bytes are left, whoever has taken them.
    pub floor: u64,
    /// It gives up when the heap has more objects: they would need more memory.
    pub objects: u64,
    /// It ends after so many, whatever it does.
    pub seconds: u32,
    /// What strings say never reaches the file.
    pub redact: bool,
    /// How far it stands back for other processes: 0 not at all, 19 as far as can be.
    pub nice: u8,
}

/// A look at the child.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub told: Told,
    /// `None` while it runs.
    pub end: Option<End>,
    /// It waits for something, rather than for a processor.
    pub sleeps: bool,
    pub cpu_ms: u64,
}

/// How far the child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Phase {
    #[default]
    Born,
    /// V8 collects, then walks the heap and builds the graph.
    Building,
    Writing,
    Done,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Born => "born",
            Self::Building => "building",
            Self::Writing => "writing",
            Self::Done => "done",
        }
    }
}

/// Which step the child ended at by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Step {
    #[default]
    None,
    Descriptors,
    OomScore,
    MemoryLimit,
    /// To have it of its own when it is written to.
    SharedMemory,
    Sandbox,
    /// So many objects need more memory than it may use.
    Objects,
    /// Too little of it is left, whoever has taken it.
    Memory,
    /// Its seconds are over.
    Time,
    Take,
    Write,
    Redact,
    Panic,
}

impl Step {
    /// What the child was at; `None` where it did not give up.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Descriptors => Some("replacing its descriptors"),
            Self::OomScore => Some("setting its oom_score_adj"),
            Self::MemoryLimit => Some("limiting its memory"),
            Self::SharedMemory => Some("keeping out of shared memory"),
            Self::Sandbox => Some("entering its seccomp sandbox"),
            Self::Objects => Some("counting the objects"),
            Self::Memory => Some("looking after the memory that is left"),
            Self::Time => Some("looking at the clock"),
            Self::Take => Some("taking the snapshot"),
            Self::Write => Some("writing"),
            Self::Redact => Some("taking out what strings say"),
            Self::Panic => Some("tidemark's own code"),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    pub phase: Phase,
    /// Objects of the heap that V8 has walked, and how many there are; 0 until it has counted them.
    pub walked: u32,
    pub objects: u32,
    /// Bytes in the file.
    pub written: u64,
    /// Bytes of memory that were left when the child gave up for want of it.
    pub left: u64,
    pub failed: Step,
    /// The `errno` of the step that failed, 0 where it has none.
    pub errno: i32,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
    /// Somebody else waited for it first.
    Unknown,
}
