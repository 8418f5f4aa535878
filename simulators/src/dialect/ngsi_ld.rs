//! NGSI-LD (ETSI GS CIM 009): an entity per device; several of them travel as a notification. Units are UN/CEFACT codes.

use model::{Geometry, Timestamp};
use serde_json::{Map, Value, json};

use super::values;
use super::voice::{Report, Said, assured};
use crate::City;
use crate::chance::scramble;
use crate::city::Trade;
use crate::publish::Message;
use crate::sensor::Shown;

const CONTEXT: &str = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld";

/// The entity of a device.
pub(super) fn id(trade: Trade, device: &str) -> String {
    format!("urn:ngsi-ld:{}:{device}", kind(trade))
}

fn kind(trade: Trade) -> &'static str {
    match trade {
        Trade::Streetlight => "Streetlight",
        Trade::Camera => "Camera",
        Trade::Structural => "Device",
        Trade::Water => "WaterNetworkSensor",
        Trade::Environment => "EnvironmentObserved",
    }
}

pub(super) fn entities(report: &Report<'_>) -> Vec<Message> {
    let topic = format!("ngsi-ld/{}", report.gateway.id);
    let count = report.said.iter().map(|said| said.samples.len()).sum();
    let mut entities: Vec<Value> =
        report.said.iter().map(|said| entity(report.city, report.gateway.trade, said, report.time)).collect();
    let body = match entities.pop() {
        Some(only) if entities.is_empty() => only,
        last => {
            entities.extend(last);
            let once = scramble(report.time.as_millis().unsigned_abs());
            json!({
                "id": format!("urn:ngsi-ld:Notification:{once:016x}"),
                "type": "Notification",
                "subscriptionId": format!("urn:ngsi-ld:Subscription:{}", report.gateway.id),
                "notifiedAt": report.time.to_rfc3339(),
                "data": entities,
            })
        }
    };
    vec![assured(topic, values::json(&body), count)]
}

fn entity(city: &City, trade: Trade, said: &Said<'_>, time: Timestamp) -> Value {
    let mut entity = Map::new();
    entity.insert("id".to_owned(), id(trade, said.sensor.device.as_str()).into());
    entity.insert("type".to_owned(), kind(trade).into());
    let time = time.to_rfc3339();
    for sample in said.samples {
        let value = match sample.shown {
            Shown::Number(number) => number.into(),
            Shown::Flag(flag) => flag.into(),
            Shown::Word(word) => word.into(),
        };
        let mut property = Map::new();
        property.insert("type".to_owned(), "Property".into());
        property.insert("value".to_owned(), value);
        if !sample.unit.is_empty() {
            property.insert("unitCode".to_owned(), unit_code(sample.unit).into());
        }
        property.insert("observedAt".to_owned(), time.as_str().into());
        entity.insert(sample.metric.to_owned(), property.into());
    }
    if let Some(at) = city.assets[said.sensor.asset].geometry.as_ref().and_then(Geometry::anchor) {
        let point = json!({"type": "Point", "coordinates": [at.lon(), at.lat()]});
        entity.insert("location".to_owned(), json!({"type": "GeoProperty", "value": point}));
    }
    entity.insert("@context".to_owned(), CONTEXT.into());
    entity.into()
}

/// UN/ECE Recommendation 20; a unit that has no code there is written as it is.
fn unit_code(unit: &'static str) -> &'static str {
    match unit {
        "%" | "%RH" => "P1",
        "1/s" => "C97",
        "A" => "AMP",
        "Cel" | "°C" => "CEL",
        "Hz" => "HTZ",
        "V" => "VLT",
        "W" => "WTT",
        "W/m2" => "D54",
        "bar" => "BAR",
        "dB" => "2N",
        "h" => "HUR",
        "hPa" => "A97",
        "kW" => "KWT",
        "kWh" => "KWH",
        "kbit/s" => "C74",
        "l/s" => "G51",
        "m" => "MTR",
        "m/s" => "MTS",
        "mg/l" => "M1",
        "mm" => "MMT",
        "mm/h" => "H67",
        "mm/s" => "C16",
        "mrad" => "C25",
        "pH" => "Q30",
        "s" => "SEC",
        "ug/m3" => "GQ",
        other => other,
    }
}
