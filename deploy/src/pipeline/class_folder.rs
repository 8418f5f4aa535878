//! The folder of class files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ingest::class::{Classes, Mistake};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::directory::Directory;
use super::watched_folder::WatchedFolder;

/// The classes that come with the program, by file name.
const SHIPPED: &[(&str, &str)] = &[
    ("camera.toml", include_str!("../../config/classes/camera.toml")),
    ("environment.toml", include_str!("../../config/classes/environment.toml")),
    ("streetlight.toml", include_str!("../../config/classes/streetlight.toml")),
    ("structural.toml", include_str!("../../config/classes/structural.toml")),
    ("water.toml", include_str!("../../config/classes/water.toml")),
];

/// The shipped classes as name and text.
pub(crate) fn shipped_classes() -> impl Iterator<Item = (String, String)> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
}

/// The classes of a folder as they would be in force, without making it: one that does not exist yet will be filled with the shipped ones.
pub(crate) fn classes_in(folder: &Path) -> anyhow::Result<(Classes, Vec<Mistake>)> {
    if folder.is_dir() {
        ClassFolder::open(folder.to_path_buf())?.read()
    } else {
        Ok(Classes::parse(shipped_classes()))
    }
}

/// Asks the folder to be looked at now; answered when it has been.
pub(crate) type LookNow = oneshot::Sender<()>;

/// The folder of classes.
pub(crate) struct ClassFolder(WatchedFolder);

impl ClassFolder {
    /// The folder of classes. One that does not exist is made and filled with the shipped ones.
    pub(crate) fn open(folder: PathBuf) -> anyhow::Result<Self> {
        WatchedFolder::open(folder, SHIPPED).map(Self)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads all of it: the classes that are right, and what is wrong with the others.
    pub(crate) fn read(&mut self) -> anyhow::Result<(Classes, Vec<Mistake>)> {
        Ok(Classes::parse(self.0.read()?))
    }

    /// Looks at the folder every `pause`, and when somebody asks for it, and gives changed classes to the directory and to whoever watches. A wrong class is told and stays as it was.
    pub(crate) async fn watch(
        mut self,
        pause: Duration,
        directory: Arc<Directory>,
        changes: watch::Sender<Arc<Classes>>,
        mut asked: mpsc::Receiver<LookNow>,
        stop: CancellationToken,
    ) {
        loop {
            let asks = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => None,
                Some(asks) = asked.recv() => Some(asks),
            };
            self.look(&directory, &changes);
            if let Some(asks) = asks {
                // Whoever has hung up meanwhile does not mind.
                let _ = asks.send(());
            }
        }
    }

    fn look(&mut self, directory: &Directory, changes: &watch::Sender<Arc<Classes>>) {
        let read = match self.0.has_changed() {
            Ok(false) => return,
            Ok(true) => self.read(),
            Err(error) => Err(error),
        };
        match read {
            Ok((classes, mistakes)) => {
                for mistake in &mistakes {
                    tracing::warn!("{mistake}");
                }
                let classes = Arc::new(classes.keeping_last_good(&directory.classes(), &mistakes));
                tracing::info!(classes = classes.len(), "classes are in force");
                directory.judge_by(Arc::clone(&classes));
                changes.send_replace(classes);
            }
            Err(error) => tracing::warn!("{error:#}; the classes in force stay"),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::AssetClass;

    use super::*;
    use crate::pipeline::rule_folder::{book, shipped};

    #[test]
    fn the_shipped_classes_are_right_and_every_shipped_file_is_in_the_list() {
        let (classes, mistakes) = Classes::parse(shipped_classes());
        assert_eq!(mistakes, []);
        assert!(classes.len() > 15);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/classes");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        files.sort();
        assert_eq!(files, SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn the_rule_files_that_classes_name_are_shipped() {
        let (classes, _) = Classes::parse(shipped_classes());
        let files: Vec<String> = shipped().map(|(name, _)| name).collect();
        for class in classes.all() {
            for rules in &class.rules {
                assert!(files.contains(rules), "{} names {rules}", class.key);
            }
        }
    }

    #[test]
    fn every_asset_of_the_simulated_city_has_a_class_that_fits_and_a_main_metric_that_it_knows() {
        let city = simulators::Config { scale: 0.05, ..Default::default() }.city().unwrap();
        let (classes, _) = Classes::parse(shipped_classes());
        for asset in city.assets() {
            let class = classes.get(asset.class.as_str()).unwrap_or_else(|| panic!("no class {}", asset.class));
            assert_eq!(class.domain, asset.domain, "{}", asset.class);
            if let Some(main) = &asset.main_metric {
                assert!(class.metrics.contains_key(main), "{}: {main}", asset.class);
            }
        }
    }

    #[test]
    fn a_rule_for_a_class_judges_the_kinds_that_a_city_adds() {
        let own = "[[class]]\nkey = \"floodlight\"\nextends = \"lamp\"\n";
        let files = shipped_classes().chain([("own.toml".to_owned(), own.to_owned())]);
        let (classes, mistakes) = Classes::parse(files);
        assert_eq!(mistakes, []);
        let (rules, errors) = book(shipped(), &classes);
        assert!(errors.is_empty());
        let city = simulators::Config { scale: 0.02, ..Default::default() }.city().unwrap();
        let lamp = city.assets().iter().find(|asset| asset.class.as_str() == "lamp").unwrap();
        let floodlight = model::Asset { class: AssetClass::new("floodlight").unwrap(), ..lamp.clone() };
        let covering = |asset| rules.rules().filter(|rule| rule.covers(asset)).count();
        assert_eq!(covering(&floodlight), covering(lamp));
    }
}
