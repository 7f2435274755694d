//! A file that gets its name when it is finished, and is gone otherwise.

use super::disk::{self, Disk};
use super::nameless;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// On x86-64, where captures are made; on other machines the number is another one.
const O_TMPFILE: i32 = 0o20_200_000;

/// Its owner's alone.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    /// Where the file system has no files without a name.
    temporary: Option<PathBuf>,
}

impl Unfinished {
    /// `temporary` is a free name in `folder`.
    ///
    /// # Errors
    /// The kernel's.
    pub fn create(folder: &Path, temporary: &Path) -> io::Result<Self> {
        // Each file system and kernel refuses such files in its own way; what is really wrong, such
        // as a folder that is read-only, the other way meets too.
        private()
            .custom_flags(O_TMPFILE)
            .open(folder)
            .map(Self::nameless)
            .or_else(|_| Self::named(temporary))
    }

    fn nameless(file: File) -> Self {
        Self {
            file,
            temporary: None,
        }
    }

    fn named(temporary: &Path) -> io::Result<Self> {
        Ok(Self {
            file: private().create_new(true).open(temporary)?,
            temporary: Some(temporary.to_owned()),
        })
    }

    pub fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
    }

    /// What there is on its disk.
    ///
    /// # Errors
    /// The kernel's.
    pub fn disk(&self) -> io::Result<Disk> {
        disk::of(&self.file)
    }

    /// Gives the file its name, in the same folder, and answers with its bytes.
    ///
    /// # Errors
    /// The kernel's; the file is gone then.
    pub fn finish(mut self, name: &Path) -> io::Result<u64> {
        let bytes = self.file.metadata()?.len();
        match &self.temporary {
            None => nameless::give_name(self.descriptor(), name)?,
            Some(temporary) => {
                fs::rename(temporary, name)?;
                self.temporary = None;
            }
        }
        Ok(bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing better can be done where even that fails.
            let _ = fs::remove_file(temporary);
        }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("tidemark-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn named(folder: &Path) -> Unfinished {
        Unfinished::named(&folder.join(".temporary")).unwrap()
    }

    #[test]
    fn has_its_name_when_it_is_finished_and_belongs_to_its_owner_alone() {
        let folder = folder("finished");
        let nameless = Unfinished::create(&folder, &folder.join(".temporary")).unwrap();
        for (unfinished, name) in [(nameless, "one"), (named(&folder), "two")] {
            (&unfinished.file).write_all(b"text").unwrap();
            let target = folder.join(name);
            assert_eq!(unfinished.finish(&target).unwrap(), 4);
            assert_eq!(fs::read(&target).unwrap(), b"text");
            let mode = fs::metadata(&target).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(names(&folder), ["one", "two"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn tells_what_is_really_wrong() {
        let folder = folder("wrong").join("missing");
        let error = Unfinished::create(&folder, &folder.join(".temporary")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        fs::remove_dir(folder.parent().unwrap()).unwrap();
    }

    #[test]
    fn is_gone_when_it_is_not_finished() {
        let folder = folder("unfinished");
        drop(Unfinished::create(&folder, &folder.join(".temporary")).unwrap());
        drop(named(&folder));
        let taken = folder.join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(named(&folder).finish(&taken).is_err());
        assert_eq!(names(&folder), ["taken"]);
        fs::remove_dir_all(folder).unwrap();
    }
}
