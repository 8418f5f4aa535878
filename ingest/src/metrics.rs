//! What is counted. Names and labels are constants; a device is never a label.
//!
//! For each source, at all times:
//!
//! - `specola_ingest_messages_received_total` = `specola_ingest_messages_accepted_total` + the sum of `specola_ingest_messages_refused_total` over its reasons
//!   + `specola_ingest_messages_ignored_total` + what waits in the queue (`specola_ingest_queue_messages` is its gauge over all sources).
//! - An accepted message may have lost single readings: they are in `specola_ingest_readings_rejected_total` by reason and in a dead letter.
//!   A message of which no reading was left is refused, with the reason of its first one; its readings are counted as rejected too.
//! - Everything in `specola_ingest_readings_decoded_total` is handed on; whether it was kept, a duplicate or unstorable is counted by who keeps it.

use std::sync::Arc;

use metrics::{Counter, Gauge, counter, gauge};
use model::Reason;

/// Messages that came, by source.
pub const MESSAGES_RECEIVED: &str = "specola_ingest_messages_received_total";
/// Bytes of the messages that came, by source.
pub const BYTES_RECEIVED: &str = "specola_ingest_bytes_received_total";
/// Messages of which all or some readings were understood, by source.
pub const MESSAGES_ACCEPTED: &str = "specola_ingest_messages_accepted_total";
/// Messages that were refused whole, by source and reason.
pub const MESSAGES_REFUSED: &str = "specola_ingest_messages_refused_total";
/// Messages among clients that carry no readings, by source.
pub const MESSAGES_IGNORED: &str = "specola_ingest_messages_ignored_total";
/// Readings that were understood and handed on, by source.
pub const READINGS_DECODED: &str = "specola_ingest_readings_decoded_total";
/// Single readings that were refused, by source and reason.
pub const READINGS_REJECTED: &str = "specola_ingest_readings_rejected_total";
/// Values that were understood and are no readings (tables, files, raw bytes), by source.
pub const VALUES_SKIPPED: &str = "specola_ingest_values_skipped_total";
/// Readings that were kept although something speaks against them, by source and by what: `out_of_range`, `clock`, `unit`.
pub const READINGS_MARKED: &str = "specola_ingest_readings_marked_total";
/// Commands to devices that were dropped because too many waited, by source.
pub const COMMANDS_DROPPED: &str = "specola_ingest_commands_dropped_total";
/// Messages among clients of our own listener that a subscriber did not get because too many waited for it, by source.
pub const DELIVERIES_DROPPED: &str = "specola_ingest_deliveries_dropped_total";
/// Messages that a client of our own listener may not publish, by source. They are not among those received.
pub const PUBLISHES_DENIED: &str = "specola_ingest_publishes_denied_total";
/// Connections to our own listener that were refused, by why.
pub const CLIENTS_REFUSED: &str = "specola_ingest_clients_refused_total";
/// Messages that wait to be decoded, over all sources.
pub const QUEUE_MESSAGES: &str = "specola_ingest_queue_messages";
/// 1 while a source is connected or listening, by source.
pub const SOURCE_CONNECTED: &str = "specola_ingest_source_connected";
/// Connections of a source that ended, by source.
pub const DISCONNECTS: &str = "specola_ingest_source_disconnects_total";

/// The label that names a source.
pub const SOURCE: &str = "source";
/// The label that names what speaks against a reading.
pub const MARK: &str = "mark";
/// The label that names a reason.
pub const REASON: &str = "reason";

/// How many readings of a message were kept although something speaks against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    /// The number cannot be true.
    pub(crate) out_of_range: u64,
    /// The clock of the device is off.
    pub(crate) clock: u64,
    /// The unit cannot become that of the class.
    pub(crate) unit: u64,
}

impl Marks {
    /// Those of one more reading.
    pub(crate) fn add(&mut self, other: Self) {
        self.out_of_range += other.out_of_range;
        self.clock += other.clock;
        self.unit += other.unit;
    }
}

/// The counters of one source, looked up once.
pub(crate) struct SourceMetrics {
    pub(crate) received: Counter,
    pub(crate) bytes: Counter,
    pub(crate) accepted: Counter,
    pub(crate) ignored: Counter,
    pub(crate) decoded: Counter,
    pub(crate) skipped: Counter,
    marked: [Counter; 3],
    pub(crate) commands_dropped: Counter,
    pub(crate) connected: Gauge,
    pub(crate) disconnects: Counter,
    refused: Vec<Counter>,
    rejected: Vec<Counter>,
}

fn by_reason(name: &'static str, source: &Arc<str>) -> Vec<Counter> {
    let one = |reason: &Reason| counter!(name, SOURCE => Arc::clone(source), REASON => reason.as_str());
    Reason::ALL.iter().map(one).collect()
}

impl SourceMetrics {
    /// The counters of this source.
    pub(crate) fn new(source: &Arc<str>) -> Self {
        let one = |name: &'static str| counter!(name, SOURCE => Arc::clone(source));
        Self {
            received: one(MESSAGES_RECEIVED),
            bytes: one(BYTES_RECEIVED),
            accepted: one(MESSAGES_ACCEPTED),
            ignored: one(MESSAGES_IGNORED),
            decoded: one(READINGS_DECODED),
            skipped: one(VALUES_SKIPPED),
            marked: ["out_of_range", "clock", "unit"]
                .map(|mark| counter!(READINGS_MARKED, SOURCE => Arc::clone(source), MARK => mark)),
            commands_dropped: one(COMMANDS_DROPPED),
            connected: gauge!(SOURCE_CONNECTED, SOURCE => Arc::clone(source)),
            disconnects: one(DISCONNECTS),
            refused: by_reason(MESSAGES_REFUSED, source),
            rejected: by_reason(READINGS_REJECTED, source),
        }
    }

    /// Readings were kept although something speaks against them.
    pub(crate) fn mark(&self, marks: Marks) {
        for (counter, count) in self.marked.iter().zip([marks.out_of_range, marks.clock, marks.unit]) {
            if count > 0 {
                counter.increment(count);
            }
        }
    }

    /// A message was refused whole.
    pub(crate) fn refuse(&self, reason: Reason) {
        if let Some(counter) = index(reason).and_then(|at| self.refused.get(at)) {
            counter.increment(1);
        }
    }

    /// Single readings were refused.
    pub(crate) fn reject(&self, reason: Reason, readings: u64) {
        if let Some(counter) = index(reason).and_then(|at| self.rejected.get(at)) {
            counter.increment(readings);
        }
    }
}

fn index(reason: Reason) -> Option<usize> {
    Reason::ALL.iter().position(|known| *known == reason)
}
