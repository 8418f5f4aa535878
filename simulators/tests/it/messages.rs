//! What goes over the wire: formats, rates, evenness.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Duration, Timestamp};
use serde_json::Value as Json;
use simulators::{City, Message, Plan};

use crate::{MESSINA, SEED, at, city};

/// Everything that the city says within some seconds, asked for every 100 ms; with the second it left in.
fn said(city: &Arc<City>, rate: f64, start: Timestamp, seconds: u64) -> Vec<(u64, Message)> {
    let mut plans = Plan::all(city, None, rate, start);
    let mut messages = Vec::new();
    for step in 1..=seconds * 10 {
        let now = start.plus(Duration::from_millis(step * 100));
        for plan in &mut plans {
            while let Some(message) = plan.due(now) {
                messages.push(((step - 1) / 10, message));
            }
        }
    }
    messages
}

fn readings(messages: &[(u64, Message)]) -> usize {
    messages.iter().map(|(_, message)| message.readings).sum()
}

#[test]
fn the_rate_is_the_one_that_was_asked_for() {
    let start = at("2026-04-01T10:00:00Z");
    for rate in [500.0, 2_000.0, 6_000.0] {
        let seconds = 60;
        let per_second = readings(&said(&MESSINA, rate, start, seconds)) as f64 / seconds as f64;
        assert!((per_second / rate - 1.0).abs() < 0.06, "{per_second}/s instead of {rate}/s");
    }
}

#[test]
fn messages_leave_evenly() {
    let messages = said(&MESSINA, 2_000.0, at("2026-04-01T10:00:00Z"), 30);
    let mut per_second: HashMap<u64, usize> = HashMap::new();
    for (second, message) in &messages {
        *per_second.entry(*second).or_default() += message.readings;
    }
    let (least, most) = (per_second.values().min().unwrap(), per_second.values().max().unwrap());
    assert!(*most < 2 * least, "between {least} and {most} readings in a second");
}

#[test]
fn some_fifty_gateways_connect() {
    assert!((40..=60).contains(&MESSINA.gateway_count()), "{}", MESSINA.gateway_count());
}

#[test]
fn after_a_long_silence_of_the_broker_each_device_reports_once() {
    let start = at("2026-04-01T10:00:00Z");
    let late = start.plus(Duration::from_secs(3600));
    let city = Arc::new(city(SEED, 0.05));
    let mut count = 0;
    for mut plan in Plan::all(&city, None, 500.0, start) {
        while plan.due(late).is_some() {
            count += 1;
        }
    }
    assert!(count <= city.device_count(), "{count} messages of {} devices", city.device_count());
}

#[test]
fn street_lights_speak_chirpstack_and_carry_their_own_eui_in_the_topic() {
    let devices = devices_of(&MESSINA, "streetlight");
    let messages = said(&MESSINA, 2_000.0, at("2026-04-01T20:00:00Z"), 10);
    let mut count = 0;
    for (_, message) in messages.iter().filter(|(_, message)| message.topic.starts_with("application/")) {
        let levels: Vec<_> = message.topic.split('/').collect();
        let body: Json = serde_json::from_slice(&message.payload).unwrap();
        let eui = body["deviceInfo"]["devEui"].as_str().unwrap();
        assert!(
            levels.len() == 6 && levels[2] == "device" && levels[3] == eui && levels[4..] == ["event", "up"],
            "{}",
            message.topic
        );
        assert!(eui.len() == 16 && eui.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{eui}");
        assert!(devices.contains(eui));
        assert_eq!(levels[1], body["deviceInfo"]["applicationId"].as_str().unwrap());
        assert_eq!(body["object"].as_object().unwrap().len(), message.readings);
        assert_eq!(body["object"]["voltage"]["unit"], "V");
        assert!(body["time"].as_str().unwrap().ends_with('Z'));
        count += 1;
    }
    assert!(count > 1_000, "{count}");
}

#[test]
fn water_and_structures_speak_specolas_own_json() {
    let (water, structural) = (devices_of(&MESSINA, "water"), devices_of(&MESSINA, "structural"));
    let messages = said(&MESSINA, 2_000.0, at("2026-04-01T20:00:00Z"), 10);
    let (mut short, mut long) = (0, 0);
    for (_, message) in messages.iter().filter(|(_, message)| message.topic.starts_with("specola/v1/messina/")) {
        assert!(message.topic.ends_with("/readings"));
        let body: Json = serde_json::from_slice(&message.payload).unwrap();
        if let Some(list) = body["readings"].as_array() {
            assert_eq!(list.len(), message.readings);
            assert!(
                list.iter().all(|one| structural.contains(one["device"].as_str().unwrap()) && one["value"].is_number())
            );
            long += 1;
        } else {
            assert!(water.contains(body["device"].as_str().unwrap()));
            assert_eq!(body["values"].as_object().unwrap().len(), message.readings);
            short += 1;
        }
    }
    assert!(short > 100 && long > 20, "{short} short, {long} long");
}

#[test]
fn stations_speak_senml_and_cameras_a_json_of_their_own() {
    let (stations, cameras) = (devices_of(&MESSINA, "environment"), devices_of(&MESSINA, "camera"));
    let messages = said(&MESSINA, 2_000.0, at("2026-04-01T20:00:00Z"), 10);
    let (mut packs, mut reports) = (0, 0);
    for (_, message) in &messages {
        let body: Json = serde_json::from_slice(&message.payload).unwrap();
        if let Some(station) = message.topic.strip_prefix("senml/").and_then(|rest| rest.strip_suffix("/json")) {
            assert!(stations.contains(station));
            assert_eq!(body[0]["bn"], format!("{station}:"));
            assert!(body[0]["bt"].as_f64().unwrap() > 1.7e9);
            assert!(body.as_array().unwrap().iter().all(|record| record["n"].is_string() && record["v"].is_number()));
            packs += 1;
        } else if let Some(camera) =
            message.topic.strip_prefix("cameras/").and_then(|rest| rest.strip_suffix("/health"))
        {
            assert!(cameras.contains(camera));
            assert_eq!(body["camera"], camera);
            assert_eq!(body["health"]["status"], "online");
            reports += 1;
        }
    }
    assert!(packs > 40 && reports > 200, "{packs} packs, {reports} reports");
}

fn devices_of(city: &City, domain: &str) -> HashSet<String> {
    let assets = city.assets().iter().filter(|asset| asset.domain.as_str() == domain);
    assets.flat_map(|asset| asset.devices.iter().map(ToString::to_string)).collect()
}
