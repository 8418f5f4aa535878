//! The folder of rule files: filled with the shipped rules at the first start, read again when a file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use rules::{RuleBook, RuleError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The rules that come with the program, by file name.
const SHIPPED: &[(&str, &str)] = &[
    ("camera.toml", include_str!("../../config/rules/camera.toml")),
    ("environment.toml", include_str!("../../config/rules/environment.toml")),
    ("network.toml", include_str!("../../config/rules/network.toml")),
    ("streetlight.toml", include_str!("../../config/rules/streetlight.toml")),
    ("structural.toml", include_str!("../../config/rules/structural.toml")),
    ("water.toml", include_str!("../../config/rules/water.toml")),
];

/// Largest rule file in bytes: a thousand rules with their texts are half of it.
const LARGEST: u64 = 4 << 20;

/// The shipped rules as name and text.
pub(crate) fn shipped() -> impl Iterator<Item = (String, String)> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
}

/// A folder of `*.toml` files.
pub(crate) struct RuleFolder {
    folder: PathBuf,
    /// What it looked like just before it was read last, so that no change slips through between reading and watching.
    seen: Picture,
}

/// What tells whether a folder has changed: each file with its size and time.
type Picture = Vec<(PathBuf, u64, Option<SystemTime>)>;

impl RuleFolder {
    /// The folder of rules. One that does not exist is made and filled with the shipped rules.
    pub(crate) fn open(folder: PathBuf) -> anyhow::Result<Self> {
        if !folder.exists() {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for (name, text) in SHIPPED {
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

    /// Reads all of it: the rules that are right, and what is wrong with the others.
    pub(crate) fn read(&mut self) -> anyhow::Result<(RuleBook, Vec<RuleError>)> {
        self.seen = self.picture()?;
        let mut files = Vec::new();
        for (path, size, _) in &self.seen {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            anyhow::ensure!(*size <= LARGEST, "{} is larger than {LARGEST} bytes", path.display());
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, text));
        }
        Ok(RuleBook::parse(files))
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

    /// Looks at the folder every `pause` and sends the rules when they have changed. A wrong rule is told and leaves the others in force.
    pub(crate) async fn watch(mut self, pause: Duration, books: watch::Sender<Arc<RuleBook>>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match self.picture() {
                Ok(now) if now == self.seen => continue,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!("{error:#}; the rules in force stay");
                    continue;
                }
            }
            match self.read() {
                Ok((book, errors)) => {
                    for error in &errors {
                        tracing::warn!("{error}");
                    }
                    books.send_modify(|previous| *previous = Arc::new(book.keeping_last_good(previous, &errors)));
                }
                Err(error) => tracing::warn!("{error:#}; the rules in force stay"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_are_right() {
        let (book, errors) = RuleBook::parse(shipped());
        assert!(errors.is_empty(), "{errors:?}");
        assert!(book.in_force().count() > 0);
    }

    #[test]
    fn every_shipped_file_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        files.retain(|name| name.ends_with(".toml"));
        files.sort();
        assert_eq!(files, SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn a_new_folder_is_filled_and_a_full_one_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("rules");
        let mut first = RuleFolder::open(folder.clone()).unwrap();
        assert!(first.read().unwrap().0.in_force().count() > 0);
        std::fs::remove_file(folder.join("water.toml")).unwrap();
        RuleFolder::open(folder.clone()).unwrap();
        assert!(!folder.join("water.toml").exists());
    }

    #[tokio::test]
    async fn a_changed_file_is_in_force_without_a_restart() {
        let place = tempfile::tempdir().unwrap();
        let mut rules = RuleFolder::open(place.path().join("rules")).unwrap();
        let folder = rules.path().to_path_buf();
        let (sender, mut receiver) = watch::channel(Arc::new(rules.read().unwrap().0));
        let before = receiver.borrow().rules().count();
        let stop = CancellationToken::new();
        let task = tokio::spawn(rules.watch(Duration::from_millis(20), sender, stop.clone()));
        std::fs::remove_file(folder.join("camera.toml")).unwrap();
        receiver.changed().await.unwrap();
        assert!(receiver.borrow().rules().count() < before);
        stop.cancel();
        task.await.unwrap();
    }
}
