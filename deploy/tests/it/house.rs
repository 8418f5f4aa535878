//! Who may know whom, and where the big engines may be named. ARCHITECTURE.md tells why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which members each member may depend on, in the product and in its tests.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ingest", &["model"]),
    ("store", &["model"]),
    ("rules", &["model"]),
    ("simulators", &["model"]),
    ("dashboards", &[]),
    ("control-room-api", &["model", "store", "rules", "dashboards"]),
    ("specola", &["model", "ingest", "store", "rules", "simulators", "control-room-api"]),
];

/// Crates that only some folders may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("arrow", &["store/src/columnar"]),
    ("parquet", &["store/src/columnar"]),
    ("datafusion", &["store/src/columnar"]),
    ("sqlx", &["store/src/registry", "store/src/timescale"]),
    ("sqlx_postgres", &["store/src/timescale"]),
    ("rumqttc", &["ingest/src/mqtt", "simulators/src/publish"]),
    ("axum", &["control-room-api/src"]),
    ("utoipa_axum", &["control-room-api/src"]),
    ("anyhow", &["deploy/src"]),
];

/// Crates that the words of the city may stand on: no async, no input or output, no SQL, no JSON. (`bytes`: a refused message without a copy.)
const MODEL_STANDS_ON: &[&str] = &["bytes", "chrono", "thiserror", "uuid"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn manifest(folder: &str) -> toml::Table {
    let path = root().join(folder).join("Cargo.toml");
    toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}

/// Package name -> names of everything it depends on, by section.
fn dependencies() -> BTreeMap<String, (Vec<String>, Vec<String>)> {
    let workspace = manifest("");
    let members = workspace["workspace"]["members"].as_array().unwrap();
    members
        .iter()
        .map(|member| {
            let table = manifest(member.as_str().unwrap());
            let names = |section: &str| -> Vec<String> {
                table.get(section).and_then(|s| s.as_table()).map(|s| s.keys().cloned().collect()).unwrap_or_default()
            };
            let package = table["package"]["name"].as_str().unwrap().to_owned();
            (package, (names("dependencies"), [names("dev-dependencies"), names("build-dependencies")].concat()))
        })
        .collect()
}

fn broken_arrows(dependencies: &BTreeMap<String, (Vec<String>, Vec<String>)>) -> Vec<String> {
    let mut broken = Vec::new();
    for (package, (product, tests)) in dependencies {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(name, _)| name == package) else {
            broken.push(format!("{package} is not in the list of who may know whom"));
            continue;
        };
        for other in product.iter().chain(tests) {
            if dependencies.contains_key(other) && !allowed.contains(&other.as_str()) {
                broken.push(format!("{package} must not know {other}"));
            }
        }
        if package == "model" {
            for other in product.iter().filter(|other| !MODEL_STANDS_ON.contains(&other.as_str())) {
                broken.push(format!("model must not stand on {other}"));
            }
        }
    }
    broken
}

/// Where `text`, the Rust file at `path`, names a crate that its folder may not name.
fn misplaced(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, folders) in MAY_NAME {
        if folders.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let named = code.match_indices(name).any(|(at, _)| {
                let before = code[..at].chars().next_back();
                let after = &code[at + name.len()..];
                let starts =
                    before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '"' || c == '.' || c == ':'));
                let path_of_crate =
                    after.starts_with("::") || (after.starts_with(';') && code.trim_start().starts_with("use "));
                starts && path_of_crate
            });
            if named {
                found.push(format!("{path}:{} names {name}", number + 1));
            }
        }
    }
    found
}

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                rust_files(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Every Rust file of the members' `src` folders: path from the root, and text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["ingest", "store", "rules", "control-room-api", "simulators", "dashboards", "deploy"] {
        rust_files(&root().join(folder).join("src"), &mut files);
    }
    rust_files(&root().join("store/model/src"), &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.strip_prefix(root()).unwrap().display().to_string(), text)
        })
        .collect()
}

#[test]
fn knowledge_points_downwards_only() {
    assert_eq!(broken_arrows(&dependencies()), Vec::<String>::new());
}

#[test]
fn a_broken_arrow_is_found() {
    let mut dependencies = dependencies();
    dependencies.get_mut("rules").unwrap().0.push("store".to_owned());
    dependencies.get_mut("model").unwrap().0.push("serde_json".to_owned());
    dependencies.get_mut("ingest").unwrap().1.push("simulators".to_owned());
    assert_eq!(
        broken_arrows(&dependencies),
        ["ingest must not know simulators", "model must not stand on serde_json", "rules must not know store"]
    );
}

#[test]
fn the_big_engines_are_named_only_where_they_live() {
    let sources = sources();
    assert!(sources.len() > 50, "only {} files were read", sources.len());
    let found: Vec<String> = sources.iter().flat_map(|(path, text)| misplaced(path, text)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_misplaced_name_is_found() {
    let text = "use arrow::array::ArrayRef;\n// sqlx::query in a comment is fine\nfn f(e: anyhow::Error) {}\nlet narrow::x = 1;";
    assert_eq!(
        misplaced("store/src/port/telemetry.rs", text),
        ["store/src/port/telemetry.rs:1 names arrow", "store/src/port/telemetry.rs:3 names anyhow"]
    );
    assert!(misplaced("store/src/columnar/part.rs", "use arrow::array::ArrayRef;").is_empty());
}

#[test]
fn declaring_files_hold_no_code() {
    let code = ["fn ", "struct ", "impl ", "static ", "trait "];
    let found: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| path.ends_with("/lib.rs"))
        .flat_map(|(path, text)| {
            text.lines()
                .filter(|line| {
                    let line = line.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
                    code.iter().any(|word| line.starts_with(word))
                })
                .map(move |line| format!("{path}: {line}"))
        })
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_file_opens_with_what_it_holds() {
    let silent: Vec<String> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn the_journey_of_a_reading_names_files_that_exist() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.contains('/') && (word.ends_with(".rs") || word.ends_with(".ts") || word.ends_with('/')))
        .collect();
    assert!(named.len() > 20, "ARCHITECTURE.md names only {} files", named.len());
    let missing: Vec<&str> = named.into_iter().filter(|path| !root().join(path).exists()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
