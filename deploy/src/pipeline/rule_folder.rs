//! The folder of rule files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ingest::class::Classes;
use rules::{RuleBook, RuleError, TemplateUse};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::watched_folder::WatchedFolder;

/// The rules that come with the program, by file name.
const SHIPPED: &[(&str, &str)] = &[
    ("camera.toml", include_str!("../../config/rules/camera.toml")),
    ("environment.toml", include_str!("../../config/rules/environment.toml")),
    ("network.toml", include_str!("../../config/rules/network.toml")),
    ("streetlight.toml", include_str!("../../config/rules/streetlight.toml")),
    ("structural.toml", include_str!("../../config/rules/structural.toml")),
    ("templates.toml", include_str!("../../config/rules/templates.toml")),
    ("water.toml", include_str!("../../config/rules/water.toml")),
];

/// The shipped rules as name and text.
pub(crate) fn shipped() -> impl Iterator<Item = (String, String)> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
}

/// The templates that classes use, each once for the class that says it and the kinds that take it from there.
fn uses(classes: &Classes) -> Vec<TemplateUse> {
    let mut uses: BTreeMap<(&str, &str), TemplateUse> = BTreeMap::new();
    for class in classes.all() {
        for template in &class.templates {
            let used = uses.entry((template.from.as_str(), &template.key)).or_insert_with(|| TemplateUse {
                rule: format!("{}-{}", template.from, template.key),
                classes: Vec::new(),
                template: template.name.clone(),
                values: template.values.clone(),
                file: template.file.clone(),
                line: template.line,
            });
            used.classes.push(class.key.clone());
        }
    }
    uses.into_values().collect()
}

/// The rules of these files (name and text), each for the kinds of its classes too, and those that classes bring by templates.
pub(crate) fn book(files: impl IntoIterator<Item = (String, String)>, classes: &Classes) -> (RuleBook, Vec<RuleError>) {
    let (book, errors) = RuleBook::parse_with(files, &uses(classes));
    (book.with_kinds(&|class| classes.kinds_of(class).cloned().collect()), errors)
}

/// The folder of rules.
pub(crate) struct RuleFolder(WatchedFolder);

