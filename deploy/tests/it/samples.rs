//! Real input: messages published with mosquitto_pub, or posted, come out of `specola query` as they went in, and refusals are in the dead letters.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::books::{book, closed_books};
use crate::city::{Mosquitto, Running, wait_for};
use crate::post::{Letter, machine};
use crate::prelude::Prelude;

/// The routes of every format whose sender is on the manifest.
const ROUTES: &str = r##"topics = ["#"]
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
topic = "spBv1.0/#"
format = "sparkplug-b"
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
device = { topic_level = 2 }
time = { field = "Time", zone = "UTC" }
leaves = "numbers"
exclude = ["ENERGY.TotalStartTime", "TempUnit"]"##;
/// How a manifest says that a sample is posted, and where to.
const POSTED: (&str, &str) = ("HTTP POST ", "/log-reports");

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
    /// How far a number may be from the expected one, as a share of it: some senders have short floats.
    tolerance: f64,
}

/// The closest that two numbers of 64 bits that were written as text may be asked to be.
const EXACT: f64 = 1e-9;

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
        tolerance: EXACT,
    }
}

/// A varint of protobuf.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A field of protobuf that is a number.
fn number(field: u8, value: u64) -> Vec<u8> {
    let mut bytes = vec![field << 3];
    bytes.extend(varint(value));
    bytes
}

/// A field of protobuf that has a length.
fn nested(field: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![field << 3 | 2];
    bytes.extend(varint(body.len() as u64));
    bytes.extend_from_slice(body);
    bytes
}

/// A Sparkplug payload of ten o'clock with this sequence number. Metrics are a name, an alias, and a number of 64 bits: whole, or a fraction.
fn sparkplug(sequence: u64, metrics: &[(&str, u64, Result<u64, f64>)]) -> Vec<u8> {
    const TEN: u64 = 1_772_359_200_000;
    let mut payload = number(1, TEN);
    for (name, alias, value) in metrics {
        let mut metric = if name.is_empty() { Vec::new() } else { nested(1, name.as_bytes()) };
        metric.extend(number(2, *alias));
        metric.extend(number(3, TEN + sequence * 1_000));
        match value {
            Ok(whole) => {
                metric.extend(number(4, 8));
                metric.extend(number(11, *whole));
            }
            Err(fraction) => {
                metric.extend(number(4, 10));
                // Field 13 with eight bytes.
                metric.push(13 << 3 | 1);
                metric.extend(fraction.to_le_bytes());
            }
        }
        payload.extend(nested(2, &metric));
    }
    payload.extend(number(3, sequence));
    payload
}

/// A conversation in Sparkplug: a birth, data by alias, data of a device before its own birth.
fn conversation() -> Vec<Sample> {
    let at = |seconds: u32| format!("2026-03-01T10:00:0{seconds}Z");
    let said = |topic: &str, payload: Vec<u8>, readings: &[(&str, &str, f64, u32)], refused: &[&str]| Sample {
        payload,
        readings: readings
            .iter()
            .map(|(d, m, v, t)| ((*d).to_owned(), (*m).to_owned(), (*v).into(), None, Some(at(*t))))
            .collect(),
        ..sample(topic, "", &[], refused)
    };
    let birth = sparkplug(0, &[("bdSeq", 0, Ok(3)), ("pressione", 1, Err(2.5)), ("portata", 2, Err(-0.25))]);
    let born = [("Prova/nodo", "pressione", 2.5, 0), ("Prova/nodo", "portata", -0.25, 0)];
    vec![
        said("spBv1.0/Prova/NBIRTH/nodo", birth, &born, &[]),
        said(
            "spBv1.0/Prova/NDATA/nodo",
            sparkplug(1, &[("", 2, Err(0.75))]),
            &[("Prova/nodo", "portata", 0.75, 1)],
            &[],
        ),
        said(
            "spBv1.0/Prova/DBIRTH/nodo/valvola",
            sparkplug(2, &[("apertura", 7, Err(40.0))]),
            &[("Prova/nodo/valvola", "apertura", 40.0, 2)],
            &[],
        ),
        said(
            "spBv1.0/Prova/DDATA/nodo/valvola",
            sparkplug(3, &[("", 7, Err(45.0))]),
            &[("Prova/nodo/valvola", "apertura", 45.0, 3)],
            &[],
        ),
        said("spBv1.0/Prova/NDATA/altro", b"\xff\xff".to_vec(), &[], &["malformed"]),
    ]
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
        sample(
            "HTTP POST /log-reports",
            r#"{"address":"log","entries":[{"data":{"type":"AttributeLogData","srcAddress":"lume/f","timestamp":"2026-03-01T10:00:00+01:00","attributeName":"ore","attributeValue":{"type":"AttributeFloat","value":6.5}}}]}"#,
            &[("lume", "f.ore", 6.5.into(), None, Some("2026-03-01T09:00:00Z"))],
            &[],
        ),
    ]
}

