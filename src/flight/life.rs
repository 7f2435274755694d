//! The thread that writes: one for the process, whichever of its isolates asked first.
//!
//! A round takes what the seats hold and puts it into the file, twice a second and whenever somebody says
//! that a state has changed. Another thread, which ends soon, looks through the directory meanwhile: there
//! may be thousands of files, and the disk may be busy.

use super::beginning::{identity, image};
use super::file;
use super::pulses::Pulses;
use super::records::End;
use super::seat::Seat;
use super::shared::{Look, Plan, Shared};
use super::thread::spawn;
use super::tidy::{self, Keep, Previous};
use super::writer::Writer;
use crate::process::{pin, rss};
use parking_lot::Mutex;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUND: Duration = Duration::from_millis(500);
/// Leaks that wait for the thread.
const WAITING: usize = 12;
/// What JavaScript waits for the last round, at the exit of the process or when the last one leaves.
const LAST_ROUND: Duration = Duration::from_millis(100);

/// The recorder of this process. Who has joined it leaves it by dropping this.
pub struct Flight {
    shared: Arc<Shared>,
}

/// The recorder that goes on.
static CURRENT: Mutex<Option<Arc<Shared>>> = Mutex::new(None);

impl Flight {
    /// Joins the recorder of this process, or starts it. Nothing is read or written here.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn join(plan: Plan) -> Result<Self, String> {
        let mut current = CURRENT.lock();
        if let Some(shared) = &*current {
            if shared.plan.directory != plan.directory {
                return Err(format!(
                    "another thread of this process records to '{}' already",
                    shared.plan.directory.display()
                ));
            }
            shared.users.fetch_add(1, Relaxed);
            let shared = Arc::clone(shared);
            return Ok(Self { shared });
        }
        if !pin::library() {
            return Err("the library cannot be kept in memory for its thread".to_owned());
        }
        rss::prepare();
        let shared = Arc::new(Shared::new(plan));
        let own = Arc::clone(&shared);
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| fly(&own)));
            is_over(&own, result.is_err());
        };
        let thread = spawn("tidemark", work)
            .map_err(|error| format!("its thread cannot be started: {error}"))?;
        let _ = shared.thread.set(thread);
        *current = Some(Arc::clone(&shared));
        Ok(Self { shared })
    }

    /// A place for the isolate of this thread. `epoch` is that of its samples.
    pub fn seat(&self, thread_id: u32, epoch: Instant) -> Arc<Seat> {
        let Shared { began, thread, .. } = &*self.shared;
        let number = 1 + self.shared.seat_numbers.fetch_add(1, Relaxed);
        let seat = Seat::new(number, thread_id, epoch, *began, thread.get().cloned());
        let seat = Arc::new(seat);
        let mut seats = self.shared.seats.lock();
        if !self.shared.over.load(Relaxed) {
            seats.push(Arc::clone(&seat));
        }
        drop(seats);
        seat
    }

    /// Keeps a leak, as an object of JSON. Of more than wait the oldest goes.
    pub fn leak(&self, owner: u32, text: String) {
        let mut leaks = self.shared.leaks.lock();
        if self.shared.over.load(Relaxed) {
            return;
        }
        if leaks.len() == WAITING {
            leaks.pop_front();
        }
        leaks.push_back((owner, text));
        drop(leaks);
        self.shared.wake();
    }

    pub fn look(&self) -> Look {
        let mut look = self.shared.look.lock();
        Look {
            path: look.path.clone(),
            problem: look.problem.clone(),
            searched: look.searched,
            previous: look.previous.take(),
        }
    }

    /// The process leaves by itself. Waits for the last round, a moment at most.
    pub fn exit(&self, code: i32) {
        self.shared.ends(End::Exit(code));
        self.flush(LAST_ROUND);
    }

    /// Waits until what was known before this call is written, `most` at most. Says whether it is.
    pub fn flush(&self, most: Duration) -> bool {
        let until = Instant::now() + most;
        let rounds = &self.shared.rounds;
        let mut over = rounds.over.lock();
        // A round that has begun may have missed it.
        let wanted = over.saturating_add(2);
        self.shared.wake();
        while *over < wanted {
            if rounds.one_more.wait_until(&mut over, until).timed_out() {
                return false;
            }
            self.shared.wake();
        }
        true
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut current = CURRENT.lock();
        if self.shared.users.fetch_sub(1, Relaxed) > 1 {
            return;
        }
        current.take_if(|current| Arc::ptr_eq(current, &self.shared));
        drop(current);
        // The process may end in the next moment, and is not to look like one that crashed.
        if self.shared.ends(End::Stopped) {
            self.flush(LAST_ROUND);
        }
    }
}

