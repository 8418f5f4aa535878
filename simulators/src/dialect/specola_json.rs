//! Specola's own JSON. One device in the short form, several devices as a list of readings.

use model::Timestamp;
use serde::Serialize;

use super::values::{Values, json};
use super::voice::{Report, Said, assured};
use crate::publish::Message;
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

pub(super) fn readings(report: &Report<'_>) -> Vec<Message> {
    let topic = format!("specola/v1/{}/{}/readings", report.city.tenant, report.gateway.id);
    let time = Timestamp::to_rfc3339(report.time);
    let count = report.said.iter().map(|one| one.samples.len()).sum();
    let payload = if let [Said { sensor, samples }] = report.said {
        json(&One { device: sensor.device.as_str(), time, values: Values(samples) })
    } else {
        let entries = report.said.iter().flat_map(|one| {
            one.samples.iter().map(|sample| Entry {
                device: one.sensor.device.as_str(),
                metric: sample.metric,
                value: sample.shown,
                unit: sample.unit,
            })
        });
        json(&Many { time, readings: entries.collect() })
    };
    vec![assured(topic, payload, count)]
}
