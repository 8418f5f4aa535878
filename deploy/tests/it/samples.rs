//! Real input: messages published with mosquitto_pub come out of `specola query` as they went in, and refusals are in the dead letters.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::books::closed_books;
use crate::city::{Home, Mosquitto, Running, wait_for};

fn config(broker: u16) -> String {
    format!(
        r##"
[[tenants]]
id = "city"
name = "Prova"
[store]
folder = "{{folder}}/data"
[api]
bind = "127.0.0.1:0"
[[ingest.brokers]]
name = "mosquitto"
tenant = "city"
url = "mqtt://127.0.0.1:{broker}"
topics = ["#"]
[[ingest.routes]]
topic = "specola/v1/+/+/readings"
format = "specola-json"
[[ingest.routes]]
topic = "application/+/device/+/event/+"
format = "chirpstack-v4"
[[ingest.routes]]
topic = "v3/+/devices/+/#"
format = "tts-v3"
[[ingest.routes]]
topic = "senml/+/json"
format = "senml-json"
[[ingest.routes]]
topic = "senml/+/cbor"
format = "senml-cbor"
[[ingest.routes]]
topic = "ngsi-ld/+"
format = "ngsi-ld"
[[ingest.routes]]
topic = "**/onvif-ej/#"
format = "onvif-ej"
[[ingest.routes]]
topic = "tele/+/SENSOR"
format = "generic-json"
[ingest.routes.mapping]
device = {{ topic_level = 2 }}
time = {{ field = "Time", zone = "UTC" }}
leaves = "numbers"
exclude = ["ENERGY.TotalStartTime", "TempUnit"]
"##
    )
}

/// Device, metric, value as it is kept, unit, time (none: the time of arrival).
type Expected = (String, String, Value, Option<String>, Option<String>);
/// The same as it stands in a test.
type Written<'a> = (&'a str, &'a str, Value, Option<&'a str>, Option<&'a str>);

/// One message and what must come of it.
struct Sample {
    topic: String,
    payload: Vec<u8>,
    readings: Vec<Expected>,
    /// Reasons that are right when it is refused.
    refused: Vec<String>,
}

