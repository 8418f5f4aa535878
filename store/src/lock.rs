//! One folder, one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Error, Result};

/// A folder that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the folder, which is created if need be.
    pub(crate) fn take(folder: &Path) -> Result<Self> {
        let context = |what: &str| format!("{what} {}", folder.display());
        fs::create_dir_all(folder).map_err(|error| Error::unreachable(context("creating"), error))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock"));
        let file = file.map_err(|error| Error::unreachable(context("locking"), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => Err(Error::unreachable(context("locking"), error)),
        }
    }
}

/// Whether a process has the folder open now. It may open or leave it a moment later.
pub fn is_in_use(folder: &Path) -> bool {
    let file = OpenOptions::new().write(true).open(folder.join("lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_in_use_while_somebody_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_in_use(folder.path()));
        let lock = FolderLock::take(folder.path()).unwrap();
        assert!(is_in_use(folder.path()));
        drop(lock);
        assert!(!is_in_use(folder.path()));
    }
}
