//! What every decoder does: read one message and say each reading it finds. Knows no format.

use model::{Quality, Reason, TenantId, Timestamp, Value};

use super::json::Tape;
use super::moment::Moment;

/// One message, as a decoder sees it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// Its topic.
    pub topic: &'a str,
    /// Its bytes.
    pub payload: &'a [u8],
    /// When it came.
    pub received: Timestamp,
}

/// One reading that was found in a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation<'a> {
    /// What sent it.
    pub device: &'a str,
    /// What was measured.
    pub metric: &'a str,
    /// The value; an error is a number that no finite double holds.
    pub value: Result<Value, NotFinite>,
    /// The unit as sent; empty for none.
    pub unit: &'a str,
    /// When it was measured.
    pub time: Moment,
    /// How far the sender trusts it.
    pub quality: Quality,
}

/// A number that no finite double holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFinite;

/// Why a message is refused whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The same for people: which field, which position.
    pub detail: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    /// The message can be read but lacks or mistypes what its format requires.
    pub fn schema(detail: impl Into<String>) -> Self {
        Self::new(Reason::Schema, detail)
    }
}

/// Where a decoder says what it found. What it said before a refusal is forgotten: a message is refused whole.
pub trait Sink {
    /// A device spoke, with or without readings.
    fn seen(&mut self, device: &str) -> Result<(), Refusal>;

    /// A reading was found. An error means that the message must be refused: hand it on.
    fn reading(&mut self, observation: Observation<'_>) -> Result<(), Refusal>;
}

/// Memory that decoders use again for each message.
#[derive(Debug, Default)]
pub struct Tools {
    pub(super) tape: Tape,
    pub(super) path: String,
    pub(super) max_depth: usize,
}

impl Tools {
    /// Tools that refuse messages nested deeper than `max_depth`.
    pub fn new(max_depth: usize) -> Self {
        Self { tape: Tape::default(), path: String::new(), max_depth }
    }
}

/// Reads messages of one format.
pub trait Decoder: Send + Sync {
    /// Says every reading of `message` to `sink`, or why the whole message is refused. Never panics, whatever the bytes.
    fn decode(&self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal>;
}
