//! What the store counts and measures; every name is here.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use crate::Gauges;

/// Group commits that became durable.
const COMMITS: &str = "specola_store_commits_total";
/// Group commits that failed and were answered as unreachable.
const COMMIT_FAILURES: &str = "specola_store_commit_failures_total";
/// Seconds of one group commit, from the check for duplicates to the answer.
const COMMIT_SECONDS: &str = "specola_store_commit_seconds";
/// Seconds of one fsync of the log.
const FSYNC_SECONDS: &str = "specola_store_fsync_seconds";
/// Readings by what became of them: `kept`, `duplicate`, `conflict`, `not_finite`.
const READINGS: &str = "specola_store_readings_total";
/// Flushes by outcome: `done`, `failed`.
const FLUSHES: &str = "specola_store_flushes_total";
/// Seconds of one flush.
const FLUSH_SECONDS: &str = "specola_store_flush_seconds";
/// Merges of small parts.
const MERGES: &str = "specola_store_merges_total";
/// Seconds of the last recovery.
const RECOVERY_SECONDS: &str = "specola_store_recovery_seconds";
/// Things found damaged and set aside.
const DAMAGED: &str = "specola_store_damaged_total";
/// Dead letters that were removed without anybody asking, by reason: `age`, `room`.
const LETTERS_FORGOTTEN: &str = "specola_store_dead_letters_forgotten_total";
/// Readings that got to the database, by what they were there: `new`, `known`, `refused`.
const MOVED: &str = "specola_store_moved_total";
/// Tries to move readings into the database that failed; they wait in the folder.
const MOVE_FAILURES: &str = "specola_store_move_failures_total";
/// Parts that wait for the database.
const SPOOL_PARTS: &str = "specola_store_spool_parts";
/// Bytes that wait for the database.
const SPOOL_BYTES: &str = "specola_store_spool_bytes";
/// 1 while the database answers.
const DATABASE_UP: &str = "specola_store_database_up";
/// Late readings that were taken as new because the database could not be asked.
const JUDGED_ALONE: &str = "specola_store_judged_alone_total";
/// How full the engine is, by `kind`.
const FILL: &str = "specola_store_fill";

/// What became of the readings of one commit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outcome {
    pub(crate) kept: usize,
    pub(crate) duplicates: usize,
    pub(crate) conflicts: usize,
    pub(crate) not_finite: usize,
}

pub(crate) fn committed(outcome: Outcome, took: Duration) {
    counter!(COMMITS).increment(1);
    histogram!(COMMIT_SECONDS).record(took.as_secs_f64());
    counter!(READINGS, "outcome" => "kept").increment(outcome.kept as u64);
    counter!(READINGS, "outcome" => "duplicate").increment(outcome.duplicates as u64);
    counter!(READINGS, "outcome" => "conflict").increment(outcome.conflicts as u64);
    counter!(READINGS, "outcome" => "not_finite").increment(outcome.not_finite as u64);
}

pub(crate) fn commit_failed() {
    counter!(COMMIT_FAILURES).increment(1);
}

pub(crate) fn fsync_took(took: Duration) {
    histogram!(FSYNC_SECONDS).record(took.as_secs_f64());
}

pub(crate) fn flushed(done: bool, took: Duration) {
    counter!(FLUSHES, "outcome" => if done { "done" } else { "failed" }).increment(1);
    histogram!(FLUSH_SECONDS).record(took.as_secs_f64());
}

pub(crate) fn merged() {
    counter!(MERGES).increment(1);
}

pub(crate) fn recovered(took: Duration) {
    gauge!(RECOVERY_SECONDS).set(took.as_secs_f64());
}

pub(crate) fn damaged() {
    counter!(DAMAGED).increment(1);
}

/// Dead letters that went by themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Forgotten {
    /// Because they were too old.
    pub(crate) aged: u64,
    /// Because their tenant's room was full.
    pub(crate) crowded: u64,
}

pub(crate) fn letters_forgotten(forgotten: Forgotten) {
    counter!(LETTERS_FORGOTTEN, "reason" => "age").increment(forgotten.aged);
    counter!(LETTERS_FORGOTTEN, "reason" => "room").increment(forgotten.crowded);
    if forgotten.crowded > 0 {
        tracing::warn!(
            letters = forgotten.crowded,
            "the room for dead letters is full; the oldest are gone (store.dead_letters.max_bytes)"
        );
    }
}

pub(crate) fn moved(new: u64, known: u64, refused: u64) {
    counter!(MOVED, "outcome" => "new").increment(new);
    counter!(MOVED, "outcome" => "known").increment(known);
    counter!(MOVED, "outcome" => "refused").increment(refused);
}

pub(crate) fn move_failed() {
    counter!(MOVE_FAILURES).increment(1);
}

pub(crate) fn spool(parts: u64, bytes: u64) {
    gauge!(SPOOL_PARTS).set(parts as f64);
    gauge!(SPOOL_BYTES).set(bytes as f64);
}

pub(crate) fn archive_reachable(reachable: bool) {
    gauge!(DATABASE_UP).set(f64::from(u8::from(reachable)));
}

pub(crate) fn judged_alone(readings: usize) {
    counter!(JUDGED_ALONE).increment(readings as u64);
}

pub(crate) fn fill(gauges: &Gauges) {
    let set = |kind: &'static str, value: u64| gauge!(FILL, "kind" => kind).set(value as f64);
    set("memory_readings", gauges.memory_readings);
    set("log_bytes", gauges.log_bytes);
    set("parts", gauges.parts);
    set("part_readings", gauges.part_readings);
    set("part_bytes", gauges.part_bytes);
    set("series", gauges.series);
    set("waiting_appends", gauges.waiting);
}
