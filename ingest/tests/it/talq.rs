//! Log reports of TALQ v2.

use ingest::Config;

use crate::kit::{lines, raw, trial};

const TOPIC: &str = "http/talq-v2";

#[track_caller]
fn check(entries: &str, expected: &[&str]) {
    let payload = format!(r#"{{"address":"logger-1","entries":[{entries}]}}"#);
    let arrival = trial(&Config::default()).hear(&raw(TOPIC, payload.as_bytes()));
    let details = arrival.refused.iter().map(|letter| letter.detail.as_str()).collect::<Vec<_>>();
    assert_eq!(lines(&arrival), expected, "{payload}\n{details:?}");
}

fn attribute(address: &str, name: &str, value: &str) -> String {
    format!(
        r#"{{"cmsRefId":"x","data":{{"type":"AttributeLogData","srcAddress":"{address}","timestamp":"2026-11-22T10:30:00+01:00","attributeName":"{name}","attributeValue":{value}}}}}"#
    )
}

#[test]
fn attributes_are_readings_named_by_function_and_attribute() {
    let entries = [
        attribute("0b7e/lamp-1", "activePower", r#"{"type":"AttributeFloat","value":18.25}"#),
        attribute("0b7e", "deviceReset", r#"{"type":"AttributeBoolean","value":false}"#),
        attribute("0b7e/lamp-1", "mode", r#"{"type":"AttributeString","value":"auto"}"#),
        attribute("0b7e/lamp-1", "level", r#"{"type":"AttributeLevelState","value":{"name":"LevelState","value":80}}"#),
        attribute("0b7e/lamp-1", "steps", r#"{"type":"AttributeIntegerArray","value":[0,50]}"#),
        attribute("0b7e/lamp-1", "gone", r#"{"type":"AttributeFloat","value":null}"#),
    ];
    let at = "@2026-11-22T09:30:00Z";
    let expected = [
        format!("0b7e lamp-1.activePower=18.25 {at}"),
        format!("0b7e deviceReset=false {at}"),
        format!("0b7e lamp-1.mode=\"auto\" {at}"),
        format!("0b7e lamp-1.level=80 {at}"),
        format!("0b7e lamp-1.steps.0=0 {at}"),
        format!("0b7e lamp-1.steps.1=50 {at}"),
    ];
    check(&entries.join(","), &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_location_is_a_place_and_an_event_is_kept_with_all_it_says() {
    let place = r#"{"type":"AttributeLocation","value":{"latitude":38.19,"longitude":15.55}}"#;
    let at = "@2026-11-22T09:30:00Z";
    check(
        &attribute("0b7e/basic", "location", place),
        &[&format!("0b7e _longitude=15.55 deg {at}"), &format!("0b7e _latitude=38.19 deg {at}")],
    );
    check(
        r#"{"data":{"type":"EventLogData","srcAddress":"0b7e/gear","eventType":"controlGearFailure","startEndFlag":true}}"#,
        &[concat!(
            r#"0b7e _event/gear.controlGearFailure="{\"type\":\"EventLogData\",\"srcAddress\":\"0b7e/gear\","#,
            r#"\"eventType\":\"controlGearFailure\",\"startEndFlag\":true}""#
        )],
    );
}

#[test]
fn a_report_without_entries_is_fine_and_a_wrong_entry_refuses_the_report() {
    check("", &[]);
    let arrival = trial(&Config::default()).hear(&raw(TOPIC, b"{\"address\":\"x\"}"));
    assert!(arrival.refused.is_empty());
    let good = attribute("0b7e", "a", r#"{"type":"AttributeFloat","value":1}"#);
    for bad in [
        "{}",
        "7",
        r#"{"data":{"type":"AttributeLogData","attributeName":"a","attributeValue":{"type":"AttributeFloat","value":1}}}"#,
        r#"{"data":{"type":"SomethingElse","srcAddress":"d"}}"#,
        r#"{"data":{"type":"EventLogData","srcAddress":"d"}}"#,
        &attribute("d", "", r#"{"type":"AttributeFloat","value":1}"#),
        &attribute("d", "a", r#"{"value":1}"#),
        &attribute("d", "a", "1"),
        &attribute("d", "a", r#"{"type":"AttributeLocation","value":{"latitude":138.0,"longitude":15.0}}"#),
        &attribute("/f", "a", r#"{"type":"AttributeFloat","value":1}"#),
    ] {
        check(&format!("{good},{bad}"), &["refused schema 0"]);
    }
}
