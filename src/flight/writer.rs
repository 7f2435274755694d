//! The thread that writes: one for the process, whichever of its isolates asked first.
//!
//! A round takes what the seats hold and puts it into the file, twice a second and whenever somebody says
//! that a state has changed. Another thread, which ends soon, looks through the directory meanwhile: there
//! may be thousands of files, and the disk may be busy.

use super::folder::{self, Keep, Previous};
use super::layout::{
    self, Area, COARSE, FINE, Framed, IDENTITY, ISOLATE, ISOLATES, LEAK, PULSE, SIZE,
};
use super::records::{End, IsolateRecord, Pulse, Reading, Words};
use super::seat::Seat;
use crate::process::{cgroup, machine, pin, rss};
use parking_lot::{Condvar, Mutex};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ROUND: Duration = Duration::from_millis(500);
/// Limits and what is used of them are read from files: every fourth round.
const LIMITS: u32 = 4;
/// One reading in so long stands for the hours before the last minutes.
const COARSE_MS: f64 = 30_000.0;
/// Leaks that wait for the thread.
const WAITING: usize = 12;
/// What JavaScript waits for the last round, at the exit of the process or when the last one leaves.
const LAST_ROUND: Duration = Duration::from_millis(100);

/// Of the main script's path, as JSON.
const LONGEST_SCRIPT: usize = 1024;

const STACK: usize = 256 << 10;

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

/// The recorder of this process. Who has joined it leaves it by dropping this.
pub struct Flight {
    shared: Arc<Shared>,
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

struct Shared {
    plan: Plan,
    began: Instant,
    /// The thread copies it and lets go at once, as it does with all that it shares.
    seats: Mutex<Vec<Arc<Seat>>>,
    leaks: Mutex<VecDeque<(u32, String)>>,
    look: Mutex<Look>,
    /// How many have joined.
    users: AtomicU32,
    seat_numbers: AtomicU32,
    /// The thread has ended: nobody takes anything any more.
    over: AtomicBool,
    search_failed: AtomicBool,
    /// 0, or what [`End::Exit`] or [`End::Stopped`] packs to.
    end: AtomicU64,
    /// The state changed: the disk is to have it soon.
    urgent: AtomicBool,
    rounds: Rounds,
    thread: OnceLock<Thread>,
}

/// Rounds that are over, for who waits for one.
#[derive(Default)]
struct Rounds {
    /// As many as there can be once the thread has ended.
    over: Mutex<u64>,
    one_more: Condvar,
}

/// The recorder that goes on.
static CURRENT: Mutex<Option<Arc<Shared>>> = Mutex::new(None);

const STOPPED: u64 = u64::MAX;
const EXIT: u64 = 1 << 32;

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
            own.is_over(result.is_err());
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
        self.shared
            .end
            .store(EXIT | u64::from(code.cast_unsigned()), Release);
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
        let end = &self.shared.end;
        // The process may end in the next moment, and is not to look like one that crashed.
        if end.compare_exchange(0, STOPPED, Release, Relaxed).is_ok() {
            self.flush(LAST_ROUND);
        }
    }
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<Thread> {
    let builder = thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK);
    // A panic would be our bug, and the app's stderr is no place for it.
    let handle = builder.spawn(move || drop(catch_unwind(AssertUnwindSafe(work))))?;
    Ok(handle.thread().clone())
}

