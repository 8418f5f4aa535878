//! The embedded engine, for the tests that every engine must pass.

use std::path::Path;

use store::Config;

/// The settings of a store in this folder.
pub(crate) fn config(folder: &Path) -> Config {
    Config { folder: folder.to_path_buf(), ..Config::default() }
}

/// A folder was copied as a crash would leave it.
pub(crate) fn copied(_from: &Path, _to: &Path) {}
