//! How the store is set up.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
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
    /// Dead letters that are kept; the oldest go first.
    pub dead_letters: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("specola-data"),
            flush_readings: 500_000,
            flush_seconds: 600,
            commit_readings: 50_000,
            commit_queue: 256,
            query_memory_mib: 512,
            dead_letters: 100_000,
        }
    }
}
