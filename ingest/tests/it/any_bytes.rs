//! Whatever bytes come: no decoder panics, and a good message afterwards is read.

use ingest::config::{Format, Route};
use ingest::{Config, Trial};
use proptest::prelude::*;

use crate::kit::{lines, raw, trial};

const TOPICS: [&str; 20] = [
    "http/json-lines",
    "http/csv",
    "http/csv-comma",
    "http/talq-v2",
    "specola/v1/messina/gw/readings",
    "application/1/device/0011223344556677/event/up",
    "application/1/device/0011223344556677/event/status",
    "application/1/device/0011223344556677/event/log",
    "application/1/device/0011223344556677/event/location",
    "v3/app@city/devices/dev/up",
    "v3/app@city/devices/dev/location/solved",
    "v3/app@city/devices/dev/down/push",
    "city/cameras/1/onvif-ej/RuleEngine/LineDetector/Crossed/&1/2",
    "ngsi-ld/city",
    "senml/dev/cbor",
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
    assert_eq!(
        lines(&trial.hear(&raw("senml/marker/cbor", &[0x81, 0xa2, 0x00, 0x61, b'm', 0x02, 0x01]))),
        ["marker m=1"]
    );
    let marker = raw("senml/marker/json", br#"[{"n":"m","v":1}]"#);
    assert_eq!(lines(&trial.hear(&marker)), ["marker m=1"]);
}

/// A pack with a name, a time, a half and a double, a decimal fraction, a big number, a text in pieces and bytes.
const CBOR: &[u8] = &[
    0x9f, 0xa3, 0x21, 0x62, b'a', b':', 0x22, 0x1a, 0x6b, 0x02, 0xbd, 0x00, 0x02, 0xf9, 0x3e, 0x00, 0xbf, 0x00, 0x7f,
    0x61, b'b', 0x61, b'c', 0xff, 0x02, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xff, 0xa2, 0x00, 0x61, b'd', 0x02, 0xc4,
    0x82, 0x21, 0x19, 0x6a, 0xb3, 0xa2, 0x05, 0xc2, 0x42, 1, 0, 0x03, 0x61, b'x', 0xa2, 0x08, 0x42, 1, 2, 0x01, 0x61,
    b'V', 0xff,
];

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
        "\"end_device_ids\":{\"dev_eui\":\"0011223344556677\"}",
        "\"uplink_message\"",
        "\"decoded_payload\"",
        "\"locations\"",
        "\"latitude\":38.2",
        "\"rx_metadata\"",
        "\"rxInfo\"",
        "\"rssi\"",
        "\"UtcTime\":\"2026-11-22T10:00:00Z\"",
        "\"Source\"",
        "\"Data\"",
        "\"15\"",
        "\"id\":\"urn:ngsi-ld:X:1\"",
        "\"type\":\"Point\"",
        "\"coordinates\"",
        "\"location\"",
        "\"dateObserved\"",
        "\"observedAt\"",
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
        r#"{"end_device_ids":{"device_id":"d","application_ids":{"application_id":"a"}},"received_at":"2026-11-22T10:00:00Z","simulated":true,
            "uplink_message":{"f_cnt":1,"f_port":2,"frm_payload":"AA==","decoded_payload":{"t":1},"rx_metadata":[{"rssi":-3,"snr":1}],
            "locations":{"user":{"latitude":38.2,"longitude":15.5,"altitude":3,"source":"SOURCE_GPS"}}}}"#,
        r#"{"deviceInfo":{"devEui":"0011223344556677"},"location":{"latitude":38.2,"longitude":15.5},"level":"INFO","code":"X","context":{"a":"b"}}"#,
        r#"{"UtcTime":"2026-11-22T10:00:00Z","Source":{"Rule":"a"},"Key":{},"Data":{"Count":"15","On":"true","List":[1,{"value":1,"unit":"x"}]}}"#,
        r#"{"id":"urn:ngsi-ld:X:1","type":"X","dateObserved":{"type":"Property","value":{"@value":"2026-11-22T10:00:00"}},"no2":{"type":"Property","value":[1,2],
            "unitCode":"GQ","observedAt":"2026-11-22T09:00:00Z"},"status":"ok","location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[15.5,38.2,3]}}}"#,
        r#"{"type":"Notification","subscriptionId":"s","data":[{"id":"urn:1","type":"X","a":[{"value":1,"datasetId":"b"}]}]}"#,
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([CBOR.to_vec()])
    .collect::<Vec<_>>();
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (prop::sample::select(good), prop::collection::vec(change, 1..6)).prop_map(|(mut bytes, changes)| {
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

#[test]
fn the_pack_that_is_mutated_is_a_good_one() {
    let expected = [
        "a value=1.5 @2026-11-22T09:59:28Z",
        "a bc=1.5 @2026-11-22T09:59:28Z",
        "a d=273.15 @2026-11-22T09:59:28Z",
        "a value=\"x\" @2026-11-22T09:59:28Z",
        "a value.sum=256 @2026-11-22T09:59:28Z",
    ];
    assert_eq!(lines(&trial(&config()).hear(&raw("senml/x/cbor", CBOR))), expected);
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
