//! What is said of an isolate when it is about to die of its full heap: files that JavaScript has prepared
//! in memory while it could, and that a thread of their own writes when V8 asks for a higher heap limit.
//!
//! JavaScript cannot run in V8's question. What only that moment knows, its time and how full the heap is,
//! the thread puts in, in place of a mark.

use super::file::{NO_LINK, NO_WAIT};
use super::thread::spawn;
use super::utc::utc;
use crate::format;
use crate::process::{pin, rss};
use parking_lot::{Condvar, Mutex};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Stands for a sentence about the moment, and, as the JSON string that it is, for an object.
const SENTENCE: &str = "{{v8:sentence}}";
const OBJECT: &str = "\"{{v8:object}}\"";

/// One file.
#[derive(Clone, Debug)]
pub struct Word {
    pub path: PathBuf,
    pub text: String,
    /// It is there and stays the file that it is, as a bind mount wants it; else it is replaced as a whole.
    pub in_place: bool,
}

/// How full the heap is.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// After the last collection; 0 where there was none.
    pub used: u64,
    /// Of the old generation.
    pub limit: u64,
}

/// The last words of one isolate. Its thread ends when this is dropped.
pub struct LastWords {
    shared: Arc<Shared>,
    /// This process, and no forked child of it, which has no thread.
    process: u32,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    words: Vec<Word>,
    asked: Option<Fill>,
    /// What was prepared is written, or is being written: it is said once.
    begun: bool,
    said: bool,
    closed: bool,
}

impl LastWords {
    /// # Errors
    /// Why there is no thread, as a sentence.
    pub fn new() -> Result<Self, String> {
        if !pin::library() {
            return Err("the library cannot be kept in memory for its thread".to_owned());
        }
        rss::prepare();
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        spawn("tidemark-last", move || own.serve())
            .map_err(|error| format!("its thread cannot be started: {error}"))?;
        Ok(Self {
            shared,
            process: std::process::id(),
        })
    }

    /// Instead of what was prepared before.
    pub fn prepare(&self, words: Vec<Word>) {
        let mut state = self.shared.state.lock();
        state.words = words;
        state.begun = false;
    }

    /// V8 asks. Does not wait. Says whether there is something to wait for.
    pub fn begin(&self, fill: Fill) -> bool {
        if self.process != std::process::id() {
            return false;
        }
        let mut state = self.shared.state.lock();
        if state.begun || state.words.is_empty() {
            return false;
        }
        state.begun = true;
        state.said = false;
        state.asked = Some(fill);
        drop(state);
        self.shared.changed.notify_all();
        true
    }

    /// Waits until it is written, `most` at most. Says whether it is.
    pub fn wait(&self, most: Duration) -> bool {
        let until = Instant::now() + most;
        let mut state = self.shared.state.lock();
        while !state.said {
            if self
                .shared
                .changed
                .wait_until(&mut state, until)
                .timed_out()
            {
                return state.said;
            }
        }
        true
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// The whole life of the thread.
    fn serve(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(fill) = state.asked.take() {
                let words = state.words.clone();
                drop(state);
                say(&words, fill);
                state = self.state.lock();
                state.said = true;
                self.changed.notify_all();
            } else if state.closed {
                return;
            } else {
                self.changed.wait(&mut state);
            }
        }
    }
}

/// Nobody is left to hear what fails; the rest is written all the same.
fn say(words: &[Word], fill: Fill) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = utc(now.unwrap_or_default());
    let rss = rss::resident_set_size();
    for word in words {
        let text = filled(&word.text, fill, rss, &time);
        let _ = if word.in_place {
            write_in_place(&word.path, &text)
        } else {
            replace(&word.path, &text)
        };
    }
}

