//! What is counted. Names and labels are constants; a device is never a label.
//!
//! For each tenant and source, at all times:
//!
//! - messages: received = stored + duplicate + conflict + refused (by reason) + ignored + shed (by reason) + waiting;
//! - readings: received = stored + duplicate + conflict + rejected (by reason) + shed (by reason) + waiting.
//!
//! A message or a reading stands under what became of it only when that is on disk; before it is waiting. An accepted message may have lost
//! single readings: they are rejected, and in a dead letter. A message of which no reading was left is refused with the reason of the first.
//! These counters are brought up to date from the books of each source ([`crate::Handle::publish_books`]) when they are looked at.

use std::sync::Arc;

use metrics::{Counter, Gauge, counter, gauge};
use model::{Reason, TenantId};

use crate::books::{Books, ByReason};
use crate::ledger::Tallies;

/// Messages that were taken.
pub const MESSAGES_RECEIVED: &str = "specola_ingest_messages_received_total";
/// Bytes of the messages that were taken.
pub const BYTES_RECEIVED: &str = "specola_ingest_bytes_received_total";
/// Messages that are on disk, and those that say nothing to keep.
pub const MESSAGES_STORED: &str = "specola_ingest_messages_stored_total";
/// Messages of which everything was on disk before.
pub const MESSAGES_DUPLICATE: &str = "specola_ingest_messages_duplicate_total";
/// Messages of which nothing was new and something contradicts what is on disk.
pub const MESSAGES_CONFLICT: &str = "specola_ingest_messages_conflict_total";
/// Messages that were refused whole, by reason.
pub const MESSAGES_REFUSED: &str = "specola_ingest_messages_refused_total";
/// Messages among clients that carry no readings.
pub const MESSAGES_IGNORED: &str = "specola_ingest_messages_ignored_total";
/// Messages that were given up without an acknowledgement, by reason.
pub const MESSAGES_SHED: &str = "specola_ingest_messages_shed_total";
/// Messages on their way to the disk.
pub const MESSAGES_WAITING: &str = "specola_ingest_messages_waiting";
/// Readings that were found in messages, good and bad.
pub const READINGS_RECEIVED: &str = "specola_ingest_readings_received_total";
/// Readings that were new and are on disk.
pub const READINGS_STORED: &str = "specola_ingest_readings_stored_total";
/// Readings that were on disk before.
pub const READINGS_DUPLICATE: &str = "specola_ingest_readings_duplicate_total";
/// Readings of which another value was on disk before.
pub const READINGS_CONFLICT: &str = "specola_ingest_readings_conflict_total";
/// Single readings that were refused, by reason.
pub const READINGS_REJECTED: &str = "specola_ingest_readings_rejected_total";
/// Readings that were given up without an acknowledgement, by reason.
pub const READINGS_SHED: &str = "specola_ingest_readings_shed_total";
/// Readings on their way to the disk.
pub const READINGS_WAITING: &str = "specola_ingest_readings_waiting";
/// Values that were understood and are no readings (tables, files, raw bytes).
pub const VALUES_SKIPPED: &str = "specola_ingest_values_skipped_total";
/// Readings that were kept although something speaks against them, by what: `out_of_range`, `clock`, `unit`, `frozen`, `late`.
pub const READINGS_MARKED: &str = "specola_ingest_readings_marked_total";
/// Commands to devices that were dropped because too many waited.
pub const COMMANDS_DROPPED: &str = "specola_ingest_commands_dropped_total";
/// Messages among clients of our own listener that a subscriber did not get because too many waited for it, by tenant and source.
pub const DELIVERIES_DROPPED: &str = "specola_ingest_deliveries_dropped_total";
/// Messages that a client of our own listener may not publish, by tenant and source. They are not among those received.
pub const PUBLISHES_DENIED: &str = "specola_ingest_publishes_denied_total";
/// Connections to our own listener that were refused, by why.
pub const CLIENTS_REFUSED: &str = "specola_ingest_clients_refused_total";
/// Messages that wait to be decoded, over all sources.
pub const QUEUE_MESSAGES: &str = "specola_ingest_queue_messages";
/// 1 while a source is connected or listening.
pub const SOURCE_CONNECTED: &str = "specola_ingest_source_connected";
/// Connections of a source that ended.
pub const DISCONNECTS: &str = "specola_ingest_source_disconnects_total";

