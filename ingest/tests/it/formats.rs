//! Each format, by small examples: what goes in, what comes out.

use ingest::Config;
use ingest::config::Route;

use crate::kit::{lines, raw, trial};

const UP: &str = "application/3/device/00112233aabbccdd/event/up";
const OWN: &str = "specola/v1/messina/gw-7/readings";
const SENML: &str = "senml/scuola/json";

#[track_caller]
fn check_with(config: &Config, topic: &str, payload: &str, expected: &[&str]) {
    let arrival = trial(config).hear(&raw(topic, payload.as_bytes()));
    let details = arrival.refused.iter().map(|letter| letter.detail.as_str()).collect::<Vec<_>>();
    assert_eq!(lines(&arrival), expected, "{payload}\n{details:?}");
}

#[track_caller]
fn check(topic: &str, payload: &str, expected: &[&str]) {
    check_with(&Config::default(), topic, payload, expected);
}

#[test]
fn our_own_long_form_carries_many_devices() {
    check(
        OWN,
        r#"{"time":"2026-11-22T09:59:00.250+00:00","readings":[
            {"device":"lampione-1","metric":"voltage","value":230.4,"unit":"V"},
            {"device":"lampione-2","metric":"on","value":true,"time":"2026-11-22T09:58:00Z"},
            {"metric":"state","value":"ok","quality":"uncertain"},
            {"device":"contatore","metric":"total","value":9007199254740993,"quality":"simulated"},
            {"device":"x","metric":"nothing","value":null},
            {"device":"x","metric":"lost","value":null,"quality":"bad"}]}"#,
        &[
            "lampione-1 voltage=230.4 V @2026-11-22T09:59:00.250Z",
            "lampione-2 on=true @2026-11-22T09:58:00Z",
            "gw-7 state=\"ok\" @2026-11-22T09:59:00.250Z !uncertain",
            "contatore total=9007199254740993i @2026-11-22T09:59:00.250Z !simulated",
            "x lost=gap @2026-11-22T09:59:00.250Z !bad",
        ],
    );
}

#[test]
fn our_own_short_form_carries_one_device() {
    check(
        OWN,
        r#"{"values":{"voltage":0,"on":false,"state":"ok","none":null,"flow":{"value":-1.5,"unit":"L/s"},"gone":{"value":null,"unit":"L/s"},"phase":{"a":1,"b":[2,3]}}}"#,
        &[
            "gw-7 voltage=0",
            "gw-7 on=false",
            "gw-7 state=\"ok\"",
            "gw-7 flow=-1.5 L/s",
            "gw-7 phase.a=1",
            "gw-7 phase.b.0=2",
            "gw-7 phase.b.1=3",
        ],
    );
    check(
        OWN,
        r#"{"device":"pompa","time":"2026-11-22T09:00:00Z","values":{"rpm":1450}}"#,
        &["pompa rpm=1450 @2026-11-22T09:00:00Z"],
    );
}

#[test]
fn our_own_json_that_lacks_what_it_needs_is_refused_whole() {
    for bad in [
        "[]",
        "3",
        "{}",
        r#"{"readings":[],"values":{}}"#,
        r#"{"readings":{}}"#,
        r#"{"readings":[3]}"#,
        r#"{"readings":[{"device":"a","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m"}]}"#,
        r#"{"readings":[{"device":"a","metric":"ok","value":1},{"device":"a","metric":"","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":[1]}]}"#,
        r#"{"readings":[{"device":3,"metric":"m","value":1}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":1,"unit":3}]}"#,
        r#"{"readings":[{"device":"a","metric":"m","value":1,"quality":"nice"}]}"#,
        r#"{"time":1700000000,"readings":[]}"#,
        r#"{"time":"ieri","values":{"a":1}}"#,
        r#"{"values":[1]}"#,
    ] {
        check(OWN, bad, &["refused schema 0"]);
    }
}

