//! Where devices are: told when it is news, not with every message.

use ingest::Trial;
use model::Position;

use crate::kit::{lines, now, raw, trial};

const TOPIC: &str = "ngsi-ld/comune";

fn bus(lon: f64, time: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"bus","type":"Vehicle","dateObserved":"{time}","location":{{"type":"Point","coordinates":[{lon},38.2]}}{rest}}}"#
    )
}

/// The longitudes of the readings, and those for the map.
fn hear(trial: &mut Trial, payload: &str) -> (Vec<f64>, Vec<f64>) {
    let arrival = trial.hear(&raw(TOPIC, payload.as_bytes()));
    let kept = arrival.readings.iter().filter(|reading| reading.series.metric.as_str() == "_longitude");
    let places = arrival.places.iter().map(|place| place.position.lon()).collect();
    (kept.filter_map(|reading| reading.value.as_number()).collect(), places)
}

#[test]
fn a_place_is_kept_once_and_again_only_after_a_move() {
    let mut trial = trial(&ingest::Config::default());
    for (lon, time, expected) in [
        (15.5, "2026-11-22T09:00:00Z", vec![15.5]),
        (15.5, "2026-11-22T09:01:00Z", vec![]),
        (15.6, "2026-11-22T09:02:00Z", vec![15.6]),
        (15.5, "2026-11-22T09:03:00Z", vec![15.5]),
        (15.5, "2026-11-22T09:04:00Z", vec![]),
    ] {
        assert_eq!(hear(&mut trial, &bus(lon, time, "")), (expected.clone(), expected), "{time}");
    }
}

#[test]
fn a_place_that_comes_late_is_history_and_moves_nothing() {
    let mut trial = trial(&ingest::Config::default());
    hear(&mut trial, &bus(15.5, "2026-11-22T09:10:00Z", ""));
    assert_eq!(hear(&mut trial, &bus(15.4, "2026-11-22T09:00:00Z", "")), (vec![15.4], vec![]));
    assert_eq!(hear(&mut trial, &bus(15.5, "2026-11-22T09:11:00Z", "")), (vec![], vec![]));
}

#[test]
fn a_place_of_a_refused_message_or_reading_was_never_heard() {
    let mut trial = trial(&ingest::Config::default());
    let refused = bus(15.5, "2026-11-22T09:00:00Z", r#","a":{"value":1,"observedAt":"ieri"}"#);
    assert_eq!(hear(&mut trial, &refused), (vec![], vec![]));
    assert_eq!(hear(&mut trial, &bus(15.5, "2027-01-01T00:00:00Z", "")), (vec![], vec![]));
    assert_eq!(hear(&mut trial, &bus(15.5, "2026-11-22T09:01:00Z", "")), (vec![15.5], vec![15.5]));
}

#[test]
fn a_place_says_whose_where_how_high_and_when() {
    let payload = r#"{"id":"boa","type":"X","location":{"type":"Point","coordinates":[15.5,38.2,-1.5]}}"#;
    let arrival = trial(&ingest::Config::default()).hear(&raw(TOPIC, payload.as_bytes()));
    assert_eq!(lines(&arrival), ["boa _longitude=15.5 deg", "boa _latitude=38.2 deg", "boa _altitude=-1.5 m"]);
    let place = &arrival.places[0];
    assert_eq!((place.tenant.as_str(), place.device.as_str()), ("messina", "boa"));
    assert_eq!((place.position, place.altitude, place.time), (Position::new(15.5, 38.2).unwrap(), Some(-1.5), now()));
}
