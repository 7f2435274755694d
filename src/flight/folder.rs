//! The directory: files of processes that are gone are found, told once and, when they are too many or too
//! old, removed.

use super::file::{ENDING, UNFINISHED, open};
use super::layout;
use super::mark::is_running;
use super::read::Recording;
use super::records::End;
use crate::process::lock::{self, Lock};
use crate::process::owner;
use crate::sorting::sort_by_key;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Of a file whose end was told.
const TOLD: &str = ".told.tidemark";
/// One that never got its name is not being written any more.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// A process that writes twice a second, seen where neither locks nor its number say anything.
const SILENT: Duration = Duration::from_secs(10);

/// After so long its file may be renamed or removed. A process that is stopped, a machine that sleeps or a
/// network disk that does not answer is silent for minutes and goes on; clocks of machines that share a
/// disk differ by less.
const LONG_SILENT: Duration = Duration::from_secs(3600);

/// A file in the directory.
#[derive(Debug)]
pub struct Found {
    pub path: PathBuf,
    pub alive: bool,
    pub modified: SystemTime,
    pub recording: Result<Recording, String>,
}

/// Every recorder file of this user in a directory, the newest first.
///
/// # Errors
/// Where the directory cannot be read.
pub fn list(directory: &Path) -> io::Result<Vec<Found>> {
    let ours = |path: &PathBuf| {
        let metadata = fs::symlink_metadata(path);
        metadata.is_ok_and(|metadata| owner::is_ours(&metadata))
    };
    let names = names(directory)?.into_iter().filter(ours);
    let mut found: Vec<_> = names.filter_map(|path| examine(&path).ok()).collect();
    sort_by_key(&mut found, |each| std::cmp::Reverse(each.modified));
    Ok(found)
}

fn names(directory: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| ends_with(path, ENDING))
        .collect())
}

/// One file, whatever it says.
///
/// # Errors
/// Where it cannot be opened.
pub fn examine(path: &Path) -> io::Result<Found> {
    let file = open(path)?;
    let modified = file.metadata()?.modified()?;
    let recording = Recording::read(&file);
    let alive = match lock::look(&file) {
        Lock::Held => true,
        Lock::Free => false,
        Lock::Unknown => seems_alive(identity_of(recording.as_ref().ok()), modified, SILENT),
    };
    Ok(Found {
        path: path.to_owned(),
        alive,
        modified,
        recording: recording.map_err(|unreadable| unreadable.to_string()),
    })
}

fn identity_of(recording: Option<&Recording>) -> Option<&Value> {
    recording?.identity.as_ref()
}

/// Whether the process of a file is there, on a file system without locks: there is one of its number
/// that began when it did, or it has not been `silent` for so long.
fn seems_alive(identity: Option<&Value>, modified: SystemTime, silent: Duration) -> bool {
    identity
        .and_then(is_running)
        .unwrap_or_else(|| modified.elapsed().unwrap_or_default() < silent)
}

/// Of which files the directory is kept clear.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    pub files: usize,
    pub age: Duration,
}

/// Whose end is told, and what is removed: those of the same `service`, which is what its files' names
/// begin with.
///
/// Answers with the recording that says most of what became of the last run: of one that leaked, or the
/// newest. All that ended without a word are marked as told, so that nobody tells them again.
pub(super) fn tidy(directory: &Path, service: &str, script: &str, keep: Keep) -> Option<Previous> {
    sift(directory, service, script, keep, lock::look)
}

/// `ask`: what a file's lock says.
fn sift(
    directory: &Path,
    service: &str,
    script: &str,
    keep: Keep,
    ask: fn(&File) -> Lock,
) -> Option<Previous> {
    let mut gone = Vec::new();
    let now = SystemTime::now();
    // There may be more files than a process may have open.
    for path in names_of(directory, service) {
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        let Ok(modified) = metadata.modified() else {
            continue;
        };
        if !metadata.is_file() || !owner::is_ours(&metadata) {
            continue;
        }
        let age = now.duration_since(modified).unwrap_or_default();
        if ends_with(&path, UNFINISHED) {
            if age > FORGOTTEN {
                remove_unfinished(&path, age, ask);
            }
            continue;
        }
        gone.push((modified, age, path));
    }
    sort_by_key(&mut gone, |(modified, ..)| std::cmp::Reverse(*modified));
    let mut kept = 0;
    let mut best: Option<Previous> = None;
    let mut told = 0;
    for (modified, age, path) in gone {
        let Ok(file) = open(&path) else { continue };
        let lock = ask(&file);
        if lock == Lock::Held || !begins_as_ours(&file) {
            continue;
        }
        let is_old = kept >= keep.files || age > keep.age;
        // Where none is kept the last run is told all the same: its file goes with the next start.
        let may_tell = !ends_with(&path, TOLD) && age <= keep.age && kept < keep.files.max(1);
        // Only what must be is read as a whole.
        let wanted = lock == Lock::Unknown || may_tell;
        let recording = wanted.then(|| Recording::open(&path).ok()).flatten();
        if lock == Lock::Unknown
            && seems_alive(identity_of(recording.as_ref()), modified, LONG_SILENT)
        {
            continue;
        }
        let untold = recording.filter(|recording| may_tell && is_untold(recording, script));
        if untold.is_none() && is_old {
            let _ = fs::remove_file(&path);
            continue;
        }
        kept += 1;
        let Some(recording) = untold else { continue };
        if let Some(path) = claim(&path) {
            told += 1;
            if best
                .as_ref()
                .is_none_or(|best| best.recording.leaks.is_empty() && !recording.leaks.is_empty())
            {
                best = Some(Previous {
                    path,
                    recording,
                    others: 0,
                });
            }
        }
    }
    best.map(|best| Previous {
        others: told - 1,
        ..best
    })
}

