//! Good messages of every format, from which the bad ones are made.

use ingest::config::Format;
use prost::Message as _;

use crate::sparkplug_payload::{Metric, NINE, Payload, PropertyValue, Scalar, bd_seq};

/// Topics and payloads of a format; those of a conversation in their order.
pub(super) struct Corpus {
    pub(super) topics: Vec<&'static str>,
    pub(super) payloads: Vec<Vec<u8>>,
}

fn corpus(topics: &[&'static str], texts: &[&str]) -> Corpus {
    Corpus { topics: topics.to_vec(), payloads: texts.iter().map(|text| text.as_bytes().to_vec()).collect() }
}

/// A pack with a name, a time, a half and a double, a decimal fraction, a big number, a text in pieces and bytes.
const CBOR: &[u8] = &[
    0x9f, 0xa3, 0x21, 0x62, b'a', b':', 0x22, 0x1a, 0x6b, 0x02, 0xbd, 0x00, 0x02, 0xf9, 0x3e, 0x00, 0xbf, 0x00, 0x7f,
    0x61, b'b', 0x61, b'c', 0xff, 0x02, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xff, 0xa2, 0x00, 0x61, b'd', 0x02, 0xc4,
    0x82, 0x21, 0x19, 0x6a, 0xb3, 0xa2, 0x05, 0xc2, 0x42, 1, 0, 0x03, 0x61, b'x', 0xa2, 0x08, 0x42, 1, 2, 0x01, 0x61,
    b'V', 0xff,
];

/// The messages of a format. Whoever adds a format adds its messages here: without them this does not compile.
pub(super) fn of(format: Format) -> Corpus {
    match format {
        Format::SpecolaJson => corpus(
            &["specola/v1/messina/gw/readings"],
            &[
                r#"{"time":"2026-11-22T10:00:00Z","readings":[{"device":"d","metric":"m","value":1.5,"unit":"V","quality":"good"},{"device":"e","metric":"m","value":null,"quality":"bad","time":"2026-11-22T09:59:00.123456789+01:00"}]}"#,
                r#"{"device":"d","values":{"a":1,"b":{"value":2,"unit":"x"},"c":{"d":[true,"x\u00e0\ud83d\ude00"]},"n":9007199254740993}}"#,
            ],
        ),
        Format::GenericJson => corpus(
            &["generic/x/y"],
            &[
                r#"{"id":"d1","t":1795341600,"Power":12,"ENERGY":{"Total":1.5e3,"List":[1,2,{"value":3,"unit":"A"}]},"on":true,"s":"x"}"#,
                r#"{"id":7,"t":"2026-11-22T10:00:00","meta":{"x":1},"Power":{"value":1,"unit":"kW"}}"#,
                r#"{"id":"d2","t":1.7953416e9,"a":{"b":{"c":{"d":{"e":-0.5}}}}}"#,
            ],
        ),
        Format::SenmlJson => corpus(
            &["senml/dev/json"],
            &[
                r#"[{"bn":"urn:dev:1:","bt":1.7e9,"bu":"A","bver":5,"bv":1,"bs":2,"n":"x","u":"V","v":1,"s":2,"t":-5,"ut":3},{"n":"y","vs":"z"},{"n":"b","vb":true},{"vd":"AA"}]"#,
                r#"[{"n":"urn:dev:mac:1:a","v":27e-1},{"bn":"x/","n":"","u":"lat","v":43.65234}]"#,
            ],
        ),
        Format::SenmlCbor => Corpus { topics: vec!["senml/dev/cbor"], payloads: vec![CBOR.to_vec()] },
        Format::ChirpstackV4 => corpus(
            &[
                "application/1/device/0011223344556677/event/up",
                "application/1/device/0011223344556677/event/status",
                "application/1/device/0011223344556677/event/join",
                "application/1/device/0011223344556677/event/log",
                "application/1/device/0011223344556677/event/location",
                "application/1/device/0011223344556677/event/txack",
            ],
            &[
                r#"{"time":"2026-11-22T10:00:00+00:00","deviceInfo":{"devEui":"0011223344556677","applicationId":"1"},"fCnt":7,"fPort":2,"object":{"a":1,"b":{"value":2,"unit":"V"},"c":[1,"x"]},"rxInfo":[{"rssi":-40,"snr":7.5}]}"#,
                r#"{"time":"2026-11-22T10:00:00+00:00","deviceInfo":{"devEui":"0011223344556677"},"margin":10,"batteryLevel":84.5,"externalPowerSource":false,"batteryLevelUnavailable":false}"#,
                r#"{"deviceInfo":{"devEui":"0011223344556677"},"location":{"latitude":38.2,"longitude":15.5,"altitude":3},"level":"INFO","code":"X","description":"d","context":{"a":"b"}}"#,
            ],
        ),
        Format::TtsV3 => corpus(
            &[
                "v3/app@city/devices/dev/up",
                "v3/app@city/devices/dev/join",
                "v3/app@city/devices/dev/location/solved",
                "v3/app@city/devices/dev/down/queued",
                "v3/app@city/devices/dev/service/data",
            ],
            &[
                r#"{"end_device_ids":{"device_id":"dev","application_ids":{"application_id":"app"},"dev_eui":"0004A30B001C0530"},"received_at":"2026-11-22T10:00:00Z","simulated":true,"uplink_message":{"f_cnt":1,"f_port":2,"frm_payload":"AA==","decoded_payload":{"t":1,"u":{"v":[false,"x"]}},"received_at":"2026-11-22T09:59:59.5Z","rx_metadata":[{"rssi":-3,"snr":1}],"locations":{"user":{"latitude":38.2,"longitude":15.5,"altitude":3,"source":"SOURCE_GPS"}}}}"#,
                r#"{"end_device_ids":{"device_id":"dev","application_ids":{"application_id":"app"}},"received_at":"2026-11-22T10:00:00Z","location_solved":{"service":"s","location":{"latitude":38.2,"longitude":15.5,"accuracy":10}}}"#,
            ],
        ),
        Format::OnvifEj => corpus(
            &["cam/onvif-ej/RuleEngine/LineDetector/Crossed/&1/2", "city/cam/1/onvif-ej/Device/Report"],
            &[
                r#"{"UtcTime":"2026-11-22T10:00:00Z","Source":{"Rule":"a"},"Key":{},"Data":{"Count":"15","On":"true","List":[1,{"value":1,"unit":"x"}],"Text":"door"}}"#,
                "",
            ],
        ),
        Format::NgsiLd => corpus(
            &["ngsi-ld/city"],
            &[
                r#"{"id":"urn:ngsi-ld:X:1","type":"X","dateObserved":{"type":"Property","value":{"@value":"2026-11-22T10:00:00"}},"no2":{"type":"Property","value":[1,2],"unitCode":"GQ","observedAt":"2026-11-22T09:00:00Z"},"status":"ok","location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[15.5,38.2,3]}}}"#,
                r#"{"type":"Notification","subscriptionId":"s","data":[{"id":"urn:1","type":"X","a":[{"value":1,"datasetId":"b"}]},{"id":"urn:2","type":"X","b":true}]}"#,
                r#"{"id":"urn:1","type":"X","observationDateTime":"2026-11-22T09:00:00Z","list":[1,2],"powerState":"off","address":{"streetNr":3}}"#,
            ],
        ),
        Format::JsonLines => corpus(
            &["http/json-lines"],
            &[
                "{\"device\":\"d\",\"metric\":\"m\",\"value\":1}\n{\"device\":\"d\",\"values\":{\"a\":1}}\r\n\n{\"readings\":[]}\n",
            ],
        ),
        Format::Csv => corpus(
            &["http/csv"],
            &[
                "device,time,metric,value,unit,quality\nd,2026-11-22T10:00:00Z,m,1.5,V,good\n\"d\",,n,\"x\"\"y\",,\n",
                "device,time,a,b\nd,2026-11-22T10:00:00Z,1.5,true\ne,,,\"x,y\"\n",
            ],
        ),
        Format::CsvComma => corpus(&["http/csv-comma"], &["device;a;b\nd;1,5;true\nd;;x\n\"e\";\"1,5\";2\n"]),
        Format::TalqV2 => corpus(
            &["http/talq-v2"],
            &[
                r#"{"address":"l","entries":[{"cmsRefId":"x","data":{"type":"AttributeLogData","srcAddress":"d/f","timestamp":"2026-11-22T10:30:00+01:00","attributeName":"a","attributeValue":{"type":"x","value":1}}},{"data":{"type":"EventLogData","srcAddress":"d/g","eventType":"e","startEndFlag":true}}]}"#,
                r#"{"entries":[{"data":{"type":"AttributeLogData","srcAddress":"d","attributeName":"location","attributeValue":{"type":"AttributeLocation","value":{"latitude":38.1,"longitude":15.5}}}}]}"#,
            ],
        ),
        Format::SparkplugB => Corpus {
            topics: vec![
                "spBv1.0/g/NBIRTH/n",
                "spBv1.0/g/DBIRTH/n/d",
                "spBv1.0/g/NDATA/n",
                "spBv1.0/g/DDATA/n/d",
                "spBv1.0/g/DDEATH/n/d",
                "spBv1.0/g/NDEATH/n",
                "spBv1.0/STATE/specola",
            ],
            payloads: conversation(),
        },
    }
}

/// Births with names, aliases, units and types, and data that speak by alias.
fn conversation() -> Vec<Vec<u8>> {
    let payload = |seq: Option<u64>, metrics: Vec<Metric>| {
        Payload { timestamp: Some(NINE), metrics, seq, ..Payload::default() }.encode_to_vec()
    };
    let voltage = Metric::named("voltage", 10, Scalar::Double(230.5)).known_as(2);
    let voltage = voltage.with("engUnit", PropertyValue::Text("V".to_owned())).with("Quality", PropertyValue::Int(192));
    let gap = Metric { is_null: Some(true), is_historical: Some(true), ..Metric::aliased(4, Scalar::Boolean(true)) };
    vec![
        payload(Some(0), vec![bd_seq(0), Metric::named("Node Control/Rebirth", 11, Scalar::Boolean(false))]),
        payload(
            Some(1),
            vec![
                voltage,
                Metric::named("count", 2, Scalar::Int(u32::MAX)).known_as(3),
                Metric::named("state", 12, Scalar::Text("run".to_owned())).known_as(4),
                Metric::named("raw", 17, Scalar::Bytes(vec![1, 2, 3])),
            ],
        ),
        payload(Some(2), vec![Metric::aliased(2, Scalar::Double(1.5)), Metric::aliased(3, Scalar::Long(7))]),
        payload(Some(3), vec![Metric::aliased(2, Scalar::Float(f32::NAN)), gap]),
        payload(None, vec![bd_seq(0)]),
        br#"{"online":true,"timestamp":1795338000000}"#.to_vec(),
    ]
}
