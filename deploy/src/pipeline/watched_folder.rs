//! A folder of TOML files that people edit while the program runs: filled with what is shipped at the first start, read again when it has changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;

/// Largest file in bytes: a thousand rules with their texts are half of it.
const LARGEST: u64 = 4 << 20;

/// What tells whether a folder has changed: each file with its size and time.
type Picture = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// A folder of `*.toml` files.
pub(crate) struct WatchedFolder {
    folder: PathBuf,
    /// What it looked like just before it was read last, so that no change slips through between reading and watching.
    seen: Picture,
}

impl WatchedFolder {
    /// The folder. One that does not exist is made and filled with `shipped` (name and text).
    pub(crate) fn open(folder: PathBuf, shipped: &[(&str, &str)]) -> anyhow::Result<Self> {
        if !folder.exists() {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for (name, text) in shipped {
                let path = folder.join(name);
                std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(Self { folder, seen: Picture::new() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The name and the text of every file.
    pub(crate) fn read(&mut self) -> anyhow::Result<Vec<(String, String)>> {
        self.seen = self.picture()?;
        let mut files = Vec::new();
        for (path, size, _) in &self.seen {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            anyhow::ensure!(*size <= LARGEST, "{} is larger than {LARGEST} bytes", path.display());
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, text));
        }
        Ok(files)
    }

    /// Whether it looks different from when it was read.
    pub(crate) fn has_changed(&self) -> anyhow::Result<bool> {
        Ok(self.picture()? != self.seen)
    }

    fn picture(&self) -> anyhow::Result<Picture> {
        let mut picture = Picture::new();
        let entries =
            std::fs::read_dir(&self.folder).with_context(|| format!("cannot read {}", self.folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let meta = entry.metadata()?;
                picture.push((path, meta.len(), meta.modified().ok()));
            }
        }
        picture.sort();
        Ok(picture)
    }
}
