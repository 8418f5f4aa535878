//! Cameras: health reports as a recorder sends them, in JSON of its own that a declarative mapping reads.
//!
//! `cameras/<id>/health`: `{"camera": "cam-0001", "time": "2026-01-31T17:00:00.250Z", "health": {"fps": 24.9, "bitrate": {"value": 2100.0,
//! "unit": "kbit/s"}, "status": "online"}}`: device at `camera`, time at `time`, metrics below `health`.

use bytes::Bytes;
use model::Timestamp;
use serde::Serialize;

use super::{Said, Values, json};

#[derive(Serialize)]
struct Health<'a> {
    camera: &'a str,
    time: String,
    health: Values<'a>,
}

pub(super) fn health(said: &[Said<'_>], time: Timestamp) -> (String, Bytes) {
    let Said { sensor, samples } = &said[0];
    let camera = sensor.device.as_str();
    (format!("cameras/{camera}/health"), json(&Health { camera, time: time.to_rfc3339(), health: Values(samples) }))
}
