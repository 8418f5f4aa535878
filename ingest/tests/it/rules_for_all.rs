//! The rules that hold for every format: refusals, times, ranges, unknown devices, retained messages.

use std::sync::Arc;

use ingest::config::UnknownDevices;
use ingest::{Config, Directory, Trial};
use model::{DeadLetter, TenantId};

use crate::kit::{lines, raw, tenant, trial};

const OWN: &str = "specola/v1/messina/gw/readings";

#[track_caller]
fn check(payload: &[u8], expected: &[&str]) {
    let arrival = trial(&Config::default()).hear(&raw(OWN, payload));
    assert_eq!(lines(&arrival), expected, "{}", String::from_utf8_lossy(payload));
}

#[test]
fn what_cannot_be_read_is_refused_with_the_right_reason() {
    check(b"{\"values\":{\"a\":1}", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":NaN}}", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":Infinity}}", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":1}} x", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":\"\xff\"}}", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":\"\\ud800\"}}", &["refused malformed 0"]);
    check(b"", &["refused malformed 0"]);
    check(b"{\"values\":{\"a\":1,\"a\":2}}", &["refused duplicate_key 0"]);
    check(
        format!("{{\"values\":{{\"a\":{}1{}}}}}", "[".repeat(70), "]".repeat(70)).as_bytes(),
        &["refused too_deep 0"],
    );
    check(format!("{{\"values\":{{\"{}\":1}}}}", "m".repeat(256)).as_bytes(), &["refused schema 0"]);
    check(b"{\"values\":{\"\":1}}", &["refused schema 0"]);
}

#[test]
fn a_byte_order_mark_is_skipped_and_nul_in_a_text_loses_nothing() {
    check(b"\xef\xbb\xbf{\"values\":{\"a\":\"x\\u0000y\",\"b\":1}}", &["gw a=\"x\\0y\"", "gw b=1"]);
}

#[test]
fn single_readings_are_refused_and_the_others_kept() {
    check(b"{\"values\":{\"a\":1e400,\"b\":1}}", &["gw b=1", "refused range 1"]);
    check(b"{\"values\":{\"a\":1e400}}", &["refused range 1"]);
    check(
        br#"{"readings":[{"metric":"late","value":1,"time":"2026-11-22T10:10:00.001Z"},{"metric":"edge","value":1,"time":"2026-11-22T10:10:00Z"},
            {"metric":"old","value":1,"time":"1999-12-31T23:59:59Z"},{"metric":"first","value":1,"time":"2000-01-01T00:00:00Z"},
            {"metric":"never","value":1,"time":"9999-01-01T00:00:00Z"}]}"#,
        &["gw edge=1 @2026-11-22T10:10:00Z", "gw first=1 @2000-01-01T00:00:00Z", "refused timestamp 3"],
    );
    check(br#"{"time":"2099-01-01T00:00:00Z","values":{"a":1}}"#, &["refused timestamp 1"]);
}

#[test]
fn a_message_is_refused_whole_even_when_it_began_well() {
    let arrival = trial(&Config::default()).hear(&raw(OWN, br#"{"values":{"a":1,"b":2,"":3}}"#));
    assert_eq!(lines(&arrival), ["refused schema 0"]);
    assert!(arrival.seen.is_empty());
}

#[test]
fn a_dead_letter_keeps_topic_reason_and_all_bytes() {
    let payload = "x".repeat(5_000);
    let arrival = trial(&Config::default()).hear(&raw(OWN, payload.as_bytes()));
    let letter: &DeadLetter = &arrival.refused[0];
    assert_eq!((letter.topic.as_str(), letter.bytes, letter.payload.len()), (OWN, 5_000, 5_000));
    assert!(letter.is_whole());
    assert!(letter.detail.contains("byte 0"), "{}", letter.detail);
}

#[test]
fn a_topic_without_a_route_is_an_unknown_format_unless_clients_talk_there() {
    let config = Config::default();
    for (topic, expected) in [
        ("qualcosa/di/nuovo", vec!["refused unknown_format 0"]),
        ("$SYS/broker/uptime", vec![]),
        ("application/1/device/0011223344556677/command/down", vec![]),
    ] {
        assert_eq!(lines(&trial(&config).hear(&raw(topic, b"{}"))), expected, "{topic}");
    }
}

#[test]
fn a_message_that_is_too_large_is_refused_by_its_size_alone() {
    let mut message = raw(OWN, b"{\"values\":");
    message.bytes = 262_145;
    assert_eq!(lines(&trial(&Config::default()).hear(&message)), ["refused too_large 0"]);
}

#[test]
fn a_retained_message_without_a_time_is_history() {
    let mut message = raw(OWN, br#"{"values":{"a":1,"b":{"value":2,"time":"2026-11-22T09:00:00Z"}}}"#);
    message.retained = true;
    assert_eq!(
        lines(&trial(&Config::default()).hear(&message)),
        ["gw a=1 !historical", "gw b=2 @2026-11-22T09:00:00Z"]
    );
    let mut forget = raw(OWN, b"");
    forget.retained = true;
    assert!(lines(&trial(&Config::default()).hear(&forget)).is_empty());
}

struct OnlyKnows(&'static str);

impl Directory for OnlyKnows {
    fn knows(&self, _: &TenantId, device: &str) -> bool {
        device == self.0
    }
}

#[test]
fn unknown_devices_are_announced_once_or_refused_as_configured() {
    let payload = br#"{"readings":[{"device":"old","metric":"m","value":1},{"device":"new","metric":"m","value":2},{"device":"new","metric":"n","value":3}]}"#;
    for treatment in [UnknownDevices::Register, UnknownDevices::Quarantine] {
        let config = Config { unknown_devices: treatment, ..Config::default() };
        let arrival = Trial::new(&config, tenant(), Arc::new(OnlyKnows("old"))).unwrap().hear(&raw(OWN, payload));
        assert_eq!(arrival.readings.len(), 3);
        let seen =
            arrival.seen.iter().map(|newcomer| (newcomer.device.as_str(), newcomer.treatment)).collect::<Vec<_>>();
        assert_eq!(seen, [("new", treatment)]);
    }
    let config = Config { unknown_devices: UnknownDevices::Refuse, ..Config::default() };
    let mut trial = Trial::new(&config, tenant(), Arc::new(OnlyKnows("old"))).unwrap();
    let arrival = trial.hear(&raw(OWN, payload));
    assert_eq!(lines(&arrival), ["old m=1", "refused unknown_device 2"]);
    assert!(arrival.seen.is_empty());
    let join =
        raw("application/1/device/0011223344556677/event/join", br#"{"deviceInfo":{"devEui":"0011223344556677"}}"#);
    assert_eq!(lines(&trial.hear(&join)), ["refused unknown_device 0"]);
}
