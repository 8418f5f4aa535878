//! What every shape of a load says: where its messages go, what they look like, and under which names they are kept. Knows no shape.

use bytes::Bytes;

use crate::load::template::Template;

/// Whose messages, and how much is in each.
#[derive(Debug, Clone, Copy)]
pub(in crate::load) struct Wanted<'a> {
    pub(in crate::load) tenant: &'a str,
    /// The client's name.
    pub(in crate::load) name: &'a str,
    /// The client's number and the run's, for formats that name devices by numbers.
    pub(in crate::load) eui: u64,
    pub(in crate::load) values: usize,
    /// The payload is filled up to this many bytes.
    pub(in crate::load) bytes: usize,
}

/// What one client says.
pub(in crate::load) struct Speech {
    pub(in crate::load) topic: String,
    pub(in crate::load) payload: Template,
    /// The device under which its readings are kept.
    pub(in crate::load) device: String,
    /// What is said first on each connection, made of the milliseconds since 1970: topics and payloads.
    pub(in crate::load) births: Vec<(String, Birth)>,
    /// The shortest distance of two times that the format can tell apart, in nanoseconds.
    pub(in crate::load) step: i64,
}

/// The payload of a birth at a time in milliseconds since 1970.
pub(in crate::load) type Birth = Box<dyn Fn(u64) -> Bytes + Send + Sync>;

/// A shape: what a client says, and the topic filter of all clients.
pub(in crate::load) struct Shape {
    pub(in crate::load) speech: fn(&Wanted<'_>) -> Speech,
    pub(in crate::load) filter: fn(&str) -> String,
}

/// The name of the metric with this number in a message.
pub(in crate::load) fn metric(index: usize) -> String {
    format!("n{index}")
}