fn remove_unfinished(path: &Path, age: Duration, ask: fn(&File) -> Lock) {
    let is_forgotten = match open(path).map(|file| ask(&file)) {
        Ok(Lock::Free) => true,
        Ok(Lock::Unknown) => age > LONG_SILENT,
        Ok(Lock::Held) | Err(_) => false,
    };
    if is_forgotten {
        let _ = fs::remove_file(path);
    }
}

/// Whether it is of this script, and ended without a word.
fn is_untold(recording: &Recording, script: &str) -> bool {
    let identity = recording.identity.as_ref();
    identity.is_some_and(|identity| identity["script"] == script)
        && recording.pulse.is_some_and(|pulse| pulse.end == End::None)
}

/// The end of a process that nobody has heard of.
#[derive(Debug)]
pub struct Previous {
    pub path: PathBuf,
    pub recording: Recording,
    /// Processes of the service that ended without a word beside it.
    pub others: usize,
}

/// A name of its own for what was told: of several processes that start at a time one gets it.
fn claim(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let told = path.with_file_name(format!("{}{TOLD}", name.strip_suffix(ENDING)?));
    fs::rename(path, &told).ok()?;
    Some(told)
}

fn names_of(directory: &Path, service: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let is_ours = |name: &str| {
        let (name, ending) = match name.strip_prefix('.') {
            Some(hidden) => (hidden, UNFINISHED),
            None => (name, ENDING),
        };
        let name = name
            .strip_suffix(ending)
            .map(|name| name.strip_suffix(".told").unwrap_or(name));
        // SERVICE-PID-TIME: a service may be called as another one and a number.
        let mut parts = name.unwrap_or_default().rsplitn(3, '-');
        let numbers = [parts.next(), parts.next()];
        parts.next() == Some(service)
            && numbers
                .iter()
                .all(|part| part.is_some_and(|part| part.parse::<u64>().is_ok()))
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(is_ours)
        })
        .collect()
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(ending.as_bytes())
}

