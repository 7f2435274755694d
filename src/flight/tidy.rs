//! What a start does with the files of the dead: tells of the last run, once, and removes what is old.

use super::file::{ENDING, UNFINISHED, open};
use super::folder::{LONG_SILENT, ends_with, identity_of, seems_alive};
use super::layout;
use super::read::Recording;
use super::records::End;
use crate::process::lock::{self, Lock};
use crate::process::owner;
use crate::sorting::sort_by_key;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Of a file whose end was told.
const TOLD: &str = ".told.tidemark";
/// One that never got its name is not being written any more.
const FORGOTTEN: Duration = Duration::from_secs(60);
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
    use crate::flight::folder::tests::Folder;
    use std::os::unix::fs::symlink;

    fn tidy_up(folder: &Folder, files: usize) -> Option<Previous> {
        let keep = Keep {
            files,
            age: Duration::from_secs(1000),
        };
        tidy(&folder.0, "shop", "/app.js", keep)
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
        let previous = tidy_up(&folder, 10).unwrap();
        assert_eq!(previous.path.file_name().unwrap(), "shop-2-2.told.tidemark");
        assert_eq!(previous.others, 1);
        assert!(tidy_up(&folder, 10).is_none(), "it is told once");
        drop(living);
        assert_eq!(
            tidy_up(&folder, 10).unwrap().path.file_name().unwrap(),
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
        let previous = tidy_up(&folder, 0).unwrap();
        assert_eq!(previous.recording.identity.unwrap()["script"], "/app.js");
        assert_eq!(folder.names(), ["shop-2-2.told.tidemark"]);
        assert!(tidy_up(&folder, 0).is_none());
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
        tidy_up(&folder, 2);
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
