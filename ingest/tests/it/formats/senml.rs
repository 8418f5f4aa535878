//! SenML in JSON and CBOR: one set of rules, two syntaxes.

use ingest::Config;
use serde_json::Value as Json;

use super::{check as check_json, check_bytes};

const SENML: &str = "senml/scuola/json";
const SENML_CBOR: &str = "senml/scuola/cbor";
const LABELS: [&str; 15] = ["bs", "bv", "bu", "bt", "bn", "bver", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"];

/// First byte and argument of a CBOR value.
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    match argument {
        0..24 => out.push(major << 5 | argument as u8),
        _ => {
            out.push(major << 5 | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

fn whole(number: i64, out: &mut Vec<u8>) {
    head(u8::from(number < 0), if number < 0 { !number as u64 } else { number as u64 }, out);
}

/// The same in CBOR, with the labels of RFC 8428 as numbers.
fn encode(json: &Json, out: &mut Vec<u8>) {
    match json {
        Json::Null => out.push(0xf6),
        Json::Bool(flag) => out.push(if *flag { 0xf5 } else { 0xf4 }),
        Json::Number(number) => match number.as_i64() {
            Some(number) => whole(number, out),
            None => {
                out.push(0xfb);
                out.extend(number.as_f64().unwrap().to_be_bytes());
            }
        },
        Json::String(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Json::Array(items) => {
            head(4, items.len() as u64, out);
            items.iter().for_each(|item| encode(item, out));
        }
        Json::Object(members) => {
            head(5, members.len() as u64, out);
            for (key, value) in members {
                match LABELS.iter().position(|label| label == key) {
                    Some(index) => whole(index as i64 - 6, out),
                    None => encode(&Json::from(key.as_str()), out),
                }
                encode(value, out);
            }
        }
    }
}

fn cbor(json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&serde_json::from_str(json).unwrap(), &mut out);
    out
}

/// The pack in JSON, and the same in CBOR.
#[track_caller]
fn check(topic: &str, payload: &str, expected: &[&str]) {
    check_json(topic, payload, expected);
    check_bytes(&Config::default(), SENML_CBOR, &cbor(payload), expected);
}

#[track_caller]
fn check_cbor(payload: &[u8], expected: &[&str]) {
    check_bytes(&Config::default(), SENML_CBOR, payload, expected);
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

#[test]
fn senml_cbor_takes_numbers_of_every_width_and_decimal_fractions() {
    for (value, expected) in [
        (&[0xf9, 0x3e, 0x00][..], "1.5"),
        (&[0xfa, 0x3f, 0xc0, 0, 0], "1.5"),
        (&[0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "1.5"),
        (&[0xc4, 0x82, 0x21, 0x19, 0x6a, 0xb3], "273.15"),
        (&[0xc4, 0x82, 0x21, 0x39, 0x6a, 0xb2], "-273.15"),
        (&[0x3a, 0, 0, 0, 9], "-10"),
        (&[0xc2, 0x48, 0x00, 0x20, 0, 0, 0, 0, 0, 0x01], "9007199254740993i"),
        (&[0xc3, 0x41, 0x09], "-10"),
        (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709552000"),
    ] {
        let payload = [&[0x81, 0xa2, 0x00, 0x61, b'm', 0x02][..], value].concat();
        check_cbor(&payload, &[&format!("scuola m={expected}")]);
    }
}

#[test]
fn senml_cbor_numbers_that_are_none_cost_the_reading_alone() {
    let good = [0xa2, 0x00, 0x61, b'g', 0x02, 0x01];
    for value in
        [&[0xf9, 0x7e, 0x00][..], &[0xf9, 0x7c, 0x00], &[0xfa, 0xff, 0x80, 0, 0], &[0xc4, 0x82, 0x19, 0x01, 0x90, 0x01]]
    {
        let payload = [&[0x82, 0xa2, 0x00, 0x61, b'm', 0x02][..], value, &good].concat();
        check_cbor(&payload, &["scuola g=1", "refused range 1"]);
        let time = [&[0x82, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0x06][..], value, &good].concat();
        check_cbor(&time, &["scuola g=1", "refused timestamp 1"]);
    }
}

#[test]
fn senml_cbor_may_come_in_pieces_and_with_tags_and_with_words_as_labels() {
    let pieces = [
        0xd9, 0xd9, 0xf7, 0x9f, 0xbf, 0x21, 0x7f, 0x64, b'l', b'a', b'm', b'p', 0x62, b'1', b':', 0xff, 0x00, 0x62,
        b'o', b'n', 0x04, 0xf5, 0xff, 0xa3, 0x61, b'n', 0x61, b'w', 0x61, b'v', 0x05, 0x06, 0xc1, 0x1a, 0x6b, 0x02,
        0x46, 0x20, 0xa2, 0x00, 0x61, b'd', 0x08, 0x43, 1, 2, 3, 0xff,
    ];
    check_cbor(&pieces, &["lamp1 on=true", "lamp1 w=5 @2026-11-22T01:32:16Z"]);
}

#[test]
fn senml_cbor_that_breaks_its_rules_is_refused_whole() {
    for (payload, expected) in [
        (&[0x81, 0xa2, 0x00, 0x61, b'm', 0x02][..], "malformed"),
        (&[0x81, 0xa2, 0x00, 0x61, b'm', 0x02, 0x01, 0x00], "malformed"),
        (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xa0], "malformed"),
        (&[0x81, 0xa2, 0x00, 0x61, 0xff, 0x02, 0x01], "malformed"),
        (&[0x81, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0x02, 0x02], "duplicate_key"),
        (&[0x81, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0x61, b'v', 0x02], "duplicate_key"),
        (&[0x81, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0xf5, 0x02], "schema"),
        (&[0x81, 0xa2, 0x00, 0x01, 0x02, 0x01], "schema"),
        (&[0x81, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0x20, 0x0b], "schema"),
        (&[0x80], "schema"),
        (&[0xa0], "schema"),
        (&[0x81, 0x01], "schema"),
    ] {
        check_cbor(payload, &[&format!("refused {expected} 0")]);
    }
    let deep = [&[0x81, 0xa3, 0x00, 0x61, b'm', 0x02, 0x01, 0x09][..], &[0x81; 70], &[0x01]].concat();
    check_cbor(&deep, &["refused too_deep 0"]);
    check_cbor(&[0x81, 0xa4, 0x00, 0x61, b'm', 0x02, 0x01, 0x09, 0x80, 0x26, 0xf6], &["scuola m=1"]);
}
