//! The rule files that are shipped: all of them parse, a healthy city is quiet, and what they are for rings in time and clears.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use model::alarm::Fact;
use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Duration, Lifecycle, MetricName, Quality, Reading, Relation,
    RelationKind, Series, Timestamp, Unit, Value,
};
use rules::{Engine, RuleBook};

use crate::desk::{start, tenant};

fn files() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/config/rules");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "toml") {
            files.push((
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    files
}

fn shipped() -> RuleBook {
    let (book, errors) = RuleBook::parse(files());
    assert!(errors.is_empty(), "{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    book
}

#[test]
fn every_shipped_rule_parses_and_each_domain_has_its_file_and_its_silence() {
    let book = shipped();
    for domain in ["streetlight", "water", "camera", "structural", "environment"] {
        let mut own: Vec<_> = book.rules().filter(|rule| rule.file == format!("{domain}.toml")).collect();
        assert!(own.iter().all(|rule| rule.id.as_str().starts_with(&format!("{domain}-"))), "{domain}");
        own.retain(|rule| rule.condition.silence().is_some());
        assert!(!own.is_empty(), "{domain} has no rule of silence");
    }
}

/// Some sensors of one class on one thing, all with the same healthy and the same faulty value.
struct Case {
    domain: &'static str,
    class: &'static str,
    metric: &'static str,
    relation: RelationKind,
    target: (&'static str, &'static str),
    sensors: usize,
    /// Seconds between two readings of a sensor.
    interval: u64,
    healthy: f64,
    /// None: it says nothing.
    faulty: Option<f64>,
}

fn assets(case: &Case) -> Vec<Asset> {
    let make = |id: String, class: &str, related: Option<&str>, has_device: bool| Asset {
        tenant: tenant(),
        id: AssetId::new(&id).unwrap(),
        name: id.clone(),
        domain: Domain::new(case.domain).unwrap(),
        class: AssetClass::new(class).unwrap(),
        geometry: None,
        area: Some("Centro".into()),
        devices: if has_device { vec![DeviceId::new(&id).unwrap()] } else { Vec::new() },
        relations: related
            .map(|to| Relation { kind: case.relation, to: AssetId::new(to).unwrap() })
            .into_iter()
            .collect(),
        main_metric: None,
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::new(),
    };
    let mut all = vec![make(case.target.0.into(), case.target.1, None, false)];
    all.extend((0..case.sensors).map(|n| make(format!("s{n:02}"), case.class, Some(case.target.0), true)));
    // somebody else who speaks, so that silence is not ours
    all.push(make("other".into(), case.class, None, true));
    all
}

/// Two minutes of health, two of fault, two of health. Every sensor keeps its interval, each at its own moment, and sends a word within
/// three seconds when it breaks or recovers.
fn run(case: &Case) -> Vec<Fact> {
    let mut engine = Engine::new(shipped(), assets(case), start());
    let mut facts = Vec::new();
    for second in 0..360_u64 {
        let now = start().plus(Duration::from_secs(second));
        let mut readings = Vec::new();
        for n in 0..=case.sensors as u64 {
            let is_other = n == case.sensors as u64;
            let is_faulty = (120..240).contains(&second) && !is_other;
            let changes = [120, 240].iter().any(|edge| second == edge + n % 3) && case.faulty.is_some();
            if second % case.interval != n % case.interval && !changes {
                continue;
            }
            // a little life, since no healthy instrument shows the same for ever
            let healthy = case.healthy * (1.0 + 0.001 * ((second * 7 + n) % 5) as f64);
            let value = if is_faulty { case.faulty } else { Some(healthy) };
            let device = if is_other { "other".to_owned() } else { format!("s{n:02}") };
            readings.extend(value.map(|value| Reading {
                series: Arc::new(Series {
                    tenant: tenant(),
                    device: DeviceId::new(&device).unwrap(),
                    metric: MetricName::new(case.metric).unwrap(),
                }),
                time: now,
                received: now,
                value: Value::Number(value),
                unit: Unit::NONE,
                quality: Quality::Good,
            }));
        }
        facts.extend(engine.observe(&readings, now));
    }
    facts
}

/// Writes each fact as change, source and second.
#[track_caller]
fn check(case: &Case, rule: &str, source: &str, rings_within: u64) {
    let facts = run(case);
    let at = |time: Timestamp| time.since(start()).as_secs();
    let raised: Vec<_> = facts.iter().filter(|fact| fact.change.as_str() == "raised").collect();
    assert_eq!(raised.len(), 1, "one alarm: {facts:?}");
    let model::alarm::Change::Raised { rule: by, source: about, guidance, .. } = &raised[0].change else {
        unreachable!()
    };
    assert_eq!((by.as_str(), about.as_str()), (rule, source));
    assert!((120..=120 + rings_within).contains(&at(raised[0].time)), "rang at {}", at(raised[0].time));
    assert!(!guidance.action.it.is_empty() && !guidance.action.en.is_empty());
    let returned: Vec<_> = facts.iter().filter(|fact| fact.change.as_str() == "returned").collect();
    assert_eq!(returned.len(), 1, "clears by itself: {facts:?}");
    assert!((240..330).contains(&at(returned[0].time)), "returned at {}", at(returned[0].time));
}

#[test]
fn a_dark_circuit_rings_once_within_half_a_minute() {
    let case = Case {
        domain: "streetlight",
        class: "lamp",
        metric: "voltage",
        relation: RelationKind::PoweredBy,
        target: ("circuit", "circuit"),
        sensors: 50,
        interval: 45,
        healthy: 229.0,
        faulty: Some(0.0),
    };
    check(&case, "streetlight-dark", "circuit", 30);
    check(&Case { sensors: 1, ..case }, "streetlight-dark", "s00", 30);
}

#[test]
fn a_burst_pipe_rings_once_within_half_a_minute() {
    let case = Case {
        domain: "water",
        class: "pressure-sensor",
        metric: "pressure",
        relation: RelationKind::LocatedIn,
        target: ("district", "district"),
        sensors: 6,
        interval: 15,
        healthy: 4.2,
        faulty: Some(2.6),
    };
    check(&case, "water-pressure-drop", "district", 30);
}

#[test]
fn a_frozen_camera_rings_within_half_a_minute() {
    let case = Case {
        domain: "camera",
        class: "camera",
        metric: "scene_change",
        relation: RelationKind::ConnectedThrough,
        target: ("recorder", "recorder"),
        sensors: 1,
        interval: 10,
        healthy: 0.05,
        faulty: Some(0.0),
    };
    check(&case, "camera-frozen", "s00", 30);
}

#[test]
fn a_leaning_and_shaking_bridge_rings_within_half_a_minute() {
    let tilt = Case {
        domain: "structural",
        class: "tilt-meter",
        metric: "tilt",
        relation: RelationKind::LocatedIn,
        target: ("bridge", "bridge"),
        sensors: 4,
        interval: 5,
        healthy: 0.3,
        faulty: Some(2.8),
    };
    check(&tilt, "structural-tilt", "bridge", 30);
    let shaking =
        Case { class: "accelerometer", metric: "vibration", sensors: 8, healthy: 3.0, faulty: Some(14.0), ..tilt };
    check(&shaking, "structural-vibration", "bridge", 30);
}

#[test]
fn an_air_station_rings_when_it_is_silent_and_when_its_air_is_bad() {
    let smog = Case {
        domain: "environment",
        class: "air-station",
        metric: "no2",
        relation: RelationKind::ConnectedThrough,
        target: ("gateway", "gateway"),
        sensors: 1,
        interval: 10,
        healthy: 40.0,
        faulty: Some(260.0),
    };
    check(&smog, "environment-no2", "s00", 30);
    check(&Case { faulty: None, ..smog }, "environment-air-silent", "s00", 30);
}

#[test]
fn lost_chlorine_rings_within_half_a_minute() {
    let case = Case {
        domain: "water",
        class: "quality-probe",
        metric: "chlorine",
        relation: RelationKind::LocatedIn,
        target: ("district", "district"),
        sensors: 3,
        interval: 30,
        healthy: 0.22,
        faulty: Some(0.02),
    };
    check(&case, "water-chlorine-low", "district", 30);
}
