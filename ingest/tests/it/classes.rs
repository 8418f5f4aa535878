//! What a class says about the readings of its devices: names, units, ranges, clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ingest::class::{Classes, Profile};
use ingest::config::{Format, UnknownDevices, Welcome};
use ingest::{Config, Directory, Trial};
use model::TenantId;
use proptest::prelude::*;

use crate::kit::{lines, raw, tenant};

const OWN: &str = "specola/v1/messina/gw/readings";

/// A registry in which every device whose name begins with a class is of it.
struct Registry {
    classes: Classes,
    generation: AtomicU64,
    knows: bool,
}

impl Directory for Registry {
    fn knows(&self, _: &TenantId, _: &str) -> bool {
        self.knows
    }

    fn profile(&self, _: &TenantId, device: &str) -> Option<Arc<Profile>> {
        self.profile_of_class(device.split('-').next().unwrap_or_default())
    }

    fn profile_of_class(&self, class: &str) -> Option<Arc<Profile>> {
        self.classes.get(class).map(|class| Arc::clone(&class.profile))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }
}

const CLASSES: &str = r#"
[[class]]
key = "air"
domain = "environment"
[class.metrics.temperature]
unit = "°C"
range = [-40, 60]
from = ["t", "temp_f"]
[class.metrics.no2]
unit = "µg/m³"
range = [0, 1000]
[class.metrics.level]
unit = "m"
sent = "mm"
[class.metrics.count]
range = [0, 10]
[class.metrics.tiny]
unit = "mm"

[[class]]
key = "patient"
extends = "air"
clock = { policy = "arrival", ahead = "30s", behind = "1h" }

[[class]]
key = "strict"
extends = "air"
clock = { policy = "refuse", ahead = "30s", behind = "1h" }

[[class]]
key = "trusted"
extends = "air"
clock = { policy = "accept", ahead = "30s", behind = "1h" }

[[class]]
key = "watched"
extends = "air"
late = "30m"
[class.metrics.temperature]
frozen = "1h"
"#;

fn registry(knows: bool) -> Arc<Registry> {
    let (classes, mistakes) = Classes::parse([("test.toml".to_owned(), CLASSES.to_owned())]);
    assert_eq!(mistakes, []);
    Arc::new(Registry { classes, generation: AtomicU64::new(0), knows })
}

fn trial() -> Trial {
    Trial::new(&Config::default(), tenant(), registry(true)).unwrap()
}

#[track_caller]
fn check(payload: &str, expected: &[&str]) {
    assert_eq!(lines(&trial().hear(&raw(OWN, payload.as_bytes()))), expected, "{payload}");
}

