//! Whose files are ours.

use std::fs::Metadata;

/// Whether the file belongs to the user that this process acts as. Elsewhere than on Unix: to whoever may
/// write it.
#[cfg(unix)]
pub fn is_ours(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.uid() == user()
}

/// Whether what is in such a folder is not in the hands of another user: it is ours or root's.
///
/// # Errors
/// The number of the other user.
#[cfg(unix)]
pub fn is_ours_or_roots(folder: &Metadata) -> Result<(), u32> {
    use std::os::unix::fs::MetadataExt;
    let owner = folder.uid();
    if owner == 0 || owner == user() {
        Ok(())
    } else {
        Err(owner)
    }
}

#[cfg(unix)]
fn user() -> u32 {
    unsafe extern "C" {
        fn geteuid() -> u32;
    }
    // SAFETY: has no precondition and never fails.
    unsafe { geteuid() }
}

#[cfg(not(unix))]
pub fn is_ours(_: &Metadata) -> bool {
    true
}

/// # Errors
/// Never: there are no owners to compare.
#[cfg(not(unix))]
pub fn is_ours_or_roots(_: &Metadata) -> Result<(), u32> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_makes_is_ours_and_what_another_user_has_is_not() {
        let file = std::env::temp_dir().join(format!("tidemark-owner-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        assert!(is_ours(&std::fs::metadata(&file).unwrap()));
        if std::os::unix::fs::chown(&file, Some(12345), None).is_ok() {
            let metadata = std::fs::metadata(&file).unwrap();
            assert!(!is_ours(&metadata));
            assert_eq!(is_ours_or_roots(&metadata), Err(12345));
        }
        std::fs::remove_file(file).unwrap();
        assert_eq!(is_ours_or_roots(&std::fs::metadata("/").unwrap()), Ok(()));
    }
}
