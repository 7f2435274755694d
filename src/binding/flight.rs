//! The native side of `lib/flight/`: what is known of an isolate goes into the file of its process.

#![expect(
    clippy::needless_pass_by_value,
    reason = "napi hands owned values over"
)]

use super::watch::Watch;
use crate::flight::{self, Plan, Previous};
use crate::isolate::{Observer, Recording};
use napi::bindgen_prelude::Result;
use napi::{Error, Status};
use napi_derive::napi;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

#[napi(object, object_to_js = false)]
pub struct FlightOptions {
    /// An absolute path.
    pub directory: String,
    /// What the file's name begins with.
    pub service: String,
    /// The main script of the process.
    pub script: String,
    /// Who the process is: an object, as JSON.
    pub identity: String,
    pub memory_limit: Option<f64>,
    pub keep_files: u32,
    pub keep_days: f64,
    pub thread_id: u32,
}

impl FlightOptions {
    fn plan(self) -> (Plan, u32) {
        const DAY_S: f64 = 86400.0;
        let identity = match serde_json::from_str(&self.identity) {
            Ok(Value::Object(identity)) => identity,
            _ => serde_json::Map::new(),
        };
        let plan = Plan {
            directory: PathBuf::from(self.directory),
            service: self.service,
            script: self.script,
            identity,
            memory_limit: self.memory_limit.map(|bytes| bytes as u64),
            keep_files: self.keep_files as usize,
            keep_age: Duration::try_from_secs_f64(self.keep_days * DAY_S).unwrap_or(Duration::MAX),
        };
        (plan, self.thread_id)
    }
}

#[napi(object)]
#[derive(Default)]
pub struct FlightLook {
    pub path: Option<String>,
    pub problem: Option<String>,
    /// The directory was looked through: no `previous` will come any more.
    pub searched: bool,
    /// What became of the last run, as JSON, to whoever asks first.
    pub previous: Option<String>,
}

/// The part of one isolate. It ends with its watch.
#[napi]
pub struct Flight {
    observer: Weak<Observer>,
}

#[napi]
impl Flight {
    /// Throws a sentence where it cannot be. What the disk says against it comes by `look()`.
    #[napi(constructor, catch_unwind)]
    pub fn new(watch: &Watch, options: FlightOptions) -> Result<Self> {
        let failed = |reason: &str| Error::new(Status::GenericFailure, reason.to_owned());
        let observer = watch.observer();
        let observer = observer.ok_or_else(|| failed("it is closed"))?;
        let (plan, thread_id) = options.plan();
        let recording = Recording::new(plan, thread_id, observer.epoch);
        observer.record_in(recording.map_err(|error| failed(&error))?);
        Ok(Self {
            observer: Rc::downgrade(&observer),
        })
    }

    /// An object, as JSON of no more bytes than have room.
    #[napi(catch_unwind)]
    pub fn leak(&self, text: String) {
        self.recording(|recording| recording.flight.leak(recording.seat.number, text));
    }

    /// 'ok', 'leaking' or 'critical'.
    #[napi(catch_unwind)]
    pub fn set_health(&self, health: String) {
        self.recording(|recording| recording.set_health(&health));
    }

    #[napi(catch_unwind)]
    pub fn look(&self) -> FlightLook {
        let look = self.recording(|recording| recording.flight.look());
        look.map_or_else(FlightLook::default, |look| FlightLook {
            path: look.path.map(|path| path.to_string_lossy().into_owned()),
            problem: look.problem,
            searched: look.searched,
            previous: look.previous.map(|previous| previous_json(&previous)),
        })
    }

    /// The process ends by itself. Waits for the record of it, a moment at most.
    #[napi(catch_unwind)]
    pub fn exit(&self, code: i32) {
        self.recording(|recording| recording.flight.exit(code));
    }

    /// Waits until all that is known is written. Says whether it is.
    #[napi(catch_unwind)]
    pub fn flush(&self, most_ms: u32) -> bool {
        let most = Duration::from_millis(most_ms.into());
        self.recording(|recording| recording.flight.flush(most)) == Some(true)
    }
}

impl Flight {
    fn recording<T>(&self, use_it: impl FnOnce(&Recording) -> T) -> Option<T> {
        self.observer.upgrade()?.with_recording(use_it)
    }
}

fn previous_json(previous: &Previous) -> String {
    let mut json = previous.recording.to_json(false);
    json["file"] = previous.path.to_string_lossy().into();
    json["others"] = previous.others.into();
    json.to_string()
}

/// What tells this process from every other one, as JSON.
#[napi(catch_unwind)]
pub fn process_mark() -> String {
    Value::Object(flight::mark()).to_string()
}

/// Whether the process of such a mark is there; nothing where that cannot be said.
#[napi(catch_unwind)]
pub fn is_process_running(mark: String) -> Option<bool> {
    flight::is_running(&serde_json::from_str(&mark).ok()?)
}

/// Bytes of a leak that have room.
#[napi(catch_unwind)]
pub fn flight_room() -> u32 {
    flight::room() as u32
}

/// What a recorder file says, as JSON; a sentence where it says nothing.
#[napi(catch_unwind)]
pub fn read_flight(file: String) -> Result<String> {
    let found = flight::examine(Path::new(&file))
        .map_err(|unreadable| Error::new(Status::GenericFailure, unreadable.to_string()))?;
    Ok(found_json(&found, true).to_string())
}

/// All recorder files of this user in a directory, the newest first, without their readings: an array, as
/// JSON.
#[napi(catch_unwind)]
pub fn list_flights(directory: String) -> Result<String> {
    let found = flight::list(Path::new(&directory))
        .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))?;
    let all: Value = found.iter().map(|found| found_json(found, false)).collect();
    Ok(all.to_string())
}

fn found_json(found: &flight::Found, whole: bool) -> Value {
    let file = found.path.to_string_lossy();
    match &found.recording {
        Ok(recording) => {
            let mut json = recording.to_json(whole);
            json["file"] = file.into();
            json["alive"] = found.alive.into();
            json
        }
        Err(problem) => json!({ "file": file, "alive": found.alive, "problem": problem }),
    }
}
