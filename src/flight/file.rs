//! One file in the directory: made whole, and opened with care.

use super::layout::SIZE;
use crate::process::lock;
use crate::process::owner;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub(super) const ENDING: &str = ".tidemark";
/// Of a file that is not whole yet.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Makes our file in the directory, whole, locked, readable by its owner alone.
///
/// # Errors
/// What is in the way, as a sentence.
pub(super) fn create(
    directory: &Path,
    name: &str,
    content: &[u8],
) -> Result<(File, PathBuf), String> {
    debug_assert_eq!(content.len(), SIZE);
    let shown = directory.display();
    check(directory)?;
    let path = directory.join(format!("{name}{ENDING}"));
    let temporary = directory.join(format!(".{name}{UNFINISHED}"));
    let wrong = |what: &str, error: &io::Error| format!("{what} in '{shown}': {error}");
    let file = private().create_new(true).open(&temporary);
    let file = file.map_err(|error| wrong("no file can be made", &error))?;
    let finish = |file: &mut File| {
        file.write_all(content)?;
        // Without locks, processes are told by their numbers.
        let _ = lock::hold(file);
        fs::rename(&temporary, &path)
    };
    let mut file = file;
    if let Err(error) = finish(&mut file) {
        let _ = fs::remove_file(&temporary);
        return Err(wrong("the file cannot be written", &error));
    }
    Ok((file, path))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// The last folder of the path is made where it is missing.
fn check(directory: &Path) -> Result<(), String> {
    let shown = directory.display();
    let look = || fs::symlink_metadata(directory);
    let metadata = look().or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            return Err(error);
        }
        make(directory)?;
        look()
    });
    let metadata =
        metadata.map_err(|error| format!("the folder '{shown}' cannot be used: {error}"))?;
    if metadata.is_symlink() {
        return Err(format!(
            "'{shown}' is a symbolic link: name the folder that it leads to"
        ));
    }
    if !metadata.is_dir() {
        return Err(format!("'{shown}' is not a folder"));
    }
    owner::is_ours_or_roots(&metadata)
        .map_err(|user| format!("the folder '{shown}' belongs to user {user}: name one of this process's user, or of root"))
}

fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    match builder.create(directory) {
        // Another process of the service was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Not through a link, and without waiting for what is no file.
///
/// # Errors
/// The kernel's, and where it is not a file.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(NO_LINK | NO_WAIT);
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    Ok(file)
}

#[cfg(target_os = "linux")]
pub(super) const NO_WAIT: i32 = 0o4000;
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
pub(super) const NO_LINK: i32 = 0o100_000;
#[cfg(all(target_os = "linux", not(target_arch = "aarch64")))]
pub(super) const NO_LINK: i32 = 0o400_000;
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) const NO_WAIT: i32 = 0x4;
#[cfg(all(unix, not(target_os = "linux")))]
pub(super) const NO_LINK: i32 = 0x100;
