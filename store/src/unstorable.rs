//! A reading that a store cannot take, as a message that can be read again.

use model::{DeadLetter, Reading, Reason, Value};
use serde_json::json;

/// The letter of a reading that came from `source` and that is refused because of `detail`: our own JSON on our own topic.
pub fn unstorable(reading: &Reading, source: &str, detail: String) -> DeadLetter {
    let series = &reading.series;
    let (value, quality) = match &reading.value {
        Value::Number(number) => (json!(number), reading.quality.as_str()),
        Value::Integer(number) => (json!(number), reading.quality.as_str()),
        Value::Flag(flag) => (json!(flag), reading.quality.as_str()),
        Value::Text(text) => (json!(&**text), reading.quality.as_str()),
        Value::Gap => (serde_json::Value::Null, "bad"),
    };
    let mut said = json!({
        "device": series.device.as_str(), "metric": series.metric.as_str(), "time": reading.time.to_rfc3339(),
        "value": value, "quality": quality,
    });
    if let Some(unit) = reading.unit.as_str() {
        said["unit"] = json!(unit);
    }
    let payload = json!({ "readings": [said] }).to_string().into_bytes();
    DeadLetter {
        tenant: series.tenant.clone(),
        source: source.to_owned(),
        topic: format!("specola/v1/{}/unstorable/readings", series.tenant),
        received: reading.received,
        retained: false,
        reason: Reason::Unstorable,
        detail,
        readings: 1,
        bytes: payload.len() as u64,
        payload: payload.into(),
    }
}