impl Shared {
    fn new(mut plan: Plan) -> Self {
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

    /// The thread's last act. Who joins later starts another one, except while the process leaves: its end
    /// is written.
    fn is_over(&self, panicked: bool) {
        let mut current = CURRENT.lock();
        if !matches!(self.end(), End::Exit(_)) {
            current.take_if(|current| ptr::eq(Arc::as_ptr(current), self));
        }
        drop(current);
        // Before the locks: who has one of them after us sees it.
        self.over.store(true, Relaxed);
        let seats = std::mem::take(&mut *self.seats.lock());
        drop(seats);
        self.leaks.lock().clear();
        if panicked {
            let mut look = self.look.lock();
            look.problem = Some(
                "its thread has failed, which is a bug of tidemark: nothing more is recorded until the next start()"
                    .to_owned(),
            );
            look.searched = true;
        }
        self.rounds.end();
    }

    fn wake(&self) {
        self.urgent.store(true, Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn end(&self) -> End {
        match self.end.load(Acquire) {
            0 => End::None,
            STOPPED => End::Stopped,
            code => End::Exit((code as u32).cast_signed()),
        }
    }

    fn since_began_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1000.0
    }
}

impl Rounds {
    fn one_is_over(&self) {
        *self.over.lock() += 1;
        self.one_more.notify_all();
    }

    /// There will be no more: nobody waits for one.
    fn end(&self) {
        *self.over.lock() = u64::MAX;
        self.one_more.notify_all();
    }
}

/// The whole life of the thread.
fn fly(shared: &Arc<Shared>) {
    let mut pulses = Pulses::new(shared.plan.memory_limit);
    let content = image(&identity(&shared.plan), &pulses.next(shared, 0));
    let plan = &shared.plan;
    let name = file_name(&plan.service);
    let (file, path) = match folder::create(&plan.directory, &name, &content) {
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

/// With what tells this process from a later one of its number. It has room in the file, whatever names
/// and options a process has: they are cut until it has.
fn identity(plan: &Plan) -> String {
    let own = own_identity(plan);
    let mut texts = [usize::MAX, 256, 64, 16].into_iter().map(|longest| {
        let mut all = plan.identity.clone();
        for value in all.values_mut() {
            *value = cut(std::mem::take(value), longest);
        }
        all.extend(own.clone());
        Value::Object(all).to_string()
    });
    texts
        .find(|text| text.len() <= IDENTITY.room())
        .unwrap_or_else(|| Value::Object(own.clone()).to_string())
}

fn own_identity(plan: &Plan) -> Map<String, Value> {
    let mut own = folder::mark();
    own.insert("script".to_owned(), plan.script.as_str().into());
    own
}

/// The value with each string in it cut to so many characters.
fn cut(value: Value, longest: usize) -> Value {
    match value {
        Value::String(text) => Value::String(text.chars().take(longest).collect()),
        Value::Array(all) => all.into_iter().map(|each| cut(each, longest)).collect(),
        other => other,
    }
}

/// What JSON writes in so many bytes at the most. The end of a path says more than its beginning.
fn end_of(text: &str, most: usize) -> &str {
    let mut left = most;
    let fits = |&(_, character): &(usize, char)| {
        let is_escaped = character.is_control() || matches!(character, '"' | '\\');
        let bytes = if is_escaped { 6 } else { character.len_utf8() };
        left.checked_sub(bytes).map(|rest| left = rest).is_some()
    };
    let start = text.char_indices().rev().take_while(fits).last();
    &text[start.map_or(text.len(), |(at, _)| at)..]
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
    search.previous = folder::tidy(&plan.directory, &plan.service, &plan.script, keep);
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

/// The file as it begins.
fn image(identity: &str, pulse: &Pulse) -> Vec<u8> {
    let mut image = vec![0; SIZE];
    let mut bytes = Vec::with_capacity(4096);
    image[..64].copy_from_slice(&layout::head());
    let mut put = |area: &Area, place: usize, payload: &[u8]| {
        let record = Framed {
            number: 1,
            owner: 0,
            payload,
        };
        layout::frame(&mut bytes, area, &record);
        let at = area.offset(place);
        image[at..at + bytes.len()].copy_from_slice(&bytes);
    };
    put(&IDENTITY, 0, identity.as_bytes());
    put(&IDENTITY, 1, identity.as_bytes());
    let mut payload = Vec::new();
    layout::put_words(&mut payload, &pulse.pack());
    put(&PULSE, 0, &payload);
    image
}

/// Reads what a pulse says.
struct Pulses {
    count: u32,
    newest: Pulse,
    clock: CpuClock,
}

impl Pulses {
    fn new(memory_limit: Option<u64>) -> Self {
        Self {
            count: 0,
            newest: Pulse {
                memory_limit,
                ..Pulse::default()
            },
            clock: CpuClock::open(),
        }
    }

    fn next(&mut self, shared: &Shared, failed: u64) -> Pulse {
        let pulse = &mut self.newest;
        if self.count.is_multiple_of(LIMITS) {
            // How it ended is concluded from this: a limit that slows counts where none kills.
            let group = cgroup::killing().or_else(cgroup::memory);
            pulse.group_limit = group.map(|group| group.limit);
            pulse.group_usage = group.map(|group| group.usage);
            pulse.group_slows = group.is_some_and(|group| group.slows);
            pulse.machine_available = machine::available();
            pulse.cpu_ns = self.clock.read();
        }
        self.count += 1;
        pulse.rss = rss::resident_set_size();
        pulse.peak_rss = pulse.peak_rss.max(pulse.rss);
        pulse.failed = failed;
        pulse.end = shared.end();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        pulse.wall_ms = now.unwrap_or_default().as_secs_f64() * 1000.0;
        pulse.at_ms = shared.since_began_ms();
        *pulse
    }
}

/// Processor time of the thread that opened it, as the scheduler counts it.
struct CpuClock(Option<File>);

impl CpuClock {
    fn open() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    fn read(&self) -> Option<u64> {
        let mut text = [0; 64];
        let length = read_at(self.0.as_ref()?, &mut text)?;
        let text = std::str::from_utf8(&text[..length]).ok()?;
        text.split(' ').next()?.parse().ok()
    }
}

/// The file, and where the next record of each kind goes.
struct Writer {
    file: File,
    /// Of a record, and of its payload.
    bytes: Vec<u8>,
    payload: Vec<u8>,
    number: u64,
    pulses: usize,
    leaks: usize,
    fine: usize,
    coarse: usize,
    desks: Vec<Desk>,
    failed: u64,
    problem: Option<String>,
    /// Isolates that found no place so far, the first one first.
    waiting: Vec<Arc<Seat>>,
}

/// The place of one isolate.
struct Desk {
    seat: Arc<Seat>,
    /// Of the twins.
    place: usize,
    turns: usize,
    written: Option<IsolateRecord>,
    /// The lowest reading since the last one that was kept for long.
    lowest: Option<Reading>,
    kept_at_ms: f64,
}

impl Writer {
    fn new(file: File) -> Self {
        Self {
            file,
            bytes: Vec::with_capacity(4096),
            payload: Vec::with_capacity(4096),
            number: 1,
            pulses: 1,
            leaks: 0,
            fine: 0,
            coarse: 0,
            desks: Vec::with_capacity(ISOLATES),
            failed: 0,
            problem: None,
            waiting: Vec::new(),
        }
    }

    /// Writes what there is. Says whether a state has changed.
    fn round(&mut self, shared: &Shared, pulse: &Pulse) -> bool {
        self.problem = None;
        self.seat_newcomers(shared);
        let mut changed = false;
        let mut desks = std::mem::take(&mut self.desks);
        for desk in &mut desks {
            changed |= self.write_isolate(desk);
        }
        self.desks = desks;
        loop {
            // The lock is not held while a leak is written.
            let leak = shared.leaks.lock().pop_front();
            let Some((owner, text)) = leak else { break };
            self.write(&LEAK, self.leaks, owner, text.as_bytes());
            self.leaks += 1;
        }
        // Last: it says when all of this was so.
        self.write_words(&PULSE, self.pulses, 0, &pulse.pack());
        self.pulses += 1;
        self.tell(shared);
        changed
    }

    fn seat_newcomers(&mut self, shared: &Shared) {
        self.waiting.retain(|seat| !seat.is_closed());
        let mut seats = shared.seats.lock();
        let newcomers = std::mem::take(&mut *seats);
        drop(seats);
        self.waiting.extend(newcomers);
        for seat in std::mem::take(&mut self.waiting) {
            let Some(place) = self.free_place() else {
                self.waiting.push(seat);
                continue;
            };
            self.desks.retain(|desk| desk.place != place);
            self.desks.push(Desk {
                seat,
                place,
                turns: 0,
                written: None,
                lowest: None,
                kept_at_ms: f64::NEG_INFINITY,
            });
        }
    }

    /// One that nobody had yet, or of the isolate that was closed first and of which all is written.
    fn free_place(&self) -> Option<usize> {
        let is_taken = |place: &usize| self.desks.iter().any(|desk| desk.place == *place);
        (0..ISOLATES).find(|place| !is_taken(place)).or_else(|| {
            let is_free =
                |desk: &&Desk| desk.seat.is_closed() && desk.written == desk.seat.newest();
            self.desks.iter().find(is_free).map(|desk| desk.place)
        })
    }

    fn write_isolate(&mut self, desk: &mut Desk) -> bool {
        let owner = desk.seat.number;
        let mut newest = None;
        let mut collected = None;
        while let Some(reading) = desk.seat.take() {
            if reading.collected {
                collected = Some(reading);
                let lowest = desk.lowest.get_or_insert(reading);
                if !lowest.collected || reading.used_heap <= lowest.used_heap {
                    *lowest = reading;
                }
            } else {
                desk.lowest.get_or_insert(reading);
                newest = Some(reading);
            }
        }
        // Of many collections in one round the last one is kept.
        for reading in [collected, newest].into_iter().flatten() {
            self.write_words(&FINE, self.fine, owner, &reading.pack());
            self.fine += 1;
            if reading.at_ms - desk.kept_at_ms >= COARSE_MS
                && let Some(lowest) = desk.lowest.take()
            {
                self.write_words(&COARSE, self.coarse, owner, &lowest.pack());
                self.coarse += 1;
                desk.kept_at_ms = reading.at_ms;
            }
        }
        let Some(record) = desk.seat.newest() else {
            return false;
        };
        if desk.written == Some(record) {
            return false;
        }
        let changed = desk
            .written
            .is_none_or(|written| differs(&written, &record));
        self.write_words(
            &ISOLATE,
            2 * desk.place + desk.turns % 2,
            owner,
            &record.pack(),
        );
        desk.turns += 1;
        desk.written = Some(record);
        changed
    }

    fn write_words(&mut self, area: &Area, place: usize, owner: u32, words: &[u64]) {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        layout::put_words(&mut payload, words);
        self.write(area, place, owner, &payload);
        self.payload = payload;
    }

    fn write(&mut self, area: &Area, place: usize, owner: u32, payload: &[u8]) {
        self.number += 1;
        let record = Framed {
            number: self.number,
            owner,
            payload,
        };
        layout::frame(&mut self.bytes, area, &record);
        if let Err(error) = write_at(&self.file, &self.bytes, area.offset(place)) {
            self.failed += 1;
            self.problem = Some(format!("its file cannot be written: {error}"));
        }
    }

    fn tell(&mut self, shared: &Shared) {
        let refused = self.waiting.len();
        if self.problem.is_none() && refused > 0 {
            self.problem = Some(format!(
                "{refused} threads are not recorded: a file has places for {ISOLATES} at a time"
            ));
        }
        if self.problem.is_none() && shared.search_failed.load(Acquire) {
            self.problem = Some("the thread that looks for the last run has failed".to_owned());
        }
        let mut look = shared.look.lock();
        if look.problem != self.problem {
            look.problem.clone_from(&self.problem);
        }
    }

    /// A change of state is to outlive the machine as well.
    fn hurry(&self) {
        #[cfg(target_os = "linux")]
        crate::process::disk::begin_writing(&self.file);
    }
}

/// Whether a reader would say something else of it.
fn differs(one: &IsolateRecord, other: &IsolateRecord) -> bool {
    let states = |record: &IsolateRecord| record.channels.map(|standing| standing.state);
    let rest = |record: &IsolateRecord| (record.health, record.near_heap_limit, record.closed);
    states(one) != states(other) || rest(one) != rest(other)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: usize) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset as u64)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], offset: usize) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    let written = file.seek_write(bytes, offset as u64)?;
    if written < bytes.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    Ok(())
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8]) -> Option<usize> {
    use std::os::unix::fs::FileExt;
    file.read_at(bytes, 0).ok()
}

