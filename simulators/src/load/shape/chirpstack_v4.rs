//! LoRaWAN uplinks as ChirpStack v4 publishes them.

use super::speech::{Shape, Speech, Wanted, metric};
use crate::load::template::{Hole, Template};

pub(super) const SHAPE: Shape = Shape { speech, filter: |_| "application/load/device/+/event/up".to_owned() };

fn speech(wanted: &Wanted<'_>) -> Speech {
    let device = format!("{:016x}", wanted.eui);
    let mut payload = Template::default();
    payload.put(r#"{"time":""#).hole(Hole::Rfc3339);
    payload.put(format!(r#"","deviceInfo":{{"applicationId":"load","devEui":"{device}"}},"fPort":10,"object":{{"#));
    for index in 0..wanted.values {
        payload.put(if index == 0 { "" } else { "," }).put(format!("\"{}\":", metric(index))).hole(Hole::Digits);
    }
    let missing = wanted.bytes.saturating_sub(payload.len() + 2);
    payload.put("}").put(" ".repeat(missing)).put("}");
    let topic = format!("application/load/device/{device}/event/up");
    Speech { topic, payload, device, births: Vec::new(), step: 1 }
}
