//! What every decoder does: read one message and say each reading it finds. Knows no format.

use std::sync::Arc;

use bytes::Bytes;
use model::{MetricName, Position, Quality, Reason, TenantId, Timestamp, Value};

use super::cbor;
use super::json::Tape;
use super::moment::Moment;
use crate::ledger::Number;

/// One message, as a decoder sees it.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// Which source it came from: conversations of one source are not those of another.
    pub source: &'a Arc<str>,
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

/// Whether a device can be heard at the moment, as its network says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is connected.
    Online,
    /// It said goodbye, or its last will did.
    Offline,
}

/// Something that happened once, as opposed to a value that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// What it happened to.
    pub device: &'a str,
    /// What kind of thing happened, in the sender's words.
    pub kind: &'a str,
    /// What the sender says about it, as JSON.
    pub detail: &'a str,
    /// When.
    pub time: Moment,
}

/// Something to say to the devices of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Whether the broker must answer (QoS 1) or not (QoS 0).
    pub assured: bool,
    /// Whether the broker keeps it for those who come later.
    pub retain: bool,
}

/// The metric that says whether a device is online.
pub const PRESENCE: &str = MetricName::ONLINE;
/// What the metrics of events begin with; the kind of the event follows.
pub const EVENT: &str = "_event/";
/// The metrics of a position that was sent: degrees east, degrees north, metres above the sea.
pub const POSITION: [&str; 3] = ["_longitude", "_latitude", "_altitude"];

/// Where a decoder says what it found. What it said before a refusal is forgotten: a message is refused whole.
pub trait Sink {
    /// A device spoke, with or without readings.
    fn seen(&mut self, device: &str) -> Result<(), Refusal>;

    /// A reading was found. An error means that the message must be refused: hand it on.
    fn reading(&mut self, observation: Observation<'_>) -> Result<(), Refusal>;

    /// A device came or went. It is kept as the metric [`PRESENCE`], so that rules, screens and SQL see it like any other state.
    fn presence(&mut self, device: &str, presence: Presence, time: Moment) -> Result<(), Refusal> {
        let value = Ok(Value::Flag(presence == Presence::Online));
        self.reading(Observation { device, metric: PRESENCE, value, unit: "", time, quality: Quality::Good })
    }

    /// Something happened. It is kept as a text under [`EVENT`] and its kind.
    fn event(&mut self, event: Event<'_>) -> Result<(), Refusal> {
        let metric = format!("{EVENT}{}", event.kind);
        let value = Ok(Value::Text(event.detail.into()));
        let Event { device, time, .. } = event;
        self.reading(Observation { device, metric: &metric, value, unit: "", time, quality: Quality::Good })
    }

    /// A device said where it is; `altitude` in metres. It is kept as the metrics [`POSITION`] when it is somewhere else than before.
    fn position(
        &mut self,
        device: &str,
        position: Position,
        altitude: Option<f64>,
        time: Moment,
    ) -> Result<(), Refusal>;

    /// What follows belongs to this line of the message, counted from 1. A line is refused alone: see [`Sink::refuse_line`].
    fn line(&mut self, number: u32);

    /// The present line is refused; what was said since it began is forgotten, the other lines stay.
    fn refuse_line(&mut self, refusal: Refusal);

    /// The message in hand has this number among those of its sender, a device or a gateway.
    fn numbered(&mut self, sender: &str, number: Number);

    /// Something is to be said on the source that the message came from. It is said even when the message is refused.
    fn command(&mut self, command: Command);

    /// So many values were understood and are no readings (tables, files, raw bytes). They are counted, not kept.
    fn skipped(&mut self, values: u32);
}

/// Memory that decoders use again for each message.
#[derive(Debug, Default)]
pub struct Tools {
    pub(super) tape: Tape,
    pub(super) cbor: cbor::Tape,
    pub(super) path: String,
    pub(super) max_depth: usize,
}

impl Tools {
    /// Tools that refuse messages nested deeper than `max_depth`.
    pub fn new(max_depth: usize) -> Self {
        Self { max_depth, ..Self::default() }
    }
}

/// Reads messages of one format. It may remember what it heard: all messages of its route come to it in the order of their arrival.
pub trait Decoder: Send {
    /// Says every reading of `message` to `sink`, or why the whole message is refused. Never panics, whatever the bytes.
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal>;

    /// What is to be said now although no message came, each with the source it goes to. Asked a few times a second.
    fn tick(&mut self, _now: Timestamp) -> Vec<(Arc<str>, Command)> {
        Vec::new()
    }
}
