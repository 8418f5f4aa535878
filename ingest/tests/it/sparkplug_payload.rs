//! Sparkplug B payloads for tests, written down a second time from the public definition, so that a mistake in the product's own is seen.

use ingest::RawMessage;
use prost::Message;

use crate::kit::raw;

/// 22 November 2026, 09:00 UTC, in milliseconds: an hour before the messages of the tests arrive.
pub(crate) const NINE: u64 = 1_795_338_000_000;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(uint64, optional, tag = "1")]
    pub(crate) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) seq: Option<u64>,
    #[prost(string, optional, tag = "4")]
    pub(crate) uuid: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Metric {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(crate) datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub(crate) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub(crate) is_transient: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(crate) is_null: Option<bool>,
    #[prost(message, optional, tag = "9")]
    pub(crate) properties: Option<PropertySet>,
    #[prost(oneof = "Scalar", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18")]
    pub(crate) value: Option<Scalar>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Scalar {
    #[prost(uint32, tag = "10")]
    Int(u32),
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(float, tag = "12")]
    Float(f32),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
    #[prost(string, tag = "15")]
    Text(String),
    #[prost(bytes = "vec", tag = "16")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "17")]
    DataSet(DataSet),
    #[prost(message, tag = "18")]
    Template(Template),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DataSet {
    #[prost(uint64, optional, tag = "1")]
    pub(crate) num_of_columns: Option<u64>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) columns: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Template {
    #[prost(string, optional, tag = "1")]
    pub(crate) version: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PropertySet {
    #[prost(string, repeated, tag = "1")]
    pub(crate) keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) values: Vec<Property>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Property {
    #[prost(uint32, optional, tag = "1")]
    pub(crate) kind: Option<u32>,
    #[prost(oneof = "PropertyValue", tags = "3, 4, 8, 9")]
    pub(crate) value: Option<PropertyValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum PropertyValue {
    #[prost(uint32, tag = "3")]
    Int(u32),
    #[prost(uint64, tag = "4")]
    Long(u64),
    #[prost(string, tag = "8")]
    Text(String),
    #[prost(message, tag = "9")]
    Set(PropertySet),
}

impl Metric {
    /// A metric with a name.
    pub(crate) fn named(name: &str, datatype: u32, value: Scalar) -> Self {
        let name = Some(name.to_owned());
        Self { name, datatype: Some(datatype), value: Some(value), timestamp: Some(NINE), ..Self::default() }
    }

    /// A metric that has only its alias, as after a birth.
    pub(crate) fn aliased(alias: u64, value: Scalar) -> Self {
        Self { alias: Some(alias), value: Some(value), timestamp: Some(NINE), ..Self::default() }
    }

    /// The same with an alias.
    pub(crate) fn known_as(self, alias: u64) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// The same with one more property.
    pub(crate) fn with(mut self, key: &str, value: PropertyValue) -> Self {
        let properties = self.properties.get_or_insert_default();
        properties.keys.push(key.to_owned());
        properties.values.push(Property { kind: Some(3), value: Some(value) });
        self
    }
}

/// The metric that ties a death to its birth.
pub(crate) fn bd_seq(number: u64) -> Metric {
    Metric::named("bdSeq", 8, Scalar::Long(number))
}

/// A message with this number and these metrics.
pub(crate) fn message(topic: &str, seq: impl Into<Option<u64>>, metrics: Vec<Metric>) -> RawMessage {
    raw(topic, &Payload { timestamp: Some(NINE), metrics, seq: seq.into(), ..Payload::default() }.encode_to_vec())
}
