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
    /// How much of what was refused is kept.
    pub dead_letters: LetterRoom,
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
            folder: PathBuf::from("specola-data"),
            flush_readings: 500_000,
            flush_seconds: 600,
            commit_readings: 50_000,
            commit_queue: 256,
            query_memory_mib: 512,
            dead_letters: LetterRoom::default(),
        }
    }
}
