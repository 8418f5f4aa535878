//! The engine on PostgreSQL, for the tests that every engine must pass.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use store::{Config, DatabaseUrl, Engine, TimescaleConfig};

use crate::postgres::Server;

/// One for all tests of this process; it ends with the process.
static SERVER: LazyLock<Server> = LazyLock::new(Server::start);
/// The database of each folder.
static DATABASES: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

fn name_of(folder: &Path) -> String {
    let mut databases = DATABASES.lock().unwrap();
    let next = databases.len();
    databases.entry(folder.to_path_buf()).or_insert_with(|| format!("city_{next}")).clone()
}

/// The settings of a store in this folder, with a database of its own.
pub(crate) fn config(folder: &Path) -> Config {
    on(folder, SERVER.database(&name_of(folder)))
}

/// The settings of a store in this folder with this database.
pub(crate) fn on(folder: &Path, url: String) -> Config {
    let timescale = TimescaleConfig { url: Some(DatabaseUrl::new(url)), connections: 4, ..TimescaleConfig::default() };
    Config { folder: folder.to_path_buf(), engine: Engine::Timescale, timescale, ..Config::default() }
}

/// A folder was copied as a crash would leave it: the database is the same.
pub(crate) fn copied(from: &Path, to: &Path) {
    let name = name_of(from);
    DATABASES.lock().unwrap().insert(to.to_path_buf(), name);
}

/// What the database of this folder answers.
pub(crate) fn ask(folder: &Path, sql: &str) -> String {
    SERVER.ask(&name_of(folder), sql)
}
