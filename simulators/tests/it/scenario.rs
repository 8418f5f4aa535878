//! What the script says happens does happen in what the sensors say, and rights itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{AssetId, Duration, RelationKind, Timestamp, Window};
use serde_json::Value as Json;
use simulators::{City, Fault, FaultKind, Plan, Scenario};

use crate::{MESSINA, SEED, at, city};

const START: &str = "2026-11-22T11:00:00Z"; // in full daylight

fn window(from: Timestamp, seconds: u64) -> Window {
    Window::new(from, from.plus(Duration::from_secs(seconds))).unwrap()
}

fn first(kind: FaultKind) -> (Scenario, Fault) {
    let start = at(START);
    let scenario = Scenario::new(&MESSINA, start);
    let fault = scenario.faults(window(start, 420)).into_iter().find(|fault| fault.kind == kind).unwrap();
    (scenario, fault)
}

/// Mean of a metric over some devices at a moment, and how many devices gave it.
fn mean(scenario: &Scenario, devices: &HashSet<String>, metric: &str, time: Timestamp) -> (f64, usize) {
    let (mut sum, mut count) = (0.0, 0);
    for batch in MESSINA.history(window(time, 1), Duration::from_secs(1), Some(scenario)).unwrap() {
        for reading in batch.readings() {
            if reading.series.metric.as_str() == metric && devices.contains(reading.series.device.as_str()) {
                sum += reading.value.as_number().unwrap();
                count += 1;
            }
        }
    }
    (sum / f64::from(u32::try_from(count).unwrap()), count)
}

/// Devices of the asset itself and of those that hang on it.
fn devices_at(city: &City, asset: &AssetId, kind: RelationKind) -> HashSet<String> {
    let all = city.assets().iter();
    let near = all.filter(|other| other.id == *asset || other.related(kind).any(|to| to == asset));
    near.flat_map(|other| other.devices.iter().map(ToString::to_string)).collect()
}

#[track_caller]
fn check(kind: FaultKind, relation: RelationKind, metric: &str, happens: fn(before: f64, during: f64) -> bool) {
    let (scenario, fault) = first(kind);
    let devices = devices_at(&MESSINA, &fault.asset, relation);
    let before = mean(&scenario, &devices, metric, fault.from.minus(Duration::from_secs(1)));
    let during = mean(&scenario, &devices, metric, fault.from.plus(Duration::from_secs(30)));
    let after = mean(&scenario, &devices, metric, fault.until);
    assert!(before.1 > 0, "nobody measures {metric} at {}", fault.asset);
    assert!(happens(before.0, during.0), "{metric} at {}: {} before, {} during", fault.asset, before.0, during.0);
    assert!(!happens(before.0, after.0), "{metric} at {}: {} before, still {} after", fault.asset, before.0, after.0);
}

#[test]
fn a_dark_circuit_has_no_voltage_even_by_day() {
    check(FaultKind::DarkCircuit, RelationKind::PoweredBy, "voltage", |before, during| before > 220.0 && during == 0.0);
}

#[test]
fn a_burst_pipe_lowers_pressure_and_raises_flow() {
    check(FaultKind::BurstPipe, RelationKind::LocatedIn, "pressure", |before, during| during < before - 1.2);
    check(FaultKind::BurstPipe, RelationKind::LocatedIn, "flow", |before, during| during > before * 1.4);
}

#[test]
fn a_frozen_camera_shows_no_change_at_all() {
    check(FaultKind::FrozenCamera, RelationKind::LocatedIn, "scene_change", |before, during| {
        before > 0.0 && during == 0.0
    });
}

#[test]
fn a_bridge_that_moves_is_seen_by_tilt_vibration_and_frequency() {
    check(FaultKind::BridgeExcursion, RelationKind::LocatedIn, "tilt", |before, during| during > before + 1.5);
    check(FaultKind::BridgeExcursion, RelationKind::LocatedIn, "vibration", |before, during| during > before * 2.5);
    check(FaultKind::BridgeExcursion, RelationKind::LocatedIn, "frequency", |before, during| during < before * 0.95);
}