/// The thread's last act. Who joins later starts another one, except while the process leaves: its end
/// is written.
fn is_over(shared: &Shared, panicked: bool) {
    let mut current = CURRENT.lock();
    if !matches!(shared.end(), End::Exit(_)) {
        current.take_if(|current| ptr::eq(Arc::as_ptr(current), shared));
    }
    drop(current);
    shared.close(panicked.then_some(
        "its thread has failed, which is a bug of tidemark: nothing more is recorded until the next start()",
    ));
}

/// The whole life of the thread.
fn fly(shared: &Arc<Shared>) {
    let mut pulses = Pulses::new(shared.plan.memory_limit);
    let content = image(&identity(&shared.plan), &pulses.next(shared, 0));
    let plan = &shared.plan;
    let name = file_name(&plan.service);
    let (file, path) = match file::create(&plan.directory, &name, &content) {
        Ok(made) => made,
        Err(problem) => {
            let mut look = shared.look.lock();
            look.problem = Some(problem);
            look.searched = true;
            return;
        }
    };
    shared.look.lock().path = Some(path);
    let search = Search::new(shared);
    let _ = file
        .try_clone()
        .and_then(|copy| spawn("tidemark-tidy", move || tidy(search, &copy)));
    let mut writer = Writer::new(file);
    loop {
        let end = shared.end();
        // What comes from here on is for the next round, and so is its hurry.
        let urgent = shared.urgent.swap(false, Acquire);
        let changed = writer.round(shared, &pulses.next(shared, writer.failed));
        if urgent || changed {
            writer.hurry();
        }
        if end != End::None {
            return;
        }
        shared.rounds.one_is_over();
        if !shared.urgent.load(Acquire) {
            thread::park_timeout(ROUND);
        }
    }
}

/// The look through the directory: however it ends, also where it cannot begin, nobody waits for it after.
struct Search {
    shared: Arc<Shared>,
    previous: Option<Previous>,
    is_done: bool,
}

impl Search {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            previous: None,
            is_done: false,
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.shared.search_failed.store(!self.is_done, Release);
        let mut look = self.shared.look.lock();
        look.previous = self.previous.take();
        look.searched = true;
    }
}

/// Looks for the last run, removes what is old, and has the disk keep our file's name.
fn tidy(mut search: Search, file: &File) {
    let shared = Arc::clone(&search.shared);
    let plan = &shared.plan;
    let keep = Keep {
        files: plan.keep_files,
        age: plan.keep_age,
    };
    search.previous = tidy::tidy(&plan.directory, &plan.service, &plan.script, keep);
    search.is_done = true;
    drop(search);
    let _ = file.sync_all();
    #[cfg(unix)]
    let _ = File::open(&plan.directory).and_then(|directory| directory.sync_all());
}

