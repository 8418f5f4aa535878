//! Third-party samples with their expected readings, when they lie beside the project; they are not part of it.

use std::collections::HashMap;
use std::path::Path;

use ingest::config::Route;
use ingest::decode::PRESENCE;
use ingest::{Arrival, Clock, Config, SystemClock};
use model::{Timestamp, Value};
use serde_json::Value as Json;

use crate::kit::{line, raw, trial};

const FORMATS: [&str; 9] = [
    "chirpstack-v4",
    "tts-v3",
    "senml-json",
    "senml-cbor",
    "onvif-ej",
    "ngsi-ld",
    "generic-json",
    "talq-v2",
    "sparkplug-b",
];

fn config() -> Config {
    let tasmota = "topic = \"tele/+/SENSOR\"\nformat = \"generic-json\"\n[mapping]\ndevice = { topic_level = 2 }\n\
        time = { field = \"Time\", zone = \"UTC\" }\nexclude = [\"ENERGY.TotalStartTime\", \"TempUnit\"]\n";
    let mut routes = Route::defaults();
    routes.push(toml::from_str(tasmota).unwrap());
    Config { routes, ..Config::default() }
}

fn time_matches(expected: &Json, found: Timestamp, received: Timestamp) -> bool {
    let near = |wanted: Timestamp| (found.as_nanos() - wanted.as_nanos()).abs() < 1_000_000;
    match expected {
        Json::String(word) if word == "receive" => near(received),
        Json::String(text) => near(Timestamp::parse(text).unwrap()),
        Json::Object(object) if object.contains_key("any_of") => {
            object["any_of"].as_array().unwrap().iter().any(|one| time_matches(one, found, received))
        }
        Json::Object(object) => {
            let nanos = (object["receive_offset_s"].as_f64().unwrap() * 1e9) as i64;
            near(Timestamp::from_nanos(received.as_nanos() + nanos))
        }
        other => panic!("{other} is no time"),
    }
}

/// Whether the value is the expected one; `tolerance` is relative, for numbers that were sent as short floats.
fn value_matches(expected: &Json, found: &Value, tolerance: f64) -> bool {
    match (expected, found) {
        (Json::Bool(wanted), Value::Flag(flag)) => wanted == flag,
        (Json::String(wanted), Value::Text(text)) => **text == *wanted,
        (Json::Number(wanted), found) => {
            let (wanted, found) = (wanted.as_f64().unwrap(), found.as_number().unwrap_or(f64::NAN));
            !matches!(expected, Json::Bool(_)) && (wanted - found).abs() <= wanted.abs() * tolerance
        }
        _ => false,
    }
}

/// Where the sample says that its device is, in the readings and for the map.
fn check_place(id: &str, location: &Json, arrival: &Arrival) {
    let Some(expected) = location.as_object() else {
        return assert!(arrival.places.is_empty(), "{id}: a place out of nothing");
    };
    let number = |metric: &str| {
        let hit = arrival.readings.iter().find(|reading| reading.series.metric.as_str() == metric);
        hit.and_then(|reading| reading.value.as_number())
    };
    for (field, metric) in [("lon", "_longitude"), ("lat", "_latitude"), ("alt", "_altitude")] {
        assert_eq!(number(metric), expected.get(field).and_then(Json::as_f64), "{id}: {metric}");
    }
    let place = arrival.places[0].position;
    assert_eq!((Some(place.lon()), Some(place.lat())), (expected["lon"].as_f64(), expected["lat"].as_f64()), "{id}");
}

/// What the sample says that happened.
fn check_event(id: &str, event: &Json, arrival: &Arrival, received: Timestamp) {
    if event.is_null() {
        return;
    }
    let metric = format!("_event/{}", event["type"].as_str().unwrap());
    let hit = arrival.readings.iter().find(|reading| reading.series.metric.as_str() == metric);
    let Some(Value::Text(detail)) = hit.map(|reading| &reading.value) else { panic!("{id}: no {metric}") };
    assert_eq!(serde_json::from_str::<Json>(detail).unwrap()["Source"], event["source"], "{id}");
    assert!(hit.is_some_and(|reading| time_matches(&event["time"], reading.time, received)), "{id}");
}

