//! Formats of many lines: JSON lines and CSV. A line that is wrong is refused alone.

use ingest::Config;

use crate::kit::{lines, raw, trial};

const JSON: &str = "http/json-lines";
const CSV: &str = "http/csv";
const COMMA: &str = "http/csv-comma";

#[track_caller]
fn check(topic: &str, payload: &str, expected: &[&str]) {
    let arrival = trial(&Config::default()).hear(&raw(topic, payload.as_bytes()));
    let details = arrival.refused.iter().map(|letter| letter.detail.as_str()).collect::<Vec<_>>();
    assert_eq!(lines(&arrival), expected, "{payload}\n{details:?}");
}

/// The whole message is refused, with this reason and these words.
#[track_caller]
fn refused(topic: &str, payload: &[u8], reason: &str, words: &str) {
    let arrival = trial(&Config::default()).hear(&raw(topic, payload));
    assert!(arrival.readings.is_empty() && arrival.refused.len() == 1, "{:?}", lines(&arrival));
    let letter = &arrival.refused[0];
    assert!(letter.reason.as_str() == reason && letter.detail.contains(words), "{letter:?}");
}

#[test]
fn every_line_is_a_message_of_our_own() {
    check(
        JSON,
        "\u{feff}{\"device\":\"a\",\"metric\":\"t\",\"value\":1.5,\"unit\":\"Cel\",\"time\":\"2026-11-22T09:00:00Z\"}\r\n\n\
         {\"device\":\"b\",\"values\":{\"x\":1,\"y\":true}}\n{\"readings\":[{\"device\":\"c\",\"metric\":\"z\",\"value\":\"ok\"}]}",
        &["a t=1.5 Cel @2026-11-22T09:00:00Z", "b x=1", "b y=true", "c z=\"ok\""],
    );
    check(JSON, "{\n \"device\": \"a\",\n \"values\": {\"x\": 1}\n}\n", &["a x=1"]);
}

#[test]
fn a_wrong_line_of_json_costs_itself_and_nothing_else() {
    check(
        JSON,
        "{\"device\":\"a\",\"values\":{\"x\":1}}\n{\"device\":\"b\",\"values\":{\"x\":1,\"y\":{\"value\":1,\"quality\":7}}}\nnonsense\n\
         {\"device\":\"b\",\"values\":{\"x\":2}}\n{\"device\":\"c\",\"values\":{\"x\":1e400,\"y\":3}}",
        &["a x=1", "b x=2", "c y=3", "refused schema 1", "refused malformed 1", "refused range 1"],
    );
    refused(JSON, b"[1]\n[2]", "schema", "line 1: ");
    refused(JSON, b"", "malformed", "no line");
    refused(JSON, b" \n\r\n", "malformed", "no line");
}

#[test]
fn a_device_of_a_forgotten_line_is_announced_by_the_next_one() {
    let payload = b"{\"readings\":[{\"device\":\"a\",\"metric\":\"x\",\"value\":1},{\"device\":\"a\"}]}\n{\"device\":\"a\",\"metric\":\"x\",\"value\":2}";
    let arrival = trial(&Config::default()).hear(&raw(JSON, payload));
    assert_eq!(lines(&arrival), ["a x=2", "refused schema 1"]);
    assert_eq!(arrival.seen.len(), 1);
}

#[test]
fn a_long_table_has_a_reading_a_row() {
    check(
        CSV,
        "\u{feff}device,time,metric,value,unit,quality\r\n\
         lamp 1,2026-11-22T09:00:00.5Z,voltage,230.4,V,\r\n\
         \"lamp, \"\"two\"\"\",,on,true,,uncertain\r\n\
         lamp3,2026-11-22T10:00:00+01:00,state,\"two\nlines\",,\r\n\
         lamp3,,total,9007199254740993,,historical\r\n\
         lamp4,,gone,,,bad\r\n\
         lamp5,,nothing,,,\r\n,,,,,\r\n",
        &[
            "lamp 1 voltage=230.4 V @2026-11-22T09:00:00.500Z",
            "lamp, \"two\" on=true !uncertain",
            "lamp3 state=\"two\\nlines\" @2026-11-22T09:00:00Z",
            "lamp3 total=9007199254740993i !historical",
            "lamp4 gone=gap !bad",
        ],
    );
    check(CSV, "value;metric;device\n1;a;d\n", &["d a=1"]);
}

#[test]
fn a_wide_table_has_a_column_for_each_metric() {
    check(
        CSV,
        "device,time,temperature,humidity,door\nschool,2026-11-22T09:00:00Z,21.5,40,false\nschool,2026-11-22T09:10:00Z,,41,\n",
        &[
            "school temperature=21.5 @2026-11-22T09:00:00Z",
            "school humidity=40 @2026-11-22T09:00:00Z",
            "school door=false @2026-11-22T09:00:00Z",
            "school humidity=41 @2026-11-22T09:10:00Z",
        ],
    );
}

#[test]
fn decimal_commas_are_read_where_they_are_said_and_refused_elsewhere() {
    check(
        COMMA,
        "device;level;pump\npozzo;2,75;true\npozzo;-1;false\n",
        &["pozzo level=2.75", "pozzo pump=true", "pozzo level=-1", "pozzo pump=false"],
    );
    check(COMMA, "device;level\npozzo;1.234,5\npozzo;2.5\npozzo;3,5", &["pozzo level=3.5", "refused schema 2"]);
    check(CSV, "device;level\npozzo;2,75\npozzo;3", &["pozzo level=3", "refused schema 1"]);
    refused(CSV, b"device,level\npozzo,\"2,75\"\n", "schema", "decimal=comma");
    refused(COMMA, b"device,level\npozzo,2\n", "schema", "separated by ;");
}

#[test]
fn a_wrong_row_costs_itself_and_nothing_else() {
    check(
        CSV,
        "device,time,a,b\nd,2026-11-22T09:00:00Z,1,2\nd,yesterday,3,4\nd,2026-11-22T09:00:01Z,5\n,2026-11-22T09:00:02Z,6,7\n\
         d,2026-11-22T09:00:03Z,NaN,8\nd,1999-01-01T00:00:00Z,9,10\nd,2026-11-22T09:00:04Z,\"11,12\n",
        &[
            "d a=1 @2026-11-22T09:00:00Z",
            "d b=2 @2026-11-22T09:00:00Z",
            "d b=8 @2026-11-22T09:00:03Z",
            "refused schema 3",
            "refused range 1",
            "refused timestamp 2",
            "refused malformed 1",
        ],
    );
}

#[test]
fn a_wrong_header_refuses_the_table() {
    refused(CSV, b"time,a\n1,2\n", "schema", "no column device");
    refused(CSV, b"device,a,a\nd,1,2\n", "duplicate_key", "\"a\"");
    refused(CSV, b"device,,a\nd,1,2\n", "schema", "no name");
    refused(CSV, b"device,metric,a\nd,1,2\n", "schema", "belong together");
    refused(CSV, b"device,metric,value,colour\nd,1,2,3\n", "schema", "colour");
    refused(CSV, b"\"device,a\nd,1\n", "malformed", "never closed");
    refused(CSV, b"device,\xff\nd,1\n", "malformed", "UTF-8");
    refused(CSV, b"", "malformed", "no line");
}