fn file_name(service: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = now.unwrap_or_default().as_nanos();
    format!("{service}-{}-{nanoseconds}", std::process::id())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::flight::layout::ISOLATES;
    use crate::flight::read::Recording;
    use crate::flight::records::{Health, Pulse};
    use crate::flight::shared::tests::{folder, plan};
    use crate::recorder::{Recorder, Settings};
    use crate::trend::{Config, Resources, Sample, full_gc};
    use std::path::Path;

    pub(in crate::flight) fn sample(at_ms: f64, used_heap: u64) -> Sample {
        Sample {
            heap_limit: 1 << 32,
            rss: Some(2 * used_heap),
            resources: Some(Resources::of(3)),
            ..full_gc(at_ms, used_heap)
        }
    }

    fn record(seat: &Seat, recorder: &mut Recorder, at_ms: f64, used_heap: u64) {
        let sample = sample(at_ms, used_heap);
        recorder.record(sample, None);
        seat.record(recorder, &sample);
    }

    /// One after the other: a process has one recorder.
    #[test]
    fn what_is_put_into_seats_is_in_the_file_and_so_is_the_end() {
        let directory = folder("flight");
        let flight = Flight::join(plan(&directory)).unwrap();
        let other = Flight::join(plan(Path::new("/elsewhere"))).err().unwrap();
        assert!(other.contains("records to"));
        let mut recorder = Recorder::new(Settings {
            config: Config::default(),
            history_size: 16,
        });
        let seat = flight.seat(0, Instant::now());
        let worker = flight.seat(3, Instant::now());
        record(&seat, &mut recorder, 10.0, 40 << 20);
        record(&worker, &mut recorder, 20.0, 20 << 20);
        flight.leak(seat.number, r#"{"message":"It leaks"}"#.to_owned());
        seat.set_health(Health::Leaking);
        assert!(flight.flush(Duration::from_secs(20)));
        let look = flight.look();
        assert_eq!(look.problem, None);
        let path = look.path.unwrap();
        let read = || Recording::open(&path).unwrap();
        let recording = read();
        let identity = recording.identity.unwrap();
        assert_eq!(identity["pid"], std::process::id());
        assert_eq!(identity["script"], "/app.js");
        assert_eq!(recording.isolates.len(), 2);
        assert_eq!(recording.isolates[0].record.health, Health::Leaking);
        assert_eq!(recording.isolates[0].readings.len(), 1);
        assert_eq!(recording.isolates[1].record.thread_id, 3);
        assert_eq!(recording.leaks[0]["message"], "It leaks");
        assert_eq!(recording.pulse.unwrap().memory_limit, Some(1 << 30));
        assert_eq!(recording.pulse.unwrap().end, End::None);
        assert_eq!((recording.skipped, recording.cut), (0, false));

        // The rings go round, and places of isolates that are gone are used again.
        worker.close();
        for round in 0..40_u32 {
            let short = flight.seat(10 + round, Instant::now());
            record(&short, &mut recorder, f64::from(round), 1 << 20);
            short.close();
            record(&seat, &mut recorder, 1000.0 * f64::from(round), 50 << 20);
            assert!(flight.flush(Duration::from_secs(20)));
        }
        let recording = read();
        assert_eq!(recording.isolates.len(), ISOLATES);
        assert_eq!(
            recording.isolates[0].record.thread_id, 0,
            "who lives keeps its place"
        );
        assert_eq!(
            recording.isolates[0].readings.last().unwrap().used_heap,
            50 << 20
        );
        assert_eq!(recording.skipped, 0);

        // A second user; the recorder goes on until both have left.
        let second = Flight::join(plan(&directory)).unwrap();
        drop(flight);
        second.exit(7);
        assert_eq!(read().pulse.unwrap().end, End::Exit(7));
        drop(second);

        // Another one gets a file of its own, and says that it was only stopped.
        let flight = Flight::join(plan(&directory)).unwrap();
        assert!(flight.flush(Duration::from_secs(20)));
        let path = flight.look().path.unwrap();
        drop(flight);
        let ended = || Recording::open(&path).unwrap().pulse.unwrap().end;
        // Leaving has waited for it; a disk that is busy may take longer.
        while ended() == End::None {
            thread::yield_now();
        }
        assert_eq!(ended(), End::Stopped);

        // A folder that cannot be used: who sits in it piles up nothing, and who comes later is recorded.
        let unusable = Flight::join(plan(Path::new("/proc/none/such"))).unwrap();
        unusable.seat(0, Instant::now());
        unusable.flush(Duration::from_secs(20));
        unusable.seat(0, Instant::now());
        unusable.leak(1, "{}".to_owned());
        assert!(unusable.shared.seats.lock().is_empty());
        assert!(unusable.shared.leaks.lock().is_empty());
        let look = unusable.look();
        assert!(look.searched && look.problem.unwrap().contains("cannot be used"));
        let flight = Flight::join(plan(&directory)).unwrap();
        assert!(flight.flush(Duration::from_secs(20)));
        assert!(flight.look().path.is_some());
        drop((unusable, flight));

        // The same after a panic.
        let failed = Arc::new(Shared::new(plan(&directory)));
        *CURRENT.lock() = Some(Arc::clone(&failed));
        is_over(&failed, true);
        assert!(CURRENT.lock().is_none());
        let look = std::mem::take(&mut *failed.look.lock());
        assert!(look.searched && look.problem.unwrap().contains("has failed"));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_look_through_the_folder_that_fails_is_not_waited_for() {
        let directory = folder("search");
        let shared = Arc::new(Shared::new(plan(&directory)));
        let mut writer = Writer::new(File::create(directory.join("file")).unwrap());
        let search = Search::new(&shared);
        assert!(!shared.look.lock().searched);
        drop(search);
        writer.round(&shared, &Pulse::default());
        let look = std::mem::take(&mut *shared.look.lock());
        assert!(look.searched && look.problem.unwrap().contains("looks for the last run"));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
