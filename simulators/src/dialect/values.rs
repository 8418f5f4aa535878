//! How several dialects write the values of a sensor in JSON: a bare value, or an object of value and unit.

use bytes::Bytes;
use serde::Serialize;

use crate::sensor::Sample;

/// A body as it goes over the wire.
pub(super) fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("bodies have text keys and finite numbers").into()
}

/// `{"value": 3.2, "unit": "bar"}`, or the bare value when there is no unit.
pub(super) struct Measured<'a>(pub(super) &'a Sample);

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
pub(super) struct Values<'a>(pub(super) &'a [Sample]);

impl Serialize for Values<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|sample| (sample.metric, Measured(sample))))
    }
}