/// The samples of a folder with a manifest, where there is one beside the repository.
fn theirs(folder: &Path) -> Vec<Sample> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entries = manifest["samples"].as_array().unwrap();
    let samples: Vec<Sample> = entries
        .iter()
        // A warning to people, not a reading of a sensor.
        .filter(|entry| entry["format"] != "cap-1.2")
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
            tolerance: entry["tolerance"].as_f64().unwrap_or(EXACT),
        })
        .collect();
    assert!(samples.len() + 1 >= entries.len(), "only {} of {} samples are tried", samples.len(), entries.len());
    samples
}

/// A time that does not depend on the moment of arrival.
fn plain_time(time: &Value) -> Option<String> {
    time.as_str().filter(|text| *text != "receive").map(str::to_owned)
}

#[track_caller]
fn send_all(broker: &Mosquitto, running: &Running, token: &str, samples: &[Sample]) {
    let before = running.counter("ingest", "messages").unwrap();
    for sample in samples {
        if sample.topic.starts_with(POSTED.0) {
            let (status, answer) =
                Letter::new(POSTED.1, "application/json", &sample.payload).send(running.http, token).unwrap();
            assert_eq!((status, &answer["accepted"]), (201, &sample.readings.len().into()), "{answer}");
        } else {
            broker.publish(&sample.topic, &sample.payload);
        }
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

fn same(kept: &Value, expected: &Value, tolerance: f64) -> bool {
    match (kept.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) if !kept.is_i64() => (a - b).abs() <= tolerance * b.abs().max(1.0),
        _ => kept == expected,
    }
}

fn verify(samples: &[Sample]) {
    let broker = Mosquitto::start();
    let home = Prelude::city().broker(broker.port).with(ROUTES).home();
    let token = machine(&home, "gateway", "city");
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    send_all(&broker, &running, &token, samples);
    let refused = samples.iter().filter(|sample| !sample.refused.is_empty()).count();
    wait_for("the refusals to be kept", || (home.letters().len() == refused).then_some(()));
    let books = closed_books(&running);
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());

    let rows = home.query("select * from readings where metric not like '\\_%' escape '\\'");
    let (mut matched, mut known, mut conflicts) = (BTreeSet::new(), Vec::<&Expected>::new(), 0);
    for sample in samples {
        for reading in &sample.readings {
            // Two samples that say the same in different formats are one reading; of two that contradict each other the first stays.
            let (device, metric, expected, unit, time) = reading;
            let before = known.iter().find(|(d, m, _, _, t)| time.is_some() && (d, m, t) == (device, metric, time));
            if let Some(before) = before {
                conflicts += u64::from(before.2 != *expected);
                continue;
            }
            known.push(reading);
            let found = rows.iter().enumerate().find(|(index, row)| {
                !matched.contains(index)
                    && row["device"] == device.as_str()
                    && row["metric"] == metric.as_str()
                    && row["unit"] == unit.as_deref().map_or(Value::Null, Value::from)
                    && same(&value(row), expected, sample.tolerance)
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

    let found = book(&books, "mosquitto", "readings").of("conflict");
    assert_eq!(found, conflicts, "{books:?}");

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
    verify(&ours().into_iter().chain(conversation()).collect::<Vec<_>>());
}

#[test]
fn the_samples_beside_the_repository_come_out_as_their_manifest_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    // They belong to nobody here; the test above does the same with our own.
    if folder.join("manifest.json").exists() {
        verify(&theirs(&folder));
    }
}