/// Of any version: an update is to remove what the release before left.
fn begins_as_ours(mut file: &File) -> bool {
    let mut head = [0; 64];
    file.read_exact(&mut head).is_ok() && layout::version(&head).is_some()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::flight::beginning::tests::image;
    use crate::flight::file::create;
    use crate::flight::layout::SIZE;
    use crate::flight::mark::{boot_id, pid_namespace};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("tidemark-flight-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        fn add(&self, name: &str, script: &str, end: End, age_s: u64) -> PathBuf {
            let (file, path) = create(&self.0, name, &image(script, end)).unwrap();
            let modified = SystemTime::now() - Duration::from_secs(age_s);
            file.set_modified(modified).unwrap();
            path
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }

        fn tidy(&self, files: usize) -> Option<Previous> {
            let keep = Keep {
                files,
                age: Duration::from_secs(1000),
            };
            tidy(&self.0, "shop", "/app.js", keep)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_its_owners_alone_whole_and_locked() {
        let folder = Folder::new();
        let (file, path) = create(&folder.0, "shop-1-2", &image("/app.js", End::None)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(metadata.len(), SIZE as u64);
        assert!(list(&folder.0).unwrap()[0].alive);
        drop(file);
        assert!(!list(&folder.0).unwrap()[0].alive);
        assert_eq!(folder.names(), ["shop-1-2.tidemark"]);
    }

    #[test]
    fn what_is_wrong_with_a_directory_is_said() {
        let folder = Folder::new();
        let image = image("/app.js", End::None);
        let problem = |path: &Path| create(path, "shop-1-2", &image).unwrap_err();
        let inner = folder.0.join("made");
        create(&inner, "shop-1-2", &image).unwrap();
        assert_eq!(
            fs::metadata(&inner).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let link = folder.0.join("link");
        symlink(&inner, &link).unwrap();
        assert!(problem(&link).contains("is a symbolic link"));
        assert!(problem(&inner.join("shop-1-2.tidemark")).contains("is not a folder"));
        assert!(problem(&folder.0.join("no/such")).contains("cannot be used"));
        if std::os::unix::fs::chown(&inner, Some(12345), None).is_ok() {
            assert!(problem(&inner).contains("belongs to user 12345"));
        }
    }

    #[test]
    fn the_last_run_was_told_once_and_only_of_the_same_script() {
        let folder = Folder::new();
        folder.add("shop-1-2", "/app.js", End::None, 20);
        folder.add("shop-2-2", "/app.js", End::None, 10);
        folder.add("shop-3-2", "/other.js", End::None, 5);
        folder.add("shop-4-2", "/app.js", End::Exit(0), 5);
        folder.add("shop-2-5-2", "/app.js", End::None, 5);
        let living = create(&folder.0, "shop-6-2", &image("/app.js", End::None)).unwrap();
        let previous = folder.tidy(10).unwrap();
        assert_eq!(previous.path.file_name().unwrap(), "shop-2-2.told.tidemark");
        assert_eq!(previous.others, 1);
        assert!(folder.tidy(10).is_none(), "it is told once");
        drop(living);
        assert_eq!(
            folder.tidy(10).unwrap().path.file_name().unwrap(),
            "shop-6-2.told.tidemark"
        );
        assert_eq!(folder.names().len(), 6);
    }

    #[test]
    fn where_no_file_is_kept_the_last_run_is_told_and_its_file_goes_with_the_next_start() {
        let folder = Folder::new();
        folder.add("shop-1-2", "/app.js", End::None, 20);
        folder.add("shop-2-2", "/app.js", End::None, 10);
        folder.add("shop-3-2", "/app.js", End::Exit(0), 5);
        let previous = folder.tidy(0).unwrap();
        assert_eq!(previous.recording.identity.unwrap()["script"], "/app.js");
        assert_eq!(folder.names(), ["shop-2-2.told.tidemark"]);
        assert!(folder.tidy(0).is_none());
        assert!(folder.names().is_empty());
    }

    #[test]
    fn without_locks_a_file_is_left_alone_for_an_hour_then_told_once_then_removed() {
        let folder = Folder::new();
        let tidy = |files| {
            let age = Duration::from_secs(1_000_000);
            let keep = Keep { files, age };
            sift(&folder.0, "shop", "/app.js", keep, |_| Lock::Unknown)
        };
        folder.add("shop-1-2", "/app.js", End::None, 60);
        folder.add("shop-2-2", "/app.js", End::None, 7200);
        let told = tidy(10).unwrap();
        assert_eq!(told.path.file_name().unwrap(), "shop-2-2.told.tidemark");
        assert_eq!(
            folder.names(),
            ["shop-1-2.tidemark", "shop-2-2.told.tidemark"]
        );
        assert!(tidy(10).is_none(), "it is told once");
        assert_eq!(
            folder.names(),
            ["shop-1-2.tidemark", "shop-2-2.told.tidemark"]
        );
        assert!(tidy(0).is_none());
        assert_eq!(folder.names(), ["shop-1-2.tidemark"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_locks_the_number_of_a_process_counts_with_its_start() {
        let own = crate::process::other::glance(std::process::id()).unwrap();
        let identity = |started: u64| {
            serde_json::json!({
                "pid": std::process::id(),
                "startedTicks": started,
                "pidNamespace": pid_namespace(),
                "bootId": boot_id(),
            })
        };
        let long_ago = SystemTime::UNIX_EPOCH;
        let alive = |identity: &Value| seems_alive(Some(identity), long_ago, LONG_SILENT);
        assert!(alive(&identity(own.started_ticks)));
        assert!(
            !alive(&identity(own.started_ticks + 1)),
            "its number came again"
        );
        let minutes_ago = SystemTime::now() - Duration::from_secs(600);
        for place in ["pidNamespace", "bootId"] {
            let mut elsewhere = identity(own.started_ticks);
            elsewhere[place] = "another".into();
            assert!(!alive(&elsewhere));
            assert!(seems_alive(Some(&elsewhere), SystemTime::now(), SILENT));
            assert!(seems_alive(Some(&elsewhere), minutes_ago, LONG_SILENT));
            assert!(!seems_alive(Some(&elsewhere), minutes_ago, SILENT));
        }
        assert!(seems_alive(None, SystemTime::now(), SILENT));
    }

    #[test]
    fn only_our_own_files_of_processes_that_are_gone_are_removed() {
        let folder = Folder::new();
        for number in 1..=5 {
            folder.add(&format!("shop-{number}-1"), "/app.js", End::Exit(0), number);
        }
        folder.add("shop-9-1", "/app.js", End::Exit(0), 5000);
        folder.add("bank-1-1", "/app.js", End::Exit(0), 5000);
        fs::write(folder.0.join("shop-7-1.tidemark"), "another's").unwrap();
        let elsewhere = folder.0.join("elsewhere");
        fs::write(&elsewhere, image("/app.js", End::None)).unwrap();
        symlink(&elsewhere, folder.0.join("shop-8-1.tidemark")).unwrap();
        let living = create(&folder.0, "shop-6-1", &image("/app.js", End::None)).unwrap();
        living.0.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        folder.tidy(2);
        assert_eq!(
            folder.names(),
            [
                "bank-1-1.tidemark",
                "elsewhere",
                "shop-1-1.tidemark",
                "shop-2-1.tidemark",
                "shop-6-1.tidemark",
                "shop-7-1.tidemark",
                "shop-8-1.tidemark"
            ]
        );
    }
}
