//! The part of Sparkplug's payload (Protocol Buffers) that a simulated edge node writes and reads.

use bytes::Bytes;
use prost::Message as _;

/// Sparkplug's numbers for the types of values.
const INT64: u32 = 4;
const DOUBLE: u32 = 10;
const BOOLEAN: u32 = 11;
const STRING: u32 = 12;

/// The metric that counts the sessions of an edge node.
const BD_SEQ: &str = "bdSeq";
/// The metric by which a host asks for new births.
const REBIRTH: &str = "Node Control/Rebirth";

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Payload {
    #[prost(uint64, optional, tag = "1")]
    pub(super) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) seq: Option<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Metric {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) datatype: Option<u32>,
    #[prost(bool, optional, tag = "7")]
    pub(super) is_null: Option<bool>,
    #[prost(message, optional, tag = "9")]
    pub(super) properties: Option<Properties>,
    #[prost(oneof = "Value", tags = "11, 13, 14, 15")]
    pub(super) value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Properties {
    #[prost(string, repeated, tag = "1")]
    pub(super) keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub(super) values: Vec<Property>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Property {
    #[prost(uint32, optional, tag = "1")]
    pub(super) datatype: Option<u32>,
    #[prost(string, optional, tag = "8")]
    pub(super) text: Option<String>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Value {
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Flag(bool),
    #[prost(string, tag = "15")]
    Text(String),
}

impl Value {
    fn datatype(&self) -> u32 {
        match self {
            Self::Long(_) => INT64,
            Self::Double(_) => DOUBLE,
            Self::Flag(_) => BOOLEAN,
            Self::Text(_) => STRING,
        }
    }
}

impl Metric {
    /// A metric as a birth introduces it: name, type and unit.
    pub(super) fn introduced(name: &str, unit: &str, value: Value) -> Self {
        let properties = (!unit.is_empty()).then(|| Properties {
            keys: vec!["engUnit".to_owned()],
            values: vec![Property { datatype: Some(STRING), text: Some(unit.to_owned()) }],
        });
        let datatype = Some(value.datatype());
        Self { name: Some(name.to_owned()), datatype, properties, value: Some(value), ..Self::default() }
    }
}

impl Payload {
    /// What an edge node says of itself when its session begins.
    pub(super) fn node_birth(connection: u64, timestamp: u64) -> Self {
        let metrics = vec![bd_seq(connection), Metric::introduced(REBIRTH, "", Value::Flag(false))];
        let metrics = metrics.into_iter().map(|metric| Metric { timestamp: Some(timestamp), ..metric }).collect();
        Self { timestamp: Some(timestamp), metrics, seq: Some(0) }
    }

    /// What the broker says when the session is cut off.
    pub(super) fn node_death(connection: u64) -> Self {
        Self { metrics: vec![bd_seq(connection)], ..Self::default() }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }
}

/// Counts the connections modulo 256.
fn bd_seq(connection: u64) -> Metric {
    Metric::introduced(BD_SEQ, "", Value::Long(connection % 256))
}

/// Whether a command asks for new births.
pub(super) fn asks_for_births(payload: &[u8]) -> bool {
    Payload::decode(payload).is_ok_and(|command| {
        command
            .metrics
            .iter()
            .any(|metric| metric.name.as_deref() == Some(REBIRTH) && metric.value == Some(Value::Flag(true)))
    })
}

/// The birth of a node: what a generator of load says first.
pub(crate) fn birth_of_node(timestamp: u64) -> Bytes {
    Payload::node_birth(0, timestamp).to_bytes()
}

/// The birth of a device whose metrics get the aliases from 1 on and have no values yet: a birth of a generator of load is no reading.
pub(crate) fn birth_of_device(metrics: impl Iterator<Item = String>, timestamp: u64) -> Bytes {
    let metrics = metrics
        .zip(1..)
        .map(|(name, alias)| {
            let metric = Metric::introduced(&name, "", Value::Double(0.0));
            Metric { alias: Some(alias), timestamp: Some(timestamp), is_null: Some(true), value: None, ..metric }
        })
        .collect();
    Payload { timestamp: Some(timestamp), metrics, seq: Some(1) }.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_rebirth_that_is_true_asks_for_births() {
        let command = |name: &str, value| {
            let metric = Metric { name: Some(name.to_owned()), value: Some(value), ..Metric::default() };
            asks_for_births(&Payload { metrics: vec![metric], ..Payload::default() }.to_bytes())
        };
        assert!(command(REBIRTH, Value::Flag(true)));
        assert!(!command(REBIRTH, Value::Flag(false)));
        assert!(!command("Node Control/Reboot", Value::Flag(true)));
        assert!(!asks_for_births(b"\xff\xff"));
    }
}
