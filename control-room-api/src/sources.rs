//! What came through each door, and what became of it.

use model::{Reason, Timestamp};

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// The program's own MQTT listener.
    Listener,
    /// A session with a foreign broker.
    Broker,
    /// What machines hand in by HTTP.
    Http,
    /// Refused messages that are read again.
    Replay,
}

/// What became of messages, or of readings. `received` is the sum of all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Those that came.
    pub received: u64,
    /// New, and on disk.
    pub stored: u64,
    /// On disk before, with the same value.
    pub duplicate: u64,
    /// On disk before, with another value, which stays.
    pub conflict: u64,
    /// Refused, and kept as dead letters; reasons that never came are left out.
    pub refused: Vec<(Reason, u64)>,
    /// Messages between clients, which carry no readings.
    pub ignored: u64,
    /// Given up without an acknowledgement: their senders send them again.
    pub shed: u64,
    /// On their way to the disk.
    pub waiting: u64,
}

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceReport {
    /// Its name in the configuration.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Whether messages can come.
    pub connected: bool,
    /// Clients of the listener; 1 or 0 for a broker.
    pub connections: u64,
    /// Since when it is connected, or no longer is.
    pub since: Option<Timestamp>,
    /// When the last message came.
    pub last_message: Option<Timestamp>,
    /// Why the connection was lost last.
    pub last_error: Option<String>,
    /// Its messages.
    pub messages: Account,
    /// Their readings.
    pub readings: Account,
}
