//! How the store is set up.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where readings are kept in the end.
    pub engine: Engine,
    /// The folder that holds everything that is kept.
    pub folder: PathBuf,
    /// Readings in memory after which a part is written. 500,000 readings are about 60 MiB.
    pub flush_readings: usize,
    /// Seconds after which a part is written even if there are few readings, so that a restart replays little.
    pub flush_seconds: u64,
    /// Readings that one group commit takes at most: bounds the pause of one fsync.
    pub commit_readings: usize,
    /// Appends that may wait for the next group commit; a longer queue pushes back on the sources.
    pub commit_queue: usize,
    /// Memory that all queries together may take, in MiB.
    pub query_memory_mib: usize,
    /// How much of what was refused is kept.
    pub dead_letters: LetterRoom,
    /// The database, for `engine = "timescale"`.
    pub timescale: TimescaleConfig,
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// In the folder, in columns. Needs nothing else.
    #[default]
    Columnar,
    /// In PostgreSQL 15 or newer, with TimescaleDB if it is installed there. The folder takes readings in and keeps them while it is away.
    Timescale,
}

/// How the database is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimescaleConfig {
    /// `postgres://user:password@host:5432/database?sslmode=verify-full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<DatabaseUrl>,
    /// A file that holds the same, so that no password stands in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Seconds after which readings leave for the database.
    pub move_seconds: u64,
    /// Connections for those who ask; two more move readings and look for duplicates.
    pub connections: u32,
    /// GiB of readings that may wait while the database is away. Then nothing more is acknowledged.
    pub spool_max_gib: u64,
}

impl Default for TimescaleConfig {
    fn default() -> Self {
        Self { url: None, url_file: None, move_seconds: 5, connections: 8, spool_max_gib: 16 }
    }
}

/// The address of a database, with its password. It prints and serialises as `***`; only [`DatabaseUrl::expose`] gives it away.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address in this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// How much of what was refused is kept for each tenant; the oldest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LetterRoom {
    /// Bytes of all letters together. 256 MiB are a thousand of the largest messages, or half a million small ones.
    pub max_bytes: u64,
    /// Days after which a letter goes: long enough to correct a mapping, short enough not to pile up what people wrote by mistake.
    pub max_days: u32,
}

impl Default for LetterRoom {
    fn default() -> Self {
        Self { max_bytes: 256 << 20, max_days: 90 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            engine: Engine::default(),
            folder: PathBuf::from("specola-data"),
            flush_readings: 500_000,
            flush_seconds: 600,
            commit_readings: 50_000,
            commit_queue: 256,
            query_memory_mib: 512,
            dead_letters: LetterRoom::default(),
            timescale: TimescaleConfig::default(),
        }
    }
}