/// Gaps that were found since the start, by kind: `interval` (a device was silent for longer than it should be) or `sequence` (numbers of messages
/// are missing).
pub const GAPS_OPENED: &str = "specola_ingest_gaps_opened_total";
/// Gaps that were filled by what came late, by kind.
pub const GAPS_CLOSED: &str = "specola_ingest_gaps_closed_total";
/// What is missing in the gaps that are left, by kind: times at which a device should have spoken, or messages.
pub const GAPS_MISSING: &str = "specola_ingest_gaps_missing";
/// Devices and gateways by how they speak: `followed` in all, `holed` with gaps, `silent` now although they should speak.
pub const SENDERS: &str = "specola_ingest_senders";

/// The label that names a kind of gap.
pub const KIND: &str = "kind";
/// The label that names a state of senders.
pub const STATE: &str = "state";
/// The label that names a tenant.
pub const TENANT: &str = "tenant";
/// The label that names a source.
pub const SOURCE: &str = "source";
/// The label that names what speaks against a reading.
pub const MARK: &str = "mark";
/// The label that names a reason.
pub const REASON: &str = "reason";
/// The reason for which messages and readings are given up.
const STOPPING: &str = "stopping";

/// How many readings of a message were kept although something speaks against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    /// The number cannot be true.
    pub(crate) out_of_range: u64,
    /// The clock of the device is off.
    pub(crate) clock: u64,
    /// The unit cannot become that of the class.
    pub(crate) unit: u64,
    /// The number is the same for too long.
    pub(crate) frozen: u64,
    /// It came too long after its measurement.
    pub(crate) late: u64,
}

impl Marks {
    /// Those of one more reading.
    pub(crate) fn add(&mut self, other: Self) {
        self.out_of_range += other.out_of_range;
        self.clock += other.clock;
        self.unit += other.unit;
        self.frozen += other.frozen;
        self.late += other.late;
    }
}

/// The counters of one source, looked up once.
pub(crate) struct SourceMetrics {
    pub(crate) bytes: Counter,
    marked: [Counter; 5],
    pub(crate) commands_dropped: Counter,
    pub(crate) denied: Counter,
    pub(crate) undelivered: Counter,
    pub(crate) connected: Gauge,
    pub(crate) disconnects: Counter,
    books: BooksMetrics,
}

/// The counters of both books of one source.
struct BooksMetrics {
    messages: BookMetrics,
    readings: BookMetrics,
    ignored: Counter,
    skipped: Counter,
}

/// The counters of one book.
struct BookMetrics {
    received: Counter,
    stored: Counter,
    duplicate: Counter,
    conflict: Counter,
    refused: Vec<Counter>,
    shed: Counter,
    waiting: Gauge,
}

/// Whose counters they are.
struct Labels<'a> {
    tenant: &'a TenantId,
    source: &'a Arc<str>,
}

impl Labels<'_> {
    fn counter(&self, name: &'static str) -> Counter {
        counter!(name, TENANT => self.tenant.to_string(), SOURCE => Arc::clone(self.source))
    }

    fn gauge(&self, name: &'static str) -> Gauge {
        gauge!(name, TENANT => self.tenant.to_string(), SOURCE => Arc::clone(self.source))
    }

    fn because(&self, name: &'static str, reason: &'static str) -> Counter {
        counter!(name, TENANT => self.tenant.to_string(), SOURCE => Arc::clone(self.source), REASON => reason)
    }

    fn marked(&self, mark: &'static str) -> Counter {
        counter!(READINGS_MARKED, TENANT => self.tenant.to_string(), SOURCE => Arc::clone(self.source), MARK => mark)
    }

    fn by_reason(&self, name: &'static str) -> Vec<Counter> {
        Reason::ALL.iter().map(|reason| self.because(name, reason.as_str())).collect()
    }
}

impl SourceMetrics {
    /// The counters of this source.
    pub(crate) fn new(tenant: &TenantId, source: &Arc<str>) -> Self {
        let labels = Labels { tenant, source };
        Self {
            bytes: labels.counter(BYTES_RECEIVED),
            marked: ["out_of_range", "clock", "unit", "frozen", "late"].map(|mark| labels.marked(mark)),
            commands_dropped: labels.counter(COMMANDS_DROPPED),
            denied: labels.counter(PUBLISHES_DENIED),
            undelivered: labels.counter(DELIVERIES_DROPPED),
            connected: labels.gauge(SOURCE_CONNECTED),
            disconnects: labels.counter(DISCONNECTS),
            books: BooksMetrics::new(&labels),
        }
    }

