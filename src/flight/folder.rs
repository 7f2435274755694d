//! The directory: which files it has, and whether their processes still live.

use super::file::{ENDING, open};
use super::mark::is_running;
use super::read::Recording;
use crate::process::lock::{self, Lock};
use crate::process::owner;
use crate::sorting::sort_by_key;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A process that writes twice a second, seen where neither locks nor its number say anything.
const SILENT: Duration = Duration::from_secs(10);

/// After so long its file may be renamed or removed. A process that is stopped, a machine that sleeps or a
/// network disk that does not answer is silent for minutes and goes on; clocks of machines that share a
/// disk differ by less.
pub(super) const LONG_SILENT: Duration = Duration::from_secs(3600);

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

pub(super) fn identity_of(recording: Option<&Recording>) -> Option<&Value> {
    recording?.identity.as_ref()
}

/// Whether the process of a file is there, on a file system without locks: there is one of its number
/// that began when it did, or it has not been `silent` for so long.
pub(super) fn seems_alive(
    identity: Option<&Value>,
    modified: SystemTime,
    silent: Duration,
) -> bool {
    identity
        .and_then(is_running)
        .unwrap_or_else(|| modified.elapsed().unwrap_or_default() < silent)
}

pub(super) fn ends_with(path: &Path, ending: &str) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(ending.as_bytes())
}

#[cfg(all(test, unix))]
pub(super) mod tests {
    use super::*;
    use crate::flight::beginning::tests::image;
    use crate::flight::file::create;
    use crate::flight::layout::SIZE;
    use crate::flight::mark::{boot_id, pid_namespace};
    use crate::flight::records::End;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Goes with this.
    pub(in crate::flight) struct Folder(pub(in crate::flight) PathBuf);

    impl Folder {
        pub(in crate::flight) fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("tidemark-flight-{}-{number}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }

        pub(in crate::flight) fn add(
            &self,
            name: &str,
            script: &str,
            end: End,
            age_s: u64,
        ) -> PathBuf {
            let (file, path) = create(&self.0, name, &image(script, end)).unwrap();
            let modified = SystemTime::now() - Duration::from_secs(age_s);
            file.set_modified(modified).unwrap();
            path
        }

        pub(in crate::flight) fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
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
}
