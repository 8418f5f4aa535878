//! Events of ChirpStack v4.

use ingest::Config;

use super::check;
use crate::kit::{raw, trial};

const UP: &str = "application/3/device/00112233aabbccdd/event/up";

#[track_caller]
fn chirpstack(event: &str, rest: &str, expected: &[&str]) {
    let payload = format!(
        r#"{{"time":"2026-11-22T09:30:00.123456789+00:00","deviceInfo":{{"devEui":"00112233AABBCCDD"}}{rest}}}"#
    );
    check(&format!("application/3/device/00112233aabbccdd/event/{event}"), &payload, expected);
}

#[test]
fn chirpstack_gives_the_values_of_the_codec() {
    chirpstack(
        "up",
        r#","object":{"t":-0.5,"deep":{"list":[1,{"x":true}],"none":null},"level":{"value":2,"unit":"m"},"gone":{"value":null,"unit":"m"},"state":"TRUE","zero":0}"#,
        &[
            "00112233aabbccdd t=-0.5 @2026-11-22T09:30:00.123456789Z",
            "00112233aabbccdd deep.list.0=1 @2026-11-22T09:30:00.123456789Z",
            "00112233aabbccdd deep.list.1.x=true @2026-11-22T09:30:00.123456789Z",
            "00112233aabbccdd level=2 m @2026-11-22T09:30:00.123456789Z",
            "00112233aabbccdd state=\"TRUE\" @2026-11-22T09:30:00.123456789Z",
            "00112233aabbccdd zero=0 @2026-11-22T09:30:00.123456789Z",
        ],
    );
    chirpstack("up", r#","object":null"#, &[]);
    chirpstack("up", r#","object":{}"#, &[]);
}

#[test]
fn a_chirpstack_frame_that_nothing_decodes_is_kept_as_it_came() {
    let at = "@2026-11-22T09:30:00.123456789Z";
    let (frame, port) = (format!("00112233aabbccdd _frame=\"qg==\" {at}"), format!("00112233aabbccdd _f_port=85 {at}"));
    chirpstack("up", r#","data":"qg==","fPort":85"#, &[&frame, &port]);
    chirpstack("up", r#","data":"","fPort":85"#, &[]);
    chirpstack("up", r#","data":"qg==","object":{}"#, &[]);
}

#[test]
fn chirpstack_tells_the_radio_link_of_the_gateway_that_heard_best() {
    let at = "@2026-11-22T09:30:00.123456789Z";
    chirpstack(
        "up",
        r#","fCnt":0,"object":{"t":1},"rxInfo":[{"rssi":-110,"snr":9},{"rssi":-36,"snr":-2.5,"location":{"latitude":38,"longitude":15}},{},{"rssi":"x"}]"#,
        &[
            &format!("00112233aabbccdd t=1 {at}"),
            &format!("00112233aabbccdd _rssi=-36 dBm {at}"),
            &format!("00112233aabbccdd _snr=-2.5 dB {at}"),
            &format!("00112233aabbccdd _f_cnt=0 {at}"),
        ],
    );
    for odd in [r#","rxInfo":{"rssi":1}"#, r#","rxInfo":[1,null]"#, r#","fCnt":"7""#] {
        chirpstack("up", odd, &[]);
    }
}

#[test]
fn a_chirpstack_log_is_an_event_and_a_location_a_position() {
    let at = "@2026-11-22T09:30:00.123456789Z";
    chirpstack(
        "log",
        r#","level":"ERROR", "code" : "UPLINK_CODEC","description":"line \"1\"","context":{"deduplication_id":"x"},"other":1"#,
        &[&format!(
            "00112233aabbccdd _event/log={:?} {at}",
            r#"{"level":"ERROR","code":"UPLINK_CODEC","description":"line \"1\"","context":{"deduplication_id":"x"}}"#
        )],
    );
    let (longitude, latitude) =
        (format!("00112233aabbccdd _longitude=15.55 deg {at}"), format!("00112233aabbccdd _latitude=38.19 deg {at}"));
    chirpstack(
        "location",
        r#","location":{"latitude":38.19,"longitude":15.55,"altitude":12.5,"source":"GEO_RESOLVER_TDOA"}"#,
        &[&longitude, &latitude, &format!("00112233aabbccdd _altitude=12.5 m {at}")],
    );
    chirpstack("location", r#","location":{"latitude":38.19,"longitude":15.55}"#, &[&longitude, &latitude]);
    for nowhere in [
        "{}",
        r#"{"latitude":91,"longitude":1}"#,
        r#"{"latitude":"38","longitude":1}"#,
        r#"{"latitude":1e400}"#,
        "null",
    ] {
        chirpstack("location", &format!(r#","location":{nowhere}"#), &[]);
    }
    chirpstack("location", r#","location":[1]"#, &["refused schema 0"]);
}

#[test]
fn chirpstack_status_gives_margin_and_battery() {
    let at = "@2026-11-22T09:30:00.123456789Z";
    let (margin, battery) =
        (format!("00112233aabbccdd margin=-3 dB {at}"), format!("00112233aabbccdd batteryLevel=0 % {at}"));
    chirpstack("status", r#","margin":-3,"batteryLevel":0"#, &[&margin, &battery]);
    chirpstack("status", r#","margin":-3,"batteryLevelUnavailable":true,"batteryLevel":0"#, &[&margin]);
    chirpstack("status", r#","margin":"3""#, &["refused schema 0"]);
}

#[test]
fn chirpstack_events_without_readings_only_show_that_the_device_lives() {
    for event in ["join", "ack", "txack", "location", "integration"] {
        chirpstack(event, r#","level":"ERROR""#, &[]);
        let topic = format!("application/3/device/00112233aabbccdd/event/{event}");
        let arrival = trial(&Config::default()).hear(&raw(&topic, br#"{"deviceInfo":{"devEui":"00112233aabbccdd"}}"#));
        assert_eq!(arrival.seen[0].device.as_str(), "00112233aabbccdd");
    }
    chirpstack("party", "", &["refused schema 0"]);
}

#[test]
fn a_chirpstack_event_of_another_device_or_none_is_refused() {
    for bad in [
        "[]",
        r#"{"object":{"t":1}}"#,
        r#"{"deviceInfo":{},"object":{"t":1}}"#,
        r#"{"deviceInfo":{"devEui":3}}"#,
        r#"{"deviceInfo":{"devEui":"0011"}}"#,
        r#"{"deviceInfo":{"devEui":"ffffffffffffffff"},"object":{"t":1}}"#,
        r#"{"deviceInfo":{"devEui":"00112233aabbccdd"},"object":[1]}"#,
        r#"{"deviceInfo":{"devEui":"00112233aabbccdd"},"time":5}"#,
    ] {
        check(UP, bad, &["refused schema 0"]);
    }
}
