//! Events of ONVIF cameras.

use ingest::Config;

use super::check;
use crate::kit::{lines, raw, trial};

const TOPIC: &str = "citta/telecamere/piazza-1/onvif-ej/RuleEngine/LineDetector/Crossed/&1/2/Varco";
const AT: &str = "@2026-11-22T09:30:00.250Z";

/// The readings alone, without the event.
#[track_caller]
fn check_data(data: &str, expected: &[&str]) {
    let payload = format!(r#"{{"UtcTime":"2026-11-22T09:30:00.250Z","Data":{data}}}"#);
    let arrival = trial(&Config::default()).hear(&raw(TOPIC, payload.as_bytes()));
    let found = lines(&arrival).into_iter().filter(|line| !line.contains(" _event/")).collect::<Vec<_>>();
    let expected = expected
        .iter()
        .map(|line| format!("citta/telecamere/piazza-1 RuleEngine/LineDetector/Crossed/{line} {AT}"))
        .collect::<Vec<_>>();
    assert_eq!(found, expected, "{data}");
}

#[test]
fn onvif_gives_an_event_with_its_source_and_the_data_as_readings() {
    check(
        TOPIC,
        r#"{"UtcTime": "2026-11-22T09:30:00.250Z", "Source": {"VideoSource": "1", "Rule": "Varco"}, "Data": {"ObjectId": "15", "Speed": 3.5}}"#,
        &[
            &format!(
                "citta/telecamere/piazza-1 _event/RuleEngine/LineDetector/Crossed={:?} {AT}",
                r#"{"Source":{"VideoSource":"1","Rule":"Varco"},"Data":{"ObjectId":"15","Speed":3.5}}"#
            ),
            &format!("citta/telecamere/piazza-1 RuleEngine/LineDetector/Crossed/ObjectId=15 {AT}"),
            &format!("citta/telecamere/piazza-1 RuleEngine/LineDetector/Crossed/Speed=3.5 {AT}"),
        ],
    );
}

#[test]
fn onvif_numbers_and_booleans_may_stand_in_quotes() {
    check_data(
        r#"{"a":"15","b":"-0.5e1","c":"true","d":"false","e":0,"f":false}"#,
        &["a=15", "b=-5", "c=true", "d=false", "e=0", "f=false"],
    );
    check_data(
        r#"{"a":"007","b":"","c":" 1","d":"1e400","e":"89390100001234567890","f":"TRUE","g":"NaN","h":"-","i":"1.","j":"+1"}"#,
        &[
            "a=\"007\"",
            "b=\"\"",
            "c=\" 1\"",
            "d=\"1e400\"",
            "e=\"89390100001234567890\"",
            "f=\"TRUE\"",
            "g=\"NaN\"",
            "h=\"-\"",
            "i=\"1.\"",
            "j=\"+1\"",
        ],
    );
}

#[test]
fn onvif_data_may_be_nested() {
    check_data(
        r#"{"Box":{"x":["1",null,2]},"n":null,"t":{"value":"7","unit":"Cel"}}"#,
        &["Box.x.0=1", "Box.x.2=2", "t=7 Cel"],
    );
}

#[test]
fn onvif_devices_are_all_levels_before_the_event() {
    for (topic, device, kind) in [
        ("cam/onvif-ej/Device/Trigger", "cam", "Device/Trigger"),
        ("a/b/c/d/e/f/g/onvif-ej/Device/Trigger/&x/&y", "a/b/c/d/e/f/g", "Device/Trigger"),
        ("cam/onvif-ej/a/onvif-ej/b", "cam", "a/onvif-ej/b"),
    ] {
        let expected = format!("{device} _event/{kind}=\"{{}}\"");
        check(topic, r#"{"UtcTime":"2026-11-22T10:00:00"}"#, &[&expected]);
    }
    for bad in ["cam/onvif-ej", "cam/onvif-ej/", "/onvif-ej/x", "cam/onvif-ej/&1"] {
        let arrival = trial(&Config::default()).hear(&raw(bad, br#"{"UtcTime":"2026-11-22T10:00:00Z"}"#));
        let found = lines(&arrival);
        assert!(found.len() == 1 && found[0].starts_with("refused schema"), "{bad}: {found:?}");
    }
    check("onvif-ej/x", "{}", &["refused unknown_format 0"]);
}

#[test]
fn an_empty_onvif_message_says_that_the_property_is_gone() {
    check(
        "cam/onvif-ej/Device/IO/&1",
        "",
        &[&format!("cam _event/Device/IO={:?}", r#"{"PropertyOperation":"Deleted"}"#)],
    );
}

#[test]
fn onvif_events_that_lack_what_they_need_are_refused_whole() {
    for bad in [
        "[]",
        "3",
        "{}",
        r#"{"Data":{"a":1}}"#,
        r#"{"UtcTime":5,"Data":{"a":1}}"#,
        r#"{"UtcTime":"ieri","Data":{"a":1}}"#,
        r#"{"UtcTime":"2026-11-22T09:30:00Z","Data":[1]}"#,
        r#"{"UtcTime":"2026-11-22T09:30:00Z","Source":"1"}"#,
        r#"{"UtcTime":"2026-11-22T09:30:00Z","Key":1}"#,
    ] {
        check(TOPIC, bad, &["refused schema 0"]);
    }
    check(TOPIC, "{", &["refused malformed 0"]);
}