fn sample(topic: &str, payload: &str, readings: &[Written<'_>], refused: &[&str]) -> Sample {
    let own = |text: &Option<&str>| text.map(str::to_owned);
    Sample {
        topic: topic.to_owned(),
        payload: payload.as_bytes().to_vec(),
        readings: readings
            .iter()
            .map(|(d, m, v, u, t)| ((*d).to_owned(), (*m).to_owned(), v.clone(), own(u), own(t)))
            .collect(),
        refused: refused.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

fn ours() -> Vec<Sample> {
    let up = "application/a1/device/00aa00aa00aa00aa/event/up";
    vec![
        sample(
            "specola/v1/city/pozzo-3/readings",
            r#"{"time":"2026-03-01T10:00:00.123456789Z","readings":[{"device":"pozzo-3","metric":"livello","value":2.75,"unit":"m"},
                {"device":"pozzo-3","metric":"pompa","value":true},{"device":"pozzo-3","metric":"stato","value":"marcia"},
                {"device":"pozzo-3","metric":"contatore","value":9007199254740993}]}"#,
            &[
                ("pozzo-3", "livello", 2.75.into(), Some("m"), Some("2026-03-01T10:00:00.123456789Z")),
                ("pozzo-3", "pompa", true.into(), None, Some("2026-03-01T10:00:00.123456789Z")),
                ("pozzo-3", "stato", "marcia".into(), None, Some("2026-03-01T10:00:00.123456789Z")),
                (
                    "pozzo-3",
                    "contatore",
                    9_007_199_254_740_993_i64.into(),
                    None,
                    Some("2026-03-01T10:00:00.123456789Z"),
                ),
            ],
            &[],
        ),
        sample(
            up,
            r#"{"time":"2026-03-01T10:00:00+00:00","deviceInfo":{"devEui":"00AA00AA00AA00AA"},"object":{"t":-3.5,"in":{"v":[0,false]}}}"#,
            &[
                ("00aa00aa00aa00aa", "t", (-3.5).into(), None, Some("2026-03-01T10:00:00Z")),
                ("00aa00aa00aa00aa", "in.v.0", 0.0.into(), None, Some("2026-03-01T10:00:00Z")),
                ("00aa00aa00aa00aa", "in.v.1", false.into(), None, Some("2026-03-01T10:00:00Z")),
            ],
            &[],
        ),
        sample(
            "senml/porto/json",
            r#"[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1772359200,"n":"no2","u":"ug/m3","v":41.5},{"n":"no2","t":-60,"v":40}]"#,
            &[
                ("urn:dev:mac:0024befffe804ff1", "no2", 41.5.into(), Some("ug/m3"), Some("2026-03-01T10:00:00Z")),
                ("urn:dev:mac:0024befffe804ff1", "no2", 40.0.into(), None, Some("2026-03-01T09:59:00Z")),
            ],
            &[],
        ),
        sample("senml/porto/cbor", "?", &[], &["malformed"]),
        sample(
            "v3/acqua@comune/devices/serbatoio/up",
            r#"{"end_device_ids":{"dev_eui":"00BB00BB00BB00BB"},"uplink_message":{"received_at":"2026-03-01T10:00:00Z","decoded_payload":{"level":2.5},"rx_metadata":[{"rssi":-35}]}}"#,
            &[("00bb00bb00bb00bb", "level", 2.5.into(), None, Some("2026-03-01T10:00:00Z"))],
            &[],
        ),
        sample(
            "citta/piazza/cam-1/onvif-ej/RuleEngine/CountAggregation/Counter/&1",
            r#"{"UtcTime":"2026-03-01T10:00:00Z","Source":{"Rule":"varco"},"Data":{"Count":"12"}}"#,
            &[(
                "citta/piazza/cam-1",
                "RuleEngine/CountAggregation/Counter/Count",
                12.0.into(),
                None,
                Some("2026-03-01T10:00:00Z"),
            )],
            &[],
        ),
        sample(
            "ngsi-ld/aria",
            r#"{"id":"urn:aria","type":"AirQualityObserved","no2":{"type":"Property","value":41.5,"unitCode":"GQ","observedAt":"2026-03-01T10:00:00Z"}}"#,
            &[("urn:aria", "no2", 41.5.into(), Some("GQ"), Some("2026-03-01T10:00:00Z"))],
            &[],
        ),
        sample(
            "tele/presa/SENSOR",
            r#"{"Time":"2026-03-01T10:00:00","ENERGY":{"TotalStartTime":"2026-01-01T00:00:00","Power":12,"Factor":0.6}}"#,
            &[
                ("presa", "ENERGY.Power", 12.0.into(), None, Some("2026-03-01T10:00:00Z")),
                ("presa", "ENERGY.Factor", 0.6.into(), None, Some("2026-03-01T10:00:00Z")),
            ],
            &[],
        ),
        sample(up, r#"{"time":"2026-03-01T10:00:01Z","deviceInfo":{"devEui":"00aa00aa0"#, &[], &["malformed"]),
        sample(up, r#"{"time":"2026-03-01T10:00:01Z","deviceInfo":{},"object":{"t":1}}"#, &[], &["schema"]),
        sample(
            up,
            r#"{"time":"2026-03-01T10:00:01Z","deviceInfo":{"devEui":"00aa00aa00aa00aa"},"object":{"t":1,"t":2}}"#,
            &[],
            &["duplicate_key"],
        ),
        sample(
            up,
            r#"{"time":"2199-03-01T10:00:01Z","deviceInfo":{"devEui":"00aa00aa00aa00aa"},"object":{"t":1}}"#,
            &[],
            &["timestamp"],
        ),
        sample("nessuno/lo/conosce", "{}", &[], &["unknown_format"]),
    ]
}

/// The samples of a folder with a manifest, where there is one beside the repository.
fn theirs(folder: &Path) -> Vec<Sample> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let formats = ["chirpstack-v4", "tts-v3", "senml-json", "senml-cbor", "onvif-ej", "ngsi-ld", "generic-json"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    manifest["samples"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| formats.contains(&entry["format"].as_str().unwrap()))
        .map(|entry| Sample {
            topic: entry["topic"].as_str().unwrap().to_owned(),
            payload: std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap(),
            readings: entry["readings"]
                .as_array()
                .map(|readings| {
                    readings
                        .iter()
                        .map(|r| {
                            (
                                text(&r["device"]).unwrap(),
                                text(&r["metric"]).unwrap(),
                                r["value"].clone(),
                                text(&r["unit"]),
                                plain_time(&r["time"]),
                            )
                        })
                        .collect()
                })
                .unwrap_or_default(),
            refused: text(&entry["reason"])
                .into_iter()
                .chain(entry["also"].as_array().into_iter().flatten().filter_map(text))
                .collect(),
        })
        .collect()
}

/// A time that does not depend on the moment of arrival.
fn plain_time(time: &Value) -> Option<String> {
    time.as_str().filter(|text| *text != "receive").map(str::to_owned)
}

#[track_caller]
fn publish_all(broker: &Mosquitto, running: &Running, samples: &[Sample]) {
    let before = running.counter("ingest", "messages").unwrap();
    for sample in samples {
        broker.publish(&sample.topic, &sample.payload);
    }
    let all = before + samples.len() as u64;
    wait_for("all messages to arrive", || (running.counter("ingest", "messages")? >= all).then_some(()));
}

/// The value of a row in the form of a manifest.
fn value(row: &Value) -> Value {
    ["flag", "integer", "text", "value"]
        .into_iter()
        .map(|column| row[column].clone())
        .find(|cell| !cell.is_null())
        .unwrap_or(Value::Null)
}

fn same(kept: &Value, expected: &Value) -> bool {
    match (kept.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) if !kept.is_i64() => (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        _ => kept == expected,
    }
}

fn verify(samples: &[Sample]) {
    let broker = Mosquitto::start();
    let home = Home::new(&config(broker.port));
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    publish_all(&broker, &running, samples);
    let refused = samples.iter().filter(|sample| !sample.refused.is_empty()).count();
    wait_for("the refusals to be kept", || (home.letters().len() == refused).then_some(()));
    closed_books(&running);
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());

    let rows = home.query("select * from readings where metric not like '\\_%' escape '\\'");
    let (mut matched, mut known) = (BTreeSet::new(), Vec::new());
    for sample in samples {
        for reading in &sample.readings {
            // Two samples that say the same in different formats are one reading.
            if reading.4.is_some() && known.contains(&reading) {
                continue;
            }
            known.push(reading);
            let (device, metric, expected, unit, time) = reading;
            let found = rows.iter().enumerate().find(|(index, row)| {
                !matched.contains(index)
                    && row["device"] == device.as_str()
                    && row["metric"] == metric.as_str()
                    && row["unit"] == unit.as_deref().map_or(Value::Null, Value::from)
                    && same(&value(row), expected)
                    && time.as_ref().is_none_or(|time| {
                        model::Timestamp::parse(row["time"].as_str().unwrap()).unwrap()
                            == model::Timestamp::parse(time).unwrap()
                    })
            });
            let (index, _) = found.unwrap_or_else(|| {
                panic!("{device} {metric} = {expected} {unit:?} at {time:?} is not among {rows:#?}")
            });
            matched.insert(index);
        }
    }
    let extra: Vec<&Value> =
        rows.iter().enumerate().filter(|(index, _)| !matched.contains(index)).map(|(_, row)| row).collect();
    assert!(extra.is_empty(), "nobody sent {extra:#?}");

    let mut letters = home.letters();
    for sample in samples.iter().filter(|sample| !sample.refused.is_empty()) {
        let head = String::from_utf8_lossy(&sample.payload)
            .chars()
            .map(|c| if c.is_control() { '·' } else { c })
            .take(200)
            .collect::<String>();
        let found = letters.iter().position(|letter| {
            letter["topic"] == sample.topic.as_str()
                && sample.refused.iter().any(|reason| letter["reason"] == reason.as_str())
                && letter["head"].as_str().unwrap().starts_with(head.as_str())
        });
        letters.remove(
            found.unwrap_or_else(|| {
                panic!("no letter for {} with {:?} among {letters:#?}", sample.topic, sample.refused)
            }),
        );
    }
    assert!(letters.is_empty(), "refused without need: {letters:#?}");
}

#[test]
fn what_is_published_comes_out_as_it_went_in() {
    verify(&ours());
}

#[test]
fn the_samples_beside_the_repository_come_out_as_their_manifest_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    // They belong to nobody here; the test above does the same with our own.
    if folder.join("manifest.json").exists() {
        verify(&theirs(&folder));
    }
}
