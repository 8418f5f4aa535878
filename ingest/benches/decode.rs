//! Decoding speed: from a message's bytes to judged readings, by format.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros; a bench may stop")]

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ingest::class::{Classes, Profile};
use ingest::{Clock, Config, Directory, RawMessage, SystemClock, Trial};
use model::TenantId;
use prost::Message as _;

/// A registry that knows everybody, as in the steady state.
struct KnowsAll;

impl Directory for KnowsAll {
    fn knows(&self, _: &TenantId, _: &str) -> bool {
        true
    }
}

/// A registry whose devices all have a class that names, converts and bounds what they say.
struct Classed(Arc<Profile>);

impl Classed {
    fn new() -> Self {
        let text = "[[class]]\nkey = \"lamp\"\ndomain = \"streetlight\"\n[class.metrics.supply]\nunit = \"mV\"\nrange = [0, 500000]\nfrom = [\"voltage\"]\n";
        let (classes, mistakes) = Classes::parse([("bench.toml".to_owned(), text.to_owned())]);
        assert!(mistakes.is_empty());
        Self(Arc::clone(&classes.get("lamp").unwrap().profile))
    }
}

impl Directory for Classed {
    fn knows(&self, _: &TenantId, _: &str) -> bool {
        true
    }

    fn profile(&self, _: &TenantId, _: &str) -> Option<Arc<Profile>> {
        Some(Arc::clone(&self.0))
    }
}

const VALUES: usize = 50;

fn long_form() -> String {
    let mut text = String::from("{\"time\":\"2026-11-22T10:00:00Z\",\"readings\":[");
    for n in 0..VALUES {
        write!(
            text,
            "{}{{\"device\":\"lamp-{n}\",\"metric\":\"voltage\",\"value\":{}.25,\"unit\":\"V\"}}",
            if n > 0 { "," } else { "" },
            220 + n % 20
        )
        .unwrap();
    }
    text + "]}"
}

fn senml() -> String {
    let mut text = String::from("[{\"bn\":\"urn:dev:gw1:\",\"bt\":1795341600,\"bu\":\"V\"}");
    for n in 0..VALUES {
        write!(text, ",{{\"n\":\"v{n}\",\"v\":{}.5}}", 220 + n % 20).unwrap();
    }
    text + "]"
}

/// The pack of [`senml`] in CBOR: whole labels, doubles.
fn senml_cbor() -> Vec<u8> {
    let mut bytes = vec![0x98, VALUES as u8 + 1, 0xa3, 0x21, 0x6c];
    bytes.extend(b"urn:dev:gw1:");
    bytes.extend([0x22, 0x1a]);
    bytes.extend(1_795_341_600_u32.to_be_bytes());
    bytes.extend([0x23, 0x61, b'V']);
    for n in 0..VALUES {
        let name = format!("v{n}");
        bytes.extend([0xa2, 0x00, 0x60 | name.len() as u8]);
        bytes.extend(name.as_bytes());
        bytes.extend([0x02, 0xfb]);
        bytes.extend(((220 + n % 20) as f64 + 0.5).to_be_bytes());
    }
    bytes
}

/// A metric of Sparkplug B, as far as the pack needs it.
#[derive(Clone, PartialEq, prost::Message)]
struct Metric {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    datatype: Option<u32>,
    #[prost(double, optional, tag = "13")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Pack {
    #[prost(uint64, optional, tag = "1")]
    timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    seq: Option<u64>,
}

/// A birth that names [`VALUES`] metrics, or a message after it that has only their aliases.
fn sparkplug(birth: bool) -> Vec<u8> {
    let time = Some(1_795_341_600_000);
    let metric = |n: u64| Metric {
        name: birth.then(|| format!("Quadro/Linea {n}/Tensione")),
        alias: Some(n),
        timestamp: time,
        datatype: birth.then_some(10),
        value: Some((220 + n % 20) as f64 + 0.5),
    };
    let metrics = (0..VALUES as u64).map(metric).collect();
    Pack { timestamp: time, metrics, seq: Some(u64::from(!birth)) }.encode_to_vec()
}

fn tts() -> String {
    r#"{"end_device_ids":{"device_id":"serbatoio-3","application_ids":{"application_id":"acqua"},"dev_eui":"24E124FF00AA0001","dev_addr":"00BCB929"},
    "correlation_ids":["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],"received_at":"2026-11-22T09:34:16.014773143Z","uplink_message":{"session_key_id":"AXA50g==","f_cnt":1,"f_port":85,
    "frm_payload":"AXVcA3cCAA==","decoded_payload":{"battery":92,"level":2.5,"temperature":11.5},"rx_metadata":[{"gateway_ids":{"gateway_id":"gtw1"},"rssi":-35,"snr":5,
    "location":{"latitude":38.1,"longitude":15.5}}],"settings":{"data_rate":{"lora":{"bandwidth":125000,"spreading_factor":7}},"frequency":"868300000"},
    "locations":{"user":{"latitude":38.19,"longitude":15.55,"altitude":10,"source":"SOURCE_REGISTRY"}},"received_at":"2026-11-22T09:34:15.789585559Z"}}"#
        .to_owned()
}

