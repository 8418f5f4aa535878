//! Whatever bytes come: no decoder panics, and a good message afterwards is read.

use ingest::config::{Format, Route};
use ingest::{Config, Trial};
use proptest::prelude::*;

use crate::kit::{lines, raw, trial};

const TOPICS: [&str; 12] = [
    "http/json-lines",
    "http/csv",
    "http/csv-comma",
    "http/talq-v2",
    "specola/v1/messina/gw/readings",
    "application/1/device/0011223344556677/event/up",
    "application/1/device/0011223344556677/event/status",
    "senml/dev/json",
    "senml",
    "generic/x/y",
    "",
    "/////",
];

fn config() -> Config {
    let mapping = "topic = \"generic/#\"\nformat = \"generic-json\"\n[mapping]\ndevice = { path = \"a\" }\ntime = { field = \"t\", format = \"unix_s\" }\nleaves = \"scalars\"\n";
    let mut routes = Route::defaults();
    routes.push(toml::from_str(mapping).unwrap());
    routes.push(Route::new("senml", Format::SenmlJson));
    routes.push(Route::new("+/+/+/+/+/+", Format::ChirpstackV4));
    Config { routes, ..Config::default() }
}

#[track_caller]
fn survives(trial: &mut Trial, payload: &[u8]) {
    for topic in TOPICS {
        let arrival = trial.hear(&raw(topic, payload));
        assert!(arrival.readings.iter().all(|reading| reading.value.as_number().is_none_or(f64::is_finite)));
    }
    let marker = raw("senml/marker/json", br#"[{"n":"m","v":1}]"#);
    assert_eq!(lines(&trial.hear(&marker)), ["marker m=1"]);
}

/// Texts that resemble messages: the words of all formats in any order.
fn resembling() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"readings\"",
        "\"values\"",
        "\"device\"",
        "\"metric\"",
        "\"value\"",
        "\"unit\"",
        "\"time\"",
        "\"deviceInfo\":{\"devEui\":\"0011223344556677\"}",
        "\"object\"",
        "\"bn\"",
        "\"n\"",
        "\"v\"",
        "\"vs\"",
        "\"t\"",
        "\"bt\"",
        "\"s\"",
        "\"entries\"",
        "\"data\"",
        "\"type\":\"AttributeLogData\"",
        "\"srcAddress\":\"d/f\"",
        "\"attributeName\":\"x\"",
        "\"attributeValue\":{\"type\":\"AttributeFloat\",\"value\":1}",
        "device,",
        "device;metric;value",
        "\"\"",
        ";",
        "\n",
        "\r\n",
        "\"a\"",
        "1e308",
        "1e400",
        "-0.0",
        "9223372036854775808",
        "268435456",
        "true",
        "null",
        "\"2026-11-22T10:00:00Z\"",
        "\"9999-12-31T23:59:60Z\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\u0000\"",
        " ",
        "\u{feff}",
    ];
    prop::collection::vec(prop::sample::select(words), 0..40).prop_map(|parts| parts.concat().into_bytes())
}

/// Good messages with some bytes changed.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let good = vec![
        r#"{"time":"2026-11-22T10:00:00Z","readings":[{"device":"d","metric":"m","value":1.5,"unit":"V","quality":"good"}]}"#,
        r#"{"device":"d","values":{"a":1,"b":{"value":2,"unit":"x"},"c":{"d":[true,"x"]}}}"#,
        r#"{"time":"2026-11-22T10:00:00+00:00","deviceInfo":{"devEui":"0011223344556677"},"object":{"a":1},"margin":1,"batteryLevel":2}"#,
        r#"[{"bn":"urn:dev:1:","bt":1.7e9,"bu":"A","bver":5,"bv":1,"bs":2,"n":"x","u":"V","v":1,"s":2,"t":-5},{"n":"y","vs":"z"}]"#,
        r#"{"entries":[{"data":{"type":"AttributeLogData","srcAddress":"d/f","attributeName":"a","attributeValue":{"type":"x","value":1}}}]}"#,
        "device,time,metric,value,unit\nd,2026-11-22T10:00:00Z,m,1.5,V\n\"d\",,n,\"x\"\"y\",\n",
        "device;a;b\nd;1,5;true\nd;;x\n",
        "{\"device\":\"d\",\"metric\":\"m\",\"value\":1}\n{\"device\":\"d\",\"values\":{\"a\":1}}\n",
    ];
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (prop::sample::select(good), prop::collection::vec(change, 1..6)).prop_map(|(text, changes)| {
        let mut bytes = text.as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_bytes_are_survived(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&mut trial(&config()), &payload);
    }

    #[test]
    fn anything_that_resembles_a_message_is_survived(payload in resembling()) {
        survives(&mut trial(&config()), &payload);
    }

    #[test]
    fn a_good_message_with_changed_bytes_is_survived(payload in mutated()) {
        survives(&mut trial(&config()), &payload);
    }
}
