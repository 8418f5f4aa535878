//! Reads the configuration: the defaults, then the file, then the environment.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::Config;

/// The default configuration with comments. A test keeps it equal to the defaults in the code.
pub(crate) const DEFAULT: &str = include_str!("../../config/specola.toml");

/// How the demo reads the JSON of vendors; examples of mappings.
const MAPPINGS: [&str; 2] = [include_str!("../../config/cameras.toml"), include_str!("../../config/vendor.toml")];

/// The routes that the demo city needs beside the default ones.
pub(crate) fn demo_routes() -> anyhow::Result<Vec<ingest::config::Route>> {
    Ok(MAPPINGS.into_iter().map(toml::from_str).collect::<Result<_, _>>()?)
}

/// What stands before the name of a key in the environment: `SPECOLA_STORE__FOLDER` is `folder` in `[store]`.
const PREFIX: &str = "SPECOLA_";
/// Variables that are no keys of the configuration.
const OTHER: [&str; 2] = ["SPECOLA_CONFIG", "SPECOLA_LOG"];

/// The configuration in force: defaults, overridden by the file, overridden by the environment.
pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Config> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => String::new(),
    };
    let name = file.map_or_else(|| "configuration".to_owned(), |path| path.display().to_string());
    merge(&name, &text, std::env::vars())
}

fn merge(name: &str, text: &str, env: impl Iterator<Item = (String, String)>) -> anyhow::Result<Config> {
    // Read alone first: errors then carry the line of the file.
    let config: Config = toml::from_str(text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let mut table: Table = toml::from_str(text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    let mut overridden = false;
    for (variable, value) in env {
        let Some(path) = variable.strip_prefix(PREFIX) else { continue };
        if OTHER.contains(&variable.as_str()) {
            continue;
        }
        let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        table = with(&table, &keys, &value).with_context(|| format!("environment variable {variable}"))?;
        overridden = true;
    }
    if overridden { Ok(Config::deserialize(table)?) } else { Ok(config) }
}

/// The configuration with one key more. The text is read as TOML where it is TOML (numbers, lists, true) and the key wants such a value, and as a
/// text where not: a password of digits is a password.
fn with(table: &Table, keys: &[String], text: &str) -> anyhow::Result<Table> {
    let read = toml::from_str::<Table>(&format!("v = {text}")).ok().and_then(|mut read| read.remove("v"));
    let mut problem = None;
    for value in read.into_iter().chain([Value::String(text.to_owned())]) {
        let mut changed = table.clone();
        put(&mut changed, keys, value)?;
        match Config::deserialize(changed.clone()) {
            Ok(_) => return Ok(changed),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    Err(problem.map_or_else(|| anyhow::anyhow!("has no value"), anyhow::Error::new))
}

/// Sets a key by its path.
fn put(table: &mut Table, keys: &[String], value: Value) -> anyhow::Result<()> {
    let Some((key, above)) = keys.split_last() else { bail!("names no key") };
    let mut at = table;
    for name in above {
        let next = at.entry(name.clone()).or_insert_with(|| Value::Table(Table::new()));
        match next {
            Value::Table(inner) => at = inner,
            _ => bail!("{name} is not a table"),
        }
    }
    at.insert(key.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(text: &str, env: &[(&str, &str)]) -> anyhow::Result<Config> {
        merge("specola.toml", text, env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_printed_default_is_the_default() {
        let printed = Table::try_from(toml::from_str::<Config>(DEFAULT).unwrap()).unwrap();
        let code = Table::try_from(Config::default()).unwrap();
        assert_eq!(printed, code);
    }

    #[test]
    fn every_key_is_printed_with_its_default() {
        let printed: Table = toml::from_str(DEFAULT).unwrap();
        fn compare(path: &str, code: &Table, printed: &Table) {
            for (key, value) in code {
                let here = format!("{path}{key}");
                // A list of tables that is empty by default cannot stand there; it is shown as a comment.
                if value.as_array().is_some_and(Vec::is_empty) && DEFAULT.contains(&format!("# [[{here}]]")) {
                    continue;
                }
                let shown = printed.get(key).unwrap_or_else(|| panic!("{here} is not in the printed configuration"));
                if let (Value::Table(code), Value::Table(printed)) = (value, shown) {
                    compare(&format!("{here}."), code, printed);
                }
            }
        }
        compare("", &Table::try_from(Config::default()).unwrap(), &printed);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = merged("[store]\n\nfoldr = \"x\"\n", &[]).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("foldr"), "{error}");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = merged(
            "[store]\nfolder = \"from-file\"\nflush_seconds = 5\n",
            &[("SPECOLA_STORE__FOLDER", "from-env"), ("SPECOLA_RULES__RELOAD_SECONDS", "9"), ("HOME", "/root")],
        )
        .unwrap();
        assert_eq!(config.store.folder.to_str(), Some("from-env"));
        assert_eq!(config.store.flush_seconds, 5);
        assert_eq!(config.rules.reload_seconds, 9);
    }

    #[test]
    fn lists_and_passwords_of_digits_can_stand_in_the_environment() {
        let config = merged(
            "",
            &[
                ("SPECOLA_INGEST__IGNORED_TOPICS", r#"["a/#", "b/+"]"#),
                ("SPECOLA_INGEST__BROKERS", r#"[{name = "acqua", url = "mqtt://127.0.0.1:1884", username = "42"}]"#),
                ("SPECOLA_STORE__FOLDER", "2026"),
            ],
        )
        .unwrap();
        assert_eq!(config.ingest.ignored_topics, ["a/#", "b/+"]);
        assert_eq!(config.ingest.brokers[0].url, "mqtt://127.0.0.1:1884");
        assert_eq!(config.store.folder.to_str(), Some("2026"));
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let error = format!("{:#}", merged("", &[("SPECOLA_STORE__FOLDR", "x")]).unwrap_err());
        assert!(error.contains("SPECOLA_STORE__FOLDR"), "{error}");
        let error = format!("{:#}", merged("", &[("SPECOLA_STORE__FLUSH_SECONDS", "soon")]).unwrap_err());
        assert!(error.contains("SPECOLA_STORE__FLUSH_SECONDS"), "{error}");
    }
}
