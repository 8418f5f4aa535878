//! One MQTT message of a gateway.

use bytes::Bytes;

/// A message as it goes to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is published.
    pub topic: String,
    /// In the dialect of the gateway.
    pub payload: Bytes,
    /// How many readings it carries.
    pub readings: usize,
    /// Whether the broker must confirm it (QoS 1) or not (QoS 0).
    pub assured: bool,
}
