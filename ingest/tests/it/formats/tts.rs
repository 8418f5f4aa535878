//! Messages of The Things Stack v3.

use ingest::Config;

use super::check;
use crate::kit::{raw, trial};

const UP: &str = "v3/acqua@comune/devices/serbatoio-3/up";
const AT: &str = "@2026-11-22T09:30:00.125Z";

/// A message with the usual envelope; its own time is half a second after that of the uplink.
fn message(rest: &str) -> String {
    format!(
        r#"{{"end_device_ids":{{"device_id":"serbatoio-3","application_ids":{{"application_id":"acqua"}},"dev_eui":"24E124FF00AA0001","join_eui":"0000000000000001"}},
            "correlation_ids":["as:up:1"],"received_at":"2026-11-22T09:30:00.625Z"{rest}}}"#
    )
}

fn uplink(rest: &str) -> String {
    message(&format!(r#","uplink_message":{{"received_at":"2026-11-22T09:30:00.125Z"{rest}}}"#))
}

#[track_caller]
fn check_uplink(rest: &str, expected: &[&str]) {
    let lines = expected.iter().map(|line| format!("24e124ff00aa0001 {line} {AT}")).collect::<Vec<_>>();
    check(UP, &uplink(rest), &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn tts_gives_the_decoded_values_at_the_time_of_the_uplink() {
    check_uplink(
        r#","decoded_payload":{"level":2,"deep":{"a":[0,false]},"state":"3","p":{"value":-1.5,"unit":"bar"},"none":null}"#,
        &["level=2", "deep.a.0=0", "deep.a.1=false", "state=\"3\"", "p=-1.5 bar"],
    );
    check(
        UP,
        &message(r#","uplink_message":{"decoded_payload":{"level":2}}"#),
        &["24e124ff00aa0001 level=2 @2026-11-22T09:30:00.625Z"],
    );
}

#[test]
fn tts_names_a_device_by_its_eui_or_else_by_application_and_device() {
    let payload = r#"{"end_device_ids":{"device_id":"d","application_ids":{"application_id":"a"}},"uplink_message":{"decoded_payload":{"x":1}}}"#;
    check(UP, payload, &["a/d x=1"]);
}

#[test]
fn tts_simulated_messages_are_marked_and_move_nothing() {
    let payload =
        uplink(r#","decoded_payload":{"x":1},"f_cnt":7,"locations":{"user":{"latitude":38.1,"longitude":15.5}}"#);
    let payload = payload.replacen("\"correlation_ids\"", "\"simulated\":true,\"correlation_ids\"", 1);
    let marked = |line: &str| format!("24e124ff00aa0001 {line} {AT} !simulated");
    check(UP, &payload, &[&marked("x=1"), &marked("_f_cnt=7")]);
    check(
        UP,
        &payload.replacen("true", "false", 1).replace(",\"f_cnt\":7", "").replace("\"locations\"", "\"other\""),
        &[&format!("24e124ff00aa0001 x=1 {AT}")],
    );
}

#[test]
fn tts_places_come_from_the_device_and_never_from_its_gateways() {
    let gateway =
        r#","rx_metadata":[{"rssi":-120,"snr":3},{"rssi":-35,"snr":5.5,"location":{"latitude":1,"longitude":2}}]"#;
    check_uplink(&format!(r#","decoded_payload":{{}}{gateway}"#), &["_rssi=-35 dBm", "_snr=5.5 dB"]);
    check_uplink(
        r#","decoded_payload":{},"locations":{"user":{"latitude":38.1,"longitude":15.5,"altitude":10,"source":"SOURCE_REGISTRY"},"frm-payload":{"latitude":38.2,"longitude":15.6,"source":"SOURCE_GPS"}}"#,
        &["_longitude=15.6 deg", "_latitude=38.2 deg"],
    );
    check_uplink(
        r#","decoded_payload":{},"locations":{"user":{"latitude":38.1,"altitude":-2,"source":"SOURCE_REGISTRY"},"gone":{}}"#,
        &["_longitude=0 deg", "_latitude=38.1 deg", "_altitude=-2 m"],
    );
    for nowhere in ["{}", "null", "[1]", r#"{"user":3}"#, r#"{"user":{"latitude":100,"longitude":0}}"#] {
        check_uplink(&format!(r#","decoded_payload":{{"x":1}},"locations":{nowhere}"#), &["x=1"]);
    }
}

#[test]
fn tts_frames_that_nothing_decodes_are_kept_as_they_came() {
    check_uplink(r#","frm_payload":"AXVc","f_port":85,"f_cnt":1"#, &["_frame=\"AXVc\"", "_f_port=85", "_f_cnt=1"]);
    check_uplink("", &[]);
}

#[test]
fn tts_events_without_readings_only_show_that_the_device_lives() {
    for (event, rest) in [
        ("join", r#","join_accept":{"session_key_id":"x"}"#),
        ("down/queued", r#","downlink_queued":{"f_port":1}"#),
        ("down/failed", r#","downlink_failed":{"error":{}}"#),
        ("service/data", r#","service_data":{"service":"x","data":{"a":1}}"#),
        ("location/solved", r#","location_solved":{}"#),
    ] {
        let arrival = trial(&Config::default())
            .hear(&raw(&format!("v3/acqua@comune/devices/serbatoio-3/{event}"), message(rest).as_bytes()));
        assert_eq!(crate::kit::lines(&arrival), Vec::<String>::new(), "{event}");
        assert_eq!(arrival.seen[0].device.as_str(), "24e124ff00aa0001", "{event}");
    }
}

#[test]
fn tts_tells_a_place_that_a_service_solved() {
    check(
        "v3/acqua@comune/devices/serbatoio-3/location/solved",
        &message(
            r#","location_solved":{"service":"x","location":{"latitude":38.1,"longitude":15.5,"accuracy":20,"source":"SOURCE_WIFI_RSSI_GEOLOCATION"}}"#,
        ),
        &[
            "24e124ff00aa0001 _longitude=15.5 deg @2026-11-22T09:30:00.625Z",
            "24e124ff00aa0001 _latitude=38.1 deg @2026-11-22T09:30:00.625Z",
        ],
    );
}

#[test]
fn tts_commands_to_devices_say_nothing_about_them() {
    for command in ["down/push", "down/replace"] {
        let topic = format!("v3/acqua@comune/devices/serbatoio-3/{command}");
        let arrival =
            trial(&Config::default()).hear(&raw(&topic, br#"{"downlinks":[{"f_port":15,"frm_payload":"vu8="}]}"#));
        assert!(arrival.readings.is_empty() && arrival.refused.is_empty() && arrival.seen.is_empty());
    }
}

#[test]
fn tts_messages_that_lack_what_they_need_are_refused_whole() {
    for bad in [
        "[]",
        "{}",
        r#"{"end_device_ids":3}"#,
        r#"{"end_device_ids":{}}"#,
        r#"{"end_device_ids":{"device_id":"d"},"uplink_message":{}}"#,
        r#"{"end_device_ids":{"device_id":"","application_ids":{"application_id":"a"}},"uplink_message":{}}"#,
        r#"{"end_device_ids":{"dev_eui":"12"},"uplink_message":{}}"#,
        r#"{"end_device_ids":{"dev_eui":7},"uplink_message":{}}"#,
        &message(""),
        &message(r#","uplink_message":[]"#),
        &message(r#","uplink_message":{"decoded_payload":"x"}"#),
        &message(r#","uplink_message":{"received_at":"ieri","decoded_payload":{"x":1}}"#),
    ] {
        check(UP, bad, &["refused schema 0"]);
    }
}
