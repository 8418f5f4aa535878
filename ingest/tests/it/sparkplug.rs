//! Sparkplug B conversations: births, aliases, deaths, gaps, and when a node is asked to start over.

use ingest::config::{Format, Route, Sparkplug};
use ingest::decode::Command;
use ingest::{Config, RawMessage, Trial};
use model::{Duration, Timestamp};
use prost::Message;

use crate::kit::{lines, now, raw, trial};
use crate::sparkplug_payload::{DataSet, Metric, NINE, Payload, PropertyValue, Scalar, Template, bd_seq, message};

const NODE: &str = "spBv1.0/Comune/NBIRTH/quadro";
const NDATA: &str = "spBv1.0/Comune/NDATA/quadro";
const NDEATH: &str = "spBv1.0/Comune/NDEATH/quadro";
const DEVICE: &str = "spBv1.0/Comune/DBIRTH/quadro/pompa";
const DDATA: &str = "spBv1.0/Comune/DDATA/quadro/pompa";
const DDEATH: &str = "spBv1.0/Comune/DDEATH/quadro/pompa";
const ONLINE: &str = "Comune/quadro _online=true";
const OFFLINE: &str = "Comune/quadro _online=false";

fn birth() -> RawMessage {
    let power = Metric::named("power", 10, Scalar::Double(1.5)).known_as(1);
    let control = Metric::named("Node Control/Rebirth", 11, Scalar::Boolean(false)).known_as(9);
    let power = power.with("engUnit", PropertyValue::Text("kW".to_owned()));
    message(NODE, 0, vec![bd_seq(7), control, power])
}

fn device_birth() -> RawMessage {
    message(DEVICE, 1, vec![Metric::named("speed", 2, Scalar::Int(50)).known_as(2)])
}

fn power(seq: u64) -> RawMessage {
    message(NDATA, seq, vec![Metric::aliased(1, Scalar::Double(seq as f64))])
}

fn at(millis: u64) -> Timestamp {
    now().plus(Duration::from_millis(millis))
}

fn later(message: RawMessage, millis: u64) -> RawMessage {
    RawMessage { received: at(millis), ..message }
}

/// A node that was born and has not been asked for anything.
fn born() -> Trial {
    let mut trial = trial(&Config::default());
    trial.hear(&birth());
    trial.hear(&device_birth());
    assert!(trial.commands().is_empty());
    trial
}

/// How many requests to start over were made since the last time; each must be a proper one.
#[track_caller]
fn asked(trial: &mut Trial) -> usize {
    let commands = trial.commands();
    for Command { topic, payload, assured, retain } in &commands {
        assert_eq!((topic.as_str(), *assured, *retain), ("spBv1.0/Comune/NCMD/quadro", false, false));
        let payload = Payload::decode(payload.clone()).unwrap();
        let metric = &payload.metrics[0];
        assert_eq!((payload.metrics.len(), payload.seq), (1, None), "a command has no sequence number");
        assert_eq!((metric.name.as_deref(), metric.datatype), (Some("Node Control/Rebirth"), Some(11)));
        assert_eq!(metric.value, Some(Scalar::Boolean(true)));
    }
    commands.len()
}

/// The readings and refusals of one message of a node of which nothing is known but its birth.
#[track_caller]
fn check(metric: Metric, expected: &[&str]) {
    let arrival = born().hear(&message(NDATA, 2, vec![metric]));
    assert_eq!(lines(&arrival), expected);
}