#[test]
fn chlorine_falls_and_smog_rises_where_the_script_says() {
    check(FaultKind::ChlorineLoss, RelationKind::LocatedIn, "chlorine", |before, during| during < before * 0.4);
    check(FaultKind::Smog, RelationKind::LocatedIn, "no2", |before, during| during > before + 150.0);
}

#[test]
fn a_silent_station_says_nothing_and_speaks_again() {
    let (scenario, fault) = first(FaultKind::SilentStation);
    let devices = devices_at(&MESSINA, &fault.asset, RelationKind::LocatedIn);
    let count = |time| mean(&scenario, &devices, "no2", time).1;
    assert_eq!((count(fault.from.minus(Duration::from_secs(1))), count(fault.from), count(fault.until)), (1, 0, 1));
}

#[test]
fn something_is_visible_within_forty_seconds_and_three_things_within_two_minutes() {
    let start = at(START);
    let scenario = Scenario::new(&MESSINA, start);
    assert!(!scenario.faults(window(start, 30)).is_empty());
    assert!(scenario.faults(window(start, 120)).len() >= 3);
    assert!(scenario.active(start).is_empty());
}

#[test]
fn each_fault_rights_itself_and_the_next_comes_elsewhere() {
    let start = at(START);
    let scenario = Scenario::new(&MESSINA, start);
    let faults = scenario.faults(window(start, 3 * 3600));
    assert!(faults.len() > 200);
    let mut last: HashMap<FaultKind, (Timestamp, AssetId)> = HashMap::new();
    for fault in faults {
        assert!((90..=240).contains(&fault.lasts().as_secs()), "{fault:?}");
        if let Some((_, place)) = last.insert(fault.kind, (fault.until, fault.asset.clone())) {
            assert_ne!(place, fault.asset, "{:?} twice in a row at the same place", fault.kind);
        }
    }
    assert_eq!(last.len(), FaultKind::ALL.len());
}

#[test]
fn the_same_seed_and_start_give_the_same_faults() {
    let (one, two) = (city(SEED, 0.1), city(SEED, 0.1));
    let hour = window(at(START), 3600);
    assert_eq!(Scenario::new(&one, at(START)).faults(hour), Scenario::new(&two, at(START)).faults(hour));
}

#[test]
fn the_lamps_of_a_tripped_circuit_say_so_at_once_and_say_so_again_when_power_returns() {
    let start = at(START);
    let scenario = Arc::new(Scenario::new(&MESSINA, start));
    let fault =
        scenario.faults(window(start, 40)).into_iter().find(|fault| fault.kind == FaultKind::DarkCircuit).unwrap();
    let mut lamps: HashSet<String> = HashSet::new();
    for lamp in
        MESSINA.assets().iter().filter(|lamp| lamp.related(RelationKind::PoweredBy).any(|to| *to == fault.asset))
    {
        lamps.extend(lamp.devices.iter().map(ToString::to_string));
    }
    assert!(lamps.len() >= 30);
    let mut voltage: HashMap<String, f64> = HashMap::new();
    let mut plans = Plan::all(&MESSINA, Some(&scenario), 2_000.0, start);
    let mut dark = |until: Timestamp| {
        for plan in &mut plans {
            while let Some(message) = plan.due(until) {
                if let Some(eui) = message.topic.split('/').nth(3).filter(|eui| lamps.contains(*eui)) {
                    let body: Json = serde_json::from_slice(&message.payload).unwrap();
                    voltage.insert(eui.to_owned(), body["object"]["voltage"]["value"].as_f64().unwrap());
                }
            }
        }
        voltage.values().filter(|volts| **volts == 0.0).count()
    };
    assert_eq!(dark(fault.from.minus(Duration::from_millis(1))), 0);
    assert_eq!(dark(fault.from.plus(Duration::from_secs(4))), lamps.len());
    assert_eq!(dark(fault.until.plus(Duration::from_secs(4))), 0);
}