/// Whether the device came or went, as the sample says.
fn check_state(id: &str, state: &Json, arrival: &Arrival) {
    let Some(device) = state["device"].as_str() else { return };
    let online = |reading: &&model::Reading| {
        reading.series.device.as_str() == device && reading.series.metric.as_str() == PRESENCE
    };
    let found = arrival.readings.iter().filter(online).map(|reading| reading.value.clone()).collect::<Vec<_>>();
    assert_eq!(found, [Value::Flag(state["online"].as_bool().unwrap())], "{id}");
}

fn check(id: &str, sample: &Json, arrival: &Arrival, received: Timestamp) {
    let shown = arrival.readings.iter().map(line).collect::<Vec<_>>();
    let expected = sample["readings"].as_array().unwrap();
    let tolerance = sample["tolerance"].as_f64().unwrap_or(1e-9);
    let found =
        arrival.readings.iter().filter(|reading| !reading.series.metric.as_str().starts_with('_')).collect::<Vec<_>>();
    assert_eq!(found.len(), expected.len(), "{id}: {shown:?} {:?}", arrival.refused);
    for wanted in expected {
        let hit = found.iter().any(|reading| {
            reading.series.device.as_str() == wanted["device"]
                && reading.series.metric.as_str() == wanted["metric"]
                && reading.unit.as_str() == wanted["unit"].as_str()
                && value_matches(&wanted["value"], &reading.value, tolerance)
                && time_matches(&wanted["time"], reading.time, received)
        });
        assert!(hit, "{id}: {wanted} is missing among {shown:?}");
    }
    check_place(id, &sample["location"], arrival);
    check_event(id, &sample["event"], arrival, received);
    check_state(id, &sample["state"], arrival);
    let reasons = arrival.refused.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>();
    match sample["outcome"].as_str().unwrap() {
        "rejected" => {
            let mut allowed = vec![sample["reason"].as_str().unwrap()];
            allowed.extend(sample["also"].as_array().into_iter().flatten().filter_map(Json::as_str));
            assert!(
                reasons.len() == 1 && allowed.contains(&reasons[0]),
                "{id}: refused as {reasons:?}, not {allowed:?}"
            );
        }
        "accepted" => assert!(reasons.is_empty(), "{id}: {:?}", arrival.refused),
        _ => assert!(!reasons.is_empty(), "{id} lost nothing"),
    }
    let devices = sample["devices"].as_array().into_iter().flatten().filter_map(Json::as_str);
    for device in devices {
        assert!(arrival.seen.iter().any(|newcomer| newcomer.device.as_str() == device), "{id}: {device} was not seen");
    }
}

#[test]
fn every_sample_gives_the_readings_of_its_manifest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let Ok(manifest) = std::fs::read(folder.join("manifest.json")) else { return };
    let manifest = serde_json::from_slice::<Json>(&manifest).unwrap();
    let received = SystemClock.now();
    let mut tried = 0;
    // Samples of one session are one conversation, in the order of the file.
    let mut sessions = HashMap::new();
    for sample in manifest["samples"].as_array().unwrap() {
        if !FORMATS.contains(&sample["format"].as_str().unwrap()) {
            continue;
        }
        let (id, session) = (sample["id"].as_str().unwrap(), sample["session"].as_str());
        let payload = std::fs::read(folder.join(sample["file"].as_str().unwrap())).unwrap();
        let topic = match sample["topic"].as_str().unwrap() {
            "HTTP POST /log-reports" => ingest::config::topics::TALQ_V2,
            topic => topic,
        };
        let mut message = raw(topic, &payload);
        message.received = received;
        let trial = sessions.entry(session.unwrap_or(id)).or_insert_with(|| trial(&config()));
        check(id, sample, &trial.hear(&message), received);
        assert!(trial.commands().is_empty(), "{id}: nothing is missing");
        tried += 1;
    }
    assert!(tried >= 33, "only {tried} samples were tried");
}
