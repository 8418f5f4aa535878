//! Names of the pipeline's counters. What became of every message and reading is in the books of ingest (`specola_ingest_*`).

/// Seconds from the first message of a batch to its acknowledgement.
pub(crate) const KEEP_SECONDS: &str = "specola_keep_seconds";
/// Seconds from the arrival of the newest reading to the board.
pub(crate) const SHOW_SECONDS: &str = "specola_show_seconds";
/// Entries that wait in front of a stage; label `stage`.
pub(crate) const QUEUE: &str = "specola_queue_entries";
/// Times that the store could not be reached and the stage tried again; label `stage`.
pub(crate) const RETRIES: &str = "specola_store_retries_total";
/// Bytes of memory that the process holds.
pub(crate) const MEMORY: &str = "specola_process_resident_bytes";
/// Seconds of processor time that the process has used.
pub(crate) const PROCESSOR: &str = "specola_process_cpu_seconds_total";

/// Says what each of them is; called once at start.
pub(crate) fn describe() {
    metrics::describe_histogram!(KEEP_SECONDS, metrics::Unit::Seconds, "hand-over of a batch to its acknowledgement");
    metrics::describe_histogram!(SHOW_SECONDS, metrics::Unit::Seconds, "arrival of a reading to the board");
    metrics::describe_gauge!(QUEUE, "entries that wait in front of a stage");
    metrics::describe_counter!(RETRIES, "attempts that the store did not take, tried again");
    metrics::describe_gauge!(MEMORY, metrics::Unit::Bytes, "resident memory of the process");
    metrics::describe_gauge!(PROCESSOR, metrics::Unit::Seconds, "processor time of the process");
}