#[test]
fn a_topic_with_the_tenant_of_somebody_else_is_refused() {
    check("specola/v1/catania/gw/readings", r#"{"values":{"a":1}}"#, &["refused schema 0"]);
}

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
    chirpstack("up", r#","data":"qg==""#, &[]);
    chirpstack("up", r#","object":null"#, &[]);
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
    for event in ["join", "ack", "txack", "log", "location", "integration"] {
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

#[test]
fn senml_base_values_hold_until_they_are_changed() {
    check(
        SENML,
        r#"[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1795341600.5,"bu":"A","bv":10,"n":"i1","v":1.5},
            {"n":"i2","t":-5,"v":-10,"u":"mA"},
            {"bn":"urn:dev:b_","bv":0,"n":"","v":3},
            {"n":"s","vs":"aperto"},{"n":"f","vb":true},{"n":"d","vd":"aGk"}]"#,
        &[
            "urn:dev:mac:0024befffe804ff1 i1=11.5 A @2026-11-22T10:00:00.500Z",
            "urn:dev:mac:0024befffe804ff1 i2=0 mA @2026-11-22T09:59:55.500Z",
            "urn:dev:b A=3 A @2026-11-22T10:00:00.500Z",
            "urn:dev:b s=\"aperto\" A @2026-11-22T10:00:00.500Z",
            "urn:dev:b f=true A @2026-11-22T10:00:00.500Z",
        ],
    );
}

#[test]
fn senml_names_its_device_by_base_name_name_or_topic() {
    check(SENML, r#"[{"n":"temperature","u":"Cel","v":21.4}]"#, &["scuola temperature=21.4 Cel"]);
    check(SENML, r#"[{"n":"urn:dev:ow:10","u":"Cel","v":21.4}]"#, &["urn:dev:ow:10 Cel=21.4 Cel"]);
    check(SENML, r#"[{"n":"urn:dev:ow:10","v":21.4}]"#, &["urn:dev:ow:10 value=21.4"]);
    check(SENML, r#"[{"v":1}]"#, &["scuola value=1"]);
    for trailing in [":", "/", ";", ".", "_", "-"] {
        let payload = format!(r#"[{{"bn":"dev1{trailing}","n":"x","v":1}}]"#);
        check(SENML, &payload, &["dev1 x=1"]);
    }
    check(SENML, r#"[{"bn":"dev1::","n":"x","v":1}]"#, &["dev1: x=1"]);
}

#[test]
fn senml_times_are_relative_below_two_to_the_28th_and_absolute_above() {
    check(
        SENML,
        r#"[{"n":"a","v":1,"t":-30},{"n":"b","v":1,"t":0},{"n":"c","v":1,"t":1.25}]"#,
        &["scuola a=1 @2026-11-22T09:59:30Z", "scuola b=1", "scuola c=1 @2026-11-22T10:00:01.250Z"],
    );
    check(SENML, r#"[{"n":"a","v":1,"t":1276020076.001}]"#, &["scuola a=1 @2010-06-08T18:01:16.001Z"]);
    check(
        SENML,
        r#"[{"bt":1276020000,"n":"a","v":1,"t":76.000000001}]"#,
        &["scuola a=1 @2010-06-08T18:01:16.000000001Z"],
    );
}

#[test]
fn senml_sums_are_readings_too() {
    check(
        SENML,
        r#"[{"bs":100,"n":"energy","u":"W","v":5,"s":3600},{"n":"only","s":1}]"#,
        &["scuola energy=5 W", "scuola energy.sum=3700 W", "scuola only.sum=101"],
    );
}

#[test]
fn senml_that_breaks_its_rules_is_refused_whole() {
    for bad in [
        "{}",
        "[]",
        "[1]",
        r#"[{"n":"a"}]"#,
        r#"[{"n":"a","v":"1"}]"#,
        r#"[{"n":"a","v":1,"vs":"x"}]"#,
        r#"[{"n":"a","v":1},{"n":5,"v":1}]"#,
        r#"[{"bver":11,"n":"a","v":1}]"#,
        r#"[{"n":"a","v":1,"secret_":1}]"#,
        r#"[{"n":"a","v":1,"t":"now"}]"#,
        r#"[{"bn":":","n":"a","v":1}]"#,
    ] {
        check(SENML, bad, &["refused schema 0"]);
    }
    check(
        SENML,
        r#"[{"bver":10,"n":"a","v":1,"hint":2,"ut":5},{"bn":"x"},{"bn":"y","n":"b","v":2}]"#,
        &["scuola a=1", "y b=2"],
    );
}

fn generic(mapping: &str) -> Config {
    let route = format!("topic = \"vendor/+/data\"\nformat = \"generic-json\"\n{mapping}");
    Config { routes: vec![toml::from_str::<Route>(&route).unwrap()], ..Config::default() }
}

#[test]
fn a_mapping_says_device_time_names_units_and_conversions() {
    let config = generic(
        r#"[mapping]
        device = { path = "meta.serial" }
        time = { field = "ts", format = "unix_ms" }
        exclude = ["meta", "raw"]
        constants = { site = "porto", revision = 2 }
        [[mapping.fields]]
        path = "t10"
        metric = "temperature"
        unit = "Cel"
        scale = 0.1
        offset = -40
        [[mapping.fields]]
        path = "status"
        "#,
    );
    check_with(
        &config,
        "vendor/9/data",
        r#"{"meta":{"serial":77,"rev":1},"ts":1795341540123,"t10":615,"on":true,"status":"ok","note":"text","raw":[1,2],"p":{"value":3,"unit":"bar"}}"#,
        &[
            "77 temperature=21.5 Cel @2026-11-22T09:59:00.123Z",
            "77 on=true @2026-11-22T09:59:00.123Z",
            "77 status=\"ok\" @2026-11-22T09:59:00.123Z",
            "77 p=3 bar @2026-11-22T09:59:00.123Z",
            "77 revision=2 @2026-11-22T09:59:00.123Z",
            "77 site=\"porto\" @2026-11-22T09:59:00.123Z",
        ],
    );
    check_with(&config, "vendor/9/data", r#"{"t10":1}"#, &["refused schema 0"]);
    check_with(&config, "vendor/9/data", r#"{"meta":{"serial":"a"},"ts":"soon","t10":1}"#, &["refused schema 0"]);
}

#[test]
fn a_mapping_reads_only_what_is_named_or_texts_as_well() {
    let named =
        generic("[mapping]\ndevice = { topic_level = 2 }\nleaves = \"named\"\n[[mapping.fields]]\npath = \"a.0\"\n");
    check_with(&named, "vendor/9/data", r#"{"a":[1,2],"b":3}"#, &["9 a.0=1"]);
    let all = generic("[mapping]\ndevice = { constant = \"one\" }\nleaves = \"scalars\"\n");
    check_with(&all, "vendor/9/data", r#"{"a":"x","b":3}"#, &["one a=\"x\"", "one b=3"]);
    check_with(&all, "vendor/9/data", "21.5", &["one value=21.5"]);
}

#[test]
fn a_mapping_reads_times_of_many_forms() {
    for (format, text, expected) in [
        ("rfc3339", "\"2026-11-22T10:30:00+01:00\"", "2026-11-22T09:30:00Z"),
        ("rfc3339", "\"2026-11-22T10:30:00.5\"", "2026-11-22T09:30:00.500Z"),
        ("rfc3339", "\"2026-11-22 10:30:00\"", "2026-11-22T09:30:00Z"),
        ("unix_s", "1795339800.25", "2026-11-22T09:30:00.250Z"),
        ("unix_s", "\"1795339800\"", "2026-11-22T09:30:00Z"),
        ("unix_us", "1795339800000001", "2026-11-22T09:30:00.000001Z"),
        ("unix_ns", "1795339800000000001", "2026-11-22T09:30:00.000000001Z"),
        ("%d/%m/%Y %H:%M", "\"22/11/2026 10:30\"", "2026-11-22T09:30:00Z"),
        ("%d/%m/%Y", "\"22/11/2026\"", "2026-11-21T23:00:00Z"),
        ("%Y%m%dT%H%M%S%z", "\"20261122T103000+0100\"", "2026-11-22T09:30:00Z"),
    ] {
        let config = generic(&format!(
            "[mapping]\ndevice = {{ topic_level = 2 }}\ntime = {{ field = \"t\", format = \"{format}\", zone = \"Europe/Rome\" }}\n"
        ));
        check_with(&config, "vendor/9/data", &format!("{{\"t\":{text},\"v\":1}}"), &[&format!("9 v=1 @{expected}")]);
        check_with(&config, "vendor/9/data", r#"{"v":1}"#, &["9 v=1"]);
    }
}

#[test]
fn a_mapping_that_cannot_work_is_refused_with_advice() {
    for (mapping, words) in [
        ("[mapping]\n", "exactly one of"),
        ("[mapping]\ndevice = { topic_level = 0 }\n", "counts from 1"),
        ("[mapping]\ndevice = { topic_level = 2 }\nleaves = \"named\"\n", "read nothing"),
        ("[mapping]\ndevice = { topic_level = 2 }\ntime = { field = \"t\", format = \"yyyy\" }\n", "unix_ms"),
    ] {
        let text = generic(mapping).validate().unwrap_err().to_string();
        assert!(text.contains(words), "{text}");
    }
    let zone = toml::from_str::<Route>("topic='a'\nformat='generic-json'\n[mapping.time]\nfield='t'\nzone='Rome'")
        .unwrap_err()
        .to_string();
    assert!(zone.contains("Europe/Rome"), "{zone}");
}
