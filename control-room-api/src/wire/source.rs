//! What came through each door, as it crosses the wire.

use std::collections::BTreeMap;

use model::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::sources::{self, Account, SourceReport};

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceKind {
    Listener,
    Broker,
    Http,
    Replay,
}

/// What became of messages, or of readings. `received` is the sum of all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Ledger {
    received: u64,
    /// New, and on disk.
    stored: u64,
    /// On disk before, with the same value.
    duplicate: u64,
    /// On disk before, with another value, which stays.
    conflict: u64,
    /// Refused, by reason; what never came is left out.
    refused: BTreeMap<String, u64>,
    /// Messages between clients, which carry no readings.
    ignored: u64,
    /// Given up without an acknowledgement: their senders send them again.
    shed: u64,
    /// On their way to the disk.
    waiting: u64,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Source {
    /// Its name in the configuration.
    name: String,
    kind: SourceKind,
    /// Whether messages can come.
    connected: bool,
    /// Clients of the listener; 1 or 0 for a broker.
    connections: u64,
    /// Since when it is connected, or no longer is.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    /// When the last message came.
    #[schema(required, format = DateTime)]
    last_message: Option<String>,
    /// Why the connection was lost last.
    #[schema(required)]
    last_error: Option<String>,
    messages: Ledger,
    readings: Ledger,
}

/// The sources of the city, and the moment at which they were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sources {
    #[schema(format = DateTime)]
    time: String,
    /// Since when is counted: the start of the program.
    #[schema(format = DateTime)]
    counted_since: String,
    items: Vec<Source>,
}

impl From<&Account> for Ledger {
    fn from(account: &Account) -> Self {
        Self {
            received: account.received,
            stored: account.stored,
            duplicate: account.duplicate,
            conflict: account.conflict,
            refused: account.refused.iter().map(|(reason, count)| (reason.as_str().to_owned(), *count)).collect(),
            ignored: account.ignored,
            shed: account.shed,
            waiting: account.waiting,
        }
    }
}

impl Source {
    fn of(report: &SourceReport) -> Self {
        Self {
            name: report.name.clone(),
            kind: match report.kind {
                sources::SourceKind::Listener => SourceKind::Listener,
                sources::SourceKind::Broker => SourceKind::Broker,
                sources::SourceKind::Http => SourceKind::Http,
                sources::SourceKind::Replay => SourceKind::Replay,
            },
            connected: report.connected,
            connections: report.connections,
            since: report.since.map(Timestamp::to_rfc3339),
            last_message: report.last_message.map(Timestamp::to_rfc3339),
            last_error: report.last_error.clone(),
            messages: (&report.messages).into(),
            readings: (&report.readings).into(),
        }
    }
}

impl Sources {
    pub(crate) fn of(now: Timestamp, counted_since: Timestamp, reports: &[SourceReport]) -> Self {
        Self {
            time: now.to_rfc3339(),
            counted_since: counted_since.to_rfc3339(),
            items: reports.iter().map(Source::of).collect(),
        }
    }
}