#[cfg(windows)]
fn read_at(_: &File, _: &mut [u8]) -> Option<usize> {
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::flight::read::Recording;
    use crate::flight::records::Health;
    use crate::recorder::{Recorder, Settings};
    use crate::trend::{Config, Resources, Sample, SampleKind};
    use std::path::Path;

    /// A file of a process that ended like this.
    pub(in crate::flight) fn image(script: &str, end: End) -> Vec<u8> {
        let identity = format!(r#"{{"name":"shop","script":"{script}"}}"#);
        let pulse = Pulse {
            end,
            ..Pulse::default()
        };
        super::image(&identity, &pulse)
    }

    fn folder(name: &str) -> PathBuf {
        let name = format!("tidemark-writer-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    fn plan(directory: &Path) -> Plan {
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

    pub(in crate::flight) fn sample(at_ms: f64, used_heap: u64) -> Sample {
        Sample {
            kind: SampleKind::Major,
            forced: false,
            at_ms,
            duration_ms: 1.0,
            used_heap,
            total_heap: used_heap,
            physical_heap: used_heap,
            external: 0,
            heap_limit: 1 << 32,
            rss: Some(2 * used_heap),
            other_isolates: 0,
            allocated: None,
            requests: None,
            connections: None,
            in_flight: None,
            resources: Some(Resources::of(3)),
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
        failed.is_over(true);
        assert!(CURRENT.lock().is_none());
        let look = std::mem::take(&mut *failed.look.lock());
        assert!(look.searched && look.problem.unwrap().contains("has failed"));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn who_was_refused_gets_the_place_of_who_left_without_a_word() {
        let directory = folder("places");
        let shared = Arc::new(Shared::new(plan(&directory)));
        let file = File::create(directory.join("file")).unwrap();
        let mut writer = Writer::new(file);
        let now = Instant::now();
        let seat = |number| Arc::new(Seat::new(number, number, now, now, None));
        let seats: Vec<_> = (0..20).map(seat).collect();
        shared.seats.lock().extend(seats.iter().cloned());
        let mut round = || {
            writer.round(&shared, &Pulse::default());
            shared.look.lock().problem.clone().unwrap_or_default()
        };
        assert!(round().starts_with("4 threads are not recorded"));
        seats[3].close();
        assert!(round().starts_with("3 threads"));
        seats[19].close();
        assert!(round().starts_with("2 threads"), "who was refused leaves");
        seats[0].close();
        seats[1].close();
        assert_eq!(round(), "");
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

    #[test]
    fn who_the_process_is_has_room_however_long_its_names_are() {
        let long = "\u{1}\"é/".repeat(5000);
        for arguments in [1, 40, 400] {
            let mut plan = plan(Path::new("/"));
            plan.script = format!("{long}app.js");
            let arguments = vec![Value::from(long.as_str()); arguments];
            plan.identity.insert("args".to_owned(), arguments.into());
            plan.identity
                .insert("host".to_owned(), long.as_str().into());
            let shared = Shared::new(plan);
            let text = identity(&shared.plan);
            assert!(text.len() <= IDENTITY.room());
            let read: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read["script"], shared.plan.script.as_str());
            assert!(shared.plan.script.len() > 300 && shared.plan.script.ends_with("é/app.js"));
            assert_eq!(read["pid"], std::process::id());
        }
        assert_eq!(end_of("/app.js", 1024), "/app.js");
    }
}