impl RuleFolder {
    /// The folder of rules. One that does not exist is made and filled with the shipped rules.
    pub(crate) fn open(folder: PathBuf) -> anyhow::Result<Self> {
        WatchedFolder::open(folder, SHIPPED).map(Self)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads all of it: the rules that are right, and what is wrong with the others.
    pub(crate) fn read(&mut self, classes: &Classes) -> anyhow::Result<(RuleBook, Vec<RuleError>)> {
        Ok(book(self.0.read()?, classes))
    }

    /// Looks at the folder every `pause` and sends the rules when they, or the classes that they speak of, have changed. A wrong rule is told and
    /// leaves the others in force.
    pub(crate) async fn watch(
        mut self,
        pause: Duration,
        books: watch::Sender<Arc<RuleBook>>,
        mut classes: watch::Receiver<Arc<Classes>>,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match self.0.has_changed() {
                Ok(changed) => {
                    if !changed && !classes.has_changed().unwrap_or(false) {
                        continue;
                    }
                }
                Err(error) => {
                    tracing::warn!("{error:#}; the rules in force stay");
                    continue;
                }
            }
            let kinds = Arc::clone(&classes.borrow_and_update());
            match self.read(&kinds) {
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
    fn a_class_brings_its_rules_by_shipped_templates_with_its_own_numbers() {
        let text = r#"
[[class]]
key = "bin"
domain = "waste"
rules = [
  { template = "above", metric = "fill", unit = "%", above = 85.0, clear = 70.0, priority = "high" },
  { template = "below", metric = "battery", unit = "V", below = 3.3, clear = 3.5 },
  { template = "silent", lasting = "2h" },
  { template = "stuck", metric = "fill", lasting = "2d" },
]
[[class]]
key = "small-bin"
extends = "bin"
[[class]]
key = "press"
extends = "bin"
rules = [{ template = "above", metric = "fill", unit = "%", above = 95.0, clear = 90.0 }]
"#;
        let (classes, mistakes) = Classes::parse([("waste.toml".to_owned(), text.to_owned())]);
        assert_eq!(mistakes, []);
        let (book, errors) = book(shipped(), &classes);
        assert!(errors.is_empty(), "{errors:?}");
        let covered = |class: &str| -> Vec<String> {
            let asset = model::Asset {
                tenant: model::TenantId::new("me").unwrap(),
                id: model::AssetId::new("a").unwrap(),
                name: "a".into(),
                domain: model::Domain::new("waste").unwrap(),
                class: model::AssetClass::new(class).unwrap(),
                geometry: None,
                area: None,
                devices: Vec::new(),
                relations: Vec::new(),
                main_metric: None,
                lifecycle: model::Lifecycle::InService,
                properties: BTreeMap::new(),
            };
            let own = |id: &String| id.starts_with("bin") || id.starts_with("press");
            book.in_force().filter(|rule| rule.covers(&asset)).map(|rule| rule.id.to_string()).filter(own).collect()
        };
        assert_eq!(covered("bin"), ["bin-above", "bin-below", "bin-silent", "bin-stuck"]);
        assert_eq!(covered("small-bin"), covered("bin"));
        assert_eq!(covered("press"), ["bin-below", "bin-silent", "bin-stuck", "press-above"]);
    }

    #[test]
    fn a_template_that_is_used_wrongly_is_told_with_the_file_of_the_class() {
        let told = |rules: &str| {
            let text = format!("[[class]]\nkey = \"bin\"\ndomain = \"waste\"\nrules = [{rules}]\n");
            let (classes, mistakes) = Classes::parse([("waste.toml".to_owned(), text)]);
            assert_eq!(mistakes, []);
            let (_, errors) = book(shipped(), &classes);
            let [error] = &errors[..] else { panic!("{errors:?}") };
            error.to_string()
        };
        let absent = told("{ template = \"abvoe\" }");
        assert!(
            absent.starts_with("waste.toml:2: rule bin-abvoe: there is no template") && absent.contains("above"),
            "{absent}"
        );
        let missing = told("{ template = \"above\", metric = \"fill\" }");
        assert!(missing.contains("needs above") && missing.contains("write above = "), "{missing}");
        let strange = told("{ template = \"silent\", lasting = \"1h\", colour = 1 }");
        assert!(strange.contains("no place for colour") && strange.contains("lasting"), "{strange}");
        let wrong = told("{ template = \"above\", metric = \"fill\", above = 1.0, clear = 2.0 }");
        assert!(wrong.contains("above the limit") && wrong.contains("template above"), "{wrong}");
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
        assert!(first.read(&Classes::default()).unwrap().0.in_force().count() > 0);
        std::fs::remove_file(folder.join("water.toml")).unwrap();
        RuleFolder::open(folder.clone()).unwrap();
        assert!(!folder.join("water.toml").exists());
    }

    #[tokio::test]
    async fn a_changed_file_is_in_force_without_a_restart() {
        let place = tempfile::tempdir().unwrap();
        let mut rules = RuleFolder::open(place.path().join("rules")).unwrap();
        let folder = rules.path().to_path_buf();
        let (sender, mut receiver) = watch::channel(Arc::new(rules.read(&Classes::default()).unwrap().0));
        let (_classes, of_classes) = watch::channel(Arc::default());
        let before = receiver.borrow().rules().count();
        let stop = CancellationToken::new();
        let task = tokio::spawn(rules.watch(Duration::from_millis(20), sender, of_classes, stop.clone()));
        std::fs::remove_file(folder.join("camera.toml")).unwrap();
        receiver.changed().await.unwrap();
        assert!(receiver.borrow().rules().count() < before);
        stop.cancel();
        task.await.unwrap();
    }
}
