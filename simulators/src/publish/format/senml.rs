//! Air, weather and noise: SenML JSON (RFC 8428), one pack per station; the base name is the station's.

use bytes::Bytes;
use model::Timestamp;
use serde::Serialize;

use super::{Said, json};
use crate::sensor::Shown;

#[derive(Serialize)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bt: Option<f64>,
    n: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    u: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vb: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vs: Option<&'a str>,
}

/// One station per message; the time has milliseconds.
pub(super) fn pack(said: &[Said<'_>], time: Timestamp) -> (String, Bytes) {
    let Said { sensor, samples } = &said[0];
    let station = sensor.device.as_str();
    let records: Vec<Record<'_>> = samples
        .iter()
        .enumerate()
        .map(|(k, sample)| {
            let mut record =
                Record { bn: None, bt: None, n: sample.metric, u: sample.unit, v: None, vb: None, vs: None };
            if k == 0 {
                record.bn = Some(format!("{station}:"));
                record.bt = Some(time.as_millis() as f64 / 1000.0);
            }
            match sample.shown {
                Shown::Number(number) => record.v = Some(number),
                Shown::Flag(flag) => record.vb = Some(flag),
                Shown::Word(word) => record.vs = Some(word),
            }
            record
        })
        .collect();
    (format!("senml/{station}/json"), json(&records))
}
