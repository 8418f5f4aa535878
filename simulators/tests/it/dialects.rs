//! The same city in every dialect: as many readings, under the names that its registry says.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use ciborium::Value as Cbor;
use model::{DeviceId, Duration};
use serde_json::Value as Json;
use simulators::{City, Dialect, Dialects, Message, Plan};

use crate::{SEED, at, city};

const START: &str = "2026-04-01T20:00:00Z";

fn speaking(dialect: Dialect) -> Arc<City> {
    Arc::new(city(SEED, 0.02).speaking(&Dialects::all(dialect)))
}

/// What the city says in a minute, asked for every 100 ms.
fn said(city: &Arc<City>) -> Vec<Message> {
    let mut plans = Plan::all(city, None, 200.0, at(START));
    let mut messages = Vec::new();
    for step in 1..=600 {
        let now = at(START).plus(Duration::from_millis(step * 100));
        for plan in &mut plans {
            messages.extend(std::iter::from_fn(|| plan.due(now)));
        }
    }
    messages
}

fn devices(city: &City) -> HashSet<String> {
    city.assets().iter().flat_map(|asset| asset.devices.iter().map(DeviceId::to_string)).collect()
}

/// The only message of the kind that a test looks at.
fn first(messages: &[Message], topic: impl Fn(&str) -> bool) -> &Message {
    messages.iter().find(|message| topic(&message.topic)).expect("such a message is among them")
}

fn json(message: &Message) -> Json {
    serde_json::from_slice(&message.payload).unwrap()
}

#[test]
fn every_dialect_carries_as_many_readings() {
    let readings = |dialect| said(&speaking(dialect)).iter().map(|message| message.readings).sum::<usize>();
    let expected = readings(Dialect::SpecolaJson);
    assert!(expected > 2_000, "{expected}");
    for dialect in Dialect::ALL {
        assert_eq!(readings(dialect), expected, "{dialect}");
    }
}

#[test]
fn the_registry_names_devices_as_they_will_be_known() {
    let own = devices(&speaking(Dialect::SpecolaJson));
    for dialect in Dialect::ALL {
        let known = devices(&speaking(dialect));
        assert_eq!(known.len(), own.len(), "{dialect}: two devices have one name");
    }
    let known = |dialect| devices(&speaking(dialect));
    assert!(
        known(Dialect::SparkplugB).iter().all(|name| name.starts_with("messina/") && name.matches('/').count() == 2)
    );
    assert!(known(Dialect::NgsiLd).contains("urn:ngsi-ld:Camera:cam-0001"));
    assert!(known(Dialect::TtsV3).iter().all(|name| name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit())));
    assert_eq!(known(Dialect::TtsV3), known(Dialect::ChirpstackV4));
}

#[test]
fn history_has_the_names_of_the_dialect() {
    let city = speaking(Dialect::OnvifEj);
    let window = model::Window::new(at(START), at(START).plus(Duration::from_secs(1))).unwrap();
    let known = devices(&city);
    for batch in city.history(window, Duration::from_secs(1), None).unwrap() {
        for reading in batch.readings() {
            assert!(known.contains(reading.series.device.as_str()));
            // The class of cameras knows the events of ONVIF; for all others they keep their long names.
            let (device, metric) = (reading.series.device.as_str(), reading.series.metric.as_str());
            assert_eq!(metric.starts_with("Device/Report/"), !device.starts_with("cam-"), "{device} {metric}");
        }
    }
    let main = city.assets().iter().find(|asset| asset.class.as_str() == "camera").unwrap().main_metric.clone();
    assert_eq!(main.unwrap().as_str(), "fps");
}

#[test]
fn a_senml_pack_in_cbor_has_integer_labels_and_an_exact_time() {
    let messages = said(&speaking(Dialect::SenmlCbor));
    let pack = first(&messages, |topic| topic == "senml/cam-0001/cbor");
    let Cbor::Array(records) = ciborium::from_reader(&pack.payload[..]).unwrap() else { panic!("a pack is a list") };
    assert_eq!(records.len(), pack.readings);
    let fields = |record: &Cbor| -> BTreeMap<i128, Cbor> {
        record.as_map().unwrap().iter().map(|(k, v)| (k.as_integer().unwrap().into(), v.clone())).collect()
    };
    let head = fields(&records[0]);
    assert_eq!(head[&-2], Cbor::from("cam-0001:"));
    let (tag, time) = head[&-3].as_tag().unwrap();
    let millis: i128 = time.as_array().unwrap()[1].as_integer().unwrap().into();
    assert!(tag == 4 && millis > i128::from(at(START).as_millis()));
    assert_eq!((&head[&0], &head[&1]), (&Cbor::from("fps"), &Cbor::from("1/s")));
    assert!(records.iter().skip(1).all(|record| !fields(record).contains_key(&-2)));
    assert!(records.iter().any(|record| fields(record).get(&3) == Some(&Cbor::from("online"))));
}

#[test]
fn an_uplink_of_the_things_stack_names_its_device_in_topic_and_body() {
    let messages = said(&speaking(Dialect::TtsV3));
    let up = first(&messages, |topic| topic == "v3/messina@comune/devices/cam-0001/up");
    let body = json(up);
    assert_eq!(body["end_device_ids"]["device_id"], "cam-0001");
    assert_eq!(body["end_device_ids"]["dev_eui"].as_str().unwrap().len(), 16);
    let values = body["uplink_message"]["decoded_payload"].as_object().unwrap();
    assert_eq!((values.len(), &values["bitrate"]["unit"]), (up.readings, &Json::from("kbit/s")));
    assert!(body["uplink_message"]["received_at"].as_str() < body["received_at"].as_str());
}

#[test]
fn an_onvif_event_quotes_its_data() {
    let messages = said(&speaking(Dialect::OnvifEj));
    let event = first(&messages, |topic| topic == "cam-0001/onvif-ej/Device/Report/&1");
    let body = json(event);
    assert!(body["Data"]["fps"].as_str().unwrap().parse::<f64>().unwrap() > 20.0);
    assert_eq!((&body["Data"]["status"], &body["Source"]["VideoSource"]), (&Json::from("online"), &Json::from("1")));
}

#[test]
fn an_entity_travels_alone_and_several_as_a_notification() {
    let messages = said(&speaking(Dialect::NgsiLd));
    let bodies: Vec<Json> = messages.iter().map(json).collect();
    let camera = bodies.iter().find(|body| body["id"] == "urn:ngsi-ld:Camera:cam-0001").unwrap();
    assert_eq!(
        (&camera["bitrate"]["unitCode"], &camera["bitrate"]["type"]),
        (&Json::from("C74"), &Json::from("Property"))
    );
    assert_eq!(camera["location"]["value"]["coordinates"].as_array().unwrap().len(), 2);
    let many = bodies.iter().find(|body| body["type"] == "Notification").unwrap();
    assert!(many["data"].as_array().unwrap().len() > 1);
}

#[test]
fn vendors_have_shapes_of_their_own() {
    let messages = said(&speaking(Dialect::GenericJson));
    let state = json(first(&messages, |topic| topic.starts_with("vendor/")));
    assert!(state["id"].is_string() && state["ts"].as_i64().unwrap() > at(START).as_millis());
    let health = json(first(&messages, |topic| topic == "cameras/cam-0001/health"));
    assert_eq!(health["camera"], "cam-0001");
}