fn onvif() -> String {
    r#"{"UtcTime":"2026-11-22T09:34:15.321Z","Source":{"VideoSource":"1","AnalyticsConfiguration":"2","Rule":"Varco"},"Data":{"ObjectId":"15","Speed":"3.5"}}"#
        .to_owned()
}

fn ngsi_ld() -> String {
    let mut text = String::from(
        "{\"id\":\"urn:ngsi-ld:AirQualityObserved:messina-1\",\"type\":\"AirQualityObserved\",\"dateObserved\":{\"type\":\"Property\",\"value\":\"2026-11-22T09:30:00Z\"}",
    );
    for name in ["co", "no", "no2", "nox", "so2", "o3", "pm1", "pm25", "pm10", "temperature"] {
        write!(text, ",\"{name}\":{{\"type\":\"Property\",\"value\":45.5,\"unitCode\":\"GQ\"}}").unwrap();
    }
    text + "}"
}

fn chirpstack() -> String {
    r#"{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2026-11-22T09:34:15.775023242+00:00","deviceInfo":{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
    "tenantName":"Comune","applicationId":"17c82e96-be03-4f38-aef3-f83d48582d97","applicationName":"Aria","deviceProfileName":"Aria","deviceName":"Piazza",
    "devEui":"0011223344556677","tags":{"quartiere":"Centro"}},"devAddr":"00189440","dr":1,"fPort":2,"data":"DQcFABICCwD7AbM=",
    "object":{"battery":3.335,"co2":523,"humidity":43.5,"temperature":25.1,"mode":"CO2"},
    "rxInfo":[{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-36,"snr":10.5,"metadata":{"region_name":"eu868"}}],
    "txInfo":{"frequency":867100000,"modulation":{"lora":{"bandwidth":125000,"spreadingFactor":11,"codeRate":"CR_4_5"}}}}"#
        .to_owned()
}

fn decode(criterion: &mut Criterion) {
    let known: Arc<dyn Directory> = Arc::new(KnowsAll);
    let classed: Arc<dyn Directory> = Arc::new(Classed::new());
    for (name, topic, payload, directory) in [
        (
            "specola-json, 1 value",
            "specola/v1/messina/gw/readings",
            "{\"time\":\"2026-11-22T10:00:00Z\",\"values\":{\"voltage\":230.4}}".to_owned(),
            &known,
        ),
        ("specola-json, 50 devices", "specola/v1/messina/gw/readings", long_form(), &known),
        ("specola-json, 50 devices with a class", "specola/v1/messina/gw/readings", long_form(), &classed),
        ("senml-json, 50 values", "senml/gw1/json", senml(), &known),
        ("chirpstack-v4, 5 values", "application/1/device/0011223344556677/event/up", chirpstack(), &known),
        ("tts-v3, 3 values and the link", "v3/acqua@comune/devices/serbatoio-3/up", tts(), &known),
        ("onvif-ej, 2 values and the event", "piazza/1/onvif-ej/RuleEngine/LineDetector/Crossed/&1/2", onvif(), &known),
        ("ngsi-ld, 10 values", "ngsi-ld/comune", ngsi_ld(), &known),
    ] {
        measure(criterion, name, &[(topic, payload.into_bytes())], directory);
    }
    measure(criterion, "senml-cbor, 50 values", &[("senml/gw1/cbor", senml_cbor())], &known);
    let conversation =
        [("spBv1.0/Comune/NBIRTH/quadro", sparkplug(true)), ("spBv1.0/Comune/NDATA/quadro", sparkplug(false))];
    measure(criterion, "sparkplug-b, 50 values by alias", &conversation, &known);
}

/// Measures the last of these messages, after the others were heard once.
fn measure(criterion: &mut Criterion, name: &str, messages: &[(&str, Vec<u8>)], directory: &Arc<dyn Directory>) {
    let tenant = TenantId::new("messina").unwrap();
    let mut trial = Trial::new(&Config::default(), tenant.clone(), Arc::clone(directory)).unwrap();
    let raw = |(topic, payload): &(&str, Vec<u8>)| RawMessage {
        tenant: tenant.clone(),
        source: Arc::from("bench"),
        topic: (*topic).into(),
        payload: Bytes::from(payload.clone()),
        bytes: payload.len(),
        received: SystemClock.now(),
        retained: false,
    };
    let (message, before) = messages.split_last().expect("there is a message to measure");
    for message in before {
        trial.hear(&raw(message));
    }
    let message = raw(message);
    let readings = trial.hear(&message).readings.len();
    assert!(readings > 0, "{name} gives no readings");
    let mut group = criterion.benchmark_group(format!("decode {name}"));
    group.throughput(Throughput::Elements(readings as u64));
    group.bench_function("readings", |bencher| bencher.iter(|| trial.hear(&message)));
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
