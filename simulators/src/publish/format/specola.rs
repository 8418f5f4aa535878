//! Water and structures: Specola's own JSON. One device in the short form, several devices as a list of readings.

use bytes::Bytes;
use model::Timestamp;
use serde::Serialize;

use super::{Said, Values, json};
use crate::City;
use crate::city::Gateway;
use crate::sensor::Shown;

#[derive(Serialize)]
struct One<'a> {
    device: &'a str,
    time: String,
    values: Values<'a>,
}

#[derive(Serialize)]
struct Many<'a> {
    time: String,
    readings: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    device: &'a str,
    metric: &'a str,
    value: Shown,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'a str,
}

pub(super) fn readings(city: &City, gateway: &Gateway, said: &[Said<'_>], time: Timestamp) -> (String, Bytes) {
    let topic = format!("specola/v1/{}/{}/readings", city.tenant, gateway.id);
    let time = time.to_rfc3339();
    if let [Said { sensor, samples }] = said {
        return (topic, json(&One { device: sensor.device.as_str(), time, values: Values(samples) }));
    }
    let entries = said.iter().flat_map(|one| {
        one.samples.iter().map(|sample| Entry {
            device: one.sensor.device.as_str(),
            metric: sample.metric,
            value: sample.shown,
            unit: sample.unit,
        })
    });
    (topic, json(&Many { time, readings: entries.collect() }))
}