#[test]
fn numbers_are_kept_in_the_unit_and_under_the_name_of_the_class() {
    check(
        r#"{"device":"air-1","values":{"temp_f":{"value":212,"unit":"°F"}}}"#,
        &["air-1 temperature=100 °C !out-of-range"],
    );
    check(r#"{"device":"air-1","values":{"t":{"value":21.5,"unit":"Cel"}}}"#, &["air-1 temperature=21.5 °C"]);
    check(r#"{"device":"air-1","values":{"no2":{"value":0.04,"unit":"mg/m3"}}}"#, &["air-1 no2=40 µg/m³"]);
    check(r#"{"device":"air-1","values":{"level":1500}}"#, &["air-1 level=1.5 m"]);
    check(r#"{"device":"air-1","values":{"level":{"value":2,"unit":"m"}}}"#, &["air-1 level=2 m"]);
}

#[test]
fn without_a_class_or_a_unit_everything_stays_as_it_was_sent() {
    check(r#"{"device":"other","values":{"t":{"value":212,"unit":"°F"}}}"#, &["other t=212 °F"]);
    check(
        r#"{"device":"air-1","values":{"t":21.5,"x":{"value":3,"unit":"smoot"}}}"#,
        &["air-1 temperature=21.5", "air-1 x=3 smoot"],
    );
    check(
        r#"{"device":"air-1","values":{"t":"warm","no2":null,"count":true}}"#,
        &["air-1 temperature=\"warm\"", "air-1 count=true"],
    );
}

#[test]
fn a_unit_that_measures_something_else_is_kept_and_doubted() {
    check(r#"{"device":"air-1","values":{"t":{"value":3,"unit":"V"}}}"#, &["air-1 temperature=3 V !uncertain"]);
    check(
        r#"{"device":"air-1","values":{"t":{"value":999,"unit":"smoot"}}}"#,
        &["air-1 temperature=999 smoot !uncertain"],
    );
}

#[test]
fn what_cannot_be_true_is_kept_and_marked() {
    check(
        r#"{"device":"air-1","values":{"t":-40,"no2":-0.5,"count":11}}"#,
        &["air-1 temperature=-40", "air-1 no2=-0.5 !out-of-range", "air-1 count=11 !out-of-range"],
    );
    check(
        r#"{"readings":[{"device":"air-1","metric":"t","value":99,"quality":"simulated"},{"device":"air-1","metric":"t","value":99,"quality":"bad"}]}"#,
        &["air-1 temperature=99 !simulated", "air-1 temperature=99 !bad"],
    );
}

#[test]
fn a_number_that_no_double_holds_after_conversion_is_refused_alone() {
    check(
        r#"{"device":"air-1","values":{"tiny":{"value":1e308,"unit":"km"},"count":1}}"#,
        &["air-1 count=1", "refused range 1"],
    );
}

#[test]
fn a_counter_beyond_the_doubles_stays_exact_when_the_unit_is_the_same() {
    check(
        r#"{"device":"air-1","values":{"no2":{"value":9007199254740993,"unit":"ug/m3"}}}"#,
        &["air-1 no2=9007199254740993i µg/m³ !out-of-range"],
    );
}

#[test]
fn a_clock_that_is_off_is_treated_as_the_class_says() {
    let said = |device: &str, time: &str| format!(r#"{{"device":"{device}","time":"{time}","values":{{"count":1}}}}"#);
    let (near, ahead, late, lost) =
        ("2026-11-22T10:00:20Z", "2026-11-22T10:05:00Z", "2026-11-22T08:00:00Z", "1970-01-01T00:00:07Z");
    check(&said("patient-1", near), &["patient-1 count=1 @2026-11-22T10:00:20Z"]);
    for off in [ahead, late, lost, "9999-01-01T00:00:00Z"] {
        check(&said("patient-1", off), &["patient-1 count=1 !uncertain"]);
        check(&said("strict-1", off), &["refused timestamp 1"]);
    }
    check(&said("trusted-1", ahead), &["trusted-1 count=1 @2026-11-22T10:05:00Z !historical"]);
    check(&said("trusted-1", late), &["trusted-1 count=1 @2026-11-22T08:00:00Z"]);
    check(&said("trusted-1", lost), &["refused timestamp 1"]);
    // Without a policy of its own the rule for everybody holds: ten minutes ahead, any time behind.
    check(&said("air-1", ahead), &["air-1 count=1 @2026-11-22T10:05:00Z"]);
    check(&said("air-1", late), &["air-1 count=1 @2026-11-22T08:00:00Z"]);
    check(&said("air-1", "2026-11-22T10:20:00Z"), &["refused timestamp 1"]);
}

#[test]
fn what_comes_later_than_its_class_allows_is_late() {
    let said = |time: &str, quality: &str| {
        format!(
            r#"{{"readings":[{{"device":"watched-1","metric":"count","time":"{time}","value":1,"quality":"{quality}"}}]}}"#
        )
    };
    check(&said("2026-11-22T09:30:00Z", "good"), &["watched-1 count=1 @2026-11-22T09:30:00Z"]);
    check(&said("2026-11-22T09:29:59Z", "good"), &["watched-1 count=1 @2026-11-22T09:29:59Z !late"]);
    // What was no news anyhow keeps the word of its sender.
    check(&said("2026-11-22T09:29:59Z", "bad"), &["watched-1 count=1 @2026-11-22T09:29:59Z !bad"]);
}

#[test]
fn a_number_that_stays_the_same_for_too_long_is_frozen() {
    let mut trial = trial();
    let mut heard = |time: &str, value: &str| {
        let payload =
            format!(r#"{{"device":"watched-1","time":"2026-11-22T{time}Z","values":{{"t":{value},"no2":7}}}}"#);
        let mut arrival = trial.hear(&raw(OWN, payload.as_bytes()));
        // The clock of the test stands at ten: what came before is late as well, and late tells more.
        arrival.readings.retain(|reading| reading.series.metric.as_str() == "temperature");
        arrival.readings[0].quality.as_str()
    };
    assert_eq!(heard("08:59:59", "20.5"), "late");
    assert_eq!(heard("09:45:00", "20.5"), "good");
    // An older reading says nothing about now.
    assert_eq!(heard("08:30:00", "19"), "late");
    assert_eq!(heard("09:59:59", "20.5"), "frozen");
    assert_eq!(heard("09:59:59", "500"), "out-of-range");
    assert_eq!(heard("10:00:00", "20.5"), "good", "it has moved meanwhile");
}

#[test]
fn a_changed_registry_is_asked_again() {
    let text = CLASSES.replace("unit = \"m\"\nsent = \"mm\"", "unit = \"cm\"\nsent = \"mm\"");
    let (changed, _) = Classes::parse([("test.toml".to_owned(), text)]);
    struct Changing(Registry, Classes);
    impl Directory for Changing {
        fn knows(&self, _: &TenantId, _: &str) -> bool {
            true
        }
        fn profile(&self, tenant: &TenantId, device: &str) -> Option<Arc<Profile>> {
            match self.0.generation() {
                0 => self.0.profile(tenant, device),
                _ => self.1.get("air").map(|class| Arc::clone(&class.profile)),
            }
        }
        fn generation(&self) -> u64 {
            self.0.generation()
        }
    }
    let (classes, _) = Classes::parse([("test.toml".to_owned(), CLASSES.to_owned())]);
    let registry = Registry { classes, generation: AtomicU64::new(0), knows: true };
    let directory = Arc::new(Changing(registry, changed));
    let mut trial = Trial::new(&Config::default(), tenant(), Arc::clone(&directory) as Arc<dyn Directory>).unwrap();
    let said = raw(OWN, br#"{"device":"air-1","values":{"level":1500}}"#);
    assert_eq!(lines(&trial.hear(&said)), ["air-1 level=1.5 m"]);
    directory.0.generation.store(1, Ordering::Relaxed);
    assert_eq!(lines(&trial.hear(&said)), ["air-1 level=150 cm"]);
}

#[test]
fn a_newcomer_is_judged_by_the_class_that_it_is_welcomed_with() {
    let rule = |device: Option<&str>, topic: Option<&str>, format, class: &str| Welcome {
        device: device.map(str::to_owned),
        topic: topic.map(str::to_owned),
        format,
        class: class.to_owned(),
    };
    let welcome = vec![
        rule(Some("strict-*"), None, None, "strict"),
        rule(None, Some("specola/v1/+/weather/readings"), None, "air"),
        rule(None, None, Some(Format::SenmlJson), "patient"),
    ];
    for treatment in [UnknownDevices::Register, UnknownDevices::Quarantine] {
        let config = Config { unknown_devices: treatment, welcome: welcome.clone(), ..Config::default() };
        let mut trial = Trial::new(&config, tenant(), registry(false)).unwrap();
        let mut class = |topic: &str, payload: &str| {
            let arrival = trial.hear(&raw(topic, payload.as_bytes()));
            let classes: Vec<_> = arrival.seen.iter().map(|one| one.class.as_ref().map(ToString::to_string)).collect();
            (lines(&arrival), classes)
        };
        let own = r#"{"device":"strict-1","values":{"level":1500}}"#;
        assert_eq!(class(OWN, own), (vec!["strict-1 level=1.5 m".to_owned()], vec![Some("strict".to_owned())]));
        let weather = r#"{"device":"w","values":{"t":{"value":32,"unit":"°F"}}}"#;
        let expected = (vec!["w temperature=0 °C".to_owned()], vec![Some("air".to_owned())]);
        assert_eq!(class("specola/v1/messina/weather/readings", weather), expected);
        assert_eq!(class(OWN, r#"{"device":"x","values":{"t":1}}"#), (vec!["x t=1".to_owned()], vec![None]));
        let pack = r#"[{"bn":"urn:a:","n":"t","u":"K","v":293.15}]"#;
        assert_eq!(
            class("senml/a/json", pack),
            (vec!["urn:a temperature=20 °C".to_owned()], vec![Some("patient".to_owned())])
        );
    }
}

#[test]
fn what_follows_a_message_that_is_refused_whole_is_judged_as_if_it_had_not_come() {
    let mut trial = trial();
    let broken = trial.hear(&raw(OWN, br#"{"device":"air-1","values":{"no2":-1,"":1}}"#));
    assert_eq!(lines(&broken), ["refused schema 0"]);
    assert_eq!(lines(&trial.hear(&raw(OWN, br#"{"device":"air-1","values":{"no2":5}}"#))), ["air-1 no2=5"]);
}

proptest! {
    #[test]
    fn a_class_loses_no_reading_whatever_name_unit_and_number(
        metric in "[a-z_]{1,12}|temperature|no2|level|count|t", unit in "[ -~]{0,6}|mg/m3|V|K", number in -1e12..1e12_f64
    ) {
        let payload = serde_json::json!({"device": "air-1", "values": {metric: {"value": number, "unit": unit}}}).to_string();
        let arrival = trial().hear(&raw(OWN, payload.as_bytes()));
        prop_assert_eq!(arrival.readings.len(), 1, "{}", payload);
    }
}
