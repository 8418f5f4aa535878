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