#[test]
fn a_birth_says_values_units_and_that_the_node_is_there() {
    let mut trial = trial(&Config::default());
    let arrival = trial.hear(&birth());
    assert_eq!(lines(&arrival), [ONLINE, "Comune/quadro power=1.5 kW @2026-11-22T09:00:00Z"]);
    assert_eq!(arrival.seen[0].device.as_str(), "Comune/quadro");
    let arrival = trial.hear(&device_birth());
    let expected = ["Comune/quadro/pompa _online=true", "Comune/quadro/pompa speed=50 @2026-11-22T09:00:00Z"];
    assert_eq!(lines(&arrival), expected);
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn an_alias_stands_for_name_type_and_unit_of_the_birth_on_the_node_and_its_devices() {
    let mut trial = born();
    assert_eq!(lines(&trial.hear(&power(2))), ["Comune/quadro power=2 kW @2026-11-22T09:00:00Z"]);
    let negative = Metric { timestamp: None, ..Metric::aliased(2, Scalar::Int(0xFFFB)) };
    let arrival = trial.hear(&message(DDATA, 3, vec![negative]));
    assert_eq!(lines(&arrival), ["Comune/quadro/pompa speed=-5 @2026-11-22T09:00:00Z"]);
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn an_alias_of_another_device_gives_no_reading_a_wrong_name() {
    let mut trial = born();
    let arrival = trial.hear(&message(DDATA, 2, vec![Metric::aliased(1, Scalar::Double(1.0))]));
    assert_eq!(lines(&arrival), ["refused unknown_alias 0"]);
    assert_eq!(asked(&mut trial), 1);
}

#[test]
fn an_unknown_alias_refuses_the_whole_message_and_asks_for_a_birth() {
    let mut trial = born();
    let known = Metric::named("power", 10, Scalar::Double(1.0));
    let arrival = trial.hear(&message(NDATA, 2, vec![known, Metric::aliased(77, Scalar::Int(1))]));
    assert_eq!(lines(&arrival), ["refused unknown_alias 0"]);
    assert_eq!(asked(&mut trial), 1);
}

#[test]
fn data_before_a_birth_is_kept_when_it_has_names_and_asks_for_a_birth() {
    let mut trial = trial(&Config::default());
    let arrival = trial.hear(&message(NDATA, 4, vec![Metric::named("power", 10, Scalar::Double(1.0))]));
    assert_eq!(lines(&arrival), ["Comune/quadro power=1 @2026-11-22T09:00:00Z"]);
    assert_eq!(asked(&mut trial), 1);
    let arrival = trial.hear(&power(5));
    assert_eq!((lines(&arrival), asked(&mut trial)), (vec!["refused unknown_alias 0".to_owned()], 0));
    trial.hear(&birth());
    assert_eq!(lines(&trial.hear(&power(1))).len(), 1);
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn data_of_a_device_that_was_not_born_asks_its_node_for_a_birth() {
    let mut trial = trial(&Config::default());
    trial.hear(&birth());
    let speed = || vec![Metric::named("speed", 2, Scalar::Int(3))];
    assert_eq!(lines(&trial.hear(&message(DDATA, 1, speed()))), ["Comune/quadro/pompa speed=3 @2026-11-22T09:00:00Z"]);
    assert_eq!(asked(&mut trial), 1);
}

#[test]
fn a_birth_replaces_what_earlier_births_announced() {
    let mut trial = born();
    trial.hear(&message(NODE, 9, vec![bd_seq(7), Metric::named("current", 9, Scalar::Float(0.5)).known_as(1)]));
    let arrival = trial.hear(&message(NDATA, 10, vec![Metric::aliased(1, Scalar::Float(0.25))]));
    assert_eq!(lines(&arrival), ["Comune/quadro current=0.25 @2026-11-22T09:00:00Z"]);
    assert_eq!(asked(&mut trial), 0);
    let arrival = trial.hear(&message(DDATA, 11, vec![Metric::aliased(2, Scalar::Int(1))]));
    assert_eq!(lines(&arrival), ["refused unknown_alias 0"], "the device has not followed yet");
}

#[test]
fn a_death_counts_only_with_the_number_of_the_birth_and_takes_the_devices_along() {
    let mut trial = born();
    let death = |number| message(NDEATH, None, vec![bd_seq(number)]);
    assert!(lines(&trial.hear(&death(6))).is_empty(), "an earlier session's");
    assert_eq!(lines(&trial.hear(&power(2))).len(), 1);
    let mut gone = lines(&trial.hear(&death(7)));
    gone.sort();
    assert_eq!(gone, [OFFLINE, "Comune/quadro/pompa _online=false"]);
    assert_eq!(asked(&mut trial), 0);
    trial.hear(&power(3));
    assert_eq!(asked(&mut trial), 1, "after its death a node must be born again");
}

#[test]
fn a_death_without_a_known_birth_is_believed() {
    let mut trial = trial(&Config::default());
    assert_eq!(lines(&trial.hear(&message(NDEATH, None, vec![bd_seq(3)]))), [OFFLINE]);
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn a_device_that_died_is_offline_and_must_be_born_again() {
    let mut trial = born();
    assert_eq!(lines(&trial.hear(&message(DDEATH, 2, vec![]))), ["Comune/quadro/pompa _online=false"]);
    assert_eq!(lines(&trial.hear(&message(NDEATH, None, vec![bd_seq(7)]))), [OFFLINE], "the device is gone already");
    let mut trial = born();
    trial.hear(&message(DDEATH, 2, vec![]));
    trial.hear(&message(DDATA, 3, vec![Metric::aliased(2, Scalar::Int(1))]));
    assert_eq!(asked(&mut trial), 1);
}

#[test]
fn a_device_that_does_not_follow_when_its_node_starts_over_is_offline() {
    let mut trial = born();
    assert_eq!(lines(&trial.hear(&birth()))[0], ONLINE);
    assert_eq!(lines(&trial.hear(&later(power(1), 100))).len(), 1, "it has time to follow");
    let found = lines(&trial.hear(&later(power(2), 2_100)));
    assert!(found[0].starts_with("Comune/quadro/pompa _online=false"), "{found:?}");
    assert_eq!(lines(&trial.hear(&later(power(3), 2_200))).len(), 1, "it is said once");
}

#[test]
fn a_gap_that_does_not_close_in_time_asks_for_a_birth_once() {
    let mut trial = born();
    assert_eq!(lines(&trial.hear(&power(4))).len(), 1, "what came is kept at once");
    trial.wait(at(1_900));
    assert_eq!(asked(&mut trial), 0);
    trial.wait(at(2_000));
    assert_eq!(asked(&mut trial), 1);
    trial.hear(&later(power(5), 2_100));
    trial.wait(at(9_000));
    assert_eq!(asked(&mut trial), 0, "it was asked already");
}

#[test]
fn a_gap_that_closes_in_time_asks_for_nothing() {
    let mut trial = born();
    trial.hear(&power(4));
    trial.hear(&power(3));
    trial.hear(&later(power(2), 1_000));
    trial.hear(&later(power(5), 1_500));
    trial.wait(at(60_000));
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn a_second_gap_has_its_own_time_to_close() {
    let mut trial = born();
    trial.hear(&power(3));
    trial.hear(&later(power(2), 500));
    trial.hear(&later(power(5), 1_500));
    trial.wait(at(2_100));
    assert_eq!(asked(&mut trial), 0);
    trial.wait(at(3_500));
    assert_eq!(asked(&mut trial), 1);
}

#[test]
fn sequence_numbers_go_round_and_belong_to_node_and_devices_together() {
    let mut trial = born();
    for number in 2..=600_u64 {
        let seq = number % 256;
        let speed = || message(DDATA, seq, vec![Metric::aliased(2, Scalar::Int(1))]);
        let arrival = trial.hear(&if number % 3 == 0 { speed() } else { power(seq) });
        assert_eq!(arrival.readings.len(), 1);
    }
    trial.wait(at(60_000));
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn a_broken_node_is_not_asked_in_a_storm() {
    let mut trial = born();
    for n in 0..600 {
        trial.hear(&later(message(NDATA, n % 256, vec![Metric::aliased(77, Scalar::Int(1))]), n * 100));
        trial.wait(at(n * 100));
    }
    assert_eq!(asked(&mut trial), 6, "once in ten seconds of a minute");
}

#[test]
fn another_host_may_do_the_asking() {
    let settings = Sparkplug { rebirth: false, ..Sparkplug::default() };
    let route = Route { sparkplug: Some(settings), ..Route::new("spBv1.0/#", Format::SparkplugB) };
    let mut trial = trial(&Config { routes: vec![route], ..Config::default() });
    trial.hear(&power(3));
    trial.hear(&birth());
    trial.hear(&power(9));
    trial.wait(at(60_000));
    assert_eq!(asked(&mut trial), 0);
}

#[test]
fn conversations_of_other_sources_and_nodes_are_others() {
    let mut trial = born();
    let elsewhere = RawMessage { source: "elsewhere".into(), ..power(2) };
    assert_eq!(lines(&trial.hear(&elsewhere)), ["refused unknown_alias 0"]);
    let other = message("spBv1.0/Comune/NDATA/altro", 2, vec![Metric::aliased(1, Scalar::Double(1.0))]);
    assert_eq!(lines(&trial.hear(&other)), ["refused unknown_alias 0"]);
    assert_eq!(lines(&trial.hear(&power(2))).len(), 1);
}

#[test]
fn what_is_null_historical_bad_or_stale_is_kept_as_that() {
    const TIME: &str = "@2026-11-22T09:00:00Z";
    let value = || Metric::aliased(1, Scalar::Double(3.0));
    let quality = |code| value().with("Quality", PropertyValue::Int(code));
    check(
        Metric { is_null: Some(true), value: None, ..value() },
        &[&format!("Comune/quadro power=gap kW {TIME} !bad")],
    );
    check(Metric { is_historical: Some(true), ..value() }, &[&format!("Comune/quadro power=3 kW {TIME} !historical")]);
    check(quality(0), &[&format!("Comune/quadro power=3 kW {TIME} !bad")]);
    check(quality(500), &[&format!("Comune/quadro power=3 kW {TIME} !stale")]);
    check(quality(192), &[&format!("Comune/quadro power=3 kW {TIME}")]);
    check(
        value().with("engUnit", PropertyValue::Text("MW".to_owned())),
        &[&format!("Comune/quadro power=3 MW {TIME}")],
    );
}

#[test]
fn zero_false_and_text_are_values_and_infinity_is_a_single_refusal() {
    const TIME: &str = "@2026-11-22T09:00:00Z";
    check(Metric::named("a", 3, Scalar::Int(0)), &[&format!("Comune/quadro a=0 {TIME}")]);
    check(Metric::named("a", 11, Scalar::Boolean(false)), &[&format!("Comune/quadro a=false {TIME}")]);
    check(Metric::named("a", 12, Scalar::Text("a\0b".to_owned())), &[&format!("Comune/quadro a=\"a\\0b\" {TIME}")]);
    check(Metric::named("a", 13, Scalar::Long(NINE)), &[&format!("Comune/quadro a={NINE} {TIME}")]);
    check(Metric::named("a", 10, Scalar::Double(f64::NAN)), &["refused range 1"]);
    let arrival = born().hear(&message(
        NDATA,
        2,
        vec![Metric::named("a", 9, Scalar::Float(f32::INFINITY)), Metric::named("b", 9, Scalar::Float(0.5))],
    ));
    assert_eq!(lines(&arrival), [&format!("Comune/quadro b=0.5 {TIME}"), "refused range 1"]);
}

#[test]
fn times_are_of_the_metric_then_the_message_then_the_arrival() {
    let value = || Metric::named("a", 3, Scalar::Int(1));
    check(Metric { timestamp: Some(NINE + 1), ..value() }, &["Comune/quadro a=1 @2026-11-22T09:00:00.001Z"]);
    check(Metric { timestamp: None, ..value() }, &["Comune/quadro a=1 @2026-11-22T09:00:00Z"]);
    check(Metric { timestamp: Some(0), ..value() }, &["refused timestamp 1"]);
    check(Metric { timestamp: Some(u64::MAX), ..value() }, &["refused timestamp 1"]);
    let bare = Payload { metrics: vec![Metric { timestamp: None, ..value() }], seq: Some(2), ..Payload::default() };
    assert_eq!(lines(&born().hear(&raw(NDATA, &bare.encode_to_vec()))), ["Comune/quadro a=1"]);
}

#[test]
fn what_is_no_scalar_or_steers_the_node_is_no_reading_and_the_rest_is() {
    let table = DataSet { num_of_columns: Some(u64::MAX), columns: vec!["a".to_owned()] };
    let template = Template { metrics: vec![Metric::named("in", 3, Scalar::Int(1))], ..Template::default() };
    let arrival = born().hear(&message(
        NDATA,
        2,
        vec![
            Metric::named("table", 16, Scalar::DataSet(table)),
            Metric::named("template", 19, Scalar::Template(template)),
            Metric::named("bytes", 17, Scalar::Bytes(vec![1, 2])),
            Metric::named("file", 18, Scalar::Bytes(vec![0xFF])),
            Metric::named("array", 22, Scalar::Bytes(vec![0xEF, 0x7B])),
            Metric { is_null: Some(true), value: None, ..Metric::named("empty table", 16, Scalar::Int(0)) },
            bd_seq(7),
            Metric::named("Device Control/Reboot", 11, Scalar::Boolean(false)),
            Metric::aliased(9, Scalar::Boolean(true)),
            Metric::named("kept", 3, Scalar::Int(1)),
        ],
    ));
    assert_eq!(lines(&arrival), ["Comune/quadro kept=1 @2026-11-22T09:00:00Z"]);
}

#[test]
fn what_hosts_say_is_neither_read_nor_refused() {
    let mut trial = trial(&Config::default());
    for topic in ["spBv1.0/STATE/scada", "spBv1.0/STATE/specola", "spBv1.0/Comune/NCMD/quadro", "spBv1.0/g/DCMD/n/d"] {
        let arrival = trial.hear(&raw(topic, b"{\"online\":false,\"timestamp\":1}"));
        assert!(lines(&arrival).is_empty() && arrival.seen.is_empty(), "{topic}");
    }
    assert!(trial.commands().is_empty());
}

#[track_caller]
fn refused(topic: &str, payload: &[u8], reason: &str) {
    let mut trial = born();
    assert_eq!(lines(&trial.hear(&raw(topic, payload))), [format!("refused {reason} 0")]);
    assert_eq!(lines(&trial.hear(&power(2))).len(), 1, "the conversation goes on");
}

#[test]
fn what_cannot_be_read_is_refused_whole() {
    let whole = power(2).payload;
    for cut in 1..whole.len() {
        // A message may end before its sequence number; it may not end within a field.
        if Payload::decode(&whole[..cut]).is_err() {
            refused(NDATA, &whole[..cut], "malformed");
        }
    }
    refused(NDATA, &[0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "malformed");
    refused(NDATA, &[0x12, 0x02, 0x0A, 0x7F], "malformed");
    refused(NDATA, &[0x12, 0x03, 0x0A, 0x01, 0xFF], "malformed");
    // Properties that claim more than there is.
    refused(NDATA, &[0x12, 0x08, 0x0A, 0x01, b'a', 0x4A, 0x01, 0x7F, 0x50, 0x01], "malformed");
    let one = |metric| message(NDATA, 2, vec![metric]).payload;
    refused(NDATA, &one(Metric { name: None, ..Metric::named("", 3, Scalar::Int(1)) }), "schema");
    refused(NDATA, &one(Metric::named("", 3, Scalar::Int(1))), "schema");
    refused(NDATA, &one(Metric::named(&"x".repeat(256), 3, Scalar::Int(1))), "schema");
    refused("spBv1.0/Comune/NDATA/quadro/pompa", &whole, "schema");
    let packed =
        Payload { uuid: Some("SPBV1.0_COMPRESSED".to_owned()), body: Some(vec![1, 2, 3]), ..Payload::default() };
    refused(NDATA, &packed.encode_to_vec(), "schema");
}

#[test]
fn nesting_of_any_depth_is_neither_followed_nor_a_danger() {
    let field = |key: &[u8], bytes: &[u8]| {
        let mut field = key.to_vec();
        prost::encoding::encode_varint(bytes.len() as u64, &mut field);
        field.extend_from_slice(bytes);
        field
    };
    let nested = |inner: &[u8], outer: &[u8]| {
        let mut bytes = Vec::new();
        while bytes.len() < 60_000 {
            bytes = field(outer, &field(inner, &bytes));
        }
        bytes
    };
    // A set in a property of a set, and a template in a metric of a template, thousands of times.
    let set = field(&[0x4A], &nested(&[0x4A], &[0x12]));
    let template = field(&[0x92, 0x01], &nested(&[0x92, 0x01], &[0x12]));
    let payload = field(&[0x12], &[&[0x0A, 0x01, b'a', 0x50, 0x05], &set[..]].concat());
    assert_eq!(lines(&born().hear(&raw(NDATA, &payload))), ["Comune/quadro a=5"]);
    let payload = field(&[0x12], &[&[0x0A, 0x01, b'a'], &template[..]].concat());
    let arrival = born().hear(&raw(NDATA, &payload));
    assert!(arrival.readings.is_empty() && arrival.refused.is_empty());
}

#[test]
fn a_city_of_ten_thousand_nodes_is_remembered() {
    let mut trial = trial(&Config::default());
    let hear = |trial: &mut Trial, verb: &str, n: u64, metric| {
        trial.hear(&message(&format!("spBv1.0/g/{verb}/n{n}"), 0, vec![metric]))
    };
    for n in 0..10_000 {
        hear(&mut trial, "NBIRTH", n, Metric::named("v", 3, Scalar::Int(1)).known_as(n));
    }
    for n in (0..10_000).step_by(99) {
        let arrival = hear(&mut trial, "NDATA", n, Metric::aliased(n, Scalar::Int(2)));
        assert_eq!(lines(&arrival), [format!("g/n{n} v=2 @2026-11-22T09:00:00Z")]);
    }
}
