//! The formats gateways send, one file each; this list says which trade sends which.

mod camera;
mod chirpstack;
mod senml;
mod specola;

use bytes::Bytes;
use model::Timestamp;
use serde::Serialize;

use crate::City;
use crate::city::{Gateway, Trade};
use crate::publish::Message;
use crate::sensor::{Sample, Sensor};

/// What one sensor says in a message.
pub(crate) struct Said<'a> {
    pub(crate) sensor: &'a Sensor,
    pub(crate) samples: &'a [Sample],
}

/// The message in which a gateway reports what some sensors said at `time`; `said` is not empty.
pub(crate) fn message(city: &City, gateway: &Gateway, said: &[Said<'_>], time: Timestamp) -> Message {
    let (topic, payload) = match gateway.trade {
        Trade::Streetlight => chirpstack::uplink(city, gateway, said, time),
        Trade::Camera => camera::health(said, time),
        Trade::Environment => senml::pack(said, time),
        Trade::Structural | Trade::Water => specola::readings(city, gateway, said, time),
    };
    Message { topic, payload, readings: said.iter().map(|one| one.samples.len()).sum() }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("bodies have text keys and finite numbers").into()
}

/// `{"value": 3.2, "unit": "bar"}`, or the bare value when there is no unit.
struct Measured<'a>(&'a Sample);

impl Serialize for Measured<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.unit.is_empty() {
            return self.0.shown.serialize(serializer);
        }
        let mut map = serde::Serializer::serialize_map(serializer, Some(2))?;
        serde::ser::SerializeMap::serialize_entry(&mut map, "value", &self.0.shown)?;
        serde::ser::SerializeMap::serialize_entry(&mut map, "unit", self.0.unit)?;
        serde::ser::SerializeMap::end(map)
    }
}

/// Samples as one object: metric to [`Measured`].
struct Values<'a>(&'a [Sample]);

impl Serialize for Values<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|sample| (sample.metric, Measured(sample))))
    }
}
