//! What the thread of the recorder shares with who puts something into it.

use super::beginning::end_of;
use super::records::End;
use super::seat::Seat;
use super::tidy::Previous;
use parking_lot::{Condvar, Mutex};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Of the main script's path, as JSON.
const LONGEST_SCRIPT: usize = 1024;

const STOPPED: u64 = u64::MAX;
const EXIT: u64 = 1 << 32;

/// What a recorder is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub directory: PathBuf,
    /// What the file's name begins with.
    pub service: String,
    /// Of the process: a service of the same name and another script is another service.
    pub script: String,
    /// Who the process is, as JavaScript knows it.
    pub identity: Map<String, Value>,
    pub memory_limit: Option<u64>,
    pub keep_files: usize,
    pub keep_age: Duration,
}

/// How it is getting on.
#[derive(Debug, Default)]
pub struct Look {
    pub path: Option<PathBuf>,
    pub problem: Option<String>,
    /// The directory was looked through: there will be no `previous` any more.
    pub searched: bool,
    /// What became of the last run, to whoever asks first.
    pub previous: Option<Previous>,
}

pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) began: Instant,
    /// The thread copies it and lets go at once, as it does with all that it shares.
    pub(super) seats: Mutex<Vec<Arc<Seat>>>,
    pub(super) leaks: Mutex<VecDeque<(u32, String)>>,
    pub(super) look: Mutex<Look>,
    /// How many have joined.
    pub(super) users: AtomicU32,
    pub(super) seat_numbers: AtomicU32,
    /// The thread has ended: nobody takes anything any more.
    pub(super) over: AtomicBool,
    pub(super) search_failed: AtomicBool,
    /// 0, or what [`End::Exit`] or [`End::Stopped`] packs to.
    end: AtomicU64,
    /// The state changed: the disk is to have it soon.
    pub(super) urgent: AtomicBool,
    pub(super) rounds: Rounds,
    pub(super) thread: OnceLock<Thread>,
}

/// Rounds that are over, for who waits for one.
#[derive(Default)]
pub(super) struct Rounds {
    /// As many as there can be once the thread has ended.
    pub(super) over: Mutex<u64>,
    pub(super) one_more: Condvar,
}

impl Shared {
    pub(super) fn new(mut plan: Plan) -> Self {
        let script = end_of(&plan.script, LONGEST_SCRIPT).to_owned();
        plan.script = script;
        Self {
            plan,
            began: Instant::now(),
            seats: Mutex::default(),
            leaks: Mutex::default(),
            look: Mutex::default(),
            users: AtomicU32::new(1),
            seat_numbers: AtomicU32::new(0),
            over: AtomicBool::new(false),
            search_failed: AtomicBool::new(false),
            end: AtomicU64::new(0),
            urgent: AtomicBool::new(false),
            rounds: Rounds::default(),
            thread: OnceLock::new(),
        }
    }

    /// Whoever shares it is told that nothing goes on any more.
    pub(super) fn close(&self, problem: Option<&str>) {
        // Before the locks: who has one of them after us sees it.
        self.over.store(true, Relaxed);
        let seats = std::mem::take(&mut *self.seats.lock());
        drop(seats);
        self.leaks.lock().clear();
        if let Some(problem) = problem {
            let mut look = self.look.lock();
            look.problem = Some(problem.to_owned());
            look.searched = true;
        }
        self.rounds.end();
    }

    pub(super) fn wake(&self) {
        self.urgent.store(true, Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn end(&self) -> End {
        match self.end.load(Acquire) {
            0 => End::None,
            STOPPED => End::Stopped,
            code => End::Exit((code as u32).cast_signed()),
        }
    }

    /// An exit outdoes what was before; that it was stopped does not. Says whether this is the end now.
    pub(super) fn ends(&self, end: End) -> bool {
        match end {
            End::Exit(code) => {
                self.end
                    .store(EXIT | u64::from(code.cast_unsigned()), Release);
                true
            }
            End::Stopped => self
                .end
                .compare_exchange(0, STOPPED, Release, Relaxed)
                .is_ok(),
            End::None => false,
        }
    }

    pub(super) fn since_began_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

impl Rounds {
    pub(super) fn one_is_over(&self) {
        *self.over.lock() += 1;
        self.one_more.notify_all();
    }

    /// There will be no more: nobody waits for one.
    pub(super) fn end(&self) {
        *self.over.lock() = u64::MAX;
        self.one_more.notify_all();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::path::Path;

    pub(in crate::flight) fn folder(name: &str) -> PathBuf {
        let name = format!("tidemark-writer-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    pub(in crate::flight) fn plan(directory: &Path) -> Plan {
        Plan {
            directory: directory.to_owned(),
            service: "shop".to_owned(),
            script: "/app.js".to_owned(),
            identity: Map::from_iter([("name".to_owned(), "shop".into())]),
            memory_limit: Some(1 << 30),
            keep_files: 10,
            keep_age: Duration::from_secs(1000),
        }
    }
}
