//! JSON of the vendors' own, one message per device, which declarative mappings read.
//!
//! Recorders of cameras (`deploy/config/cameras.toml`) publish `cameras/<id>/health`: `{"camera": "cam-0001", "time":
//! "2026-01-31T17:00:00.250Z", "health": {"fps": 24.9, "bitrate": {"value": 2100.0, "unit": "kbit/s"}, "status": "online"}}`.
//!
//! Everybody else (`deploy/config/vendor.toml`) publishes `vendor/<gateway>/state`: `{"id": "wl-01-p01", "ts": 1769878800250, "pressure":
//! {"value": 3.2, "unit": "bar"}}`, with the time in milliseconds since 1970.

use serde::Serialize;

use super::values::{Measured, Values, json};
use super::voice::{Report, Said, assured};
use crate::city::Trade;
use crate::publish::Message;
use crate::sensor::Sample;

#[derive(Serialize)]
struct Health<'a> {
    camera: &'a str,
    time: String,
    health: Values<'a>,
}

/// Identity, time and metrics side by side.
struct State<'a> {
    id: &'a str,
    ts: i64,
    samples: &'a [Sample],
}

impl Serialize for State<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(self.samples.len() + 2))?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("ts", &self.ts)?;
        for sample in self.samples {
            map.serialize_entry(sample.metric, &Measured(sample))?;
        }
        map.end()
    }
}

pub(super) fn reports(report: &Report<'_>) -> Vec<Message> {
    let one = |said: &Said<'_>| {
        let (id, samples) = (said.sensor.device.as_str(), said.samples);
        let (topic, payload) = if report.gateway.trade == Trade::Camera {
            let health = Health { camera: id, time: report.time.to_rfc3339(), health: Values(samples) };
            (format!("cameras/{id}/health"), json(&health))
        } else {
            let state = State { id, ts: report.time.as_millis(), samples };
            (format!("vendor/{}/state", report.gateway.id), json(&state))
        };
        assured(topic, payload, samples.len())
    };
    report.said.iter().map(one).collect()
}