    /// Readings were kept although something speaks against them.
    pub(crate) fn mark(&self, marks: Marks) {
        for (counter, count) in
            self.marked.iter().zip([marks.out_of_range, marks.clock, marks.unit, marks.frozen, marks.late])
        {
            if count > 0 {
                counter.increment(count);
            }
        }
    }

    /// Shows the books.
    pub(crate) fn publish(&self, books: &Books) {
        self.books.publish(books);
    }
}

/// Shows books that no source of the configuration has, such as those of messages that are read again.
pub fn publish_books(tenant: &TenantId, source: &str, books: &Books) {
    BooksMetrics::new(&Labels { tenant, source: &Arc::from(source) }).publish(books);
}

impl BooksMetrics {
    fn new(labels: &Labels<'_>) -> Self {
        let messages = BookMetrics {
            received: labels.counter(MESSAGES_RECEIVED),
            stored: labels.counter(MESSAGES_STORED),
            duplicate: labels.counter(MESSAGES_DUPLICATE),
            conflict: labels.counter(MESSAGES_CONFLICT),
            refused: labels.by_reason(MESSAGES_REFUSED),
            shed: labels.because(MESSAGES_SHED, STOPPING),
            waiting: labels.gauge(MESSAGES_WAITING),
        };
        let readings = BookMetrics {
            received: labels.counter(READINGS_RECEIVED),
            stored: labels.counter(READINGS_STORED),
            duplicate: labels.counter(READINGS_DUPLICATE),
            conflict: labels.counter(READINGS_CONFLICT),
            refused: labels.by_reason(READINGS_REJECTED),
            shed: labels.because(READINGS_SHED, STOPPING),
            waiting: labels.gauge(READINGS_WAITING),
        };
        let (ignored, skipped) = (labels.counter(MESSAGES_IGNORED), labels.counter(VALUES_SKIPPED));
        Self { messages, readings, ignored, skipped }
    }

    fn publish(&self, books: &Books) {
        let (messages, readings) = (&books.messages, &books.readings);
        self.messages.received.absolute(messages.received);
        self.messages.stored.absolute(messages.stored);
        self.messages.duplicate.absolute(messages.duplicate);
        self.messages.conflict.absolute(messages.conflict);
        publish(&self.messages.refused, &messages.refused);
        self.messages.shed.absolute(messages.shed);
        self.messages.waiting.set(messages.waiting as f64);
        self.readings.received.absolute(readings.received);
        self.readings.stored.absolute(readings.stored);
        self.readings.duplicate.absolute(readings.duplicate);
        self.readings.conflict.absolute(readings.conflict);
        publish(&self.readings.refused, &readings.rejected);
        self.readings.shed.absolute(readings.shed);
        self.readings.waiting.set(readings.waiting as f64);
        self.ignored.absolute(messages.ignored);
        self.skipped.absolute(books.skipped);
    }
}

/// Shows the gaps of a tenant, and how many of its senders are followed, have gaps, and are silent now.
pub(crate) fn publish_gaps(tenant: &TenantId, tallies: &Tallies, (followed, holed, silent): (usize, usize, usize)) {
    for (kind, tally) in [("interval", tallies.interval), ("sequence", tallies.sequence)] {
        counter!(GAPS_OPENED, TENANT => tenant.to_string(), KIND => kind).absolute(tally.opened);
        counter!(GAPS_CLOSED, TENANT => tenant.to_string(), KIND => kind).absolute(tally.closed);
        gauge!(GAPS_MISSING, TENANT => tenant.to_string(), KIND => kind).set(tally.missing as f64);
    }
    for (state, senders) in [("followed", followed), ("holed", holed), ("silent", silent)] {
        gauge!(SENDERS, TENANT => tenant.to_string(), STATE => state).set(senders as f64);
    }
}

fn publish(counters: &[Counter], counts: &ByReason) {
    counters.iter().zip(counts.each()).for_each(|(counter, (_, count))| counter.absolute(count));
}
