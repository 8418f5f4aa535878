//! NGSI-LD entities and notifications.

use super::check;

const TOPIC: &str = "ngsi-ld/comune";
const ARIA: &str = "urn:ngsi-ld:AirQualityObserved:messina-1";

/// An entity of an air station with these members more.
fn entity(rest: &str) -> String {
    format!(r#"{{"id":"{ARIA}","type":"AirQualityObserved"{rest},"@context":["https://example.org/context.jsonld"]}}"#)
}

#[track_caller]
fn check_entity(rest: &str, expected: &[&str]) {
    let lines = expected.iter().map(|line| format!("{ARIA} {line}")).collect::<Vec<_>>();
    check(TOPIC, &entity(rest), &lines.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn ngsi_ld_properties_are_readings_with_their_unit() {
    check_entity(
        r#","no2":{"type":"Property","value":45.5,"unitCode":"GQ"},"zero":{"type":"Property","value":0},"open":{"type":"Property","value":false},
           "level":{"type":"Property","value":"moderate"},"state":{"type":"Property","value":"ok"},"list":{"type":"Property","value":[1,2.5],"unitCode":"A"},
           "mixed":{"type":"Property","value":[1,"x"]},"empty":{"type":"Property","value":[]},"address":{"type":"Property","value":{"streetNr":3}},
           "ref":{"type":"Relationship","object":"urn:x","value":3},"name":{"type":"LanguageProperty","languageMap":{"it":"Piazza"},"value":1},
           "gone":{"type":"Property","value":null},"outer":{"type":"Property","value":"x","inner":{"type":"Property","value":7}}"#,
        &["no2=45.5 GQ", "zero=0", "open=false", "state=\"ok\"", "list.0=1 A", "list.1=2.5 A"],
    );
}

#[test]
fn ngsi_ld_key_values_and_the_concise_form_say_the_same() {
    check_entity(
        r#","no2":45.5,"open":true,"powerState":"off","brandName":"X","list":[1,2],"words":["a"],"address":{"streetNr":3},"since":"2016-07-08T16:04:30Z""#,
        &["no2=45.5", "open=true", "powerState=\"off\"", "list.0=1", "list.1=2"],
    );
    check_entity(
        r#","no2":{"value":45.5,"unitCode":"GQ","observedAt":"2026-11-22T09:00:00Z"},"workingMode":{"value":"automatic"},"open":true"#,
        &["no2=45.5 GQ @2026-11-22T09:00:00Z", "workingMode=\"automatic\"", "open=true"],
    );
    check_entity(r#","status":{"type":"Property","value":"urn:ngsi-ld:null"},"state":"urn:ngsi-ld:null""#, &[]);
}

#[test]
fn ngsi_ld_times_are_of_the_attribute_or_of_the_entity_or_of_the_arrival() {
    let own = r#","a":{"type":"Property","value":1,"observedAt":"2026-11-22T08:00:00+01:00"},"b":{"type":"Property","value":2}"#;
    check_entity(own, &["a=1 @2026-11-22T07:00:00Z", "b=2"]);
    for observed in [
        r#""dateObserved":{"type":"Property","value":"2026-11-22T09:00:00"}"#,
        r#""dateObserved":{"type":"Property","value":{"@type":"DateTime","@value":"2026-11-22T10:00:00+01:00"}}"#,
        r#""dateObserved":"2026-11-22T09:00:00Z""#,
        r#""dateObserved":"2026-11-22T08:00:00Z/2026-11-22T09:00:00Z""#,
        r#""observationDateTime":{"@type":"DateTime","@value":"2026-11-22T09:00:00Z"}"#,
        r#""dateObservedTo":"2026-11-22T09:00:00Z""#,
        r#""dateObservedTo":"2026-11-22T01:00:00Z","observationDateTime":"2026-11-22T09:00:00Z""#,
    ] {
        check_entity(&format!("{own},{observed}"), &["a=1 @2026-11-22T07:00:00Z", "b=2 @2026-11-22T09:00:00Z"]);
    }
    check_entity(r#","dateObserved":"2026-11-20","b":2"#, &["b=2 @2026-11-20T00:00:00Z"]);
}

#[test]
fn ngsi_ld_locations_are_positions_in_the_order_of_geojson() {
    let place = &["_longitude=15.55 deg", "_latitude=38.19 deg"];
    check_entity(r#","location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[15.55,38.19]}}"#, place);
    check_entity(r#","location":{"type":"Point","coordinates":[15.55,38.19]}"#, place);
    check_entity(r#","location":{"value":{"type":"Point","coordinates":[15.55,38.19]}}"#, place);
    check_entity(
        r#","location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[15.55,38.19,12]},"observedAt":"2026-11-22T09:00:00Z"}"#,
        &[
            "_longitude=15.55 deg @2026-11-22T09:00:00Z",
            "_latitude=38.19 deg @2026-11-22T09:00:00Z",
            "_altitude=12 m @2026-11-22T09:00:00Z",
        ],
    );
    for nowhere in [
        "3",
        "\"x\"",
        "{}",
        r#"{"type":"Point"}"#,
        r#"{"type":"Point","coordinates":[1]}"#,
        r#"{"type":"Point","coordinates":["1","2"]}"#,
        r#"{"type":"Point","coordinates":[15,91]}"#,
        r#"{"type":"Polygon","coordinates":[[[1,2],[2,3],[3,1]]]}"#,
    ] {
        check_entity(&format!(r#","location":{nowhere},"a":1"#), &["a=1"]);
    }
}

#[test]
fn ngsi_ld_notifications_and_lists_carry_entities() {
    let entities =
        r#"[{"id":"urn:1","type":"X","a":1},{"id":"urn:2","type":["X","Y"],"a":{"type":"Property","value":2}}]"#;
    let notification = format!(
        r#"{{"id":"urn:n","type":"Notification","subscriptionId":"urn:s","notifiedAt":"2026-11-22T09:00:00Z","data":{entities}}}"#
    );
    let expected = &["urn:1 a=1", "urn:2 a=2"];
    check(TOPIC, entities, expected);
    check(TOPIC, &notification, expected);
    check(TOPIC, &format!(r#"{{"metadata":{{"Content-Type":"application/json"}},"body":{notification}}}"#), expected);
    check(TOPIC, r#"{"type":"Notification","data":[]}"#, &[]);
}

#[test]
fn ngsi_ld_attributes_may_have_several_instances() {
    check_entity(
        r#","speed":[{"type":"Property","value":55,"datasetId":"urn:gps"},{"type":"Property","value":54.5},{"type":"Relationship","object":"urn:x"}]"#,
        &["speed.urn:gps=55", "speed=54.5"],
    );
}

#[test]
fn ngsi_ld_that_lacks_what_it_needs_is_refused_whole() {
    for bad in [
        "3",
        "{}",
        r#"{"id":"urn:1"}"#,
        r#"{"type":"X"}"#,
        r#"{"id":"","type":"X"}"#,
        r#"{"id":3,"type":"X"}"#,
        r#"{"id":"urn:1","type":3}"#,
        r#"[{"id":"urn:1","type":"X","a":1},3]"#,
        r#"{"type":"Notification","data":[{"id":"urn:1","type":"X","a":1},{"a":1}]}"#,
        &entity(r#","a":{"type":"Property","value":1,"observedAt":"ieri"}"#),
        &entity(r#","dateObserved":"ieri","a":1"#),
        &entity(r#","dateObserved":5,"a":1"#),
    ] {
        check(TOPIC, bad, &["refused schema 0"]);
    }
}
