//! The values that caused something, as they are written.

use std::borrow::Cow;
use std::sync::Arc;

use model::alarm::Evidence;
use model::{DeviceId, MetricName, Timestamp, Unit, Value};
use serde::{Deserialize, Serialize};

use super::number::Number;
use super::{Unread, to_text};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ValueShape<'a> {
    Number(Number),
    Integer(i64),
    Flag(bool),
    Text(Cow<'a, str>),
    Gap,
}

#[derive(Serialize, Deserialize)]
pub(super) struct EvidenceShape<'a> {
    device: Option<Cow<'a, str>>,
    metric: Cow<'a, str>,
    value: ValueShape<'a>,
    unit: Option<Cow<'a, str>>,
    limit: Option<Number>,
    /// Nanoseconds since 1970, like every time here.
    at: i64,
}

impl<'a> From<&'a Evidence> for EvidenceShape<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self {
            device: evidence.device.as_ref().map(|device| Cow::Borrowed(device.as_str())),
            metric: Cow::Borrowed(evidence.metric.as_str()),
            value: match &evidence.value {
                Value::Number(number) => ValueShape::Number(Number(*number)),
                Value::Integer(number) => ValueShape::Integer(*number),
                Value::Flag(flag) => ValueShape::Flag(*flag),
                Value::Text(text) => ValueShape::Text(Cow::Borrowed(text)),
                Value::Gap => ValueShape::Gap,
            },
            unit: evidence.unit.as_str().map(Cow::Borrowed),
            limit: evidence.limit.map(Number),
            at: evidence.at.as_nanos(),
        }
    }
}

impl TryFrom<EvidenceShape<'_>> for Evidence {
    type Error = Unread;

    fn try_from(shape: EvidenceShape<'_>) -> Result<Self, Unread> {
        Ok(Self {
            device: shape.device.map(DeviceId::new).transpose()?,
            metric: MetricName::new(shape.metric)?,
            value: match shape.value {
                ValueShape::Number(number) => Value::Number(number.0),
                ValueShape::Integer(number) => Value::Integer(number),
                ValueShape::Flag(flag) => Value::Flag(flag),
                ValueShape::Text(text) => Value::Text(Arc::from(text)),
                ValueShape::Gap => Value::Gap,
            },
            unit: shape.unit.map_or(Unit::NONE, |unit| Unit::new(&unit)),
            limit: shape.limit.map(|limit| limit.0),
            at: Timestamp::from_nanos(shape.at),
        })
    }
}

/// The evidence of one member of a group alarm.
pub(in crate::registry) fn evidence_body(evidence: &Evidence) -> String {
    to_text(&EvidenceShape::from(evidence))
}

/// Reads what [`evidence_body`] wrote.
pub(in crate::registry) fn read_evidence(format: i64, body: &str) -> Result<Evidence, Unread> {
    match format {
        1 => serde_json::from_str::<EvidenceShape<'_>>(body)?.try_into(),
        newer => Err(Unread::Newer(newer)),
    }
}
