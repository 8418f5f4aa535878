//! One MQTT message of a gateway.

use bytes::Bytes;

/// A message as it goes to the broker, with QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it is published.
    pub topic: String,
    /// JSON.
    pub payload: Bytes,
    /// How many readings it carries.
    pub readings: usize,
}
