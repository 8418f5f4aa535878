//! What every dialect does: puts what sensors say into messages. Knows no dialect.

use std::collections::HashMap;

use bytes::Bytes;
use model::Timestamp;

use crate::City;
use crate::city::Gateway;
use crate::publish::Message;
use crate::sensor::{Sample, Sensor};

/// What one sensor says.
pub(crate) struct Said<'a> {
    pub(crate) sensor: &'a Sensor,
    pub(crate) samples: &'a [Sample],
}

/// What a gateway reports at one moment; `said` is not empty.
pub(crate) struct Report<'a> {
    pub(crate) city: &'a City,
    pub(crate) gateway: &'a Gateway,
    pub(crate) said: &'a [Said<'a>],
    /// Whole milliseconds: what every dialect can carry.
    pub(crate) time: Timestamp,
}

impl Report<'_> {
    /// The device that reports, or the gateway when there are several.
    pub(super) fn sender(&self) -> &str {
        if let [only] = self.said { only.sensor.device.as_str() } else { &self.gateway.id }
    }
}

/// What the broker says for a gateway that was cut off.
#[derive(Debug, Clone)]
pub(crate) struct Will {
    /// Where.
    pub(crate) topic: String,
    /// What, for the connection with this number.
    pub(crate) payload: fn(u64) -> Bytes,
}

/// How one gateway speaks. Most dialects are monologues: only `report` does something.
pub(crate) trait Voice: std::fmt::Debug + Send {
    /// The messages of a report, in the order in which they leave.
    fn report(&mut self, report: &Report<'_>) -> Vec<Message>;

    /// A connection with this number is open. What was said over another one counts for nothing where a dialect is a conversation.
    fn connected(&mut self, _connection: u64) {}

    /// What is said for the gateway when it is cut off, and by it when it leaves. Who has one holds a conversation: it speaks only while it is connected.
    fn will(&self) -> Option<Will> {
        None
    }

    /// The topic filter on which it is spoken to.
    fn ears(&self) -> Option<String> {
        None
    }

    /// What is answered to a message.
    fn hear(&mut self, _topic: &str, _payload: &[u8]) -> Vec<Message> {
        Vec::new()
    }
}

/// The voice of a dialect whose messages follow from the report alone.
#[derive(Debug)]
pub(super) struct Monologue(pub(super) fn(&Report<'_>) -> Vec<Message>);

impl Voice for Monologue {
    fn report(&mut self, report: &Report<'_>) -> Vec<Message> {
        (self.0)(report)
    }
}

/// The voice of a network whose devices number their frames, each from 0 on after a start.
#[derive(Debug)]
pub(super) struct Numbered {
    write: fn(&Report<'_>, &Said<'_>, u32) -> Message,
    /// The next number of each sensor, by its key.
    next: HashMap<u64, u32>,
}

impl Numbered {
    pub(super) fn new(write: fn(&Report<'_>, &Said<'_>, u32) -> Message) -> Self {
        Self { write, next: HashMap::new() }
    }
}

impl Voice for Numbered {
    fn report(&mut self, report: &Report<'_>) -> Vec<Message> {
        let one = |said: &Said<'_>| {
            let next = self.next.entry(said.sensor.key).or_default();
            let number = *next;
            *next = next.wrapping_add(1);
            (self.write)(report, said, number)
        };
        report.said.iter().map(one).collect()
    }
}

/// A message that the broker confirms.
pub(super) fn assured(topic: String, payload: Bytes, readings: usize) -> Message {
    Message { topic, payload, readings, assured: true }
}
