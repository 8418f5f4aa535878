//! The bytes of a Sparkplug message: the part of the public definition that we read, field for field.
//!
//! Texts and nested messages stay slices of the message, so that a metric without a name costs no memory of its own and nesting is never followed:
//! tables and templates are skipped as they are, whatever lies in them.

use bytes::Bytes;
use prost::Message;

use super::super::Refusal;
use model::Reason;

/// A whole message.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Payload {
    /// When it was sent, in milliseconds since 1970.
    #[prost(uint64, optional, tag = "1")]
    pub(super) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<Metric>,
    /// 0 to 255, one more with each message of a node.
    #[prost(uint64, optional, tag = "3")]
    pub(super) seq: Option<u64>,
    /// What the message is when it is none of the above, such as a compressed one.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) uuid: Option<Bytes>,
}

/// One value with what is known about it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metric {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub(super) name: Option<Bytes>,
    /// A number that stands for the name after the birth.
    #[prost(uint64, optional, tag = "2")]
    pub(super) alias: Option<u64>,
    /// When it was measured, in milliseconds since 1970.
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub(super) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(super) is_null: Option<bool>,
    /// A [`PropertySet`].
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub(super) properties: Option<Bytes>,
    #[prost(oneof = "Scalar", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19")]
    pub(super) value: Option<Scalar>,
}

/// A value as it was written.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Scalar {
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
    #[prost(bytes = "bytes", tag = "15")]
    Text(Bytes),
    #[prost(bytes = "bytes", tag = "16")]
    Bytes(Bytes),
    #[prost(bytes = "bytes", tag = "17")]
    DataSet(Bytes),
    #[prost(bytes = "bytes", tag = "18")]
    Template(Bytes),
    #[prost(bytes = "bytes", tag = "19")]
    Extension(Bytes),
}

/// Names and values of the properties of a metric, side by side.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PropertySet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) keys: Vec<Bytes>,
    #[prost(message, repeated, tag = "2")]
    pub(super) values: Vec<Property>,
}

/// One property. Sets within sets are not read.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Property {
    #[prost(oneof = "PropertyValue", tags = "3, 4, 8")]
    pub(super) value: Option<PropertyValue>,
}

/// The value of a property, as far as we know a use for it.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum PropertyValue {
    #[prost(uint32, tag = "3")]
    Int(u32),
    #[prost(uint64, tag = "4")]
    Long(u64),
    #[prost(bytes = "bytes", tag = "8")]
    Text(Bytes),
}

/// Metrics for which memory is kept from one message to the next; the packs of city gateways have some dozens.
const KEPT: usize = 1_024;

fn malformed(why: &prost::DecodeError) -> Refusal {
    Refusal::new(Reason::Malformed, format!("the message cannot be read: {why}"))
}

impl Payload {
    /// Reads a message into the memory of the last one.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.empty();
        self.merge(Bytes::copy_from_slice(bytes)).map_err(|why| malformed(&why))?;
        if self.uuid.as_deref() == Some(b"SPBV1.0_COMPRESSED") {
            return Err(Refusal::schema("compressed messages are not part of Sparkplug 3.0; switch compression off"));
        }
        Ok(())
    }

    /// Lets go of the bytes of the message, and of memory that only a huge message needed.
    pub(super) fn empty(&mut self) {
        self.clear();
        self.metrics.shrink_to(KEPT);
    }

    /// The sequence number, if there is a valid one.
    pub(super) fn sequence(&self) -> Option<u8> {
        self.seq.and_then(|seq| u8::try_from(seq).ok())
    }

    /// The number that ties a death to a birth.
    pub(super) fn bd_seq(&self) -> Option<u64> {
        let metric = self.metrics.iter().find(|metric| metric.name.as_deref() == Some(b"bdSeq"))?;
        match metric.value {
            Some(Scalar::Int(number)) => Some(u64::from(number)),
            Some(Scalar::Long(number)) => Some(number),
            _ => None,
        }
    }
}

impl PropertySet {
    /// Reads the properties of a metric into the memory of the last one.
    pub(super) fn read(&mut self, metric: &Metric) -> Result<(), Refusal> {
        self.clear();
        match &metric.properties {
            Some(bytes) => self.merge(bytes.clone()).map_err(|why| malformed(&why)),
            None => Ok(()),
        }
    }

    fn get(&self, key: &str) -> Option<&PropertyValue> {
        let at = self.keys.iter().position(|found| found.eq_ignore_ascii_case(key.as_bytes()))?;
        self.values.get(at)?.value.as_ref()
    }

    /// The unit, if there is one.
    pub(super) fn unit(&self) -> Option<&str> {
        match self.get("engUnit")? {
            PropertyValue::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// The code of the quality, if there is one.
    pub(super) fn quality(&self) -> Option<u64> {
        match *self.get("Quality")? {
            PropertyValue::Int(code) => Some(u64::from(code)),
            PropertyValue::Long(code) => Some(code),
            PropertyValue::Text(_) => None,
        }
    }
}

/// The bytes of the command that asks a node to start over. Commands have no sequence number.
pub(super) fn rebirth(millis: i64) -> Bytes {
    const BOOLEAN: u32 = 11;
    let metric = Metric {
        name: Some(Bytes::from_static(b"Node Control/Rebirth")),
        timestamp: u64::try_from(millis).ok(),
        datatype: Some(BOOLEAN),
        value: Some(Scalar::Boolean(true)),
        ..Metric::default()
    };
    let payload = Payload { timestamp: u64::try_from(millis).ok(), metrics: vec![metric], ..Payload::default() };
    Bytes::from(payload.encode_to_vec())
}