/// Each mark once: the first is ours, and names of the app may look like one.
fn filled(text: &str, Fill { used, limit }: Fill, rss: Option<u64>, time: &str) -> String {
    let size = |bytes: u64| format::bytes(bytes as f64);
    let parts = [
        (used > 0).then(|| format!("the heap held {} after the last collection", size(used))),
        Some(format!("its old generation may have {}", size(limit))),
        rss.map(|rss| format!("{} are resident", size(rss))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let sentence = format!(
        "V8 asked for a higher heap limit at {time}: {}.",
        parts.join(", ")
    );
    let object = json!({
        "time": time,
        "usedHeapSize": (used > 0).then_some(used),
        "oldGenerationLimit": limit,
        "rss": rss,
    });
    text.replacen(SENTENCE, &sentence, 1)
        .replacen(OBJECT, &object.to_string(), 1)
}

/// The file is whole or as it was, and only its owner may read it. What is there of that name is replaced,
/// also a link.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let number = now.unwrap_or_default().as_nanos();
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}-0-{number}.tmp", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

/// Only a file that is there: who makes one of that name writes to nobody.
fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NO_LINK | NO_WAIT);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(20);
    const FILL: Fill = Fill {
        used: 62_000_000,
        limit: 67_000_000,
    };

    fn folder(name: &str) -> PathBuf {
        let name = format!("tidemark-last-words-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn word(path: &Path, text: &str, in_place: bool) -> Word {
        Word {
            path: path.to_owned(),
            text: text.to_owned(),
            in_place,
        }
    }

    #[test]
    fn what_was_prepared_last_is_written_once_with_the_moment_in_it() {
        let folder = folder("said");
        let [report, log, none] = ["report.md", "log", "none"].map(|name| folder.join(name));
        fs::write(&log, "a longer message that another process left behind").unwrap();
        let last = LastWords::new().unwrap();
        assert!(!last.begin(FILL), "nothing is prepared");
        last.prepare(vec![word(&report, "old", false)]);
        last.prepare(vec![
            word(&none, "into what is not there", true),
            word(&report, "# {{v8:sentence}} {{v8:sentence}}", false),
            word(&log, r#"{"at":"{{v8:object}}"}"#, true),
        ]);
        assert!(last.begin(FILL));
        assert!(last.wait(WAIT));
        let text = fs::read_to_string(&report).unwrap();
        assert!(
            text.starts_with("# V8 asked for a higher heap limit at 20"),
            "{text}"
        );
        assert!(
            text.contains(
                "held 62 MB after the last collection, its old generation may have 67 MB"
            ),
            "{text}"
        );
        assert!(
            text.ends_with(" {{v8:sentence}}"),
            "a name that looks like a mark"
        );
        let read: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&log).unwrap()).unwrap();
        assert_eq!(read["at"]["oldGenerationLimit"], 67_000_000);
        assert!(!none.exists());
        assert!(!last.begin(FILL), "once");
        assert!(last.wait(WAIT), "and it stays said");
        last.prepare(vec![word(&report, "new", false)]);
        assert!(last.begin(FILL) && last.wait(WAIT));
        assert_eq!(fs::read_to_string(&report).unwrap(), "new");
        let names = fs::read_dir(&folder).unwrap().count();
        assert_eq!(names, 2, "nothing unfinished stays");
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn files_are_their_owners_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder("links");
        let [victim, report, log] = ["victim", "report.md", "log"].map(|name| folder.join(name));
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, &report).unwrap();
        symlink(&victim, &log).unwrap();
        say(
            &[word(&report, "theirs", false), word(&log, "theirs", true)],
            FILL,
        );
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
        assert_eq!(fs::read_to_string(&report).unwrap(), "theirs");
        let mode = fs::symlink_metadata(&report).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_heap_whose_fill_is_not_known_is_not_said_to_be_empty() {
        let fill = Fill { used: 0, ..FILL };
        let text = filled("{{v8:sentence}}\"{{v8:object}}\"", fill, None, "now");
        assert!(
            text.starts_with(
                "V8 asked for a higher heap limit at now: its old generation may have 67 MB.{"
            ),
            "{text}"
        );
        assert!(text.contains("\"usedHeapSize\":null"));
    }
}
